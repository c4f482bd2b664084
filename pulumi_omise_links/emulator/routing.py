"""Routes in pattern form: ``GET /links/{id}/charges``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Match(Generic[T]):
    """The action of a route and the parts of the path that stand for ``{name}``."""

    action: T
    parameters: Mapping[str, str]


class RouteTable(Generic[T]):
    """Actions by method and path pattern, such as ``GET /links/{id}``."""

    def __init__(self, routes: Mapping[str, T]) -> None:
        self._routes = [(*_split(pattern), action) for pattern, action in routes.items()]
        self._actions = dict(routes)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the patterns, in the order of the table."""
        return iter(self._actions)

    def items(self) -> Iterator[tuple[str, T]]:
        """Iterate over patterns and actions, in the order of the table."""
        return iter(self._actions.items())

    def find(self, method: str, path: str) -> Match[T] | None:
        """Return the first route of the table that fits. A slash at the end does not count."""
        parts = split_path(path)
        for wanted, pattern, action in self._routes:
            if wanted == method and len(pattern) == len(parts):
                pairs = list(zip(pattern, parts, strict=True))
                if all(_is_parameter(name) or name == part for name, part in pairs):
                    parameters = {
                        name.strip("{}"): part for name, part in pairs if _is_parameter(name)
                    }
                    return Match(action=action, parameters=parameters)
        return None


def split_path(path: str) -> list[str]:
    """Return the parts of a path: none for ``/``. REC: a slash at the end is accepted (PHP)."""
    stripped = path.strip("/")
    return stripped.split("/") if stripped else []


def _split(pattern: str) -> tuple[str, list[str]]:
    method, path = pattern.split(" ")
    return method, split_path(path)


def _is_parameter(part: str) -> bool:
    return part.startswith("{")
