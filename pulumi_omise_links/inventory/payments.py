"""How often a link was paid, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Payments:
    """How often a link was paid. Omise shows at most 20 charges of a link.

    ``exact`` is false if there were more charges: ``count`` is then the least. ``last_at`` is when
    the latest known payment was made, ``YYYY-MM-DDThh:mm:ssZ``.
    """

    count: int
    exact: bool = True
    last_at: str | None = None

    def describe(self, last_day: str = "") -> str:
        """Return ``never paid``, ``paid once on …``, ``paid 12 times, last on …``.

        :param last_day: ``last_at`` as the reader is used to see a day.
        """
        if not self.count:
            return "never paid" if self.exact else "whether it was paid is not known"
        times = {1: "once", 2: "twice"}.get(self.count, f"{self.count:,} times")
        if not self.exact:
            # Omise does not document whether it shows the first or the last charges.
            known = f", the last known one on {last_day}" if last_day else ""
            return f"paid at least {times}{known}"
        if not last_day:
            return f"paid {times}"
        return f"paid {times}{'' if self.count == 1 else ', last'} on {last_day}"
