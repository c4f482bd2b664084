"""After a killed run: which links its pending creates have made, and which they have not.

A run that dies in the middle of creates leaves *pending creates* in the state: what was to be
made, but not whether it was. A plain ``pulumi up`` makes all of them again. Here each is matched
with the links that exist and that nobody manages:

- by all five inputs,
- by time: a link made before the killed run can have begun was not made by it. The state does not
  say when that was; at the earliest it was when the last successful update ended, or, before any,
  when the stack's first resource was made.

A create that belongs to a replacement has a link under its name already. If it is beyond doubt
which is which (nothing has been done to the stack since, and the new link is younger than all
that), the new one takes its place. The old one gets a name that no program declares, so that the
next ``pulumi up`` shows its deletion and carries it out.

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

from ..omise.models import Home, LinkInputs, OmiseLink
from ..report import show
from ..stack.answers import Declared, StackState, name_of
from ..stack.foundations import own_provider
from ..stack.project import Project
from ..state import ADOPT, inputs_of
from .accounts import Accounts
from .import_file import content, link_spec

# How far the clocks of Omise and of whoever ran Pulumi may be apart, in seconds.
_CLOCKS_APART = 5.0


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

    ``candidates`` are ids of links. ``replaces`` is the id of the link whose place ``link`` takes,
    and which the next ``pulumi up`` deletes.
    """

    pending: Declared
    action: Remedy
    link: OmiseLink | None = None
    reasons: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
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
    """What a person has decided: names to clear, and which link a name is."""

    clear: frozenset[str] = frozenset()
    adopt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was looked up: pending creates, unmanaged links that fit one, and where they live.

    Links and homes are by the URN of the explicit provider, empty for the stack's own account.
    ``last_success`` is when the last successful update ended, in seconds since 1970. ``rivals`` are
    creates that other stacks of the backend have pending, by stack; ``unread`` are stacks that
    could not be asked.
    """

    pending: tuple[Declared, ...]
    links: Mapping[str, Sequence[OmiseLink]]
    homes: Mapping[str, Home]
    state: StackState
    last_success: float | None = None
    rivals: Mapping[str, Sequence[Declared]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def not_before(self) -> float:
        """Before this, the killed run cannot have made a link."""
        began = self.last_success
        return (_seconds(self.state.begun) if began is None else began) - _CLOCKS_APART


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
    by_provider: dict[str, list[Declared]] = defaultdict(list)
    for each in state.pending:
        by_provider[own_provider(each.provider)].append(each)
    links, homes = {}, {}
    for urn, pending in by_provider.items():
        provider = state.providers.get(urn)
        wanted = {_key(each) for each in pending}
        homes[urn] = accounts.client(provider).home()
        links[urn] = [
            link for link in accounts.every_link(provider) if link.inputs.folded() in wanted
        ]
    # Asked after the account: a run of another stack tells its state before it makes a link.
    elsewhere = project.elsewhere()
    managed = {each.id for each in state.links} | elsewhere.managed.keys()
    ended = project.last_success()
    return Found(
        state.pending,
        {urn: [each for each in those if each.id not in managed] for urn, those in links.items()},
        homes,
        state,
        _seconds(ended) if ended else None,
        elsewhere.pending,
        elsewhere.unread,
    )


def judge(found: Found, choices: Choices | None = None) -> list[Verdict]:
    """Decide about each pending create. Pure."""
    choices = choices or Choices()
    by_inputs: dict[tuple[str, LinkInputs], list[Declared]] = defaultdict(list)
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
    pending: Sequence[Declared],
    fits: Sequence[OmiseLink],
    of_urn: Mapping[str, set[LinkInputs]],
    found: Found,
    choices: Choices,
) -> list[Verdict]:
    """Decide about pending creates of equal inputs; ``fits`` are the unmanaged links like them."""
    verdicts, open_ = [], []
    free = list(fits)
    for each in pending:
        chosen = choices.adopt.get(each.name) or each.inputs.get(ADOPT)
        link = next((link for link in free if link.id == chosen), None)
        if link is not None and each.urn not in found.state.urns:
            free.remove(link)
            verdicts.append(_adopt(each, link, found.state))
        elif each.name in choices.clear or ADOPT in each.inputs:
            # A create with adopt never makes a link.
            verdicts.append(Verdict(each, Remedy.CLEAR))
        else:
            open_.append(each)
    ids = tuple(each.id for each in free)
    in_time = [each for each in free if _seconds(each.created_at) >= found.not_before]
    left = []
    for each in open_:
        reason = _reason_to_leave(each, free, in_time, len(open_), found)
        if reason is None and len(of_urn[each.urn]) > 1 and free:
            reason = f"Several killed runs have tried to make it, with different inputs. {_CHOOSE}"
        if reason is None:
            left.append(each)
        else:
            verdicts.append(Verdict(each, Remedy.LEAVE, None, (reason,), ids))
    for number, each in enumerate(left):
        if number < len(in_time):
            verdicts.append(_adopt(each, in_time[number], found.state))
        else:
            verdicts.append(Verdict(each, Remedy.CLEAR))
    return verdicts


def _reason_to_leave(
    pending: Declared,
    free: Sequence[OmiseLink],
    in_time: Sequence[OmiseLink],
    rivals: int,
    found: Found,
) -> str | None:
    if free and pending.urn in found.state.urns and not _is_replacement(pending, in_time, found):
        return (
            "The stack manages another link under this name by now, so this one may be its double:"
            " delete it at Omise and run this again, or say --clear NAME to keep it unmanaged."
        )
    if free and not in_time:
        return (
            "A link like it exists that nobody manages, but it was made before the killed run can"
            f" have begun. {_CHOOSE}"
        )
    if free and found.unread:
        return f"Stack {show(found.unread[0])} could not be read, and may manage a link like it."
    rival = next((name for name, those in found.rivals.items() if _claims(those, pending)), None)
    if free and rival is not None:
        return (
            f"Stack {show(rival)} has begun to make a link like it as well, and either may have"
            f" made this one. Let that run end, or run `omise-links recover` there. {_CHOOSE}"
        )
    if len(in_time) > rivals:
        return f"More links fit than creates are pending. {_CHOOSE}"
    return None


def _is_replacement(pending: Declared, in_time: Sequence[OmiseLink], found: Found) -> bool:
    """Whether these links are surely younger than what the stack manages under the name.

    A link that it came to manage after the killed run, by a second `pulumi up` or by an adoption,
    is what the program wants now, and must not be taken for the one to be replaced.
    """
    held = found.state.link(pending.urn)
    if held is None or not held.created or found.last_success is None:
        return False
    settled = found.last_success
    return _seconds(held.created) <= settled and all(
        _seconds(each.created_at) > settled + _CLOCKS_APART for each in in_time
    )


def _claims(rivals: Sequence[Declared], pending: Declared) -> bool:
    """Whether another stack's pending create may be for equal inputs, its secrets unread."""
    ours = _key(pending)
    known = [
        {name: value for name, value in each.inputs.items() if name in vars(ours)}
        for each in rivals
    ]
    return any(replace(ours, **each).folded() == ours for each in known)


_CHOOSE = "Say which it is with --adopt NAME=ID, or that it made none with --clear NAME."


def _adopt(pending: Declared, link: OmiseLink, state: StackState) -> Verdict:
    missing = [
        urn
        for urn in (pending.parent, own_provider(pending.provider))
        if urn and urn not in state.urns
    ]
    if missing:
        reason = f"Its parent or provider is not in the stack: {missing[0]}."
        return Verdict(pending, Remedy.LEAVE, None, (reason,), (link.id,))
    held = state.link(pending.urn)
    return Verdict(pending, Remedy.ADOPT, link, (), (link.id,), held.id if held else None)


def seconds_to_wait(found: Found, verdicts: Iterable[Verdict], settle: float) -> float:
    """Return how long to wait before a create may be said to have made nothing.

    The process that makes and deletes links outlives a killed ``pulumi``, and finishes what it was
    told. It is taken to be done when neither the state was written nor a fitting link made for
    ``settle`` seconds.
    """
    if not found.state.deleting and all(each.action is not Remedy.CLEAR for each in verdicts):
        return 0.0
    stirred = [_seconds(found.state.written)]
    stirred += [_seconds(link.created_at) for links in found.links.values() for link in links]
    return max(0.0, min(settle, max(stirred) + settle - time.time()))


def carry_out(project: Project, found: Found, verdicts: Sequence[Verdict]) -> None:
    """Adopt what is to be adopted, then forget it and what made nothing; look again at links that
    were being deleted. Omise is not written to.

    Killed in between and run again, it goes on where it was.

    :raises ProjectError: Pulumi refused.
    """
    adopt = [each for each in verdicts if each.action is Remedy.ADOPT and each.link]
    for each in adopt:
        if each.replaces:
            project.rename(each.urn, _name_beside(each.urn, found.state.urns))
    for protect in (False, True):
        specs = [
            (each.pending, link_spec(each.pending, each.link, home, each.pending.inputs))
            for each in adopt
            if each.pending.protect is protect and each.link
            for home in [found.homes[_account_of(each.pending)]]
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


def _account_of(pending: Declared) -> str:
    return own_provider(pending.provider)


def _key(pending: Declared) -> LinkInputs:
    return inputs_of(pending.inputs).folded()


def _seconds(text: str) -> float:
    """Read a time: Omise writes UTC and whole seconds, Pulumi nanoseconds and any zone."""
    found = re.fullmatch(r"([-0-9]{10}T[:0-9]{8})(?:\.\d+)?(Z|[-+]\d\d:\d\d)?", text)
    if not found:
        return 0.0
    zone = found[2] if found[2] not in {None, "Z"} else "+00:00"
    return datetime.fromisoformat(found[1] + zone).timestamp()
