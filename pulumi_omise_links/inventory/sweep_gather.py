"""Gathers what a sweep is decided on: the account, all stacks of the backend, creates under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ..errors import SweepRefusedError
from ..manifest.entries import AcceptedLink
from ..omise.client import OmiseClient
from ..omise.create_log import CreateLog
from ..omise.create_records import Destination
from ..omise.models import LinkInputs
from ..safe_text import escape, escape_path
from ..stack.backend import Backend
from .account_links import AccountLinks, read_account_links
from .stacks import StackStates, read_stacks
from .sweep import SweepFacts, SweepPlan, SweepRules, make_sweep_plan
from .sweep_record import SweepRecord


@dataclass(frozen=True, kw_only=True)
class GatheredSweep:
    """A plan, and what it was made from.

    ``now`` is the time to which ages count (Unix seconds, by Omise's clock). ``deleted_before``
    counts the links that an earlier run of the same sweep has deleted, ``stacks`` the stacks of the
    backend.
    """

    plan: SweepPlan
    now: float
    stacks: int
    deleted_before: int


def gather_sweep(
    client: OmiseClient,
    backend: Backend,
    rules: SweepRules,
    *,
    record: SweepRecord | None,
    kept: Mapping[str, str],
    accepted: Sequence[AcceptedLink],
    on_page: Callable[[int, int], object],
    now: float | None = None,
) -> GatheredSweep:
    """Read the account, then all stacks of the backend, and decide.

    In this order, a link that a stack has taken meanwhile is known to be managed.

    :param kept: a sentence by the id of each link that is to stay.
    :param now: the time to which ages count, if it is not that of this reading.
    :raises SweepRefusedError: what is managed is not certain; with everything that is not known.
    :raises ProjectError: the stacks cannot be listed.
    :raises OmiseLinksError: Omise could not be asked, or refused the key.
    """
    account = client.account()
    listed = read_account_links(client, on_page=on_page)
    now = client.server_time() if now is None else now
    states = read_stacks(backend, [stack.name for stack in backend.stacks()])
    doubts = [*_doubts_about_stacks(states), *_unfinished_creates(client)]
    if account is None:
        source = client.settings.key().source
        doubts.append(f"the key in {source} may not read GET /account, so it is of any account")
    if now is None:
        doubts.append("no answer of Omise tells the time, so no link has an age")
    if account is None or now is None or doubts:
        raise SweepRefusedError(doubts)
    facts = SweepFacts(
        live=client.settings.key().live,
        account_id=account.id,
        sub_merchant=client.settings.sub_merchant_id,
        now=now,
        links=[link for link in listed.links.values() if not link.deleted],
        unreadable=listed.unreadable,
        managed=states.managed,
        named={**_looked_up(states), **_accepted(accepted, now), **kept},
    )
    deleted = _find_deleted(client, record, listed) if record else {}
    return GatheredSweep(
        plan=make_sweep_plan(facts, rules, deleted),
        now=now,
        stacks=len(states.states),
        deleted_before=len(deleted),
    )


def _looked_up(states: StackStates) -> dict[str, str]:
    return {
        link_id: f"Stack {escape(name, longest=300)} looks it up."
        for name, state in states.states.items()
        for link_id in state.looked_up
    }


def _accepted(lines: Sequence[AcceptedLink], now: float) -> dict[str, str]:
    today = datetime.fromtimestamp(now, timezone.utc).date()
    return {
        line.id: f"{escape_path(line.place.file)} accepts it: {escape(line.reason)}."
        for line in lines
        if not line.has_run_out(today)
    }


def _find_deleted(
    client: OmiseClient, record: SweepRecord, listed: AccountLinks
) -> dict[str, LinkInputs]:
    """Return those links of a record that are gone, by id."""
    unreadable = {link.id for link in listed.unreadable}
    deleted = {}
    for link_id, inputs in record.links.items():
        link = listed.links.get(link_id)
        if link is None and link_id not in unreadable:
            # Whether lists show deleted links is not documented, so a list is no proof.
            gone = client.find_link(link_id, client.scope()) is None
        else:
            gone = link is not None and link.deleted
        if gone:
            deleted[link_id] = inputs
    return deleted


def _doubts_about_stacks(states: StackStates) -> list[str]:
    doubts = [
        f"stack {escape(name, longest=300)} could not be read ({reason})"
        for name, reason in states.unread.items()
    ]
    for name, state in states.states.items():
        if state.unfinished:
            doubts.append(
                f"stack {escape(name, longest=300)} has operations on links that are not finished"
                " (if no run is under way, `omise-links recover` settles them)"
            )
        if any(link.scope.account_id is None for link in state.links):
            doubts.append(
                f"stack {escape(name, longest=300)} has a link without the id of its account"
                " (`pulumi refresh` adds it)"
            )
    return doubts


def _unfinished_creates(client: OmiseClient) -> list[str]:
    """Name the creates of this computer that may make a link of this account, or have made one."""
    records, problems = CreateLog().read()
    ours = Destination.of(client.settings, client.scope())
    return [
        *(
            f"a create of process {escape(record.process)} in"
            f" {escape_path(record.folder)} is not finished (if it does not run any more,"
            " `omise-links recover` there settles it)"
            for record in records
            if record.destination.may_be(ours)
        ),
        *(escape(problem, longest=1000).rstrip(".") for problem in problems),
    ]
