"""The file of accepted findings: findings of ``drift`` that are meant to be so, each with a reason.

::

    version: 1
    accepted:
      - id: link_test_5x1abcdefghijklmnop
        reason: On the posters of 2024; the shop is paid by hand
        until: 2027-01-31

``until`` is the last day, in UTC. YAML is read as in a manifest, but for dates, which need no
quotes here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ..errors import ManifestError, ProblemCode
from .checking import FileCheck
from .document import Path
from .entries import ID, AcceptedLink, Place
from .source import Source
from .validation import ACCEPTED_SCHEMA
from .values import MappingNode, Node, Scalar, SequenceNode

ACCEPTED = "accepted"
REASON, UNTIL = "reason", "until"
_EMPTY = "the file is empty: start with `version: 1` and `accepted:`"


def is_accepted_file(root: Node) -> bool:
    """Whether a document is one of accepted findings, by its keys."""
    if not isinstance(root, MappingNode):
        return False
    keys = {key.text for key, _ in root.items if isinstance(key, Scalar)}
    return ACCEPTED in keys and "links" not in keys


def read_accepted(paths: Iterable[str]) -> tuple[AcceptedLink, ...]:
    """Read files of accepted findings that belong together: an id may occur once in all of them.

    :raises ManifestError: with all problems of all files.
    """
    readings = [AcceptedReading(FileCheck(Source(path))) for path in dict.fromkeys(paths)]
    places: dict[str, Place] = {}
    for reading in readings:
        reading.file.read(reading.read, _EMPTY)
        reading.claim(places)
    problems = [problem for reading in readings for problem in reading.file.sorted_problems()]
    if problems:
        raise ManifestError(problems)
    return tuple(link for reading in readings for link in reading.links)


class AcceptedReading:
    """Reads one file of accepted findings into its lines and problems."""

    def __init__(self, file: FileCheck) -> None:
        """Read nothing yet."""
        self.file = file
        self.links: list[AcceptedLink] = []
        self._ids: list[tuple[str, Path, Place]] = []

    def read(self, root: Node) -> None:
        """Read the document."""
        value = self.file.value_of(root, ACCEPTED_SCHEMA, dates=True)
        if value is None or not isinstance(root, MappingNode) or ACCEPTED not in root.by_name:
            return
        lines = root.by_name[ACCEPTED][1]
        if not isinstance(lines, SequenceNode):
            return
        for number, node in enumerate(lines.items):
            if isinstance(node, MappingNode):
                self._line((ACCEPTED, number), node, value[ACCEPTED][number])

    def claim(self, places: dict[str, Place]) -> None:
        """Report ids that another line has, and add those of this file."""
        for link_id, path, place in self._ids:
            if link_id in places:
                problem = f"is {link_id}, which is accepted at {places[link_id]} already"
                self.file.add(place, (*path, ID), problem, ProblemCode.DUPLICATE_ID)
            places.setdefault(link_id, place)

    def _line(self, path: Path, node: MappingNode, value: dict[str, object]) -> None:
        usable = {name for name in value if (*path, name) not in self.file.wrong}
        until = None
        if UNTIL in usable:
            try:
                until = date.fromisoformat(str(value[UNTIL]))
            except ValueError:
                problem = f"is {value[UNTIL]}, which is no day of the calendar"
                at = node.by_name[UNTIL][1].at
                self.file.report(at, (*path, UNTIL), problem, ProblemCode.NOT_A_DATE)
        if ID in usable:
            place = self.file.place(node.by_name[ID][1].at)
            self._ids.append((str(value[ID]), path, place))
            if REASON in usable:
                self.links.append(
                    AcceptedLink(
                        id=str(value[ID]), reason=str(value[REASON]), until=until, place=place
                    )
                )
