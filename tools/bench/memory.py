"""The greatest memory of the process that runs the provider (`python -m pulumi.dynamic`).

Linux only: the kernel keeps the greatest resident size of every process (VmHWM in
/proc/<pid>/status). The engine ends its plugins with a kill, so the figure is read again and again
while the process lives; what is read last is at most one pause old. OtherStacks there is no figure.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from pathlib import Path

_PAUSE = 0.1
_PLUGIN = b"pulumi.dynamic"


class PeakMemory:
    """Watches the plugins among the descendants of a process."""

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._ended = threading.Event()
        self._plugins: set[int] = set()
        self._greatest: int | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if sys.platform == "linux":
            self._thread.start()

    def stop(self) -> int | None:
        """End watching; the greatest size in bytes, None if none was seen."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._greatest

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            if not self._plugins:
                self._plugins = _plugins_under(self._root)
            sizes = [size for each in self._plugins if (size := _peak(each)) is not None]
            self._greatest = max([*sizes, self._greatest or 0]) or None


def _plugins_under(root: int) -> set[int]:
    parents = {each: _parent(each) for each in _processes()}
    found = set()
    for pid in parents:
        above: int | None = pid
        while above and above != root:
            above = parents.get(above)
        if above == root and _PLUGIN in _read(pid, "cmdline").split(b"\0"):
            found.add(pid)
    return found


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]


def _parent(pid: int) -> int | None:
    found = re.search(rb"^PPid:\s*(\d+)", _read(pid, "status"), re.MULTILINE)
    return int(found[1]) if found else None


def _peak(pid: int) -> int | None:
    found = re.search(rb"^VmHWM:\s*(\d+) kB", _read(pid, "status"), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _read(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""
