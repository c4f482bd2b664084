"""A report: what a reader must know of each link, and of each change. The same for every format.

Texts are as Omise, a file or a program has them: each writer escapes them for its format. No secret
gets in here: of a secret input there is a placeholder alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from enum import Enum

from ..inventory.payments import Payments
from ..safe_text import format_amount

LATER = "(not known yet)"
"""In place of an input that another resource determines during ``pulumi up``."""


class Status(Enum):
    """Whether a link can be paid now."""

    PAYABLE = "payable"
    USED = "used"
    """Paid, and only one payment was possible."""
    DELETED = "deleted"
    """At Omise; nobody can pay it."""
    PLANNED = "planned"
    """There is no link yet: the next ``pulumi up`` makes it."""
    UNCHECKED = "not checked"
    """Omise was not asked, or has not answered about this link."""


class Change(Enum):
    """What the next ``pulumi up`` does to a link; the order is the one in which they are shown."""

    REPLACE = "replace"
    DELETE = "delete"
    BLOCKED = "blocked"
    """A replacement or a delete that Pulumi refuses, as the link is protected."""
    CREATE = "create"
    ADOPT = "adopt"
    """An existing link comes into the stack. Nothing is written to Omise."""
    UPDATE = "update"
    """Something of it that only Pulumi knows."""
    SAME = "same"


class Fate(Enum):
    """What a change does to the address that is printed now."""

    DIES = "dies"
    REFUSED = "stays, as Pulumi refuses the change of a protected link"
    RETAINED = "stays payable, unmanaged"
    TAKEN = "stays: another resource of the program takes the link"
    SPENT = "was spent anyway"
    GONE = "was deleted already"
    STAYS = "stays"
    COMES = "comes with `pulumi up`"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of a link that a reader may see.

    ``known`` are those with their values; ``hidden`` are the others, by name, each with
    :data:`safe_text.SECRET` or :data:`LATER` in place of the value.
    """

    known: Mapping[str, object] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title, or the placeholder."""
        return self.show("title")

    @property
    def description(self) -> str:
        """The description, or the placeholder."""
        return self.show("description")

    @property
    def price(self) -> str:
        """The amount with its currency, such as ``THB 1,500.00``, or the placeholder."""
        return self.show("amount")

    @property
    def times(self) -> str:
        """``once`` or ``many times``: how often it can be paid; or the placeholder."""
        return self.show("multiple")

    def show(self, name: str) -> str:
        """Return an input as people read it, without quotes; a text is not escaped."""
        amount, currency = self.known.get("amount"), self.known.get("currency")
        if name == "amount" and isinstance(amount, int):
            if isinstance(currency, str):
                return format_amount(amount, currency)
            # Without the currency it is not known where the decimal point is.
            return f"{amount} of {self.hidden.get('currency', LATER)}"
        value = self.known.get(name)
        if isinstance(value, bool):
            return "many times" if value else "once"
        return self.hidden.get(name, LATER) if value is None else str(value)


@dataclass(frozen=True)
class Difference:
    """One input that a replacement changes; both texts as ``Inputs.show`` returns them."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class LinkChange:
    """What the next ``pulumi up`` does to a link, and to its address.

    ``step`` is what Pulumi plans; with a link that is protected, ``kind`` is ``BLOCKED`` and
    ``step`` tells what was refused. ``differences`` are those of a replacement, old and new;
    ``notes`` are sentences of ours about this change.
    """

    step: Change
    fate: Fate
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Change:
        """What it amounts to."""
        return Change.BLOCKED if self.fate is Fate.REFUSED else self.step


@dataclass(frozen=True, kw_only=True)
class ReportedLink:
    """A link as it is now, or as it is planned if there is none yet.

    ``source`` is its stack, such as ``shop/prod``, or the file of its manifest. ``address`` is
    where it is paid; None if there is none yet or it is not known. Times are
    ``YYYY-MM-DDThh:mm:ssZ`` or None; ``payments`` is None if they are not known. ``change`` is None
    without a preview.
    """

    name: str
    source: str
    inputs: Inputs
    status: Status
    id: str | None = None
    address: str | None = None
    created_at: str | None = None
    used_at: str | None = None
    deleted_at: str | None = None
    payments: Payments | None = None
    protect: bool = False
    retain_on_delete: bool = False
    change: LinkChange | None = None

    @property
    def kind(self) -> Change:
        """What the preview does to it; ``SAME`` without a preview."""
        return self.change.kind if self.change else Change.SAME

    @property
    def dies(self) -> bool:
        """Whether an address that works is lost with the next ``pulumi up``."""
        return self.change is not None and self.change.fate is Fate.DIES

    @property
    def changed_outside(self) -> bool:
        """Whether it was deleted at Omise, and the preview does not know of that."""
        return self.status is Status.DELETED and self.kind is Change.SAME


@dataclass(frozen=True, kw_only=True)
class OtherResource:
    """A resource that is no link; of its inputs nothing is shown. ``step`` is Pulumi's word."""

    name: str
    type: str
    step: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it.

    ``subject`` is what the report is about: ``shop/prod``, several of these, or files. ``links``
    are in the order in which they are shown: changes first, the dangerous ones before the others,
    then by source and name. ``same_is_known`` is false if the preview has left out what does not
    change. ``unknowns`` are sentences: what this report cannot say, and why; they are safe to
    print. ``live`` is None if no link and no key tells the mode; ``account`` is None without a key,
    or if the key may not name it. ``commit`` is the one that the pipeline is about.
    """

    subject: str
    links: Sequence[ReportedLink]
    is_preview: bool = False
    same_is_known: bool = True
    others: Sequence[OtherResource] = ()
    unknowns: Sequence[str] = ()
    live: bool | None = None
    account: str | None = None
    made_at: str = ""
    commit: str | None = None
    zone: tzinfo = timezone.utc

    @property
    def changes(self) -> list[ReportedLink]:
        """The links that the preview changes."""
        return [link for link in self.links if link.kind is not Change.SAME]

    @property
    def unchanged(self) -> list[ReportedLink]:
        """The links that stay as they are; without a preview, all."""
        return [link for link in self.links if link.kind is Change.SAME]

    @property
    def changed_outside(self) -> list[ReportedLink]:
        """The links that were deleted at Omise, not by this change."""
        return [link for link in self.links if link.changed_outside]

    @property
    def dying(self) -> list[ReportedLink]:
        """The links whose addresses are lost with the next ``pulumi up``."""
        return [link for link in self.links if link.dies]

    @property
    def mode(self) -> str:
        """``test mode``, ``live mode``, or nothing if it is not known."""
        return "" if self.live is None else f"{'live' if self.live else 'test'} mode"

    def count(self, kind: Change) -> int:
        """Return how many links the preview changes in this way."""
        return sum(link.kind is kind for link in self.links)

    def day(self, time: str | None) -> str:
        """Return a time as ``2 November 2026``, in the reader's time zone; nothing for None."""
        moment = self._local(time)
        return f"{moment.day} {moment:%B %Y}" if moment else ""

    def minute(self, time: str | None) -> str:
        """Return a time as ``2 November 2026, 09:14 (Asia/Bangkok)``; nothing for None."""
        moment = self._local(time)
        return f"{self.day(time)}, {moment:%H:%M} ({self.zone})" if moment else ""

    def describe_payments(self, link: ReportedLink) -> str:
        """Return how often a link was paid and when last; nothing if that is not known."""
        payments = link.payments
        return payments.describe(self.day(payments.last_at)) if payments else ""

    def _local(self, time: str | None) -> datetime | None:
        if not time:
            return None
        return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(self.zone)
