"""Growth with the number of links: seconds = constant + a * N + b * N²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

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

    Relative, so that small stacks count as much as large ones. None for fewer than 3 sizes.
    """
    if len({links for links, _ in points}) < len(_POWERS):
        return None
    rows = np.array([[links**power / seconds for power in _POWERS] for links, seconds in points])
    # The columns differ by six orders of magnitude; the solver needs them alike.
    scale = np.linalg.norm(rows, axis=0)
    parts, _ = nnls(rows / scale, np.ones(len(points)))
    constant, linear, quadratic = (float(part) for part in parts / scale)
    return Growth(constant, linear, quadratic)
