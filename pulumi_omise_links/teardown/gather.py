"""Reads everything that a teardown is decided on: the backend, the stacks, and Omise."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..errors import OmiseLinksError, ProjectError, StackNotFoundError, UnmatchedStackError
from ..inventory.accounts import (
    Accounts,
    AccountSnapshot,
    find_provider,
    refuse_other_account,
    settings_of,
)
from ..inventory.chosen_stacks import find_stacks
from ..inventory.stacks import StackStates, read_backend
from ..mark import has_mark
from ..omise.create_log import CreateLog
from ..recovery.decide import Action, Decision, decide
from ..recovery.facts import RecoveryFacts
from ..recovery.gather import gather_facts as gather_recovery
from ..recovery.settle import gather_settled
from ..settings import Settings
from ..stack.backend import Backend
from ..stack.dependencies import explicit_provider, is_default_provider
from ..stack.model import StackState
from ..stack.project import Project
from .choose import is_pattern, nearest_name, why_live, why_unmatched
from .facts import Fate, MarkedLinks, StackFacts


@dataclass(kw_only=True)
class Targets:
    """The stacks to tear down. ``states`` has those of the stacks that a pattern matches, with
    their secrets closed. ``gone`` are names of no stack, each with the most similar name of one, if
    there is such a name. ``unmatched`` says why a stack is none of them although its name fits a
    pattern; ``unfit`` are patterns that fit no name.
    """

    projects: list[Project] = field(default_factory=list)
    states: dict[str, StackState] = field(default_factory=dict)
    gone: dict[str, str | None] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)
    unfit: list[str] = field(default_factory=list)


def find_targets(
    folder: str | os.PathLike[str],
    named: Sequence[str],
    *,
    now: datetime,
    idle: timedelta | None = None,
    config_file: str | None = None,
) -> Targets:
    """Find the stacks that are named.

    :param named: as for ``find_stacks``.
    :param idle: how long ago the last update of a stack must be for a pattern to match it.
    :param config_file: as for ``Project``; only for one stack, by its name.
    :raises ProjectError: no ``pulumi``, no project, or a stack cannot be read.
    """
    targets = Targets()
    backend = Backend(folder)
    for name in named:
        if is_pattern(name):
            _add_matches(targets, backend, name, now, idle)
            continue
        try:
            _add(targets, Project(folder, name, config_file=config_file))
        except StackNotFoundError:
            targets.gone[name] = _nearest(backend, name)
    for project in targets.projects:
        targets.unmatched.pop(project.stack, None)
    return targets


def _add_matches(
    targets: Targets,
    backend: Backend,
    pattern: str,
    now: datetime,
    idle: timedelta | None,
) -> None:
    try:
        stacks = find_stacks(backend, [pattern])
    except UnmatchedStackError:
        targets.unfit.append(pattern)
        return
    for stack in stacks:
        reason = why_unmatched(stack, now=now, idle=idle)
        if reason is None:
            project = Project.listed(backend, stack.name)
            state = project.state()
            reason = why_live(state, project.allow_live())
            if reason is None:
                _add(targets, project)
                targets.states[project.stack] = state
        if reason is not None:
            targets.unmatched[stack.name] = reason


def _nearest(backend: Backend, name: str) -> str | None:
    try:
        stacks = backend.stacks(project_only="/" not in name)
    except ProjectError:
        return None
    return nearest_name(name, [stack.name for stack in stacks])


def _add(targets: Targets, project: Project) -> None:
    if project.stack not in {known.stack for known in targets.projects}:
        targets.projects.append(project)


def stack_settings(state: StackState) -> Settings:
    """Resolve the settings of a stack's own links as its destroy does: out of the state.

    :raises OmiseLinksError: a setting is wrong.
    """
    own = (provider for urn, provider in state.providers.items() if is_default_provider(urn))
    provider = next(own, None)
    return Settings.resolve({}) if provider is None else settings_of(provider)


def gather_facts(
    project: Project,
    state: StackState,
    accounts: Accounts,
    others: StackStates | None,
    *,
    settle: float | None,
    tell: Callable[[str], None],
) -> StackFacts:
    """Gather all about one stack. Its program is not run.

    :param state: the state, with secrets opened where a provider has some.
    :param accounts: those by the settings of the stack.
    :param others: the stacks that are not torn down; None if they are not to be asked.
    :param settle: see ``gather_settled``.
    :param tell: likewise.
    :raises ProjectError: Pulumi refused.
    :raises OmiseLinksError: Omise could not be asked, refused the stack's own key, or that key is
        of another account than a link.
    """
    recovery: RecoveryFacts | None = None
    decisions: list[Decision] = []
    log = CreateLog()
    records, problems = log.read()
    if state.pending or records or problems:
        recovery, decisions = gather_settled(
            lambda: gather_recovery(
                project, accounts, log, other_stacks=others is not None, run_program=False
            ),
            decide,
            stack=project.stack,
            timeout=accounts.settings(None).timeout,
            settle=settle,
            tell=tell,
        )
        state = recovery.state
    wanted: dict[str, set[str]] = defaultdict(set)
    for link in state.links:
        wanted[explicit_provider(link.provider_urn)].add(link.id)
    for decision in decisions:
        if decision.action is Action.ADOPT and decision.link:
            wanted[decision.create.provider].add(decision.link.id)
    read = accounts.read(wanted, state.providers)
    allow_live = {}
    for urn, account in read.items():
        if isinstance(account, AccountSnapshot):
            provider = find_provider(urn, state)
            refuse_other_account(accounts.client(provider), state, urn)
            allow_live[urn] = accounts.settings(provider).allow_live
    return StackFacts(
        name=project.stack,
        state=state,
        accounts=read,
        allow_live=allow_live,
        recovery=recovery,
        decisions=decisions,
        shared=others.managed if others else {},
    )


def find_marked(
    backend: Backend, accounts: Accounts, mark: str, known: Collection[str]
) -> MarkedLinks:
    """Find links with a mark that can be paid and that no stack of the backend manages.

    It is looked for in the accounts that have been opened; else in that of the stack's settings.

    :param known: ids of links that are told of elsewhere.
    """
    marked = []
    where = []
    try:
        for client in accounts.clients or (accounts.client(None),):
            where.append(str(client.scope()))
            marked += [
                replace(link, charges=())
                for link in client.iter_links()
                if has_mark(link.title, mark)
                if Fate.of(link) is Fate.PAYABLE and link.id not in known
            ]
    except OmiseLinksError as error:
        return MarkedLinks(mark=mark, problems=[f"Links with this mark cannot be listed: {error}"])
    if not marked:
        return MarkedLinks(mark=mark, where=where)
    stacks = read_backend(backend)
    return MarkedLinks(
        mark=mark,
        where=where,
        links=[link for link in marked if link.id not in stacks.managed],
        problems=stacks.unknowns(),
    )
