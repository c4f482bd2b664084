"""Reads all that a drift is decided on. Nothing is written, and no secret is opened."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeAlias

from ..errors import LinkIdError, NotFoundError, OmiseUnavailableError, WrongAccountError
from ..omise.client import OmiseClient
from ..omise.models import UnreadableLink
from ..omise.pacing import MAX_IN_FLIGHT
from ..omise.times import format_time
from ..stack.model import ManagedLink
from .account_links import AccountLink, AccountLinks, read_account_links
from .accounts import refuse_other_account
from .chosen_stacks import ChosenStacks
from .drift import DriftFacts, is_elsewhere
from .stacks import read_stacks

# A link that no page has is read by itself. So many at once are missing only where a list was cut
# off or an account was cleared: of those beyond, nothing is concluded.
MOST_SINGLE_READS = 500

_LookUp: TypeAlias = "AccountLink | UnreadableLink | str | None"


def gather_facts(
    chosen: ChosenStacks,
    client: OmiseClient,
    *,
    own_key: bool,
    on_page: Callable[[int, int], object] = lambda _read, _total: None,
) -> DriftFacts:
    """Read the stacks, then all links of the account, then those of the stacks that it lacked.

    :param own_key: whether the key is the one that the settings of the stacks name; another one
        may be of an account that no stack is of.
    :param on_page: as for ``read_account_links``.
    :raises WrongAccountError: the key is of another account than the links of the stacks.
    :raises OmiseLinksError: Omise could not be asked, or refused the key.
    """
    # First, as with the key of another account every link would look missing.
    client.account()
    began = client.server_time()
    stacks = read_stacks(chosen.backend, chosen.names)
    facts = DriftFacts(
        scope=client.scope(),
        live=client.settings.key().live,
        account=AccountLinks(),
        stacks=stacks,
        # It may be up to a second early.
        began="" if began is None else format_time(began + 1),
    )
    if own_key:
        _refuse_other_account(chosen, client, facts)
    held = {link.id: link for state in stacks.states.values() for link in state.links}
    facts = replace(facts, account=read_account_links(client, held=held, on_page=on_page))
    return _read_absent(client, facts)


def _refuse_other_account(chosen: ChosenStacks, client: OmiseClient, facts: DriftFacts) -> None:
    """:raises WrongAccountError: see ``gather_facts``."""
    expected = client.settings.account_id
    if expected is not None and facts.scope.account_id != expected:
        raise WrongAccountError(
            f"The key in {client.settings.key().source} is of {facts.scope}, and omise:accountId"
            f" says that the links are in {expected}. Nothing was compared. Use the key of that"
            " account, or name that of another one with --key-env."
        )
    states = facts.stacks.states
    if state := states.get(chosen.settings_stack or ""):
        refuse_other_account(client, state, "")
    links = [link for state in states.values() for link in state.links]
    if links and all(is_elsewhere(link, facts) for link in links):
        # Of an account without links, nothing would be found to be wrong.
        client.refuse_other_scope(links[0].id, links[0].scope)


def _read_absent(client: OmiseClient, facts: DriftFacts) -> DriftFacts:
    """Read the links of the stacks that no page had: deleted, unknown, or made meanwhile."""
    read = facts.account.links.keys() | {link.id for link in facts.account.unreadable}
    absent = {
        link.id: link
        for state in facts.stacks.states.values()
        for link in state.links
        if link.id not in read and not is_elsewhere(link, facts)
    }
    asked = list(absent.values())[:MOST_SINGLE_READS]
    with ThreadPoolExecutor(MAX_IN_FLIGHT) as pool:
        found = list(pool.map(lambda link: _look_up(client, link), asked))
    results = dict(zip((link.id for link in asked), found, strict=True))
    undecided = {link_id: result for link_id, result in results.items() if isinstance(result, str)}
    undecided |= dict.fromkeys(
        absent.keys() - results.keys(),
        f"more than {MOST_SINGLE_READS} links of the stacks are not in Omise's list, and no more"
        " are asked for one by one.",
    )
    there = {result.id: result for result in found if isinstance(result, AccountLink)}
    unreadable = [result for result in found if isinstance(result, UnreadableLink)]
    return replace(
        facts,
        account=AccountLinks(
            {**facts.account.links, **there}, (*facts.account.unreadable, *unreadable)
        ),
        gone=frozenset(link_id for link_id, result in results.items() if result is None),
        undecided=undecided,
    )


def _look_up(client: OmiseClient, link: ManagedLink) -> _LookUp:
    """Return the link, None if it is proved to be unknown, or why that cannot be told."""
    try:
        return AccountLink.of(client.get_link(link.id))
    except NotFoundError:
        pass
    except LinkIdError:
        return "what the state has is not the id of a link."
    except OmiseUnavailableError as error:
        return UnreadableLink(link.id, error.problem)
    try:
        # It asks once more, and waits for a link that was made moments ago.
        found = client.find_link(link.id, link.scope, created_at=link.created_at or None)
    except WrongAccountError:
        return (
            "the account of the link or of the key is not known (use a key that may read it), or a"
            " proxy may drop the header SUB_MERCHANT_ID."
        )
    return AccountLink.of(found) if found else None
