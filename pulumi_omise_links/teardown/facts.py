"""What a teardown is decided on, and what it ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..inventory.accounts import AccountSnapshot, UnusableProvider
from ..omise.models import OmiseLink
from ..recovery.decide import Decision
from ..recovery.facts import RecoveryFacts
from ..stack.model import StackState


class Fate(str, Enum):
    """Whether a link can be paid."""

    DELETED = "deleted"
    USED = "used"
    """It exists, and its one payment was made."""
    PAYABLE = "payable"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, link: OmiseLink) -> Fate:
        """Return the fate of a link as Omise shows it."""
        if link.deleted:
            return cls.DELETED
        return cls.USED if link.used and not link.multiple else cls.PAYABLE


@dataclass(frozen=True, kw_only=True)
class ReadLink:
    """A link of a stack as it was read; ``problem`` says why its fate is not known."""

    id: str
    urn: str
    fate: Fate
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class StackFacts:
    """What was read of a stack before anything is touched.

    ``accounts`` and ``allow_live`` are by the URN of the explicit provider, empty for the stack's
    own. ``recovery`` and ``decisions`` are about creates of killed runs; None where there are none.
    ``shared`` names for each link that a stack manages as well which is not torn down, that stack.
    """

    name: str
    state: StackState
    accounts: Mapping[str, AccountSnapshot | UnusableProvider] = field(default_factory=dict)
    allow_live: Mapping[str, bool] = field(default_factory=dict)
    recovery: RecoveryFacts | None = None
    decisions: Sequence[Decision] = ()
    shared: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> dict[str, OmiseLink]:
        """The links of the stack that Omise shows, deleted ones included, by id."""
        return {
            link.id: link
            for account in self.accounts.values()
            if isinstance(account, AccountSnapshot)
            for link in account.links.values()
        }

    @property
    def links(self) -> list[ReadLink]:
        """The links of the stack; the fate of those that Omise has not shown is not known."""
        found = self.found
        return [
            ReadLink(id=link.id, urn=link.urn, fate=Fate.of(found[link.id]))
            if link.id in found
            else ReadLink(id=link.id, urn=link.urn, fate=Fate.UNKNOWN)
            for link in self.state.links
        ]


class Ending(str, Enum):
    """What has become of a stack."""

    REMOVED = "removed"
    KEPT = "kept"
    """Everything in it is deleted, and the empty stack stays, as was asked for."""
    GONE = "gone"
    """There was no such stack."""
    REFUSED = "refused"
    UNTOUCHED = "untouched"
    """Another stack was refused."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a teardown of one stack ended with; ``reasons`` say why it was refused or failed."""

    name: str
    ending: Ending
    links: Sequence[ReadLink] = ()
    reasons: Sequence[str] = ()

    def of(self, fate: Fate) -> list[ReadLink]:
        """Return the links of a fate."""
        return [link for link in self.links if link.fate is fate]

    @property
    def safe(self) -> bool:
        """Whether it is certain that nothing of the stack can be paid."""
        done = self.ending in {Ending.REMOVED, Ending.KEPT, Ending.GONE}
        return done and not (self.of(Fate.PAYABLE) or self.of(Fate.UNKNOWN))


@dataclass(frozen=True, kw_only=True)
class MarkedLinks:
    """Links with a mark that can be paid and are in no stack; and what is not known of them.

    ``where`` names the accounts in which they were looked for.
    """

    mark: str
    where: Sequence[str] = ()
    links: Sequence[OmiseLink] = ()
    problems: Sequence[str] = ()
