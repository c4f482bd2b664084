"""The reasons why an entry cannot be imported, in sentences: one function for each source.

No I/O. Each returns all reasons, so that a person sees all of them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..inputs import INPUT_NAMES, did_you_mean, other_mode
from ..inventory.accounts import AccountSnapshot, UnusableProvider
from ..manifest.entries import Entry
from ..omise.models import LinkInputs, OmiseLink
from ..safe_text import escape, format_input
from ..stack.dependencies import missing_dependencies
from ..stack.model import PROVIDER_TYPES, UNKNOWN, Preview, PulumiResource, StackState, name_of
from ..state_format import ADOPT, inputs_of
from ..text_differences import describe_difference, show_difference


def from_program(
    entry: Entry, resources: Sequence[PulumiResource], declared: Mapping[str, object]
) -> list[str]:
    """Return what the program says against it; ``resources`` are its links of this name."""
    if not resources:
        hint = did_you_mean(entry.name, declared)
        return [f"The program declares no link of this name{escape(hint, longest=300)}."]
    if len(resources) > 1:
        urns = ", ".join(escape(resource.urn, longest=300) for resource in resources)
        return [f"The program declares {len(resources)} links of this name: {urns}."]
    resource = resources[0]
    reasons = []
    if resource.current_id:
        reasons.append(f"This stack already manages link {resource.current_id} under this name.")
    if resource.adopts and entry.id is not None and resource.adopted_id != entry.id:
        reasons.append(f"The program says {_adopted(resource)}, the manifest says id: {entry.id}.")
    return reasons


def from_other_entries(
    entry: Entry, link_id: str, entries_by_id: Mapping[str, list[Entry]]
) -> list[str]:
    """Return which other entries have the same id."""
    others = [other for other in entries_by_id.get(link_id, []) if other is not entry]
    if not others:
        return []
    named = ", ".join(f"{escape(other.name)} ({other.place})" for other in others)
    return [f"Link {link_id} is claimed by another entry as well: {named}."]


def from_stacks(
    link_id: str,
    resource: PulumiResource | None,
    preview: Preview,
    state: StackState,
    managed_elsewhere: Mapping[str, str],
) -> list[str]:
    """Return who manages the link already: this stack under another name, or another stack."""
    reasons = []
    for managed in state.links:
        if managed.id != link_id:
            continue
        if managed.pending_delete:
            reasons.append(
                f"This stack is about to delete link {link_id}: it was replaced, and the next"
                " `pulumi up` finishes that."
            )
        elif link_id in preview.removed:
            reasons.append(
                f"This stack manages it as {escape(name_of(managed.urn))}, which the program no"
                " longer declares: the next `pulumi up` would delete the link."
            )
        elif resource is None or resource.urn != managed.urn:
            reasons.append(f"This stack manages it already, as {escape(managed.urn, longest=300)}.")
    if link_id in managed_elsewhere:
        reasons.append(f"Stack {escape(managed_elsewhere[link_id])} manages it already.")
    return reasons


def from_account(
    link_id: str, account: AccountSnapshot | UnusableProvider
) -> tuple[OmiseLink | None, list[str]]:
    """Return the link, if the account has it, and what is against it."""
    if isinstance(account, UnusableProvider):
        return None, [account.reason]
    if problem := other_mode(link_id, account.live, account.key_source):
        return None, [problem]
    if problem := account.unreadable.get(link_id):
        return None, [f"Link {link_id} cannot be read, so it cannot be compared: {problem}"]
    link = account.links.get(link_id)
    if link is None:
        return None, [f"There is no link {link_id} in {account}."]
    reasons = []
    if merchant := link.other_merchant(account.scope.sub_merchant_id):
        reasons.append(f"Link {link_id} is of sub-merchant {escape(merchant)}.")
    if link.deleted:
        when = f" at {link.deleted_at}" if link.deleted_at else ""
        reasons.append(f"Link {link_id} was deleted{when}; a deleted link cannot come back.")
    if link.used and not link.multiple:
        when = f" at {link.used_at}" if link.used_at else ""
        reasons.append(
            f"Link {link_id} can be paid once and was{when}: as code, it could never be made again."
        )
    return link, reasons


def from_inputs(entry: Entry, resource: PulumiResource | None, link: OmiseLink | None) -> list[str]:
    """Compare program, manifest and link, and name each input that differs, with its values."""
    sources: dict[str, LinkInputs] = {}
    secret: frozenset[str] = frozenset()
    if resource is not None:
        secret = resource.secret_inputs
        later = sorted(name for name in INPUT_NAMES if resource.inputs.get(name) == UNKNOWN)
        if later:
            return [
                f"Its {', '.join(later)} cannot be told before `pulumi up`: it comes from a"
                " resource that does not exist yet."
            ]
        # A secret that could not be decrypted is not compared, so it cannot agree by mistake.
        if missing := sorted(set(INPUT_NAMES) & secret - resource.inputs.keys()):
            if link is not None:
                return [f"Its secret {', '.join(missing)} could not be read for comparing."]
        else:
            sources["the program"] = inputs_of(resource.inputs)
    sources["the manifest"] = entry.inputs
    if link is not None:
        sources["the link"] = link.inputs
    return [
        _difference(sources, name, secret=name in secret)
        for name in INPUT_NAMES
        if len({getattr(inputs.folded(), name) for inputs in sources.values()}) > 1
    ]


def _difference(sources: Mapping[str, LinkInputs], name: str, *, secret: bool) -> str:
    """Return a sentence on an input that differs: where, and in what if that is hard to see."""
    texts = dict.fromkeys(str(getattr(inputs, name)) for inputs in sources.values())
    kind = describe_difference(*texts) if len(texts) == 2 else None
    differs = f"{name} differs in {kind} only" if kind else f"{name} differs"
    if secret:
        return f"{differs} (a secret, so the values are not shown)."
    if kind:
        spelt = dict(zip(texts, show_difference(*texts), strict=True))
        shown = [
            f'{who} has "{escape(spelt[getattr(inputs, name)], longest=1000)}"'
            for who, inputs in sources.items()
        ]
    else:
        shown = [f"{who} has {format_input(inputs, name)}" for who, inputs in sources.items()]
    return f"{differs}: {', '.join(shown)}."


def from_next_update(resource: PulumiResource) -> tuple[str, ...]:
    """Return what the next ``pulumi up`` would change about a link that the stack manages."""
    adopted = resource.adopted_id
    if resource.step == "same":
        if adopted in {None, resource.current_id}:
            return ()
        return (
            f"The program says {_adopted(resource)}, but the stack manages"
            f" {resource.current_id} under this name: `pulumi up` will refuse that.",
        )
    names = ", ".join(escape(name) for name in sorted(resource.changed))
    reason = f"The next `pulumi up` would {resource.step} it{f' ({names})' if names else ''}"
    if adopted is not None and adopted == resource.current_id:
        reason += ", and refuses to, as the program adopts this very link"
    return (f"{reason}.",)


def from_dependencies(
    urn: str, preview: Preview, existing: Collection[str], importing: Collection[str | None]
) -> str | None:
    """Return why a link cannot be imported because of its parents or provider, or None.

    :param existing: URNs that are in the stack; ``importing``: of the links to be imported.
    """
    for dependency in missing_dependencies(urn, preview, existing):
        name = escape(dependency.name)
        if dependency.type in PROVIDER_TYPES:
            if UNKNOWN in dependency.encrypted_inputs.values():
                return (
                    f"The settings of its provider {name} cannot be told before `pulumi up`: make"
                    " what they come from first."
                )
        elif dependency.custom and dependency.urn not in importing:
            return f"Its parent {name} does not exist yet: run `pulumi up` for that first."
        elif not dependency.custom and dependency.provider_urn:
            return (
                f"Its parent {name} is a component of another package and not in the stack yet:"
                " run `pulumi up` for that first."
            )
    return None


def _adopted(resource: PulumiResource) -> str:
    """Return how the program says which existing link a resource is."""
    if resource.import_id is not None:
        return f"import: {escape(resource.import_id)}"
    if ADOPT in resource.secret_inputs:
        return f"{ADOPT}=another id (it is a secret)"
    return f"{ADOPT}={escape(str(resource.inputs.get(ADOPT)))}"
