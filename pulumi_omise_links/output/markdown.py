"""A result as Markdown, for a comment in a pull request or the summary of a pipeline's job.

Text from Omise, from files and from Pulumi is foreign: a title may be a link, a mention or a tag.
One form of Markdown holds any text, the code span, and :func:`code_span` alone makes it. The words
of our own sentences stand as they are; whatever in a sentence could mean something to Markdown,
GitHub or GitLab becomes a code span as well (:func:`prose`). So nobody needs to know which part of
a sentence is foreign.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ..safe_text import hide_keys, pluralize
from .result import Column, Result, Row
from .text import describe_account

MOST_CHARACTERS = 64_000
"""In UTF-16 units, as GitHub's error message counts them; it names 65,536."""
_MOST_BYTES = 250_000  # of UTF-8; GitHub takes 262,144
LEAST_CHARACTERS = 4_000
"""Less has no room for what is said in any case."""
# For the sentences that say how much was left out.
_RESERVED = 1_000
_MOST_KINDS = 8
_SHARE_OF_NOTES = 0.25

_LINE_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_PIECE = re.compile(r'`(?P<code>[^`]+)`|"(?P<quoted>[^"]+)"|(?P<word>[^\s`"]+|[`"])|\s+')
_OPENING, _CLOSING, _LETTERS = r"[(“]*", r"[)”.,;:?!…]*", r"[^\W\d_]+"
_PLAIN_WORD = re.compile(
    # GitHub makes links of what could be the id of a commit, and of `www.`.
    rf"{_OPENING}(?![0-9a-f]{{7}}|www)(?:{_LETTERS}(?:['’-]{_LETTERS})*)?{_CLOSING}"
    rf"|{_OPENING}(?:\d{{1,3}}(?:,\d{{3}})*|\d{{4}})(?:\.\d{{1,3}})?{_CLOSING}"
    rf"|{_OPENING}(?:\d{{4}}-\d\d-\d\d|\d\d?:\d\d){_CLOSING}"
    r'|[→·–—"]',
    re.I,
)
# At the start of a line, it would begin a list.
_NUMBERED = re.compile(r"\d+[.)]")
# Nothing of this ends a comment of HTML.
_UNMARKED = re.compile(r"[^\w./, -]")
_FOLD = "<details>\n<summary>{}</summary>"


def write_markdown(result: Result, *, max_chars: int = MOST_CHARACTERS) -> str:
    """Return the ending first, then rows, sections and notes, as much as there is room for.

    What is left out stands at the end of its table and is counted.

    :param max_chars: how many UTF-16 units there may be, at least :data:`LEAST_CHARACTERS`.
    """
    page = _Page(max_chars - _RESERVED, _MOST_BYTES - 4 * _RESERVED)
    page.add(*_head(result))
    # What is not known, and whose links these are, is more than the last of many rows.
    notes = page.split_off(_SHARE_OF_NOTES)
    notes.add_list([*result.notes, *map(describe_account, result.accounts)])
    page.take_back(notes)
    page.add_table(result.columns, result.rows)
    for section in result.sections:
        if not section.folded:
            page.add(f"**{_plain(section.heading)}**")
            page.add_table(section.columns, section.rows)
    page.blocks += notes.blocks
    if result.document is not None:
        page.add_document(result.document)
    for section in result.sections:
        if section.folded:
            page.add(_FOLD.format(_plain(section.heading)))
            page.add_table(section.columns, section.rows)
            page.add("</details>")
    return "\n\n".join(page.blocks)


def code_span(text: str, *, in_table: bool = False) -> str:
    """Return any text as a code span: no link, tag, mention or emphasis comes out of it.

    Line breaks become spaces.
    """
    text = hide_keys(_LINE_BREAKS.sub(" ", text))
    if not text:
        return ""
    runs = re.findall("`+", text)
    fence = "`" * (max(map(len, runs), default=0) + 1)
    # A space at each end is taken away, if there is more than spaces; a backtick at an end would
    # belong to the fence.
    pad = " " if text.strip() and {text[0], text[-1]} & {"`", " "} else ""
    if in_table:
        text = text.replace("|", r"\|")
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str, *, in_table: bool = False) -> str:
    """Return a sentence in which all that is no plain word is a code span.

    What stands between backticks is one code span; what stands between quotation marks stays as it
    is, or is one.
    """
    written = ""
    for piece in _PIECE.finditer(text.strip()):
        part = _write_piece(piece, in_table=in_table)
        # Two code spans without anything between them would be something else.
        gap = " " if written.endswith("`") and part.startswith("`") else ""
        written += gap + part
    return written


def _write_piece(piece: re.Match[str], *, in_table: bool) -> str:
    code, quoted, word = piece["code"], piece["quoted"], piece["word"]
    if code is not None:
        return code_span(code, in_table=in_table)
    if quoted is not None:
        plain = all(map(_PLAIN_WORD.fullmatch, quoted.split()))
        return f'"{" ".join(quoted.split())}"' if plain else code_span(quoted, in_table=in_table)
    if word is None:
        return " "
    numbered = piece.start() == 0 and _NUMBERED.fullmatch(word)
    if _PLAIN_WORD.fullmatch(word) and not numbered:
        return word
    start = "(" if word.startswith("(") and word != "(" else ""
    core = word.removeprefix(start)
    core = core.rstrip(".,;:)" if start else ".,;:") or core
    end = word[len(start) + len(core) :]
    return start + code_span(core, in_table=in_table) + end


def _plain(heading: str) -> str:
    """Return a heading of ours as it is; of anything else, only letters, digits and commas."""
    return re.sub(r"[^\w ,()-]", "", heading)


def _head(result: Result) -> list[str]:
    """Return the marker, by which a comment can be found again, and what is said in any case."""
    marker = " ".join([result.command, *_UNMARKED.sub("_", result.subject).split()])
    of = f": {prose(result.subject)}" if result.subject else ""
    blocks = [
        f"<!-- omise-links {marker} -->",
        f"### {result.title or f'omise-links {result.command}'}{of}",
        prose(result.ending),
    ]
    if result.alert:
        blocks.append(f"> [!CAUTION]\n> {prose(result.alert)}")
    return [block for block in blocks if block]


class _Page:
    """Blocks of Markdown with an empty line between them, as many as there is room for."""

    def __init__(self, characters: int, size: int) -> None:
        self.blocks: list[str] = []
        self._characters = characters
        self._bytes = size

    def split_off(self, share: float) -> _Page:
        """Return a page that has a share of the room."""
        part = _Page(int(self._characters * share), int(self._bytes * share))
        self._characters -= part._characters
        self._bytes -= part._bytes
        return part

    def take_back(self, part: _Page) -> None:
        """Take the room that a part has left over."""
        self._characters += part._characters
        self._bytes += part._bytes

    def add(self, *blocks: str) -> None:
        """Add what must not be left out."""
        for block in blocks:
            self._take(f"\n\n{block}", needed=True)
            self.blocks.append(block)

    def add_table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Add rows from the first on; those for which there is no room are counted by their kind,
        which is their first cell.
        """
        with_reasons = any(row.reasons for row in rows)
        headings = [*(column.heading for column in columns), *([""] if with_reasons else [])]
        head = f"{_line(headings)}\n{_line(['--'] * len(headings))}\n"
        shown = self._add_lines([_write_row(columns, row, with_reasons) for row in rows], head)
        if left := rows[shown:]:
            kinds = Counter(row.cells[0] for row in left).most_common(_MOST_KINDS)
            counted = ", ".join(f"{number:,} {kind}" for kind, number in kinds)
            self._add_count(f"{len(left):,} more", "" if columns[0].foreign else counted)

    def add_list(self, items: Sequence[str]) -> None:
        """Add sentences as a list; those for which there is no room are counted."""
        shown = self._add_lines([f"- {prose(item)}" for item in items])
        if left := len(items) - shown:
            self._add_count(f"{pluralize(left, 'more note')}")

    def add_document(self, text: str) -> None:
        """Add a file, if there is room for all of it."""
        runs = re.findall("`{3,}", text)
        fence = "`" * (max(map(len, runs), default=2) + 1)
        if not self._add_lines([f"{fence}\n{hide_keys(text).rstrip()}\n{fence}"]):
            self.add("The file is too long to be shown here.")

    def _add_lines(self, lines: Sequence[str], head: str = "") -> int:
        """Add one block of lines, and return for how many of them there was room."""
        block: list[str] = []
        for line in lines:
            text = line if block else f"{head}{line}"
            if not self._take(f"\n\n{text}"):
                break
            block.append(text)
        if block:
            self.blocks.append("\n".join(block))
        return len(block)

    def _add_count(self, left_out: str, kinds: str = "") -> None:
        self.add(f"and {left_out}{prose(f': {kinds}') if kinds else ''}.")

    def _take(self, text: str, *, needed: bool = False) -> bool:
        """Take room for a text; return whether there is some, which there is for what is needed."""
        characters, size = len(text.encode("utf-16-le")) // 2, len(text.encode())
        fits = characters <= self._characters and size <= self._bytes
        if fits or needed:
            self._characters -= characters
            self._bytes -= size
        return fits or needed


def _write_row(columns: Sequence[Column], row: Row, with_reasons: bool) -> str:
    cells = [
        code_span(cell, in_table=True) if column.foreign else prose(cell, in_table=True)
        for column, cell in zip(columns, row.cells, strict=True)
    ]
    if row.tone == "problem" and not columns[0].foreign:
        cells[0] = f"**{cells[0]}**"
    if with_reasons:
        cells.append("<br>".join(prose(reason, in_table=True) for reason in row.reasons))
    return _line(cells)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
