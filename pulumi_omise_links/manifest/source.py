"""A YAML file as nodes that know their places, without what a manifest has no use for.

PyYAML's parser is asked for events, never for objects: nothing is constructed and no alias is
expanded, so tags and alias bombs have no effect. ``values`` reads what the scalars mean. The parser
in C and the one in Python differ in their messages and in little else; the one in C is used if it
is there and can read the file.
"""

from __future__ import annotations

import os
import re
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ..errors import ProblemCode
from ..inputs import LONE_SURROGATE
from ..safe_text import escape, escape_path
from .values import Kind, MappingNode, Node, Refused, Scalar, SequenceNode

STANDARD_INPUT = "-"

# 10,000 links take about 1.5 MB. The bounds keep a wrong file from filling the memory.
MOST_BYTES = 5_000_000
MOST_VALUES = 500_000
# A manifest needs three: the whole, its links, one link.
DEEPEST = 10

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML 1.1 and 1.2 both refuse anywhere in a file.
_UNACCEPTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE_BREAK = re.compile(r"\r\n?|\n")
# `title: Table #5`: YAML takes the rest of the line for a comment. A comment that is meant has a
# space after its #, or several of them, or nothing.
_CUT = re.compile(r"[ \t]+(#+[^\s#][^\r\n]*)")
# What git leaves in a file at the start of lines. The one in the middle could be a line of text.
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?=[ \r\n]|\Z)[^\r\n]*", re.MULTILINE)
_CONFLICT_MIDDLE = re.compile(r"^={7}(?=[\r\n]|\Z)", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF_OF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_UTF_16_OR_32 = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\0\0\xfe\xff", "UTF-32"))


class SourceError(Exception):
    """The file cannot be read any further. ``at`` is None if it could not be opened."""

    def __init__(self, code: ProblemCode, problem: str, at: int | None = None) -> None:
        self.code = code
        self.problem = problem
        self.at = at
        super().__init__(problem)


class Source:
    """The text of a file, and the places in it."""

    def __init__(self, file: str, *, standard_input: bool = False) -> None:
        """:param standard_input: whether the name ``-`` stands for it."""
        self.file = file
        self._standard_input = standard_input
        self.text = ""
        self._starts = array("L", [0])

    def read(self) -> None:
        """Read the text.

        :raises SourceError: it cannot be opened, is too large, or is not text in UTF-8.
        """
        data = _bytes_of(self.file, standard_input=self._standard_input)
        for mark, name in _UTF_16_OR_32:
            if data.startswith(mark):
                raise SourceError(ProblemCode.NOT_UTF_8, f"the file is {name}: save it as UTF-8", 0)
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            self._take(data.decode())
        except UnicodeDecodeError as error:
            self._take(data[: error.start].decode())
            byte = data[error.start]
            raise SourceError(
                ProblemCode.NOT_UTF_8,
                f"the file is not UTF-8: here is a byte {byte:#04x}; save it as UTF-8",
                len(self.text),
            ) from None
        if found := _UNACCEPTABLE.search(self.text):
            code = ord(found.group())
            hint = ": is the file UTF-16? Save it as UTF-8" if not code else ": take it out"
            raise SourceError(
                ProblemCode.FORBIDDEN_CHARACTER,
                f"here is a character U+{code:04X}, which YAML does not allow{hint}",
                found.start(),
            )
        if marker := _CONFLICT.search(self.text):
            raise _conflict(marker)

    def _take(self, text: str) -> None:
        self.text = text
        self._starts.extend(line_break.end() for line_break in LINE_BREAK.finditer(text))

    def line_and_column(self, at: int | None) -> tuple[int, int]:
        """Return line and column as editors count them, from 1; (0, 0) for no place.

        PyYAML's own marks take U+2028 and U+0085 for line breaks, which most editors do not.
        """
        if at is None:
            return 0, 0
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def nodes(self, problems: list[SourceError]) -> Node | None:
        """Return the root of the only document, None if there is none.

        :param problems: takes what is wrong with the file and can be passed over.
        :raises SourceError: the rest of the file cannot be understood.
        """
        root: Node | None = None
        above: list[MappingNode | SequenceNode] = []
        values = documents = 0
        for event in self._events():
            at = _index(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    problem = "starts a second document: put it in a file of its own"
                    problems.append(SourceError(ProblemCode.SECOND_DOCUMENT, problem, at))
                    break
            elif isinstance(event, yaml.CollectionEndEvent):
                above.pop()
            elif isinstance(event, yaml.NodeEvent):
                values += 1
                if values > MOST_VALUES:
                    problem = f"the file holds more than {MOST_VALUES:,} values"
                    raise SourceError(ProblemCode.FILE_TOO_LARGE, problem, at)
                node = self._node(event, at, problems)
                if above:
                    above[-1].add(node)
                else:
                    root = node
                if isinstance(node, (MappingNode, SequenceNode)):
                    above.append(node)
                if len(above) > DEEPEST:
                    problem = f"is nested more than {DEEPEST} levels deep"
                    raise SourceError(ProblemCode.TOO_DEEP, problem, at)
        return root

    def _node(self, event: yaml.NodeEvent, at: int, problems: list[SourceError]) -> Node:
        if isinstance(event, yaml.AliasEvent):
            problem = f"*{escape(event.anchor or '')} is an alias{_NO_ALIASES}"
            problems.append(SourceError(ProblemCode.ALIAS, problem, at))
            return Refused(at)
        if event.anchor is not None:
            problem = f"&{escape(event.anchor)} is an anchor{_NO_ALIASES}"
            problems.append(SourceError(ProblemCode.ALIAS, problem, at))
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, at)
            if (
                (node.kind is Kind.TEXT or not node.text)
                and not node.quoted
                and (cut := self._cut(node.end))
            ):
                problems.append(cut)
                return Refused(at)
            if _SURROGATE.search(node.text):
                problems.append(SourceError(ProblemCode.LONE_SURROGATE, LONE_SURROGATE, at))
                return Refused(at)
        elif isinstance(event, yaml.MappingStartEvent):
            node = MappingNode(at)
        else:
            node = SequenceNode(at)
        if tag := getattr(event, "tag", None):
            problem = (
                f"{escape(tag)} is a tag, which a manifest cannot have: text needs quotes alone"
            )
            problems.append(SourceError(ProblemCode.TAG, problem, at))
            return Refused(at) if isinstance(node, Scalar) else node
        return node

    @staticmethod
    def _scalar(event: yaml.ScalarEvent, at: int) -> Scalar:
        text = event.value
        if _SURROGATE.search(text):
            # The parser in Python leaves the halves of a pair beside each other.
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return Scalar(text, bool(event.style), at, _index(event.end_mark))

    def _cut(self, end: int) -> SourceError | None:
        """Return the problem of a plain text that ends where YAML takes the rest for a comment."""
        found = _CUT.match(self.text, end)
        if not found:
            return None
        rest = escape(found.group(1), longest=40)
        return SourceError(
            ProblemCode.CUT_BY_COMMENT,
            f"YAML cuts this text off before {rest}, as a comment: put the whole text in quotes,"
            " or a space after the # if it is a comment",
            found.start(1),
        )

    def _events(self) -> Iterator[yaml.Event]:
        at = 0
        try:
            for event in yaml.parse(self.text, Loader=loader_for(self.text)):
                at = _index(event.end_mark)
                yield event
        except yaml.MarkedYAMLError as error:
            if marker := _CONFLICT_MIDDLE.search(self.text):
                raise _conflict(marker) from None
            found = _index(error.problem_mark)
            problem, at = _explain_yaml_error(error, self.text)
            raise self._cut_before(found) or SourceError(
                ProblemCode.INVALID_YAML, problem, at
            ) from None
        except (yaml.YAMLError, ValueError, OverflowError):
            # The parser in Python makes a character of any number in an escape.
            problem = "is not valid YAML after this place"
            raise SourceError(ProblemCode.INVALID_YAML, problem, at) from None

    def _cut_before(self, found: int) -> SourceError | None:
        """Return a text that is cut off by a comment, if that is why the parser stopped here."""
        last: SourceError | None = None
        try:
            for token in yaml.scan(self.text, Loader=loader_for(self.text)):
                if _index(token.start_mark) >= found:
                    break
                if isinstance(token, yaml.ScalarToken) and token.plain:
                    last = self._cut(_index(token.end_mark)) or last
        except (yaml.YAMLError, ValueError, OverflowError):
            pass
        return last


def loader_for(text: str) -> Any:
    """Return the parser for a text.

    ``json.dumps`` writes an emoji as a pair of escapes (``\\ud83c\\udf0a``), which the parser in C
    refuses; the one in Python, ten times as slow, takes them.
    """
    return yaml.SafeLoader if _HALF_OF_A_PAIR.search(text) else LOADER


def _conflict(marker: re.Match[str]) -> SourceError:
    return SourceError(
        ProblemCode.MERGE_CONFLICT,
        f"is an unresolved merge conflict ({escape(marker.group())}): keep what is right, and take"
        " out all lines of <, |, = and > that git has written",
        marker.start(),
    )


def _bytes_of(file: str, *, standard_input: bool) -> bytes:
    code = ProblemCode.UNREADABLE_FILE
    if file == STANDARD_INPUT and not standard_input:
        raise SourceError(
            code, "standard input is read by validate and generate alone: name a file"
        )
    try:
        if file == STANDARD_INPUT:
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            # Not the size that the file system tells: a pipe has none, and a log may be growing.
            with open(file, "rb") as stream:  # noqa: PTH123  (a name, as the user gave it)
                data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        code = ProblemCode.NO_SUCH_FILE
        problem = f"there is no such file: {escape_path(str(Path(file).absolute()))}"
    except IsADirectoryError:
        problem = "is a directory: name the files in it"
    except PermissionError:
        problem = "may not be read by this user"
    except OSError as error:
        problem = f"cannot be read: {os.strerror(error.errno or 0)}"
    except ValueError:
        problem = "is not the name of a file"
    else:
        if len(data) <= MOST_BYTES:
            return data
        code = ProblemCode.FILE_TOO_LARGE
        problem = f"is larger than {MOST_BYTES:,} bytes: is it a manifest? Split it if it is"
    raise SourceError(code, problem)


def _index(mark: object) -> int:
    """Return the position of a mark; the two parsers have a class of marks each."""
    return int(getattr(mark, "index", 0))


_NO_ALIASES = ", which a manifest cannot have: put what links share under defaults"


def _explain_yaml_error(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int]:
    """Say in our words what the parser found, and where to look."""
    problem = error.problem or ""
    found = _index(error.problem_mark)
    begun = _index(error.context_mark) if error.context_mark else found
    character = text[found : found + 1]
    if character == "\t":
        return "a tab cannot indent: use spaces", found
    for words, sentence, at in (
        (
            "mapping values",
            "a colon stands where none can: text with a colon and a space needs quotes, and a"
            " key the indentation of the keys beside it",
            found,
        ),
        ("cannot start", f"text that starts with {escape(character)} needs quotes", found),
        ("unexpected end of stream", "this quote is not closed", begun),
        ("',' or ']'", "this [ is not closed, or a comma is missing in it", begun),
        ("',' or '}'", "this { is not closed, or a comma is missing in it", begun),
        ("node content", "a value or a closing bracket is missing before this place", found),
        ("expected ':'", "this key has no colon", begun),
        ("escape", 'is no escape that YAML knows; within " a backslash is written twice', found),
        ("expected key", _ODD, found),
        ("expected <block end>", _ODD, found),
        ("expected '-' indicator", _ODD, found),
    ):
        if words in problem:
            return sentence, at
    return f"is not valid YAML: {escape(problem)}", found


_ODD = "is not a key of the mapping above: check the indentation, and the quotes before it"
