"""The greatest memory of the process that runs the provider (`python -m pulumi.dynamic`,
or the native plugin).

The engine ends its plugins with a kill, so the figure is read again and again while the process
lives. It is the greatest resident size that was seen.
"""

from __future__ import annotations

import threading

import psutil
from pulumi_project import NATIVE_PLUGIN, PLUGIN, descendants, running

_PAUSE = 0.05


class PeakMemory:
    """Watches the plugins among the descendants of a process."""

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._ended = threading.Event()
        self._plugins: list[psutil.Process] = []
        self._greatest: int | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int | None:
        """End watching; the greatest size in bytes, None if none was seen."""
        self._ended.set()
        self._thread.join()
        return self._greatest

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            if not self._plugins:
                family = descendants(self._root)
                self._plugins = running(PLUGIN, family) or running(NATIVE_PLUGIN, family)
            for plugin in self._plugins:
                try:
                    size = plugin.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                self._greatest = max(size, self._greatest or 0)
