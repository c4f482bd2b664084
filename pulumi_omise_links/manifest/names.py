"""Readable names for links that exist, from their titles; a name once given is never another's.

The rule: links take their names oldest first. A link is called by its title; if an older link has
that name, the end of its own id follows. So a name depends on the link and on older links alone:

- links made later change nothing, as they come last;
- deleted links change nothing either, as they keep their places in the row (Omise lists them);
- what is left out of a manifest changes nothing, as names are given before anything is left out;
  only links that Omise was not asked for, being too old, are not known here.

That matters because a name is what Pulumi knows a link by. If "sale" passed from one link to
another, a program made from the new names would delete the wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..safe_text import JOINERS

LONGEST = 60
_TAILS = (6, 10, 14)

# Letters and marks that nobody sees: fillers, variation selectors
# (https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, Default_Ignorable).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Full-width forms are the letters of ASCII as Japanese keyboards type them. Not NFKC: that takes
# the Thai sara am apart, and the name could no longer be found by typing it.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_APOSTROPHES = re.compile("(?<=[^\\W_])['\u2019](?=[^\\W_])")


class Namer:
    """Gives names to links, which are to come oldest first, deleted ones included."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Start with names that are not to be given to any link."""
        self._taken = set(taken)

    def name(self, title: str, link_id: str) -> str:
        """Return the name of the next link, and keep it from all others."""
        words = make_slug(title)
        suffix = link_id.rpartition("_")[2]
        tails = [suffix[-length:] for length in _TAILS] + [suffix]
        candidates = [f"{words or 'link'}-{tail}" for tail in tails]
        if words:
            candidates.insert(0, words)
        free = (candidate for candidate in candidates if candidate not in self._taken)
        name = next(free, candidates[-1])
        while name in self._taken:
            name += f"-{suffix}"
        self._taken.add(name)
        return name


def make_slug(title: str) -> str:
    """Return the words of a title, in lower case with hyphens between; empty if it has none.

    Letters, digits and marks of any script stay, in NFC. Nothing else does, so the result can
    stand in a URN, a file name and a shell's command line.
    """
    text = unicodedata.normalize("NFC", title.translate(_FULL_WIDTH)).lower()
    text = _INVISIBLE.sub("", _APOSTROPHES.sub("", text))
    words = unicodedata.normalize("NFC", "-".join(_words(text)))
    if len(words) <= LONGEST:
        return words
    return _cut(words).strip("-")


def _words(text: str) -> Iterable[str]:
    word = ""
    for character in text:
        kind = unicodedata.category(character)
        # A mark belongs to the letter before it; enclosing ones (Me) make a sign of it. Persian and
        # the scripts of India need the joiners between letters.
        if kind[0] in "LN" or (word and (kind in {"Mn", "Mc"} or character in JOINERS)):
            word += character
        elif word:
            yield word.rstrip(JOINERS)
            word = ""
    if word:
        yield word.rstrip(JOINERS)


def _cut(words: str) -> str:
    """Cut between words if one ends late enough, else between letters with their marks."""
    end = words.rfind("-", LONGEST // 2, LONGEST + 1)
    if end > 0:
        return words[:end]
    end = LONGEST
    while end > 1 and (
        words[end] in JOINERS
        or words[end - 1] in JOINERS
        or unicodedata.category(words[end])[0] == "M"
    ):
        end -= 1
    return words[:end]
