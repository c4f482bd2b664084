"""The record of one create under way: a file, locked as long as the process that wrote it runs.

The operating system releases the lock however the process ends. So no running process works at a
create whose record is not locked. The first line is the record; a second one says how the create
ended. The inputs, which may be secrets, are in it only as a salted digest. All times are Omise's.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import secrets
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CreateLogError
from .models import LinkInputs, Scope
from .retry import LIMIT_SECONDS
from .times import LAG_SECONDS, format_time

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from ..settings import Settings

_FORMAT = 1
# Seconds that a POST may wait for its turn after its record was written, beside the bound on
# repetitions.
_LONGEST_TURN = 60.0
# Seconds beyond the time-out: for connecting, and because Omise's clock shows whole seconds.
_ANSWER_MARGIN = 10.0
_LEAST_ANSWER_WAIT = 30.0


def longest_answer(timeout: float) -> float:
    """Return for how many seconds after a POST its link may still be made, or not listed yet."""
    return max(_LEAST_ANSWER_WAIT, timeout + _ANSWER_MARGIN) + LAG_SECONDS


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a create was sent: only links of one destination can be confused with each other."""

    api_url: str
    live: bool
    account_id: str | None
    sub_merchant_id: str | None

    @classmethod
    def of(cls, settings: Settings, scope: Scope) -> Destination:
        """Return the destination of creates with these settings, in this scope."""
        return cls(
            api_url=settings.api_url,
            live=settings.key().live,
            account_id=scope.account_id,
            sub_merchant_id=scope.sub_merchant_id,
        )

    @property
    def scope(self) -> Scope:
        """The account and the sub-merchant."""
        return Scope(self.account_id, self.sub_merchant_id)

    def may_be(self, other: Destination) -> bool:
        """Whether both may be one destination; an account that is not known may be any."""
        accounts = {self.account_id, other.account_id}
        same_account = len(accounts) == 1 or None in accounts
        ours, theirs = (
            (destination.api_url, destination.live, destination.sub_merchant_id)
            for destination in (self, other)
        )
        return same_account and ours == theirs


@dataclass(frozen=True, kw_only=True)
class CreateRecord:
    """A create that was begun.

    ``since`` is when, and ``answer_by`` until when its link may appear (Unix seconds by Omise's
    clock, None if that was not known). ``timeout`` is how many seconds the process waited for one
    answer. ``link_id`` is the link, if the answer came. ``given_up``: the process waited for the
    answer until it was lost. ``running`` tells whether the process that wrote the record still
    does. ``written`` is when the record was last written, by this computer's clock (Unix seconds).
    """

    path: Path
    destination: Destination
    salt: str
    digest: str
    since: float | None
    answer_by: float | None
    timeout: float
    project: str
    folder: str
    process: str
    link_id: str | None = None
    given_up: bool = False
    running: bool = False
    written: float = 0.0

    @property
    def under_way(self) -> bool:
        """Whether the create may still be at work."""
        return self.running and self.link_id is None

    def is_over(self, now: float | None) -> bool:
        """Whether its link can no longer appear.

        Omise has more than one server, and a clock may be set: Omise's clock and that of this
        computer must both say so.

        :param now: Omise's time, None if that is not sure.
        """
        if self.since is None or self.answer_by is None or now is None:
            return False
        longest = self.answer_by - self.since
        return now > self.answer_by and time.time() > self.written + longest

    @property
    def began(self) -> str:
        """When the create began, ``YYYY-MM-DDThh:mm:ssZ``; empty if that is not known."""
        return "" if self.since is None else format_time(self.since)

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
            raise CreateLogError(f"{self.path} cannot be removed ({reason_of(error)}).") from None


class OpenRecord:
    """A record of this process. The lock on its file shows that the process still runs."""

    def __init__(self, path: Path) -> None:
        """Make the file, and lock it.

        :raises OSError: that is not possible.
        """
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        _lock(self._file, wait=True)

    def write(self, line: str) -> None:
        """Write the record, and return once it is on disk."""
        self._append(line)
        os.fsync(self._file)

    def note(self, **ending: object) -> None:
        """Note how the create ended; the link exists by then, so nothing may fail here."""
        # A killed process loses nothing that it has written. A machine that loses power may: then
        # the end is not known, which stops the next create as well.
        with suppress(OSError):
            self._append(json.dumps(ending))

    def _append(self, line: str) -> None:
        rest = f"{line}\n".encode()
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def close(self) -> None:
        """Release the lock; the record stays."""
        with suppress(OSError):
            os.close(self._file)

    def remove(self) -> None:
        """Remove the file. One that cannot be removed stays, and stops an equal create later."""
        if sys.platform == "win32":
            self.close()  # an open file cannot be removed there
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        if sys.platform != "win32":
            self.close()


def read_record(path: Path) -> CreateRecord | None:
    """Read a record; None if it has gone, or was never complete, so that no POST was sent.

    :raises CreateLogError: it cannot be read.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CreateLogError(f"{path} cannot be read ({reason_of(error)}).") from None
    try:
        running = not _lock(file, wait=False)
        written = os.fstat(file).st_mtime
        lines = os.read(file, 1 << 20).decode("utf-8", "replace").split("\n")[:-1]
    except OSError as error:
        raise CreateLogError(f"{path} cannot be read ({reason_of(error)}).") from None
    finally:
        os.close(file)
    if not lines:
        return None
    try:
        data = json.loads(lines[0])
        # A last line that is cut off was not written to its end: it says nothing.
        for line in lines[1:]:
            data |= json.loads(line)
        return _parse(path, data, running=running, written=written)
    except (ValueError, TypeError, KeyError):
        raise CreateLogError(f"{path} is not a record that this release can read.") from None


def format_record(
    destination: Destination, inputs: LinkInputs, since: float | None, timeout: float
) -> str:
    """Return the first line of a new record."""
    salt = secrets.token_hex(16)
    latest = LIMIT_SECONDS + _LONGEST_TURN + longest_answer(timeout)
    return json.dumps(
        {
            "format": _FORMAT,
            **asdict(destination),
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


def _parse(path: Path, data: dict[str, Any], *, running: bool, written: float) -> CreateRecord:
    if data["format"] != _FORMAT:
        raise ValueError("a format of another release")
    destination = Destination(
        api_url=data["api_url"],
        live=data["live"],
        account_id=data["account_id"],
        sub_merchant_id=data["sub_merchant_id"],
    )
    return CreateRecord(
        path=path,
        destination=destination,
        salt=data["salt"],
        digest=data["digest"],
        since=data["since"],
        answer_by=data["answer_by"],
        timeout=float(data["timeout"]),
        project=data["project"],
        folder=data["folder"],
        process=data["process"],
        link_id=data.get("link_id"),
        given_up=bool(data.get("given_up")),
        running=running,
        written=written,
    )


def _digest(salt: str, inputs: LinkInputs) -> str:
    return hmac.new(salt.encode(), _to_bytes(inputs), hashlib.sha256).hexdigest()


# Each create is compared with all records there are, and each record has its own salt.
@functools.lru_cache(maxsize=64)
def _to_bytes(inputs: LinkInputs) -> bytes:
    return json.dumps(asdict(inputs.folded()), sort_keys=True).encode()


def sync_folder(folder: Path) -> None:
    """Write the name of a new file to disk, too, where the system can do that."""
    if sys.platform == "win32":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def reason_of(error: OSError) -> str:
    return error.strerror or type(error).__name__


if sys.platform == "win32":
    _FAR = 1 << 30  # beyond the record: Windows does not let others read locked bytes

    def _lock(file: int, *, wait: bool) -> bool:
        """Lock an open file, and return whether that was possible."""
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
        """Lock an open file, and return whether that was possible. Closing it releases the lock."""
        mode = fcntl.LOCK_EX if wait else fcntl.LOCK_SH
        try:
            fcntl.flock(file, mode | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
