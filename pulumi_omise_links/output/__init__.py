"""The result of a command, and one writer per output format.

A new format is one module with one function (:class:`Result` -> text) and one line in
:data:`FORMATS`; a new command makes a :class:`Result` and needs no writer.
"""

from __future__ import annotations

from collections.abc import Callable

from .json import write_json
from .markdown import write_markdown
from .result import Account, Column, Failure, Result, Row, Section, Tone, link_columns
from .text import write_text

FORMATS: dict[str, Callable[[Result], str]] = {
    "text": write_text,
    "json": write_json,
    "markdown": write_markdown,
}
"""The choices of ``--format``. On a terminal, ``text`` is written by :mod:`.table`."""

__all__ = [
    "FORMATS",
    "Account",
    "Column",
    "Failure",
    "Result",
    "Row",
    "Section",
    "Tone",
    "link_columns",
]
