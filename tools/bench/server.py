"""A server in a process of its own, for the time of a ``with`` block."""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import Any, TypeVar

S = TypeVar("S", bound="Server")


class Server:
    """It answers once it is made; its class starts the process."""

    _process: subprocess.Popen[Any]

    def __enter__(self: S) -> S:
        """It answers already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
