"""How an expected error reaches the user of a Pulumi program: the one policy.

An expected error is one that its message explains in full. Each stays catchable by its class
(``NotFoundError``, ``ManifestError``, …), and Pulumi shows one that nobody catches as its message
alone, without a traceback. A bug keeps its traceback. Two places need it:

- In the program, Pulumi's language host prints a ``pulumi.RunError`` as its message and every
  other exception with its traceback. So an expected error *is* a ``RunError`` where Pulumi runs.
- In the plugin, Pulumi's SDK sends ``traceback.format_exc()`` to the engine, whatever the
  exception is. ``without_traceback`` is for the methods that it calls.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])

# Pulumi's language host and its plugin load Pulumi before they load a program, so in both the base
# is RunError. The command line does not load Pulumi (half a second), and needs no such base.
# An `except` clause looks at real bases only: a virtual one (`ABCMeta.register`) has no effect.
if TYPE_CHECKING or "pulumi" not in sys.modules:
    _Base = Exception
else:
    _Base = sys.modules["pulumi"].RunError


class ExpectedError(_Base):
    """An error that its message explains in full: a user needs no traceback."""


class _NoTracebacks:
    """Turns tracebacks off for as long as an expected error is being reported.

    ``sys.tracebacklimit`` is the only way: ``format_exc`` adds the frame of its own caller, which
    is out of our reach, and an exception that the SDK does not catch would leave the engine without
    an answer. The limit is one of the process, which other dynamic providers of the program share.
    So it is taken back as soon as the error has been sent and nothing refers to it any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors = 0

    def hide(self, error: ExpectedError) -> None:
        with self._lock:
            self._errors += 1
            sys.tracebacklimit = 0
        weakref.finalize(error, self._forget).atexit = False

    def _forget(self) -> None:
        with self._lock:
            self._errors -= 1
            if not self._errors:
                del sys.tracebacklimit


_no_tracebacks = _NoTracebacks()


def without_traceback(method: Method) -> Method:
    """Let the plugin send an expected error of ``method`` to the engine as one line."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except ExpectedError as error:
            _no_tracebacks.hide(error)
            # What it was raised from would be reported too.
            raise error from None

    return cast(Method, wrapper)
