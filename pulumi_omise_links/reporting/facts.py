"""What a report is made of: as Pulumi, the manifests and Omise say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..inventory.account_links import AccountLink
from ..inventory.stacks import StackStates
from ..manifest.entries import Entry
from ..omise.models import Scope
from ..stack.model import ManagedLink, Preview


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """What Omise says of those links that are in the account and mode of the key.

    ``addresses`` are where the links are paid, by id. ``gone`` are links that Omise does not know,
    by a proof; ``undecided`` says of others why nothing is known of them.
    """

    scope: Scope
    live: bool
    links: Mapping[str, AccountLink] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    undecided: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """What there is to report on: a preview, or stacks, or the entries of manifests.

    ``subject`` says which, such as ``shop/prod``. ``account`` is None without a key. ``commit`` is
    the one that the pipeline is about, None outside of a pipeline; ``made_at`` is the time of all
    this, ``YYYY-MM-DDThh:mm:ssZ``.
    """

    subject: str
    preview: Preview | None = None
    stacks: StackStates = field(default_factory=StackStates)
    entries: Sequence[Entry] = ()
    account: AccountFacts | None = None
    commit: str | None = None
    made_at: str = ""

    @property
    def held(self) -> list[ManagedLink]:
        """The links of the states."""
        if self.preview:
            return list(self.preview.held.values())
        return [link for state in self.stacks.states.values() for link in state.links]


def short_name(stack: str) -> str:
    """Return the full name of a stack without its organization, such as ``shop/prod``."""
    return "/".join(stack.split("/")[-2:])
