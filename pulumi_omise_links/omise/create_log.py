"""Records of creates under way, so that a process that dies leaves a trace of each.

The engine forgets a create whose plugin has died, although Omise may have carried it out. So a
record is on disk before the POST leaves. It is removed when it is known what became of the create;
what is left of a dead process stops the next create of equal inputs, and ``omise-links recover``
reads it.

One file a create in ``$PULUMI_HOME/omise-links/creates``, readable by its owner alone. The process
that writes it holds a lock on it, which the operating system releases however the process ends:
so a record whose lock is free belongs to no living process. The first line is the record; a second
one says how the create ended. The inputs, which may be secrets, are there as a salted digest only.
All times are Omise's.
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CreateLogError, OmiseLinksError, UncertainCreateError, UnfinishedCreateError
from .models import LinkInputs, OmiseLink, Scope
from .retry import LIMIT_SECONDS

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from ..settings import Settings
    from .client import OmiseClient

_FORMAT = 1
# Between Omise's answer and the moment at which the engine has it; the process may die there too.
_KEEP_ANSWERED = 2.0
# A POST may leave later than its record was written: after waits for its turn, at most this long
# beside the bound on repetitions.
_LONGEST_TURN = 60.0
# Beyond the time-out: connecting, and what a clock of whole seconds leaves open.
ANSWER_MARGIN = 10.0
LEAST_ANSWER_WAIT = 30.0


def longest_answer(timeout: float) -> float:
    """Return for how many seconds after a POST its link may still appear."""
    return max(LEAST_ANSWER_WAIT, timeout + ANSWER_MARGIN)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a create was sent: links of one place can be confused with each other."""

    api_url: str
    live: bool
    account_id: str | None
    sub_merchant_id: str | None

    @classmethod
    def of(cls, settings: Settings, scope: Scope) -> Place:
        """Return the place of a client's links."""
        return cls(
            api_url=settings.api_url,
            live=settings.key().live,
            account_id=scope.account_id,
            sub_merchant_id=scope.sub_merchant_id,
        )

    def may_be(self, other: Place) -> bool:
        """Whether both may be one place; an account that is not known may be any."""
        accounts = {self.account_id, other.account_id}
        same_account = len(accounts) == 1 or None in accounts
        ours, theirs = (
            (place.api_url, place.live, place.sub_merchant_id) for place in (self, other)
        )
        return same_account and ours == theirs


@dataclass(frozen=True, kw_only=True)
class CreateRecord:
    """A create that was begun.

    ``since`` is when, and ``answer_by`` until when its link may appear (Unix seconds by Omise's
    clock, None if that was not known). ``timeout`` is how many seconds the process waited for one
    answer. ``link_id`` is the link, if the answer came. ``alive`` tells whether the process that
    wrote the record still runs.
    """

    path: Path
    place: Place
    salt: str
    digest: str
    since: float | None
    answer_by: float | None
    timeout: float
    project: str
    folder: str
    process: str
    link_id: str | None = None
    alive: bool = False

    @property
    def under_way(self) -> bool:
        """Whether the create may still be at work."""
        return self.alive and self.link_id is None

    @property
    def began(self) -> str:
        """When the create began, to be read; empty if that is not known."""
        if self.since is None:
            return ""
        return datetime.fromtimestamp(int(self.since), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def is_of(self, inputs: LinkInputs) -> bool:
        """Whether the create was one of these inputs."""
        return hmac.compare_digest(self.digest, _digest(self.salt, inputs))

    def remove(self) -> None:
        """Remove the record; what has gone already is fine.

        :raises CreateLogError: it cannot be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise CreateLogError(f"{self.path} cannot be removed ({_reason(error)}).") from None


class CreateLog:
    """The records of all processes of a user on this machine. Safe for many threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """:param folder: where the files are; by default below the home folder of Pulumi."""
        self._folder = folder
        self._lock = threading.Lock()
        self._own: dict[str, _OpenRecord] = {}
        self._answered: deque[tuple[float, _OpenRecord]] = deque()
        self._uncertain: dict[LinkInputs, list[_OpenRecord]] = defaultdict(list)
        self._others: dict[str, CreateRecord] = {}
        # The engine ends a plugin in an orderly way (SIGINT) once it has all answers.
        atexit.register(self._forget_answered, 0.0)

    @property
    def folder(self) -> Path:
        """Where the files are.

        :raises CreateLogError: the user has no home folder.
        """
        if self._folder is None:
            try:
                home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
            except RuntimeError:
                raise CreateLogError("The user has no home folder.") from None
            self._folder = home / "omise-links" / "creates"
        return self._folder

    # -- reading

    def read(self) -> tuple[list[CreateRecord], list[str]]:
        """Return the records of all processes, and the problems of those that cannot be read."""
        records, problems = [], []
        try:
            names = self._names()
        except CreateLogError as error:
            return [], [str(error)]
        for name in names:
            try:
                record = _read(self.folder / name)
            except CreateLogError as error:
                problems.append(str(error))
            else:
                records += [record] if record else []
        return records, problems

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CreateLogError(f"{self.folder} cannot be read ({_reason(error)}).") from None

    def _unfinished(self, place: Place, inputs: LinkInputs) -> list[CreateRecord]:
        """Return records of equal creates that no living process works at."""
        names = self._names()
        with self._lock:
            others = [name for name in names if name not in self._own]
            self._others = {name: self._others[name] for name in others if name in self._others}
        found = []
        for name in others:
            # What a record is about never changes, so each is read once; how it ended may.
            record = self._others.get(name) or _read(self.folder / name)
            if record is None:
                continue
            self._others[name] = record
            if record.place.may_be(place) and record.is_of(inputs):
                now = _read(self.folder / name)
                found += [now] if now and not now.alive else []
        return found

    # -- writing

    @contextmanager
    def recording(
        self, client: OmiseClient, inputs: LinkInputs, since: float | None
    ) -> Iterator[Callable[[OmiseLink], None]]:
        """Keep a record around a POST; what it yields is to be called with the link.

        An ``UncertainCreateError`` and everything unexpected leave the record; any other error of
        ours says that the create was not carried out.

        :param since: the time before which the link cannot be made, None if that is not sure.
        :raises UnfinishedCreateError: an equal create of a dead process may have made a link.
        :raises CreateLogError: the record cannot be kept; nothing must be sent then.
        """
        self._forget_answered(_KEEP_ANSWERED)
        place = Place.of(client.settings, client.scope())
        for record in self._unfinished(place, inputs):
            _require_over(record, client, inputs, since)
            record.remove()
        opened = self._write(place, inputs, since, client.settings.timeout)
        try:
            yield lambda link: opened.note(link_id=link.id)
        except UncertainCreateError:
            now = client.server_time()
            opened.note(answer_by=now and now + longest_answer(client.settings.timeout))
            self._release(opened)
            with self._lock:
                self._uncertain[inputs.folded()].append(opened)
            raise
        except OmiseLinksError:
            self._remove(opened)
            raise
        except BaseException:
            self._release(opened)
            raise
        with self._lock:
            self._answered.append((time.monotonic(), opened))

    def note_found(self, inputs: LinkInputs) -> None:
        """Remove what uncertain creates of this process have left: their link is found."""
        with self._lock:
            found = self._uncertain.pop(inputs.folded(), [])
        for opened in found:
            opened.remove()

    def _write(
        self, place: Place, inputs: LinkInputs, since: float | None, timeout: float
    ) -> _OpenRecord:
        path = self.folder / f"{time.time_ns()}-{secrets.token_hex(8)}.json"
        try:
            text = _new_record(place, inputs, since, timeout)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock:
                opened = _OpenRecord(path)
                self._own[path.name] = opened
            opened.write(text)
            _sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise CreateLogError(
                f"The record of this create cannot be written to {path.parent} ({_reason(error)})."
            ) from None
        return opened

    def _forget_answered(self, age: float) -> None:
        """Remove records whose answer the engine has by now."""
        while True:
            with self._lock:
                if not self._answered or self._answered[0][0] > time.monotonic() - age:
                    return
                _, opened = self._answered.popleft()
            self._remove(opened)

    def _remove(self, opened: _OpenRecord) -> None:
        with self._lock:
            self._own.pop(opened.path.name, None)
        opened.remove()

    def _release(self, opened: _OpenRecord) -> None:
        with self._lock:
            self._own.pop(opened.path.name, None)
        opened.close()


def _require_over(
    record: CreateRecord, client: OmiseClient, inputs: LinkInputs, now: float | None
) -> None:
    """Return only if it is proved that the create left no link, or that its link is gone.

    :param now: Omise's time, None if that is not sure.
    :raises UnfinishedCreateError: that is not proved.
    """
    if record.link_id is not None:
        place = record.place
        if client.find_link(record.link_id, Scope(place.account_id, place.sub_merchant_id)):
            raise UnfinishedCreateError(
                record.process, record.folder, record.began, [record.link_id]
            )
        return
    if record.since is None or record.answer_by is None or now is None or now <= record.answer_by:
        raise UnfinishedCreateError(record.process, record.folder, record.began, ())
    found = client.find_candidates(inputs, record.since)
    # A link that Omise has spelt in its own way, or that nobody can read, may be the one as well.
    if fits := [*found.equal, *found.similar, *found.unknown]:
        raise UnfinishedCreateError(record.process, record.folder, record.began, fits)


class _OpenRecord:
    """A file of this process, with the lock that tells others that it lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        _lock(self._file, wait=True)

    def write(self, line: str) -> None:
        """Write a line, and return once it is on disk."""
        rest = f"{line}\n".encode()
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fsync(self._file)

    def note(self, **ending: object) -> None:
        """Note how the create ended; the link exists by then, so nothing may fail here."""
        with suppress(OSError):
            self.write(json.dumps(ending))

    def close(self) -> None:
        """Let go of the lock; the record stays."""
        with suppress(OSError):
            os.close(self._file)

    def remove(self) -> None:
        """Remove the file. One that cannot be removed stays, and holds up an equal create later."""
        if sys.platform == "win32":
            self.close()  # an open file cannot be removed there
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        if sys.platform != "win32":
            self.close()


def _read(path: Path) -> CreateRecord | None:
    """Read a record; None if it has gone meanwhile or was not complete, so no POST has left."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CreateLogError(f"{path} cannot be read ({_reason(error)}).") from None
    try:
        alive = not _lock(file, wait=False)
        lines = os.read(file, 1 << 20).decode("utf-8", "replace").split("\n")[:-1]
    except OSError as error:
        raise CreateLogError(f"{path} cannot be read ({_reason(error)}).") from None
    finally:
        os.close(file)
    if not lines:
        return None
    try:
        data = json.loads(lines[0])
        # A last line that is cut off was not written to its end: it says nothing.
        for line in lines[1:]:
            data |= json.loads(line)
        return _parse(path, data, alive=alive)
    except (ValueError, TypeError, KeyError):
        raise CreateLogError(f"{path} is not a record that this release can read.") from None


def _new_record(place: Place, inputs: LinkInputs, since: float | None, timeout: float) -> str:
    salt = secrets.token_hex(16)
    latest = LIMIT_SECONDS + _LONGEST_TURN + longest_answer(timeout)
    return json.dumps(
        {
            "format": _FORMAT,
            **asdict(place),
            "salt": salt,
            "digest": _digest(salt, inputs),
            "since": since,
            "answer_by": None if since is None else since + latest,
            "timeout": timeout,
            "project": os.environ.get("PULUMI_PROJECT", ""),
            "folder": str(Path.cwd()),
            "process": f"{os.getpid()} on {socket.gethostname()}",
        }
    )


def _parse(path: Path, data: dict[str, Any], *, alive: bool) -> CreateRecord:
    if data["format"] != _FORMAT:
        raise ValueError("a format of another release")
    place = Place(
        api_url=data["api_url"],
        live=data["live"],
        account_id=data["account_id"],
        sub_merchant_id=data["sub_merchant_id"],
    )
    return CreateRecord(
        path=path,
        place=place,
        salt=data["salt"],
        digest=data["digest"],
        since=data["since"],
        answer_by=data["answer_by"],
        timeout=float(data["timeout"]),
        project=data["project"],
        folder=data["folder"],
        process=data["process"],
        link_id=data.get("link_id"),
        alive=alive,
    )


def _digest(salt: str, inputs: LinkInputs) -> str:
    text = json.dumps(asdict(inputs.folded()), sort_keys=True)
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file on disk, too, where the system can do that."""
    if sys.platform == "win32":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


if sys.platform == "win32":
    _FAR = 1 << 30  # beyond what is read: locked bytes cannot be

    def _lock(file: int, *, wait: bool) -> bool:
        """Lock an open file; whether it could be."""
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:

    def _lock(file: int, *, wait: bool) -> bool:
        """Lock an open file; whether it could be. A reader lets go when it closes the file."""
        mode = fcntl.LOCK_EX if wait else fcntl.LOCK_SH
        try:
            fcntl.flock(file, mode | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
