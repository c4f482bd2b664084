"""What an import would do: manifest, program, stack and account -> ``ImportPlan``. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..inventory.accounts import AccountSnapshot, UnusableProvider
from ..manifest.entries import Entry
from ..omise.models import OmiseLink
from ..safe_text import escape
from ..stack.dependencies import explicit_provider
from ..stack.model import Preview, PulumiResource, StackState
from . import reasons


class Action(str, Enum):
    """What is to be done about an entry."""

    IMPORT = "import"
    """Its link exists, everything agrees, and the stack can manage it."""
    MANAGED = "managed"
    """This stack manages it already."""
    CREATE = "create"
    """There is no such link yet: the next ``pulumi up`` makes it."""
    BLOCKED = "blocked"
    """It cannot be imported as things are; the reasons say why."""


@dataclass(frozen=True, kw_only=True)
class PlannedEntry:
    """An entry, what is to be done about it, and all reasons why not.

    ``reasons`` of a managed entry say what the next ``pulumi up`` would change about it.
    """

    entry: Entry
    action: Action
    id: str | None = None
    urn: str | None = None
    reasons: tuple[str, ...] = ()
    link: OmiseLink | None = None

    @property
    def name(self) -> str:
        """The name of the entry."""
        return self.entry.name


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What an import would do, in the order of the manifest.

    ``notes`` are sentences about the whole, ``secrets`` the inputs of an entry that are not to be
    shown, ``accounts`` those that were read.
    """

    entries: tuple[PlannedEntry, ...]
    notes: tuple[str, ...] = ()
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accounts: tuple[AccountSnapshot, ...] = ()

    def of(self, action: Action) -> list[PlannedEntry]:
        """Return the entries with this action."""
        return [planned for planned in self.entries if planned.action is action]

    @property
    def summary(self) -> dict[str, int]:
        """How many entries have which action."""
        counts = Counter(planned.action for planned in self.entries)
        return {action.value: counts[action] for action in Action}


@dataclass(frozen=True, kw_only=True)
class ImportFacts:
    """What a plan is decided on.

    ``accounts`` are by the URN of the explicit provider, empty for the stack's own settings.
    ``managed_elsewhere`` is the other stack by the id of the link that it manages.
    """

    preview: Preview
    state: StackState
    accounts: Mapping[str, AccountSnapshot | UnusableProvider]
    managed_elsewhere: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def make_import_plan(entries: Sequence[Entry], facts: ImportFacts) -> ImportPlan:
    """Decide about each entry, with all reasons."""
    declared = links_by_name(facts.preview)
    entries_by_id = defaultdict(list)
    for entry in entries:
        if entry.id:
            entries_by_id[entry.id].append(entry)
    decided = [_decide(entry, declared, entries_by_id, facts) for entry in entries]
    planned = tuple(_block_without_dependencies(decided, facts))
    return ImportPlan(
        entries=planned,
        notes=(*facts.notes, *_notes(planned, facts.preview)),
        secrets={
            entry.name: resource.secret_inputs
            for entry in entries
            for resource in declared.get(entry.name, [])
        },
        accounts=tuple(
            {
                str(account): account
                for account in facts.accounts.values()
                if isinstance(account, AccountSnapshot)
            }.values()
        ),
    )


def find_changes(
    plan: ImportPlan,
    preview: Preview,
    actions: Sequence[Action] = (Action.IMPORT, Action.MANAGED),
) -> dict[str, str]:
    """Return what a later preview would change about the links of a plan, by name of the entry.

    An empty result verifies the import.
    """
    changes = {}
    for planned in plan.entries:
        if planned.action not in actions:
            continue
        resource = preview.resources.get(planned.urn or "")
        if resource is None or resource.current_id != planned.id:
            changes[planned.name] = f"The stack does not manage {planned.id} under this name."
        elif sentences := reasons.from_next_update(resource):
            changes[planned.name] = " ".join(sentences)
    return changes


def _decide(
    entry: Entry,
    declared: Mapping[str, list[PulumiResource]],
    entries_by_id: Mapping[str, list[Entry]],
    facts: ImportFacts,
) -> PlannedEntry:
    resources = declared.get(entry.name, [])
    link_id = link_id_of(entry, resources)
    resource = resources[0] if len(resources) == 1 else None
    if resource and resource.current_id and entry.id in {None, resource.current_id}:
        return PlannedEntry(
            entry=entry,
            action=Action.MANAGED,
            id=resource.current_id,
            urn=resource.urn,
            reasons=reasons.from_next_update(resource),
        )
    why_not = reasons.from_program(entry, resources, declared)
    link = None
    if link_id is not None:
        why_not += reasons.from_other_entries(entry, link_id, entries_by_id)
        why_not += reasons.from_stacks(
            link_id, resource, facts.preview, facts.state, facts.managed_elsewhere
        )
        account = facts.accounts.get(provider_of(resource))
        if account is not None:
            link, refused = reasons.from_account(link_id, account)
            why_not += refused
    why_not += reasons.from_inputs(entry, resource, link)
    action = Action.BLOCKED if why_not else Action.IMPORT if link_id else Action.CREATE
    return PlannedEntry(
        entry=entry,
        action=action,
        id=link_id,
        urn=resource.urn if resource else None,
        reasons=tuple(why_not),
        link=link,
    )


def _block_without_dependencies(
    decided: Sequence[PlannedEntry], facts: ImportFacts
) -> list[PlannedEntry]:
    """Block what depends on something that does not exist and that an import cannot create."""
    result = list(decided)
    while True:
        importing = {planned.urn for planned in result if planned.action is Action.IMPORT}
        before = list(result)
        for index, planned in enumerate(result):
            if planned.action is not Action.IMPORT or planned.urn is None:
                continue
            problem = reasons.from_dependencies(
                planned.urn, facts.preview, facts.state.urns, importing
            )
            if problem:
                result[index] = replace(planned, action=Action.BLOCKED, reasons=(problem,))
        if result == before:
            return result


def _notes(planned_entries: Sequence[PlannedEntry], preview: Preview) -> list[str]:
    retained = [
        escape(planned.name)
        for planned in planned_entries
        if planned.action is Action.IMPORT
        and planned.urn
        and preview.resources[planned.urn].retain_on_delete
    ]
    if not retained:
        return []
    return [
        f"An import file cannot carry retain_on_delete ({', '.join(retained)}): run `pulumi up`,"
        " which shows no change, before any `pulumi destroy`."
    ]


# -- shared with the gathering


def links_by_name(preview: Preview) -> dict[str, list[PulumiResource]]:
    """Return the links that the program declares, by name; parents may make names repeat."""
    names: dict[str, list[PulumiResource]] = defaultdict(list)
    for resource in preview.links():
        names[resource.name].append(resource)
    return names


def link_id_of(entry: Entry, resources: Sequence[PulumiResource]) -> str | None:
    """Return the id of the link of an entry: its own, or the one that the program adopts."""
    if entry.id is not None or len(resources) != 1:
        return entry.id
    return resources[0].adopted_id


def provider_of(resource: PulumiResource | None) -> str:
    """Return the URN of a resource's explicit provider; empty for the default one."""
    return explicit_provider(resource.provider_urn) if resource else ""
