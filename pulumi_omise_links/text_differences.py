"""Explains how two texts differ that look alike: in composition, spaces, invisible characters.

Links are compared byte for byte, as Omise and Pulumi do. This only explains a difference; texts
that differ are never taken for equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import combinations

# Formatting characters, and letters and marks that nobody sees: fillers, variation selectors
# (https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, Default_Ignorable).
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_CONTEXT, _LONGEST = 20, 60


def _without_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text)


def _with_plain_spaces(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


# What may differ, and what makes two texts equal that differ in it alone. The order matters where
# several apply: NFC may compose again what an invisible character kept apart.
_KINDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("invisible characters", _without_invisible),
    ("Unicode composition", _composed),
    ("spaces or line breaks", _with_plain_spaces),
    ("Unicode compatibility forms (such as full-width letters)", _compatible),
)


def fold_appearance(text: str) -> str:
    """Return the same text for all texts that ``describe_difference`` has words for."""
    for _, fold in _KINDS:
        text = fold(text)
    return text


def describe_difference(first: str, second: str) -> str | None:
    """Return in what two texts differ, if that is hard to see, such as ``Unicode composition``.

    None if they are equal, or differ in visible characters. No part of the texts is in the result.
    """
    if first == second or fold_appearance(first) != fold_appearance(second):
        return None
    for number in range(1, len(_KINDS) + 1):
        for kinds in combinations(_KINDS, number):
            one, other = first, second
            for _, fold in kinds:
                one, other = fold(one), fold(other)
            if one == other:
                return " and ".join(name for name, _ in kinds)
    return None


def show_difference(first: str, second: str) -> tuple[str, str]:
    """Return the parts of two texts around their first difference, for people.

    In what differs, everything but visible ASCII characters is spelt out (``Cafe\\u0301``,
    ``Ball\\u0020``). The rest is as it is: escape it before it reaches a terminal.
    """
    same = next(
        (
            position
            for position, (one, other) in enumerate(zip(first, second, strict=False))
            if one != other
        ),
        min(len(first), len(second)),
    )
    start = max(0, same - _CONTEXT)
    parts = [text[start : start + _LONGEST] for text in (first, second)]
    spelt = ["", ""]
    for tag, *ends in SequenceMatcher(a=parts[0], b=parts[1], autojunk=False).get_opcodes():
        for side, (begin, end) in enumerate((ends[:2], ends[2:])):
            piece = parts[side][begin:end]
            spelt[side] += piece if tag == "equal" else "".join(map(_spell_out, piece))
    before = "…" if start else ""
    shown = [
        f"{before}{piece}{'…' if len(text) > start + _LONGEST else ''}"
        for piece, text in zip(spelt, (first, second), strict=True)
    ]
    return shown[0], shown[1]


def _spell_out(character: str) -> str:
    if "!" <= character <= "~":
        return "\\\\" if character == "\\" else character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
