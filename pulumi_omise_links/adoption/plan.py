"""Taking links that exist under management: manifest x program x stack x account -> Plan.

:func:`plan` decides and is pure; :func:`look` gathers what it decides on; ``import_file`` turns a
plan into what ``pulumi import`` takes. Nothing here writes to Omise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum

from ..errors import ApiError, OmiseUnavailableError, ProjectError
from ..inputs import INPUT_NAMES, did_you_mean, other_mode
from ..inventory.accounts import Accounts, AccountSnapshot
from ..manifest.entries import Entry
from ..omise.models import LinkInputs, OmiseLink
from ..output.terminal import count, show, show_input
from ..stack.dependencies import own_provider, problem_of
from ..stack.project import Project
from ..stack.pulumi_json import UNKNOWN, OtherStacks, Preview, PulumiResource, StackState, name_of
from ..state_format import ADOPT, inputs_of


class Action(str, Enum):
    """What is to be done about an entry."""

    IMPORT = "import"
    """It exists, everything agrees, and it can be taken under management."""
    MANAGED = "managed"
    """This stack manages it already."""
    CREATE = "create"
    """There is no such link yet: the next ``pulumi up`` makes it."""
    BLOCKED = "blocked"
    """It cannot be taken as things are; the reasons say why."""


@dataclass(frozen=True)
class Planned:
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


@dataclass(frozen=True)
class Plan:
    """What an import would do, in the order of the manifest.

    ``notes`` are sentences about the whole, ``secrets`` the inputs that are not to be shown.
    """

    entries: tuple[Planned, ...]
    notes: tuple[str, ...] = ()
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, action: Action) -> list[Planned]:
        """Return the entries with this action."""
        return [each for each in self.entries if each.action is action]

    @property
    def summary(self) -> dict[str, int]:
        """How many entries have which action."""
        counts = Counter(each.action for each in self.entries)
        return {each.value: counts[each] for each in Action}


@dataclass(frozen=True)
class Facts:
    """What a plan is decided on; ``elsewhere`` tells which other stack manages a link."""

    preview: Preview
    state: StackState
    accounts: Mapping[str, AccountSnapshot | str]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def look(
    project: Project, entries: Sequence[Entry], accounts: Accounts, *, other_stacks: bool = True
) -> Facts:
    """Gather what a plan is decided on: two runs of ``pulumi``, and pages of the account.

    :raises ProjectError: Pulumi refused.
    :raises OmiseLinksError: Omise could not be asked.
    """
    preview = _preview(project, accounts)
    state = project.state()
    declared = _by_name(preview)
    wanted: dict[str, set[str]] = defaultdict(set)
    secret = False
    for each in entries:
        resources = declared.get(each.name, [])
        link_id = _id_of(each, resources)
        secret |= any(ADOPT in one.secrets for one in resources)
        if link_id is None or _holds(resources, link_id):
            continue
        if not resources and not accounts.has_key:
            continue  # nothing says where to look
        for one in resources or (None,):
            provider = preview.resources.get(one.provider) if one else None
            secret |= bool((one and one.secrets) or (provider and provider.secrets))
            wanted[_provider_of(one)].add(link_id)
    if secret:
        preview = project.unseal(preview)
    elsewhere = project.elsewhere() if wanted and other_stacks else OtherStacks()
    notes = [
        f"Stack {show(name)} could not be read: whether it manages one of these is not known."
        for name in elsewhere.unread
    ]
    if state.pending:
        pending = count(len(state.pending), "pending create")
        notes.append(
            f"A killed run has left {pending} in this stack: run `omise-links recover` before"
            " `pulumi up`, or links may be made twice."
        )
    found = accounts.read(wanted, preview.resources)
    return Facts(preview, state, found, elsewhere.managed, tuple(notes))


def _preview(project: Project, accounts: Accounts) -> Preview:
    try:
        return project.preview()
    except ProjectError:
        # The program asks Omise as well; a key that is refused is better told without the engine.
        with suppress(ApiError, OmiseUnavailableError):
            accounts.client(None).account()
        raise


def plan(entries: Sequence[Entry], facts: Facts) -> Plan:
    """Decide about each entry, with all reasons. Pure."""
    declared = _by_name(facts.preview)
    claims = defaultdict(list)
    for each in entries:
        if each.id:
            claims[each.id].append(each)
    decided = [_decide(each, declared, claims, facts) for each in entries]
    secrets = {each.name: one.secrets for each in entries for one in declared.get(each.name, [])}
    result = tuple(_with_foundations(decided, facts))
    return Plan(result, (*facts.notes, *_notes(result, facts.preview)), secrets)


def _notes(decided: Sequence[Planned], preview: Preview) -> list[str]:
    retained = [
        show(each.name)
        for each in decided
        if each.action is Action.IMPORT and each.urn and preview.resources[each.urn].retain
    ]
    if not retained:
        return []
    return [
        f"An import file cannot carry retain_on_delete ({', '.join(retained)}): run `pulumi up`,"
        " which shows no change, before any `pulumi destroy`."
    ]


def _decide(
    entry: Entry,
    declared: Mapping[str, list[PulumiResource]],
    claims: Mapping[str, list[Entry]],
    facts: Facts,
) -> Planned:
    resources = declared.get(entry.name, [])
    link_id = _id_of(entry, resources)
    one = resources[0] if len(resources) == 1 else None
    if one and one.current_id and entry.id in {None, one.current_id}:
        return Planned(entry, Action.MANAGED, one.current_id, one.urn, _changes(one))
    reasons = _reasons_of_program(entry, resources, declared)
    link = None
    if link_id is not None:
        reasons += _reasons_of_claims(entry, link_id, claims)
        reasons += _reasons_of_stacks(entry, link_id, one, facts)
        link, refused = _reasons_of_account(link_id, facts.accounts.get(_provider_of(one)))
        reasons += refused
    reasons += _differences(entry, one, link)
    action = Action.BLOCKED if reasons else Action.IMPORT if link_id else Action.CREATE
    return Planned(entry, action, link_id, one.urn if one else None, tuple(reasons), link)


def changed_after(
    plan: Plan,
    preview: Preview,
    actions: Sequence[Action] = (Action.IMPORT, Action.MANAGED),
) -> dict[str, str]:
    """Return what a later preview would change about the links of a plan; empty is the proof."""
    changed = {}
    for each in plan.entries:
        if each.action not in actions:
            continue
        one = preview.resources.get(each.urn or "")
        if one is None or one.current_id != each.id:
            changed[each.name] = f"The stack does not manage {each.id} under this name."
        elif problems := _changes(one):
            changed[each.name] = " ".join(problems)
    return changed


# -- the reasons


def _reasons_of_program(
    entry: Entry, resources: Sequence[PulumiResource], declared: Mapping[str, object]
) -> list[str]:
    if not resources:
        hint = did_you_mean(entry.name, declared)
        return [f"The program declares no link of this name{show(hint, longest=300)}."]
    if len(resources) > 1:
        urns = ", ".join(show(each.urn, longest=300) for each in resources)
        return [f"The program declares {len(resources)} links of this name: {urns}."]
    one = resources[0]
    reasons = []
    if one.current_id:
        reasons.append(f"This stack already manages link {one.current_id} under this name.")
    adopt = one.inputs.get(ADOPT)
    if adopt is not None and entry.id is not None and adopt != entry.id:
        said = "another id (it is a secret)" if ADOPT in one.secrets else show(str(adopt))
        reasons.append(f"The program says adopt={said}, the manifest says id: {entry.id}.")
    return reasons


def _reasons_of_claims(entry: Entry, link_id: str, claims: Mapping[str, list[Entry]]) -> list[str]:
    others = [each for each in claims.get(link_id, []) if each is not entry]
    if not others:
        return []
    named = ", ".join(f"{show(each.name)} ({each.place})" for each in others)
    return [f"Link {link_id} is claimed by another entry as well: {named}."]


def _reasons_of_stacks(
    entry: Entry, link_id: str, one: PulumiResource | None, facts: Facts
) -> list[str]:
    reasons = []
    for held in facts.state.links:
        if held.id != link_id:
            continue
        if held.leaving:
            reasons.append(
                f"This stack is about to delete link {link_id}: it was replaced, and the next"
                " `pulumi up` finishes that."
            )
        elif link_id in facts.preview.dropped:
            reasons.append(
                f"This stack manages it as {show(name_of(held.urn))}, which the program no longer"
                " declares: the next `pulumi up` would delete the link."
            )
        elif one is None or one.urn != held.urn:
            reasons.append(f"This stack manages it already, as {show(held.urn, longest=300)}.")
    if link_id in facts.elsewhere:
        reasons.append(f"Stack {show(facts.elsewhere[link_id])} manages it already.")
    return reasons


def _reasons_of_account(
    link_id: str, account: AccountSnapshot | str | None
) -> tuple[OmiseLink | None, list[str]]:
    if account is None:
        return None, []
    if isinstance(account, str):
        return None, [account]
    if problem := other_mode(link_id, account.live, account.key_source):
        return None, [problem]
    link = account.links.get(link_id)
    if link is None:
        return None, [f"There is no link {link_id} in {account}."]
    reasons = []
    if link.deleted:
        when = f" at {link.deleted_at}" if link.deleted_at else ""
        reasons.append(f"Link {link_id} was deleted{when}; a deleted link cannot come back.")
    if link.used and not link.multiple:
        when = f" at {link.used_at}" if link.used_at else ""
        reasons.append(
            f"Link {link_id} can be paid once and was{when}: as code, it could never be made again."
        )
    return link, reasons


def _differences(entry: Entry, one: PulumiResource | None, link: OmiseLink | None) -> list[str]:
    """Compare program, manifest and link, and name each input that differs, with its values."""
    reasons = []
    said: dict[str, LinkInputs] = {}
    if one is not None:
        later = sorted(name for name in INPUT_NAMES if one.inputs.get(name) == UNKNOWN)
        if later:
            return [
                f"Its {', '.join(later)} cannot be told before `pulumi up`: it comes from a"
                " resource that does not exist yet."
            ]
        # A secret that could not be opened is not compared; nothing then agrees by accident.
        if missing := sorted(set(INPUT_NAMES) & one.secrets - one.inputs.keys()):
            if link is not None:
                return [f"Its secret {', '.join(missing)} could not be read for comparing."]
        else:
            said["the program"] = inputs_of(one.inputs)
    said["the manifest"] = entry.inputs
    if link is not None:
        said["the link"] = link.inputs
    for name in INPUT_NAMES:
        if len({getattr(each.folded(), name) for each in said.values()}) == 1:
            continue
        if one is not None and name in one.secrets:
            reasons.append(f"{name} differs (a secret, so the values are not shown).")
            continue
        shown = [f"{who} has {show_input(each, name)}" for who, each in said.items()]
        reasons.append(f"{name} differs: {', '.join(shown)}.")
    return reasons


def _changes(one: PulumiResource) -> tuple[str, ...]:
    adopt = one.inputs.get(ADOPT)
    if one.step == "same":
        if adopt in {None, UNKNOWN, one.current_id}:
            return ()
        said = "another id (it is a secret)" if ADOPT in one.secrets else show(str(adopt))
        return (
            f"The program says adopt={said}, but the stack manages {one.current_id}"
            " under this name: `pulumi up` will refuse that.",
        )
    names = ", ".join(show(each) for each in sorted(one.changed))
    reason = f"The next `pulumi up` would {one.step} it{f' ({names})' if names else ''}"
    if adopt is not None and adopt == one.current_id:
        reason += ", and refuses to, as the program adopts this very link"
    return (f"{reason}.",)


def _with_foundations(decided: Sequence[Planned], facts: Facts) -> list[Planned]:
    """Block what would stand on something that does not exist and that an import cannot make."""
    result = list(decided)
    while True:
        coming = {each.urn for each in result if each.action is Action.IMPORT}
        before = list(result)
        for index, each in enumerate(result):
            if each.action is not Action.IMPORT or each.urn is None:
                continue
            if problem := problem_of(each.urn, facts.preview, facts.state.urns, coming):
                result[index] = replace(each, action=Action.BLOCKED, reasons=(problem,))
        if result == before:
            return result


# -- helpers


def _by_name(preview: Preview) -> dict[str, list[PulumiResource]]:
    names: dict[str, list[PulumiResource]] = defaultdict(list)
    for each in preview.links():
        names[each.name].append(each)
    return names


def _id_of(entry: Entry, resources: Sequence[PulumiResource]) -> str | None:
    """Return the id of the link this entry is: its own, or the one that the program adopts."""
    if entry.id is not None or len(resources) != 1:
        return entry.id
    adopt = resources[0].inputs.get(ADOPT)
    return adopt if isinstance(adopt, str) and adopt != UNKNOWN else None


def _holds(resources: Sequence[PulumiResource], link_id: str) -> bool:
    return len(resources) == 1 and resources[0].current_id == link_id


def _provider_of(one: PulumiResource | None) -> str:
    return own_provider(one.provider) if one else ""
