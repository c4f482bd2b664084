"""Making a link: one POST, and proof of what it made if its answer was lost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..errors import (
    MismatchedCreateError,
    OmiseLinksError,
    OmiseUnavailableError,
    UncertainCreateError,
    WrongAccountError,
)
from ..inputs import TEXT_INPUTS, is_live, mode
from .lost_creates import Candidates, CreateAttempt, CreateRegistry, find_created
from .models import LinkInputs, OmiseLink, UnreadableError, UnreadableLink
from .responses import LimitedByPageError
from .retry import LIMIT_SECONDS
from .times import format_time

if TYPE_CHECKING:
    from .client import OmiseClient
    from .create_log import CreateLog
    from .transport import Transport

# Omise may still be at work on a create whose answer was lost; two more requests of the list cost
# little, a duplicate costs money. Seconds before each; the last pause is at least as long as an
# answer may take.
LOOK_PAUSES = (0.0, 1.0, 3.0)
# Omise's clocks, that of its answers and that of created_at, may differ by so many seconds.
_CLOCKS_DIFFER = 1.0


class LinkCreator:
    """Makes links for a client. Safe for many threads."""

    def __init__(
        self,
        client: OmiseClient,
        transport: Transport,
        registry: CreateRegistry,
        create_log: CreateLog | None,
    ) -> None:
        """:param registry: takes the links that are made, and the creates that are lost."""
        self.client = client
        self._transport = transport
        self._registry = registry
        self._create_log = create_log

    def create(self, inputs: LinkInputs) -> OmiseLink:
        """Make a link, as ``OmiseClient.create_link`` says."""
        operation = "create the link"
        self.client.settings.require_permission(operation)
        # Asked before the POST: its answer tells Omise's time, from which a lost link is listed.
        self.client.account()
        with self._registry.one_at_a_time(inputs):
            link = self._find_earlier(inputs)
            if link is None:
                link = self._post_recorded(inputs, operation)
            elif self._create_log:
                self._create_log.note_found(inputs)
            self._registry.add(link.id)
        self._compare(link, inputs)
        return link

    def _post_recorded(self, inputs: LinkInputs, operation: str) -> OmiseLink:
        """Make a link, with a record of the create on disk until its end is known."""
        if self._create_log is None:
            return self._post_link(inputs, operation)
        with self._create_log.recording(self, inputs, self._time_of_create()) as note_answer:
            link = self._post_link(inputs, operation)
            note_answer(link)
        return link

    def _time_of_create(self) -> float | None:
        """Return a time by Omise's clock that a link made now is not older than; None if unsure."""
        now = self._transport.server_time()
        doubtful = now is None or self._transport.clock_is_doubtful
        return None if now is None or doubtful else now - _CLOCKS_DIFFER

    def _post_link(self, inputs: LinkInputs, operation: str) -> OmiseLink:
        earlier, now = self._registry.lost(inputs), self._transport.server_time()
        since = None if now is None else now - _CLOCKS_DIFFER
        attempt = CreateAttempt(
            # Both creates could be the one that is found then.
            since=earlier.since if earlier else since,
            clock_is_doubtful=self._transport.clock_is_doubtful,
            began=time.monotonic(),
        )
        while True:
            try:
                answer = self._transport.request("POST", "/links", operation, body=asdict(inputs))
                return self._read_created(answer, inputs, operation)
            except LimitedByPageError as error:
                # A rate limiter refuses before Omise sees the request. Its page is no proof of
                # that, so the list is asked before the create is sent again.
                found = self._find_lost(inputs, attempt, error, LOOK_PAUSES)
                if found is not None:
                    return found
                if time.monotonic() - attempt.began > LIMIT_SECONDS:
                    self._registry.note_lost(inputs, attempt)
                    raise _uncertain(error.problem, attempt) from None
            except OmiseUnavailableError as error:
                if not error.sent:
                    raise
                last = max(LOOK_PAUSES[-1], self._seconds_for_an_answer(attempt))
                found = self._find_lost(inputs, attempt, error, (*LOOK_PAUSES[:-1], last))
                if found is not None:
                    return found
                self._registry.note_lost(inputs, attempt)
                raise _uncertain(error.problem, attempt) from None

    def _find_earlier(self, inputs: LinkInputs) -> OmiseLink | None:
        """Return the link of an earlier create of equal inputs whose answer was lost, if any."""
        attempt = self._registry.lost(inputs)
        if attempt is None:
            return None
        earlier = OmiseUnavailableError(
            "create the link", "an earlier create of an equal link was lost.", sent=True
        )
        return self._find_lost(inputs, attempt, earlier, LOOK_PAUSES)

    def _seconds_for_an_answer(self, attempt: CreateAttempt) -> float:
        """Return how many seconds remain until the answer to a create is no longer waited for."""
        return attempt.began + self.client.settings.timeout - time.monotonic()

    def _find_lost(
        self,
        inputs: LinkInputs,
        attempt: CreateAttempt,
        lost: OmiseUnavailableError,
        pauses: Sequence[float],
    ) -> OmiseLink | None:
        """Return the link of a lost create; None if no link could be it.

        :param pauses: seconds before each request of the list.
        :raises UncertainCreateError: there is no proof, or the links could not be listed.
        """
        found = Candidates()
        unseen: OmiseLinksError | None = None
        if attempt.since is not None:
            for pause in pauses:
                time.sleep(max(pause, 0))
                try:
                    found = self.find_candidates(inputs, attempt.since)
                    unseen = None
                except OmiseLinksError as error:
                    # Whatever the reason, the create may have been carried out.
                    unseen = error
                if found.equal:
                    break
        if found.proved is not None and not attempt.clock_is_doubtful:
            return found.proved
        nothing = not (found.equal or found.similar or found.unknown)
        if nothing and unseen is None and attempt.since is not None:
            return None
        self._registry.note_lost(inputs, attempt)
        problem = f"{lost.problem} {unseen}" if unseen else lost.problem
        raise _uncertain(problem, attempt, found) from None

    def find_candidates(self, inputs: LinkInputs, since: float) -> Candidates:
        """Return the links made since then that a create of these inputs may have made.

        :param since: Omise's time, Unix seconds.
        """
        unreadable: list[UnreadableLink] = []
        # Whether `from` is inclusive is not documented, so it only narrows the list.
        links = list(
            self.client.iter_links(created_from=format_time(since - 5), skipped=unreadable)
        )
        return find_created(links, unreadable, inputs, self._registry, format_time(since))

    def _read_created(self, answer: object, inputs: LinkInputs, operation: str) -> OmiseLink:
        try:
            link = OmiseLink.from_json(answer, asked=inputs)
        except UnreadableError as error:
            problem = f"Omise's answer is not the object it should be: {error}."
            raise OmiseUnavailableError(operation, problem, sent=True) from None
        if link.id in self._registry:
            problem = f"the answer is that to another create: link {link.id}."
            raise OmiseUnavailableError(operation, problem, sent=True)
        return link

    def _compare(self, link: OmiseLink, inputs: LinkInputs) -> None:
        """Refuse a link that is not the one that was asked for; a text may be spelt otherwise.

        :raises WrongAccountError: it is in the other mode, or of another sub-merchant.
        :raises MismatchedCreateError: it has another amount, currency or ``multiple``.
        """
        self._check_mode(link)
        asked = self.client.settings.sub_merchant_id
        if merchant := link.other_merchant(asked):
            raise WrongAccountError(
                f"Omise made link {link.id} for sub-merchant {merchant} although it was asked for"
                f" {asked}. Delete it in the dashboard and ask Omise's support."
            )
        different = set(inputs.differences(link.inputs)) - {*TEXT_INPUTS}
        if different:
            names = ", ".join(sorted(different))
            raise MismatchedCreateError(link.id, f"its {names} is not what was asked for")

    def _check_mode(self, link: OmiseLink) -> None:
        key = self.client.settings.key()
        live = is_live(link.id) if link.livemode == key.live else link.livemode
        if live != key.live:
            raise WrongAccountError(
                f"Omise made link {link.id} in {mode(live)} mode although the key in"
                f" {key.source} is a {mode(key.live)} key. Delete it in the dashboard and ask"
                " Omise's support."
            )


def _uncertain(
    problem: str, attempt: CreateAttempt, found: Candidates | None = None
) -> UncertainCreateError:
    found = found or Candidates()
    since = "" if attempt.since is None else format_time(attempt.since)
    similar = [link_id for link_id in found.similar + found.unknown if link_id not in found.equal]
    return UncertainCreateError(problem, found.equal, since, similar=similar)
