"""Deletes the links of a sweep, each read before and after, and recorded.

One after the other, so that whatever ends the run leaves one link in doubt at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from ..errors import ApiError, ExitCode, OmiseLinksError, OmiseUnavailableError, RateLimitedError
from ..omise.client import OmiseClient
from .account_links import AccountLink
from .sweep import why_it_changed
from .sweep_record import SweepRecord

# A read may be answered from a copy that is some seconds behind. Seconds before each look.
PROOF_PAUSES = (0.0, 1.0, 3.0, 6.0)


class Fate(Enum):
    """What has become of a link that was to go. Programs get the values."""

    DELETED = "deleted"
    GONE = "gone"
    """Somebody else has deleted it since the plan was made."""
    CHANGED = "changed"
    """It is not as it was planned, so it stays."""
    REFUSED = "refused"
    """Omise has refused to delete it, and it stands."""
    UNCERTAIN = "uncertain"
    """Its deletion was sent, and whether it is gone is not known."""
    LEFT = "left"
    """The run has ended before it."""


@dataclass
class SweepOutcome:
    """What a run has done. ``fates`` has every link that was to go, by id; ``reasons`` some.

    ``error`` is what has ended the run early; ``interrupted`` tells whether Ctrl-C has.
    """

    fates: dict[str, Fate] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    error: OmiseLinksError | None = None
    interrupted: bool = False

    def count(self, *fates: Fate) -> int:
        """Return how many links have one of these fates."""
        return sum(fate in fates for fate in self.fates.values())

    @property
    def exit_code(self) -> ExitCode:
        """What a command ends with."""
        if self.interrupted:
            return ExitCode.CANCELLED
        if self.error:
            return self.error.exit_code
        if self.count(Fate.REFUSED):
            return ExitCode.REFUSED
        return ExitCode.CHANGES if self.count(Fate.CHANGED) else ExitCode.DONE


def delete_links(
    client: OmiseClient,
    links: Sequence[AccountLink],
    *,
    include_paid: bool,
    record: SweepRecord | None = None,
    on_link: Callable[[int, int], object] = lambda _done, _total: None,
) -> SweepOutcome:
    """Delete links of the client's account. Errors and Ctrl-C end it early and are in the outcome.

    :param include_paid: whether a link that was paid since the plan was made goes all the same.
    :param on_link: called after each link, with how many are done and are to be done.
    """
    outcome = SweepOutcome(fates={link.id: Fate.LEFT for link in links})
    try:
        for number, link in enumerate(links, start=1):
            _delete(client, link, outcome, include_paid=include_paid, record=record)
            on_link(number, len(links))
    except OmiseLinksError as error:
        outcome.error = error
    except KeyboardInterrupt:
        outcome.interrupted = True
        with suppress(OmiseLinksError, KeyboardInterrupt):
            for link in links:
                if outcome.fates[link.id] is Fate.UNCERTAIN and _is_gone(client, link):
                    outcome.fates[link.id] = Fate.DELETED
    return outcome


def _delete(
    client: OmiseClient,
    link: AccountLink,
    outcome: SweepOutcome,
    *,
    include_paid: bool,
    record: SweepRecord | None,
) -> None:
    """Delete one link, and note its fate.

    :raises OmiseLinksError: the run cannot go on.
    """
    found = client.find_link(link.id, client.scope())
    if found is None:
        outcome.fates[link.id] = Fate.GONE
        return
    if reason := why_it_changed(link, AccountLink.of(found), include_paid=include_paid):
        outcome.fates[link.id], outcome.reasons[link.id] = Fate.CHANGED, reason
        return
    if record:
        record.add(link)
    outcome.fates[link.id] = Fate.UNCERTAIN
    try:
        client.delete_link(link.id, client.scope())
    except RateLimitedError:
        raise
    except ApiError as refusal:
        # The client has read the link after the refusal: it stands.
        outcome.fates[link.id], outcome.reasons[link.id] = Fate.REFUSED, str(refusal)
        if record:
            record.remove(link.id)
        return
    except OmiseUnavailableError:
        if not _is_gone(client, link):
            raise
    else:
        _prove(client, link)
    outcome.fates[link.id] = Fate.DELETED


def _prove(client: OmiseClient, link: AccountLink) -> None:
    """Read a link until it is gone.

    :raises OmiseUnavailableError: Omise still shows it.
    """
    for pause in PROOF_PAUSES:
        time.sleep(pause)
        if _is_gone(client, link):
            return
    raise OmiseUnavailableError(
        f"prove that link {link.id} is deleted",
        "Omise has answered that it is, and still shows it.",
        sent=True,
    )


def _is_gone(client: OmiseClient, link: AccountLink) -> bool:
    return client.find_link(link.id, client.scope()) is None
