"""Everything that an import plan is decided on, read from Pulumi and Omise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from ..errors import ApiError, OmiseUnavailableError, ProjectError, WrongAccountError
from ..inventory.accounts import (
    Accounts,
    AccountSnapshot,
    UnusableProvider,
    refuse_other_account,
)
from ..inventory.stacks import StackStates, read_other_stacks
from ..manifest.entries import Entry
from ..safe_text import pluralize
from ..stack.model import Preview, PulumiResource, StackState
from ..stack.project import Project
from ..state_format import ADOPT
from .import_plan import ImportFacts, link_id_of, links_by_name, provider_of


def gather_facts(
    project: Project, entries: Sequence[Entry], accounts: Accounts, *, other_stacks: bool = True
) -> ImportFacts:
    """Read what a plan is decided on: two runs of ``pulumi``, and pages of the accounts.

    :param other_stacks: whether to ask the other stacks of the backend what they manage.
    :raises ProjectError: Pulumi refused.
    :raises WrongAccountError: the stack's own key is of another account than the stack's links.
    :raises OmiseLinksError: Omise could not be asked.
    """
    try:
        preview = preview_with_secrets(project, entries)
    except ProjectError:
        # The program asks Omise as well; our error about a refused key is shorter than Pulumi's.
        with suppress(ApiError, OmiseUnavailableError):
            accounts.client(None).account()
        raise
    state = project.state()
    wanted = _wanted_links(entries, preview, has_key=accounts.has_key)
    others = read_other_stacks(project) if wanted and other_stacks else StackStates()
    snapshots = accounts.read(wanted, preview.resources)
    return ImportFacts(
        preview=preview,
        state=state,
        accounts={
            urn: _refuse_other_account(accounts, preview.resources.get(urn), state, snapshot)
            for urn, snapshot in snapshots.items()
        },
        managed_elsewhere=others.managed,
        notes=(*_notes_on_stacks(others), *_notes_on_pending(state)),
    )


def preview_with_secrets(project: Project, entries: Sequence[Entry]) -> Preview:
    """Return what the program declares, with plain values where an import needs those of secrets.

    :raises ProjectError: Pulumi refused.
    """
    preview = project.preview()
    return project.with_secrets(preview) if _needs_secrets(entries, preview) else preview


def _wanted_links(
    entries: Sequence[Entry], preview: Preview, *, has_key: bool
) -> dict[str, set[str]]:
    """Return the ids to look up, by the URN of the explicit provider; empty for the stack's own."""
    declared = links_by_name(preview)
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        resources = declared.get(entry.name, [])
        link_id = link_id_of(entry, resources)
        if link_id is None or not _is_to_be_read(entry, resources):
            continue
        if not resources and not has_key:
            continue  # nothing says in which account to look
        for resource in resources or (None,):
            wanted[provider_of(resource)].add(link_id)
    return wanted


def _needs_secrets(entries: Sequence[Entry], preview: Preview) -> bool:
    """Whether something that is to be compared, or by which an account is read, is a secret."""
    declared = links_by_name(preview)
    for entry in entries:
        resources = declared.get(entry.name, [])
        if any(ADOPT in resource.secret_inputs for resource in resources):
            return True
        if not _is_to_be_read(entry, resources):
            continue
        for resource in resources:
            provider = preview.resources.get(resource.provider_urn)
            if resource.secret_inputs or (provider and provider.secret_inputs):
                return True
    return False


def _is_to_be_read(entry: Entry, resources: Sequence[PulumiResource]) -> bool:
    """Whether Omise is to be asked: there is an id, and the stack does not manage it here."""
    link_id = link_id_of(entry, resources)
    managed = len(resources) == 1 and resources[0].current_id == link_id
    return link_id is not None and not managed


def _refuse_other_account(
    accounts: Accounts,
    provider: PulumiResource | None,
    state: StackState,
    snapshot: AccountSnapshot | UnusableProvider,
) -> AccountSnapshot | UnusableProvider:
    """Return the snapshot, unless the stack's links of this provider are of another account.

    The settings may be wrong without being incomplete, such as a key in the environment where the
    stack's own config was not found.
    """
    if isinstance(snapshot, UnusableProvider):
        return snapshot
    try:
        urn = provider.urn if provider else ""
        refuse_other_account(accounts.client(provider), state, urn)
    except WrongAccountError as error:
        if provider is None:
            raise
        return UnusableProvider(str(error))
    return snapshot


def _notes_on_stacks(others: StackStates) -> list[str]:
    return [
        f"{sentence} Whether one of these links is managed there is not known."
        for sentence in others.unknowns()
    ]


def _notes_on_pending(state: StackState) -> list[str]:
    if not state.pending:
        return []
    return [
        f"A killed run has left {pluralize(len(state.pending), 'pending create')} in this stack:"
        " run `omise-links recover` before `pulumi up`, or links may be made twice."
    ]
