"""After a killed run: which links its pending creates have made, and which they have not.

A run that dies in the middle of creates leaves *pending creates* in the state: what was to be
made, but not whether it was. A plain ``pulumi up`` makes all of them again. Here each is matched
with the links that exist and that nobody manages:

- by all five inputs,
- by time: a link made before the killed run can have begun was not made by it. The state does not
  say when that was; at the earliest it was when the last successful update ended, or, before any,
  when the stack's first resource was made.

A link is taken only for what the program still declares, which a preview tells: what is taken is
then what the next ``pulumi up`` leaves alone. A create that belongs to a replacement has a link
under its name already. If the program would replace that one, by a link of just these inputs, the
new one takes its place: the old one gets a name that no program declares, and the next
``pulumi up`` shows its deletion and carries it out, as it would have anyway.

A run that dies in the middle of deletes leaves *pending deletes*: the link may be gone, and a plain
``pulumi up`` would believe the state that it is not. Those links are looked at again.

Pending creates of equal inputs are interchangeable, as nobody has seen the address of either link:
as long as there are not more links than pending creates, which belongs to which does not matter.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from ..adoption.import_file import content, link_spec
from ..errors import ProjectError
from ..inventory.accounts import Accounts
from ..omise.models import LinkInputs, OmiseLink, Scope
from ..output.terminal import show
from ..stack.dependencies import own_provider
from ..stack.project import Project
from ..stack.pulumi_json import PulumiResource, StackState, name_of
from ..state_format import ADOPT, inputs_of, scope_of

# How far the clocks of Omise and of whoever ran Pulumi may be apart, in seconds.
_CLOCKS_APART = 5.0
# What the preview calls the steps of a replacement (pkg/resource/deploy/step.go).
_REPLACING = {"replace", "create-replacement", "delete-replaced"}


class Remedy(str, Enum):
    """What is to be done about a pending create."""

    ADOPT = "adopt"
    """Its link exists: take it into the stack."""
    CLEAR = "clear"
    """It made no link: forget it, the next ``pulumi up`` makes one."""
    LEAVE = "leave"
    """It cannot be told; a person has to look."""


@dataclass(frozen=True)
class Verdict:
    """A pending create and what is to be done about it.

    ``candidates`` are the links that may be its own. ``replaces`` is the id of the link whose place
    ``link`` takes, and which the next ``pulumi up`` deletes.
    """

    pending: PulumiResource
    action: Remedy
    link: OmiseLink | None = None
    reasons: tuple[str, ...] = ()
    candidates: tuple[OmiseLink, ...] = ()
    replaces: str | None = None

    @property
    def name(self) -> str:
        """The name in the program."""
        return self.pending.name

    @property
    def urn(self) -> str:
        """The URN in the stack."""
        return self.pending.urn


@dataclass(frozen=True)
class Choices:
    """What a person has decided, by URN: which creates to clear, and which link one has made."""

    clear: frozenset[str] = frozenset()
    adopt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was looked up: pending creates, unmanaged links that fit one, and where they live.

    Links and scopes are by the URN of the explicit provider, empty for the stack's own account.
    ``program`` is what the program declares, by URN, looked up if there are links that fit.
    ``not_before`` is the time before which the killed run cannot have made a link, and ``ahead`` by
    how much Omise's clock is ahead of ours, both in seconds. ``rivals`` are creates that other
    stacks of the backend have pending, by stack; ``unread`` are stacks that could not be asked.
    """

    pending: tuple[PulumiResource, ...]
    links: Mapping[str, Sequence[OmiseLink]]
    scopes: Mapping[str, Scope]
    state: StackState
    not_before: float = 0.0
    program: Mapping[str, PulumiResource] = field(default_factory=dict)
    ahead: float = 0.0
    rivals: Mapping[str, Sequence[PulumiResource]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def look(project: Project, accounts: Accounts) -> Found:
    """Gather pending creates, and the links that could be theirs; one request per 100 links.

    :raises ProjectError: Pulumi refused.
    :raises OmiseLinksError: Omise could not be asked.
    """
    state = project.state()
    if not state.pending:
        return Found((), {}, {}, state)
    if any(each.secrets for each in (*state.pending, *state.providers.values())):
        state = project.unsealed_state()
    by_provider: dict[str, list[PulumiResource]] = defaultdict(list)
    for each in state.pending:
        if not _provider_is_gone(each, state):
            by_provider[_account_of(each)].append(each)
    fits, scopes, ahead = {}, {}, 0.0
    for urn, pending in by_provider.items():
        provider = state.providers.get(urn)
        client = accounts.client(provider)
        # A key of another account would show no link, and every create would be forgotten.
        for held in state.links:
            if own_provider(held.provider) == urn:
                client.refuse_other_scope(held.id, scope_of(held.texts))
        wanted = {_key(each) for each in pending}
        scopes[urn] = client.scope()
        ahead = (client.server_time() or time.time()) - time.time()
        fits[urn] = [
            link for link in accounts.every_link(provider) if link.inputs.folded() in wanted
        ]
    # Asked after the account: a run of another stack tells its state before it makes a link.
    elsewhere = project.elsewhere()
    managed = {each.id for each in state.links} | elsewhere.managed.keys()
    links = {urn: [each for each in those if each.id not in managed] for urn, those in fits.items()}
    return Found(
        state.pending,
        links,
        scopes,
        state,
        _seconds(project.last_success() or state.begun) - _CLOCKS_APART,
        _program(project) if any(links.values()) else {},
        ahead,
        elsewhere.pending,
        elsewhere.unread,
    )


def _program(project: Project) -> Mapping[str, PulumiResource]:
    preview = project.preview()
    if any(each.secrets for each in preview.links()):
        preview = project.unseal(preview)
    return {each.urn: each for each in preview.links()}


def judge(found: Found, choices: Choices | None = None) -> list[Verdict]:
    """Decide about each pending create. Pure."""
    choices = choices or Choices()
    by_inputs: dict[tuple[str, LinkInputs], list[PulumiResource]] = defaultdict(list)
    of_urn: dict[str, set[LinkInputs]] = defaultdict(set)
    for each in {(each.urn, _key(each)): each for each in found.pending}.values():
        by_inputs[_account_of(each), _key(each)].append(each)
        of_urn[each.urn].add(_key(each))
    verdicts = []
    for (account, inputs), pending in by_inputs.items():
        fits = sorted(
            (each for each in found.links.get(account, ()) if each.inputs.folded() == inputs),
            key=lambda link: (link.created_at, link.id),
        )
        verdicts += _judge_equals(pending, fits, of_urn, found, choices)
    order = {each.urn: number for number, each in enumerate(found.pending)}
    return sorted(verdicts, key=lambda each: order[each.urn])


def _judge_equals(
    pending: Sequence[PulumiResource],
    fits: Sequence[OmiseLink],
    of_urn: Mapping[str, set[LinkInputs]],
    found: Found,
    choices: Choices,
) -> list[Verdict]:
    """Decide about pending creates of equal inputs; ``fits`` are the unmanaged links like them."""
    decided, open_ = [], []
    free = list(fits)
    for each in pending:
        link = next((link for link in free if link.id == choices.adopt.get(each.urn)), None)
        if link is not None and _occupied(each, found) is None:
            free.remove(link)
            decided.append(_adopt(each, link, found))
        elif each.urn in choices.clear or ADOPT in each.inputs:
            # A create with adopt never makes a link; the next `pulumi up` adopts.
            decided.append(Verdict(each, Remedy.CLEAR))
        elif _provider_is_gone(each, found.state):
            provider = show(name_of(each.provider))
            gone = (
                f"Its provider {provider} has left the stack, so where its link would be is not"
                " known. Look in that account; then say --clear NAME."
            )
            decided.append(Verdict(each, Remedy.LEAVE, None, (gone,)))
        else:
            open_.append(each)
    in_time = [each for each in free if _seconds(each.created_at) >= found.not_before]
    takers: list[PulumiResource] = []
    stuck: list[tuple[PulumiResource, str]] = []
    for each in open_:
        reason = _reason_to_leave(each, in_time, found) if free else None
        if reason is None and len(in_time) > len(open_):
            reason = f"More links fit than creates are pending. {_CHOOSE}"
        elif reason is None and len(of_urn[each.urn]) > 1 and free:
            reason = f"Several killed runs have tried to make it, with different inputs. {_CHOOSE}"
        if reason is None:
            takers.append(each)
        else:
            stuck.append((each, reason))
    taken = [_adopt(each, link, found) for each, link in zip(takers, in_time, strict=False)]
    cleared = [Verdict(each, Remedy.CLEAR) for each in takers[len(taken) :]]
    rest = tuple(each for each in free if each not in in_time[: len(taken)])
    if rest and decided:
        beside = ", ".join(each.id for each in rest)
        told = f"Managed by nobody, and like it: {beside}. Delete at Omise what nobody needs."
        decided = [replace(each, reasons=(*each.reasons, told)) for each in decided]
    # Where another one of equal inputs has got the link, there is none left to look at.
    left = [
        Verdict(each, Remedy.LEAVE, None, (reason,), rest) if rest else Verdict(each, Remedy.CLEAR)
        for each, reason in stuck
    ]
    return decided + taken + cleared + left


def _reason_to_leave(
    pending: PulumiResource, in_time: Sequence[OmiseLink], found: Found
) -> str | None:
    """Return why none of the links that fit may be taken without a person."""
    if occupied := _occupied(pending, found):
        return occupied
    if not in_time:
        return (
            "A link like it exists that nobody manages, but it was made before the killed run can"
            f" have begun. {_CHOOSE}"
        )
    if not _agrees(found.program.get(pending.urn), _key(pending)):
        return (
            "The program no longer declares such a link under this name. Delete the link at Omise"
            f" and run this again. {_CHOOSE}"
        )
    if found.unread:
        return f"Stack {show(found.unread[0])} could not be read, and may manage a link like it."
    rival = next((name for name, those in found.rivals.items() if _claims(those, pending)), None)
    if rival is not None:
        return (
            f"Stack {show(rival)} has begun to make a link like it as well, and either may have"
            f" made this one. Let that run end, or run `omise-links recover` there. {_CHOOSE}"
        )
    return None


def _provider_is_gone(pending: PulumiResource, state: StackState) -> bool:
    urn = _account_of(pending)
    return bool(urn) and urn not in state.providers


def _occupied(pending: PulumiResource, found: Found) -> str | None:
    """Return why no link can have the name of this create, if so.

    The stack may manage a link under it. That one makes room only if the program would replace it
    by just what is pending: then the next `pulumi up` would delete it in any case.
    """
    held = found.state.link(pending.urn)
    one = found.program.get(pending.urn)
    current = held.id if held else one.current_id if one else None
    if current is None:
        return None
    if any(each.urn == pending.urn and each.leaving for each in found.state.links):
        return (
            "The stack has still to delete an earlier link of this name, so this one cannot be"
            " taken: delete it at Omise and run this again, or say --clear NAME to keep it"
            " unmanaged."
        )
    if held and one and one.step in _REPLACING and _agrees(one, _key(pending)):
        return None
    return (
        f"The stack manages {current} under this name by now, so this one may be its double:"
        " delete it at Omise and run this again, or say --clear NAME to keep it unmanaged."
    )


def _agrees(declared: PulumiResource | None, wanted: LinkInputs) -> bool:
    """Whether the program declares just these inputs; what is not known yet does not agree."""
    if declared is None or not vars(wanted).keys() <= declared.inputs.keys():
        return False
    return _may_agree(declared, wanted)


def _may_agree(one: PulumiResource, wanted: LinkInputs) -> bool:
    """Whether no input that can be read rules it out."""
    known = {name: value for name, value in one.inputs.items() if name in vars(wanted)}
    return replace(wanted, **known).folded() == wanted


def _claims(rivals: Sequence[PulumiResource], pending: PulumiResource) -> bool:
    """Whether another stack's pending create may be for equal inputs, its secrets unread."""
    return any(_may_agree(each, _key(pending)) for each in rivals)


_CHOOSE = "Say which it is with --adopt NAME=ID, or that it made none with --clear NAME."


def _adopt(pending: PulumiResource, link: OmiseLink, found: Found) -> Verdict:
    missing = [
        urn
        for urn in (pending.parent, own_provider(pending.provider))
        if urn and urn not in found.state.urns
    ]
    if missing:
        reason = f"Its parent or provider is not in the stack: {missing[0]}."
        return Verdict(pending, Remedy.LEAVE, None, (reason,), (link,))
    held = found.state.link(pending.urn)
    return Verdict(pending, Remedy.ADOPT, link, (), (link,), held.id if held else None)


def seconds_to_wait(found: Found, verdicts: Iterable[Verdict], settle: float) -> float:
    """Return how long to wait before a create may be said to have made nothing.

    The process that makes and deletes links outlives a killed ``pulumi``, and finishes what it was
    told. It is taken to be done when neither the state was written nor a fitting link made for
    ``settle`` seconds.
    """
    if not found.state.deleting and all(each.action is not Remedy.CLEAR for each in verdicts):
        return 0.0
    stirred = [_seconds(found.state.written)]
    stirred += [
        _seconds(link.created_at) - found.ahead for links in found.links.values() for link in links
    ]
    return max(0.0, min(settle, max(stirred) + settle - time.time()))


def carry_out(project: Project, found: Found, verdicts: Sequence[Verdict]) -> None:
    """Adopt what is to be adopted, then forget it and what made nothing; look again at links that
    were being deleted. Omise is not written to.

    Killed in between and run again, it goes on where it was.

    :raises ProjectError: Pulumi refused, or the stack has changed since it was looked at.
    """
    if project.state().written != found.state.written:
        raise ProjectError(
            f"Stack {show(project.stack)} has changed since it was looked at. Nothing was done;"
            " run this again."
        )
    adopt = [each for each in verdicts if each.action is Remedy.ADOPT and each.link]
    for each in adopt:
        if each.replaces:
            taken = {*found.state.urns, *found.program}
            project.rename(each.urn, _name_beside(each.urn, taken))
    for protect in (False, True):
        specs = [
            (each.pending, link_spec(each.pending, each.link, scope, each.pending.inputs))
            for each in adopt
            if each.pending.protect is protect and each.link
            for scope in [found.scopes[_account_of(each.pending)]]
        ]
        if specs:
            project.adopt(content(specs), protect=protect)
    left = {each.urn for each in verdicts if each.action is Remedy.LEAVE}
    settled = {each.urn for each in verdicts} - left
    # The engine clears one entry a URN at a time; several runs killed alike leave several.
    while urns := sorted({each.urn for each in project.state().pending} & settled):
        project.clear_pending(urns, found.state.root)
    if found.state.deleting:
        project.refresh(sorted(found.state.deleting))


def _name_beside(urn: str, taken: Collection[str]) -> str:
    """Return a free name for the link that is about to make room."""
    name = name_of(urn)
    while True:
        name = f"replaced-{name}"
        if f"{urn.removesuffix(name_of(urn))}{name}" not in taken:
            return name


def _account_of(pending: PulumiResource) -> str:
    return own_provider(pending.provider)


def _key(pending: PulumiResource) -> LinkInputs:
    return inputs_of(pending.inputs).folded()


def _seconds(text: str) -> float:
    """Read a time: Omise writes UTC and whole seconds, Pulumi nanoseconds and any zone."""
    found = re.fullmatch(r"([-0-9]{10}T[:0-9]{8})(?:\.\d+)?(Z|[-+]\d\d:\d\d)?", text)
    if not found:
        return 0.0
    zone = found[2] if found[2] not in {None, "Z"} else "+00:00"
    return datetime.fromisoformat(found[1] + zone).timestamp()
