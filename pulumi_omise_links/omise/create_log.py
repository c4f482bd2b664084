"""Records of creates under way, so that a create is known even if its process is killed.

The engine forgets a create whose plugin was killed, although Omise may have carried it out. So a
record is on disk before the POST is sent. It is removed when the end of the create is known. A
record whose process has ended stops the next create of equal inputs, until ``omise-links recover``
has found out what became of it.

Each create has one file in ``$PULUMI_HOME/omise-links/creates``, which only its owner can read; see
``create_records``.
"""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CreateLogError, OmiseLinksError, UncertainCreateError, UnfinishedCreateError
from .create_records import (
    CreateRecord,
    Destination,
    OpenRecord,
    format_record,
    longest_answer,
    read_record,
    reason_of,
    sync_folder,
)
from .models import LinkInputs, OmiseLink

if TYPE_CHECKING:
    from .creates import LinkCreator

# Seconds until the engine has surely received the result of a create; the process may be killed
# before that.
_KEEP_ANSWERED = 2.0


class CreateLog:
    """The records of all processes of a user on this machine. Safe for many threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """:param folder: where the files are; by default below the home folder of Pulumi."""
        self._folder = folder
        self._lock = threading.Lock()
        self._own: dict[str, OpenRecord] = {}
        self._answered: deque[tuple[float, OpenRecord]] = deque()
        self._uncertain: dict[LinkInputs, list[OpenRecord]] = defaultdict(list)
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
                record = read_record(self.folder / name)
            except CreateLogError as error:
                problems.append(str(error))
            else:
                records += [record] if record else []
        return records, problems

    def _names(self) -> list[str]:
        try:
            # Not `iterdir`, which makes an object of each name: each create reads them all.
            names = os.listdir(self.folder)  # noqa: PTH208  (names alone)
            return sorted(name for name in names if name.endswith(".json"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CreateLogError(f"{self.folder} cannot be read ({reason_of(error)}).") from None

    def _unfinished(self, destination: Destination, inputs: LinkInputs) -> list[CreateRecord]:
        """Return the records of equal creates that no running process works at."""
        names = self._names()
        with self._lock:
            others = [name for name in names if name not in self._own]
            self._others = {name: self._others[name] for name in others if name in self._others}
        found = []
        for name in others:
            # The first line of a record never changes, so each is read once; a second line, with
            # the end of the create, may have been added.
            record = self._others.get(name) or read_record(self.folder / name)
            if record is None:
                continue
            self._others[name] = record
            if record.destination.may_be(destination) and record.is_of(inputs):
                now = read_record(self.folder / name)
                found += [now] if now and not now.running else []
        return found

    # -- writing

    @contextmanager
    def recording(
        self, creator: LinkCreator, inputs: LinkInputs, since: float | None
    ) -> Iterator[Callable[[OmiseLink], None]]:
        """Keep a record during a POST; call the function that it yields with the link.

        After an ``UncertainCreateError`` and after any unexpected error the record stays; any other
        error of this package means that the create was not carried out.

        :param since: a time before which the link cannot have been made; None if unsure.
        :raises UnfinishedCreateError: an equal create of an ended process may have made a link.
        :raises CreateLogError: the record cannot be kept, so nothing may be sent.
        """
        self._forget_answered(_KEEP_ANSWERED)
        client = creator.client
        destination = Destination.of(client.settings, client.scope())
        for record in self._unfinished(destination, inputs):
            _require_over(record, creator, inputs, since)
            record.remove()
        opened = self._write(destination, inputs, since, client.settings.timeout)
        try:
            yield lambda link: opened.note(link_id=link.id)
        except UncertainCreateError:
            now = client.server_time()
            opened.note(
                given_up=True, answer_by=now and now + longest_answer(client.settings.timeout)
            )
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
        """Remove the records of uncertain creates of this process: their link is found."""
        with self._lock:
            found = self._uncertain.pop(inputs.folded(), [])
        for opened in found:
            opened.remove()

    def _write(
        self, destination: Destination, inputs: LinkInputs, since: float | None, timeout: float
    ) -> OpenRecord:
        path = self.folder / f"{time.time_ns()}-{secrets.token_hex(8)}.json"
        try:
            text = format_record(destination, inputs, since, timeout)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock:
                opened = OpenRecord(path)
                self._own[path.name] = opened
            opened.write(text)
            sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise CreateLogError(
                f"The record of this create cannot be written to {path.parent}"
                f" ({reason_of(error)})."
            ) from None
        return opened

    def _forget_answered(self, age: float) -> None:
        """Remove the records of creates whose result the engine has received."""
        while True:
            with self._lock:
                if not self._answered or self._answered[0][0] > time.monotonic() - age:
                    return
                _, opened = self._answered.popleft()
            self._remove(opened)

    def _remove(self, opened: OpenRecord) -> None:
        with self._lock:
            self._own.pop(opened.path.name, None)
        opened.remove()

    def _release(self, opened: OpenRecord) -> None:
        with self._lock:
            self._own.pop(opened.path.name, None)
        opened.close()


def _require_over(
    record: CreateRecord, creator: LinkCreator, inputs: LinkInputs, now: float | None
) -> None:
    """Return only if it is proved that the create left no link, or that its link is gone.

    :param now: Omise's time, None if that is not sure.
    :raises UnfinishedCreateError: that is not proved.
    """
    if record.link_id is not None:
        if creator.client.find_link(record.link_id, record.destination.scope):
            raise _unfinished(record, [record.link_id])
        return
    if record.since is None or not record.is_over(now):
        raise _unfinished(record)
    found = creator.find_candidates(inputs, record.since)
    # A link that Omise has spelt in its own way, or that cannot be read, may be it, too.
    if fits := [*found.equal, *found.similar, *found.unknown]:
        raise _unfinished(record, fits)


def _unfinished(record: CreateRecord, fits: Sequence[str] = ()) -> UnfinishedCreateError:
    return UnfinishedCreateError(
        record.process, record.folder, record.began, fits, given_up=record.given_up
    )
