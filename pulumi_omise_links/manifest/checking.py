"""One YAML file on the way from text to values: its places, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

from ..errors import ManifestProblem, ProblemCode
from ..inputs import fill_in
from ..safe_text import escape, escape_path
from .document import Path, find, read_value, show_path
from .entries import Place
from .source import Source, SourceError
from .validation import Violation, find_violations
from .values import Kind, MappingNode, Node, Refused, Scalar, describe_type, explain_spelling

# Nobody corrects more at once; a file of garbage must not fill the terminal or the memory.
MOST_PROBLEMS = 1_000


class _EnoughError(Exception):
    """There are so many problems that the rest of the file is not read."""


class FileCheck:
    """One file, and the problems found in it.

    ``wrong`` has the paths of values that are reported already; they are not checked further.
    """

    def __init__(self, source: Source) -> None:
        """Read nothing yet."""
        self.source = source
        self.problems: list[ManifestProblem] = []
        self.wrong: set[Path] = set()

    @property
    def name(self) -> str:
        """The name of the file, as it was given."""
        return self.source.file

    def sorted_problems(self) -> tuple[ManifestProblem, ...]:
        """Return the problems in the order of their places."""
        return tuple(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))

    def read(self, read_document: Callable[[Node], None], empty: str) -> None:
        """Parse the file, and hand on its document if it can be parsed to its end.

        :param empty: what is said of a file without a document.
        """
        try:
            if root := self._root(empty):
                read_document(root)
        except _EnoughError:
            problem = f"has more problems; these are the first {MOST_PROBLEMS:,}"
            self.add(Place(self.name, 0, 0), (), problem, ProblemCode.TOO_MANY_PROBLEMS)

    def _root(self, empty: str) -> Node | None:
        passed_over: list[SourceError] = []
        root: Node | None = None
        end = None
        try:
            self.source.read()
            root = self.source.nodes(passed_over)
        except SourceError as error:
            end = error
        for passed in passed_over:
            self.report(passed.at or 0, (), passed.problem, passed.code)
        # The parser often stops at a text that a comment cuts off, which is reported already.
        if end and (end.at, end.code) not in {(passed.at, passed.code) for passed in passed_over}:
            self.add(self.place(end.at), (), end.problem, end.code)
        elif root is None and not end:
            self.report(0, (), empty, ProblemCode.EMPTY_FILE)
        return None if end else root

    def value_of(self, root: Node, schema: FilePath, *, dates: bool = False) -> Any:
        """Return the value of a document, and report what the schema forbids.

        :param dates: whether a date without quotes is meant as the text that it is.
        :returns: None if what a document of this version means is not known.
        """
        value = read_value(root, self.report, dates=dates)
        for violation in find_violations(value, schema):
            if not self._violation(root, violation):
                return None
        return value

    def _violation(self, root: Node, violation: Violation) -> bool:
        """Report a violation of the schema, and return whether the rest can be read."""
        key, node = find(root, violation.path)
        if violation.code is ProblemCode.NO_LINKS and isinstance(node, MappingNode) and node.items:
            return True  # each of its keys is reported
        path, problem, code = violation.path, violation.problem, violation.code
        at = node.at
        fields = {}
        if violation.key is not None:
            path = (*path, violation.key)
            if not violation.missing:
                at = find(root, path)[0].at  # type: ignore[union-attr]  # a key that is there
            elif key:
                at = key.at
            fields["length"] = f"{len(violation.key):,}"
        elif isinstance(node, Refused):
            self.wrong.add(path)
            return True
        else:
            fields["kind"] = describe_type(node)
            if isinstance(node, Scalar):
                fields["value"] = escape(node.text)
                if node.kind is Kind.NOTHING and key:
                    at = key.at
                code, problem = explain_spelling(node, code) or (code, problem)
            self.wrong.add(path)
        self.report(at, path, fill_in(problem, violation.value, **fields), code)
        # A later version may mean anything.
        return not (code is ProblemCode.UNKNOWN_VERSION and isinstance(violation.value, int))

    def report(
        self, at: int, path: Path, problem: str, code: ProblemCode, *, first: int | None = None
    ) -> None:
        """Add a problem at a position; of a file with too many, no more is read."""
        if len(self.problems) >= MOST_PROBLEMS:
            raise _EnoughError
        if first is not None:
            problem += f", first at {self.place(first)}"
        self.add(self.place(at), path, problem, code)

    def add(self, place: Place, path: Path, problem: str, code: ProblemCode) -> None:
        """Add a problem at a place."""
        self.problems.append(
            ManifestProblem(
                file=escape_path(place.file),
                line=place.line,
                column=place.column,
                path=show_path(path),
                problem=problem,
                code=code,
            )
        )

    def place(self, at: int | None) -> Place:
        """Return the place of a position; line and column are 0 for None."""
        return Place(self.name, *self.source.line_and_column(at))
