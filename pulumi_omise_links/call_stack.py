"""Keeps the program's call stack out of a link's record in the state.

Pulumi's SDK sends with each resource the calls that led to it (``_get_stack_trace`` in
``pulumi/runtime/resource.py``), and the engine stores them: about half of a link's record. With a
backend that is a folder or a bucket, the engine writes all records after each step, so this half
decides how long an ``up`` of many links takes (docs/performance.md).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# The SDK looks for the constructor of the resource in this stack, and sends nothing if it is not
# there. These are frames of the SDK alone: the constructor of a link is the fifth.
_FRAMES = 3


@contextmanager
def without_call_stack() -> Iterator[None]:
    """Let the SDK see only its own frames while it registers a resource.

    ``sys.tracebacklimit`` bounds what ``traceback.extract_stack`` returns. It is the only way that
    works whatever constructors surround that of the link. An exception keeps its whole traceback:
    that is made when it is printed, and the limit is gone by then.

    The limit is one of the process, so it is left alone where the program does not run in the main
    thread, as in an application that runs programs itself (Automation API). There, and if the SDK
    finds the calls in another way one day, they are in the record as with any other resource.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = hasattr(sys, "tracebacklimit")
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if known:
            sys.tracebacklimit = before
        else:
            del sys.tracebacklimit
