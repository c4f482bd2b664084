"""A YAML file as nodes that know their places, without what a manifest has no use for.

PyYAML's parser is asked for events, never for objects: nothing is constructed, and an alias is a
mere word, so neither a tag nor an alias bomb can do anything. What the scalars mean is read in
``values``. The parser in C and the one in Python differ in words and in little else; the one
in C is taken if it is there.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator

import yaml

from ..output.terminal import show
from .values import Listing, Node, Refused, Scalar, Table

# 10,000 links take about 1.5 MB. The bounds keep a wrong file from eating the machine.
MOST_BYTES = 5_000_000
MOST_VALUES = 500_000
# A manifest needs three: the whole, its links, one link.
DEEPEST = 10

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML 1.1 and 1.2 both refuse anywhere in a file.
_UNACCEPTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE_BREAK = re.compile(r"\r\n?|\n")
_UTF_16_OR_32 = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\0\0\xfe\xff", "UTF-32"))


class SourceError(Exception):
    """The file cannot be read any further. ``at`` is None if it could not be opened."""

    def __init__(self, problem: str, at: int | None = None) -> None:
        self.problem = problem
        self.at = at
        super().__init__(problem)


class Source:
    """The text of a file, and the places in it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = ""
        self._starts = array("L", [0])

    def read(self) -> None:
        """Read the text.

        :raises SourceError: it cannot be opened, is too large, or is not text in UTF-8.
        """
        data = _bytes_of(self.file)
        for mark, name in _UTF_16_OR_32:
            if data.startswith(mark):
                raise SourceError(f"the file is {name}: save it as UTF-8", 0)
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            self._take(data.decode())
        except UnicodeDecodeError as error:
            self._take(data[: error.start].decode())
            byte = data[error.start]
            raise SourceError(
                f"the file is not UTF-8: here is a byte {byte:#04x}; save it as UTF-8",
                len(self.text),
            ) from None
        if found := _UNACCEPTABLE.search(self.text):
            code = ord(found.group())
            hint = ": is the file UTF-16? Save it as UTF-8" if not code else ": take it out"
            raise SourceError(
                f"here is a character U+{code:04X}, which YAML does not allow{hint}", found.start()
            )

    def _take(self, text: str) -> None:
        self.text = text
        self._starts.extend(each.end() for each in LINE_BREAK.finditer(text))

    def line_and_column(self, at: int | None) -> tuple[int, int]:
        """Return line and column as editors count them, from 1; (0, 0) for no place.

        PyYAML's own marks take U+2028 and U+0085 for line breaks, which most editors do not.
        """
        if at is None:
            return 0, 0
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def nodes(self, faults: list[tuple[int, str]]) -> Node | None:
        """Return the root of the only document, None if there is none.

        :param faults: takes what is wrong with the file, as position and sentence.
        :raises SourceError: the rest of the file cannot be understood.
        """
        root: Node | None = None
        above: list[Table | Listing] = []
        values = documents = 0
        for event in self._events():
            at = _index(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    faults.append((at, "starts a second document: put it in a file of its own"))
                    break
            elif isinstance(event, yaml.CollectionEndEvent):
                above.pop()
            elif isinstance(event, yaml.NodeEvent):
                values += 1
                if values > MOST_VALUES:
                    raise SourceError(f"the file holds more than {MOST_VALUES:,} values", at)
                node = _node(event, at, faults)
                if above:
                    above[-1].add(node)
                else:
                    root = node
                if isinstance(node, (Table, Listing)):
                    above.append(node)
                if len(above) > DEEPEST:
                    raise SourceError(f"is nested more than {DEEPEST} levels deep", at)
        return root

    def _events(self) -> Iterator[yaml.Event]:
        at = 0
        try:
            for event in yaml.parse(self.text, Loader=LOADER):
                at = _index(event.end_mark)
                yield event
        except yaml.MarkedYAMLError as error:
            raise SourceError(*_explained(error, self.text)) from None
        except (yaml.YAMLError, ValueError, OverflowError):
            # The parser in Python makes a character of any number in an escape.
            raise SourceError("is not valid YAML after this place", at) from None


def _bytes_of(file: str) -> bytes:
    try:
        # Not the size that the file system tells: a pipe has none, and a log may be growing.
        with open(file, "rb") as stream:  # noqa: PTH123  (a name, as the user gave it)
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        problem = "there is no such file"
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
        problem = f"is larger than {MOST_BYTES:,} bytes: is it a manifest? Split it if it is"
    raise SourceError(problem)


def _node(event: yaml.NodeEvent, at: int, faults: list[tuple[int, str]]) -> Node:
    if isinstance(event, yaml.AliasEvent):
        faults.append((at, f"*{show(event.anchor or '')} is an alias{_NO_ALIASES}"))
        return Refused(at)
    if event.anchor is not None:
        faults.append((at, f"&{show(event.anchor)} is an anchor{_NO_ALIASES}"))
    node: Node
    if isinstance(event, yaml.ScalarEvent):
        node = Scalar(event.value, bool(event.style), at)
    else:
        node = Table(at) if isinstance(event, yaml.MappingStartEvent) else Listing(at)
    if tag := getattr(event, "tag", None):
        problem = f"{show(tag)} is a tag, which a manifest cannot have: text needs quotes alone"
        faults.append((at, problem))
        return Refused(at) if isinstance(node, Scalar) else node
    return node


def _index(mark: object) -> int:
    """Return the position of a mark; the two parsers have a class of marks each."""
    return int(getattr(mark, "index", 0))


_NO_ALIASES = ", which a manifest cannot have: put what links share under defaults"


def _explained(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int]:
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
        ("cannot start", f"text that starts with {show(character)} needs quotes", found),
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
    return f"is not valid YAML: {show(problem)}", found


_ODD = "is not a key of the mapping above: check the indentation, and the quotes before it"
