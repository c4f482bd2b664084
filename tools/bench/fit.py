"""Growth with the number of links: seconds = constant + a * N + b * N²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

Point = tuple[float, float]
_POWERS = (0, 1, 2)


@dataclass(frozen=True)
class Growth:
    """Seconds as a polynomial of the number of links."""

    constant: float
    linear: float
    quadratic: float

    def at(self, links: float) -> float:
        """Seconds for so many links."""
        return self.constant + self.linear * links + self.quadratic * links**2


def fit(points: Sequence[Point]) -> Growth | None:
    """Fit by least squares of the relative errors; no part may be negative, as no time is.

    Relative, so that small stacks count as much as large ones. With three parts, every choice of
    parts can be tried: the best of those without a negative part. None for fewer than 3 sizes.
    """
    if len({links for links, _ in points}) < len(_POWERS):
        return None
    best: tuple[float, Growth] | None = None
    for count in range(1, len(_POWERS) + 1):
        for powers in combinations(_POWERS, count):
            growth = _fit(points, powers)
            if min(growth.constant, growth.linear, growth.quadratic) < 0:
                continue
            error = sum((growth.at(links) / seconds - 1) ** 2 for links, seconds in points)
            if best is None or error < best[0]:
                best = (error, growth)
    return best[1] if best else None


def _fit(points: Sequence[Point], powers: Sequence[int]) -> Growth:
    """Solve the normal equations for these powers alone."""
    rows = [[links**power / seconds for power in powers] for links, seconds in points]
    matrix = [
        [sum(row[i] * row[j] for row in rows) for j in range(len(powers))]
        for i in range(len(powers))
    ]
    right = [sum(row[i] for row in rows) for i in range(len(powers))]
    found = dict(zip(powers, _solve(matrix, right), strict=True))
    return Growth(*(found.get(power, 0.0) for power in _POWERS))


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss-Jordan elimination; the matrix is symmetric and positive, so no row is exchanged."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        pivot[:] = [value / pivot[i] for value in pivot]
        for j, row in enumerate(rows):
            if j != i:
                row[:] = [value - row[i] * above for value, above in zip(row, pivot, strict=True)]
    return [row[-1] for row in rows]
