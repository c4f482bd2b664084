"""Finds the JSON document in what ``pulumi`` prints.

Warnings, notices of updates and wrapper scripts may print before and after it on the same stream.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from ..errors import ProjectError
from ..safe_text import escape

T = TypeVar("T", dict[str, Any], list[Any])

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_OPENING = {dict: "{", list: "["}


def parse_json(stdout: bytes, kind: type[T], command: str, *, secret: bool = False) -> T:
    """Return the JSON document of this kind that ``pulumi`` printed.

    Pulumi indents its documents. So a document begins or ends in the first column of a line, and
    what is nested in one does neither; of several, the longest is taken.

    :param command: the command that printed it, for the error, such as ``stack export``.
    :param secret: whether it may hold secrets, so that nothing of it is shown.
    :raises ProjectError: there is no such document, or a list of anything but objects.
    """
    text = stdout.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = _longest_document(_ESCAPE_SEQUENCE.sub("", text), kind)
    if not isinstance(document, kind) or not _holds_objects(document):
        lines = [line for line in text.splitlines() if line.strip()]
        excerpt = f"It begins with: {escape(lines[0].strip())}" if lines else "It is empty."
        if secret and lines:
            excerpt = "It is not shown, as it may hold a secret."
        raise ProjectError(
            f"`pulumi {command}` has printed no JSON document that can be read. {excerpt}\nIf"
            " `pulumi` on the PATH is a script of your own, it must print nothing else to standard"
            " output."
        )
    return document


def _holds_objects(document: object) -> bool:
    """Whether every item of a list is an object, as in all lists that are asked for."""
    return not isinstance(document, list) or all(isinstance(item, dict) for item in document)


def _longest_document(text: str, kind: type[T]) -> T | None:
    decoder = json.JSONDecoder()
    longest, found = 0, None
    position = text.find(_OPENING[kind])
    while position >= 0:
        end = position
        try:
            document, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            pass
        else:
            if end - position > longest and _is_outermost(text, position, end):
                longest, found = end - position, document
        position = text.find(_OPENING[kind], max(end, position + 1))
    return found


def _is_outermost(text: str, start: int, end: int) -> bool:
    """Whether the first or the last character stands in the first column of a line."""
    return start == 0 or "\n" in {text[start - 1], text[end - 2]}
