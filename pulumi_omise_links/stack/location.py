"""Where a backend is, and who holds the lock of a stack in a folder."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ..safe_text import escape

_FOLDER = "file://"


@dataclass(frozen=True, kw_only=True)
class StackLock:
    """A lock of a stack, as the run that made it has signed it.

    ``running`` tells whether that process runs; None if it is, or was, on another machine.
    """

    process: str
    since: str
    running: bool | None


@dataclass(frozen=True)
class BackendLocation:
    """The URL of a backend, as Pulumi has it. ``base`` is where a relative folder starts."""

    url: str
    base: Path

    def __str__(self) -> str:
        """Return the URL without user, password and parameters, safe to print."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return escape(f"{parts.scheme}://{host}{parts.path}", longest=500)

    @property
    def folder(self) -> Path | None:
        """The folder of the backend; None if it is no folder."""
        if not self.url.startswith(_FOLDER):
            return None
        # As massageBlobPath of Pulumi reads it (pkg/backend/diy/backend.go): `~` is the home
        # folder, and what is not absolute starts at the current one.
        path = self.url.removeprefix(_FOLDER).partition("?")[0]
        return (self.base / Path(path).expanduser()).resolve()

    @property
    def is_other_s3(self) -> bool:
        """Whether it is a store that speaks the protocol of S3 and is not Amazon's."""
        parts = urlsplit(self.url)
        return parts.scheme == "s3" and "endpoint" in parse_qs(parts.query)


def read_locks(backend: Path, stack: str) -> list[StackLock]:
    """Return the locks of a stack, without taking one.

    :param backend: the folder of the backend.
    :param stack: the full name of the stack.
    """
    # Each run that writes has one file there (pkg/backend/diy/lock.go).
    folder = backend / ".pulumi" / "locks" / stack
    locks = map(_read_lock, sorted(folder.glob("*.json")))
    return [lock for lock in locks if lock is not None]


def _read_lock(file: Path) -> StackLock | None:
    try:
        signed = json.loads(file.read_bytes())
        host, number = str(signed["hostname"]), int(signed["pid"])
        return StackLock(
            process=escape(f"{number} of {signed['username']} on {host}"),
            since=escape(str(signed["timestamp"])[:19]),
            running=_runs(number) if host == platform.node() else None,
        )
    except FileNotFoundError:
        return None  # released meanwhile
    except (OSError, ValueError, TypeError, KeyError):
        return StackLock(process="that is not known", since="", running=None)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user
    return True
