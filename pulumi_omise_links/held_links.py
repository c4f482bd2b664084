"""Which link each resource of a run is: no link gets two resources or is deleted by mistake.

The engine runs one plugin process for each explicit provider. Processes of one run see each
other's marks: lines of a file that is named after the port of their engine, in a folder below the
one for temporary files. (A file for each mark would take a tenth of the time of a preview.) Each
process holds a shared lock on that file, which the operating system releases however the process
ends. So a process can tell which runs have ended, and removes their files. Without ``fcntl`` or a
writable folder, a process knows only its own marks.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import LinkConflictError
from .settings import KEEP_LINKS
from .state_format import PROVIDER_KEY

if sys.platform != "win32":
    import fcntl

_HELD, _TO_BE_ADOPTED, _LOOKED_UP = "held", "to-be-adopted", "looked-up"
_IMPORTED = "imported"


class HeldLinks:
    """The links that resources of this run are, and those that they are about to adopt.

    Safe for many threads, and shared with the other plugin processes of the run.
    """

    def __init__(self, engine_port: int | None, folder: Path | None = None) -> None:
        """:param folder: where the marks of all runs are; by default for temporary files."""
        self._marks = _Marks(engine_port, folder)
        self._lock = threading.Lock()
        self._checked: Counter[frozenset[tuple[str, object]]] = Counter()

    def note_check(self, inputs: Mapping[str, Any]) -> None:
        """Note that the program declares a resource that exists, with these checked inputs."""
        with self._lock:
            self._checked[_fingerprint(inputs)] += 1

    def is_declared(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether a comparison is of a resource that the program declares.

        A refresh compares, too, even resources that the program no longer has and that are deleted
        next. Pulumi does not say which one it is, but it checks what the program declares first.
        """
        with self._lock:
            fingerprint = _fingerprint(inputs)
            if not self._checked[fingerprint]:
                return False
            self._checked[fingerprint] -= 1
            return True

    def plan_adoption(self, link_id: str) -> None:
        """Note that a new resource of the program names this link.

        :raises LinkConflictError: another resource of the program is this link, or names it.
        """
        if not self._marks.add(_TO_BE_ADOPTED, link_id) or self._marks.has(_HELD, link_id):
            raise _conflict(link_id)

    def keep(self, link_id: str) -> None:
        """Note that a resource of the program is this link and stays it.

        :raises LinkConflictError: another resource of the program is this link, or names it.
        """
        if not self._marks.add(_HELD, link_id) or self._marks.has(_TO_BE_ADOPTED, link_id):
            raise _conflict(link_id)

    def adopt(self, link_id: str) -> None:
        """Note that a new resource has become this link.

        :raises LinkConflictError: another resource of the program is this link.
        """
        if not self._marks.add(_HELD, link_id):
            raise _conflict(link_id)

    def note_look_up(self, link_id: str) -> None:
        """Note that the program looks this link up with ``Link.get``."""
        self._marks.add(_LOOKED_UP, link_id)

    def note_import(self, urn: str, link_id: str) -> None:
        """Note that a resource has imported a link, in this run or an earlier one."""
        self._marks.add(_IMPORTED, urn, link_id)
        self._marks.add(_IMPORTED, urn)

    def is_left_behind(self, urn: str, link_id: str) -> bool:
        """Tell whether a resource has imported links, and this is none of them."""
        return self._marks.has(_IMPORTED, urn) and not self._marks.has(_IMPORTED, urn, link_id)

    def may_be_deleted(self, link_id: str) -> bool:
        """Tell whether no other resource of the program is this link.

        :raises LinkConflictError: one was to adopt it, and did not.
        """
        if self._marks.has(_HELD, link_id):
            return False
        if self._marks.has(_TO_BE_ADOPTED, link_id):
            raise LinkConflictError(
                f"Link {link_id} was not deleted: a resource of this program is to adopt it, and"
                " did not. Correct that resource, or remove its adopt, and run `pulumi up` again."
            )
        return True

    def refuse_looked_up(self, link_id: str) -> None:
        """Refuse to delete a link that the program looks up: it may be meant to live on.

        :raises LinkConflictError: the program looks it up.
        """
        if self._marks.has(_LOOKED_UP, link_id):
            raise LinkConflictError(
                f"Link {link_id} was not deleted: this program looks it up with Link.get. To keep"
                " the link and only stop managing it, run the same command once more with"
                f" {KEEP_LINKS}={link_id} in the environment. To delete it, take Link.get out of"
                " the program first."
            )


class _Marks:
    """Marks in memory and, where that can be, in a file for the other processes.

    A mark is a line that is appended. Who has set it is told by the order of the lines: local file
    systems append one after the other, so all processes read the same order.
    """

    def __init__(self, engine_port: int | None, folder: Path | None) -> None:
        self._me = secrets.token_hex(8)
        self._first: dict[str, str] = {}
        """Each mark, and who was the first to set it."""
        self._lock = threading.Lock()
        self._port = engine_port
        self._folder = folder
        self._file: int | None = None
        self._opened = False
        self._read = 0

    def add(self, *mark: str) -> bool:
        """Set a mark: its kind, and what is marked. Tell whether it was not there before.

        :raises LinkConflictError: other processes would not see it, as the disk is full.
        """
        line = _spell(mark)
        with self._lock:
            self._look()
            if line in self._first:
                return False
            if self._file is None:
                self._first[line] = self._me
                return True
            try:
                # A full disk may have cut off the line before.
                os.write(self._file, f"\n{self._me} {line}\n".encode())
            except OSError as error:
                raise _unusable(str(error.strerror)) from None
            self._look()
            if line not in self._first:
                raise _unusable("a line could not be written whole")
            return self._first[line] == self._me

    def has(self, *mark: str) -> bool:
        """Tell whether a mark is set, by any process of this run."""
        with self._lock:
            self._look()
            return _spell(mark) in self._first

    def _look(self) -> None:
        """Read which marks were set meanwhile."""
        if not self._opened:
            self._opened = True
            if self._port is not None and sys.platform != "win32":
                with suppress(OSError):
                    self._file = _open_file(self._port, self._folder)
        if self._file is None:
            return
        try:
            added = os.fstat(self._file).st_size - self._read
            if added <= 0:
                return
            lines = os.pread(self._file, added, self._read)
        except OSError as error:
            raise _unusable(str(error.strerror)) from None
        whole = lines.rfind(b"\n") + 1
        for line in lines[:whole].decode(errors="replace").splitlines():
            who, _, mark = line.partition(" ")
            self._first.setdefault(mark, who)
        self._read += whole


def _spell(mark: tuple[str, ...]) -> str:
    # The name of a resource may hold spaces and the end of a line.
    return " ".join(map(ascii, mark))


if sys.platform != "win32":

    def _open_file(port: int, folder: Path | None) -> int | None:
        """Open the file of this run, without the marks of earlier runs at the same port."""
        user = os.getuid()
        folder = folder or Path(tempfile.gettempdir()) / f"pulumi-omise-links-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        made = folder.lstat()
        # The folder for temporary files is everybody's: another user may have been first.
        if made.st_uid != user or made.st_mode & 0o077:
            return None
        path = folder / f"{port}.marks"
        _remove_ended_runs(path)
        while True:
            marks = _open_if_regular(path, os.O_CREAT | os.O_APPEND)
            try:
                try:
                    fcntl.flock(marks, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # another process of this run has been here
                else:
                    os.truncate(marks, 0)
                fcntl.flock(marks, fcntl.LOCK_SH)  # held until we end
                if _is_there(marks, path):
                    return marks
            except OSError:
                os.close(marks)  # it could lock out the other processes
                raise
            os.close(marks)  # a run at another port has just removed the file

    def _remove_ended_runs(own: Path) -> None:
        for path in own.parent.iterdir():
            if path == own:
                continue
            with suppress(OSError):
                marks = _open_if_regular(path)
                try:
                    fcntl.flock(marks, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    # Another run may have removed it, and a third one made it again.
                    if _is_there(marks, path):
                        path.unlink()
                finally:
                    os.close(marks)

    def _open_if_regular(path: Path, flags: int = 0) -> int:
        opened = os.open(path, os.O_RDWR | os.O_NOFOLLOW | flags, 0o600)
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise OSError(f"{path} is no regular file")
        return opened

    def _is_there(opened: int, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(opened), path.lstat())
        except FileNotFoundError:
            return False


def _unusable(reason: str) -> LinkConflictError:
    return LinkConflictError(
        "Whether each link is one resource only cannot be told, as the plugins of this run cannot"
        f" use their file in {tempfile.gettempdir()} ({reason}). Nothing was changed at Omise. Free"
        " some space there, or name another folder in TMPDIR."
    )


def _conflict(link_id: str) -> LinkConflictError:
    return LinkConflictError(
        f"Two resources of this program would be link {link_id}: only one can be it. Leave out one"
        " of them, or its adopt (in a manifest: id). The link stays; nothing was changed at Omise."
    )


def _fingerprint(inputs: Mapping[str, Any]) -> frozenset[tuple[str, object]]:
    """Return what tells inputs apart: they pass the engine between a check and its comparison."""
    return frozenset(
        (name, value if isinstance(value, (str, float, int)) else type(value).__name__)
        for name, value in inputs.items()
        if value is not None and name != PROVIDER_KEY
    )
