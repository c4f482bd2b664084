"""Carries out the teardown of one stack: settles, destroys, proves, removes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..errors import OmiseLinksError, OmiseUnavailableError, ProjectError, StackLockedError
from ..inventory.accounts import Accounts, find_provider
from ..omise.client import OmiseClient
from ..recovery.apply import apply_decisions
from ..safe_text import escape
from ..stack.dependencies import explicit_provider
from ..stack.locks import lock_advice, running_holder
from ..stack.model import ManagedLink, StackState
from ..stack.project import Project
from .facts import Ending, Fate, Outcome, ReadLink, StackFacts

_READERS = 10


def tear_down(
    project: Project,
    facts: StackFacts,
    accounts: Accounts,
    *,
    keep_used: bool = False,
    keep_stack: bool = False,
    unlock: bool = False,
) -> Outcome:
    """Tear down one stack. Whatever fails, the links are read afterwards.

    The stack is removed last, and only if nothing of it can be paid. Killed at any moment and run
    again, it comes to the same end.

    :param keep_used: whether to leave links at Omise whose one payment was made.
    :param keep_stack: whether to leave the empty stack.
    :param unlock: whether to take away a lock, unless a process of this machine holds it.
    """
    state = facts.state
    failure: OmiseLinksError | None = None
    try:
        _unlocking(project, lambda: _settle(project, facts), unlock)
        if facts.decisions:
            state = project.state_for_comparing()
        if not state.empty:
            used = [link.id for link in facts.found.values() if Fate.of(link) is Fate.USED]
            keep = used if keep_used else ()
            _unlocking(project, lambda: project.destroy(keep=keep), unlock)
    except OmiseLinksError as error:
        failure = error
    links = read_links(accounts, state)
    certain = all(link.fate in {Fate.DELETED, Fate.USED} for link in links)
    ending = Ending.KEPT
    if failure is None and certain:
        try:
            _require_empty(project)
            if not keep_stack:
                _unlocking(project, project.remove, unlock)
                ending = Ending.REMOVED
        except OmiseLinksError as error:
            failure = error
    reasons = str(failure).splitlines() if failure else []
    if failure and not keep_used and any(link.fate is Fate.USED for link in links):
        reasons.append("Nobody can pay a link that was used up: --keep-used leaves it at Omise.")
    return Outcome(
        name=facts.name,
        ending=ending if failure is None and certain else Ending.FAILED,
        links=links,
        reasons=reasons,
    )


def read_links(accounts: Accounts, state: StackState) -> list[ReadLink]:
    """Read every link of a state, one by one, to see whether it can be paid.

    "Deleted" is what Omise says of the link itself, or that the account that the link is of has no
    such link. Everything else, such as a network error, leaves it unknown.
    """
    # Where Omise cannot be reached, it is not asked about each link.
    unreachable: dict[OmiseClient, str] = {}

    def read(link: ManagedLink) -> ReadLink:
        try:
            urn = explicit_provider(link.provider_urn)
            provider = find_provider(urn, state)
            if urn and provider is None:
                raise ProjectError(f"its provider {escape(urn)} is not in the stack")
            client = accounts.client(provider)
            if client in unreachable:
                return _unknown(link, unreachable[client])
            try:
                found = client.find_link(link.id, link.scope, created_at=link.created_at)
            except OmiseUnavailableError as error:
                unreachable[client] = str(error)
                raise
        except OmiseLinksError as error:
            return _unknown(link, str(error))
        fate = Fate.DELETED if found is None else Fate.of(found)
        return ReadLink(id=link.id, urn=link.urn, fate=fate)

    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(read, state.links))


def _unknown(link: ManagedLink, problem: str) -> ReadLink:
    return ReadLink(id=link.id, urn=link.urn, fate=Fate.UNKNOWN, problem=problem)


def _settle(project: Project, facts: StackFacts) -> None:
    """:raises ProjectError: the stack has changed since it was read."""
    if facts.recovery:
        apply_decisions(project, facts.recovery, facts.decisions, refresh=False)
    elif project.state().written != facts.state.written:
        raise ProjectError(
            f"Stack {escape(project.stack)} has changed since it was read. Nothing was done to it;"
            " run this again."
        )


def _require_empty(project: Project) -> None:
    """Refuse a stack that holds something; Pulumi would remove one with pending creates.

    :raises ProjectError: the stack is not empty.
    """
    if not project.state().empty:
        raise ProjectError(
            f"Stack {escape(project.stack)} is not empty after its destroy: another run has changed"
            " it. Run this again."
        )


def _unlocking(project: Project, action: Callable[[], None], unlock: bool) -> None:
    try:
        action()
    except StackLockedError as error:
        if not unlock or running_holder(error):
            raise ProjectError(f"{error}\n{lock_advice(error)}") from None
        project.cancel()
        action()
