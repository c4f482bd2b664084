"""Reads all that a report is made of. Nothing is written, and no secret is opened."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import LinkIdError, NotFoundError, OmiseUnavailableError, WrongAccountError
from ..inputs import is_live
from ..inventory.account_links import AccountLink
from ..inventory.accounts import find_links
from ..inventory.chosen_stacks import ChosenStacks
from ..inventory.stacks import read_stacks
from ..manifest.entries import Entry
from ..omise.client import OmiseClient
from ..omise.models import OmiseLink, Scope
from ..omise.times import format_time
from ..stack.model import stack_of
from ..stack.project import Project, read_preview_file
from .facts import AccountFacts, ReportFacts, short_name

# More names than that make no title.
_MOST_NAMES = 3
# So many links that a state has and Omise does not list are read one by one.
_MOST_PROOFS = 100
# A link of a manifest or an `adopt` may be of any account.
_ANY_SCOPE = Scope(None)
_ELSEWHERE = "they are of another account, mode or sub-merchant than the key"
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def run_preview(project: Project) -> ReportFacts:
    """Preview a stack as ``pulumi preview`` does.

    :raises ProjectError: Pulumi or the plugin refuses, for another reason than that a link is
        protected.
    """
    return _facts(short_name(project.stack), preview=project.preview(as_pulumi=True))


def load_preview(path: str) -> ReportFacts:
    """Read what ``pulumi preview --json`` has written.

    :raises ProjectError: it cannot be read, or the preview has failed.
    """
    preview = read_preview_file(path)
    urns = (*preview.resources, *preview.removed.values(), *preview.removed_others)
    return _facts(next(map(stack_of, urns), Path(path).name), preview=preview)


def load_stacks(chosen: ChosenStacks) -> ReportFacts:
    """Read the states of stacks; one that cannot be read is named in the report."""
    stacks = read_stacks(chosen.backend, chosen.names)
    return _facts(_join(map(short_name, chosen.names), "stack"), stacks=stacks)


def load_entries(entries: Sequence[Entry]) -> ReportFacts:
    """Take the entries of manifests."""
    files = dict.fromkeys(entry.place.file for entry in entries)
    return _facts(_join(files, "file"), entries=entries)


def ask_omise(facts: ReportFacts, client: OmiseClient) -> ReportFacts:
    """Ask for the links that the report is about.

    :raises OmiseLinksError: Omise could not be asked, or refused the key.
    """
    client.account()
    wanted = _wanted_links(facts)
    ours = {
        link_id: scope for link_id, scope in wanted.items() if _may_be_ours(link_id, scope, client)
    }
    links: dict[str, AccountLink] = {}
    addresses: dict[str, str] = {}

    def keep(link: OmiseLink) -> str:
        links[link.id] = AccountLink.of(link)
        addresses[link.id] = link.payment_uri
        return link.id

    _, unreadable = find_links(client, ours, keep)
    undecided = dict.fromkeys(wanted.keys() - ours.keys(), _ELSEWHERE)
    undecided |= {
        link_id: f"Omise's answer cannot be read ({problem})"
        for link_id, problem in unreadable.items()
    }
    absent = sorted(ours.keys() - links.keys() - unreadable.keys())
    gone = set()
    for link_id in absent[:_MOST_PROOFS]:
        reason = _why_undecided(client, link_id, ours[link_id])
        if reason is None:
            gone.add(link_id)
        else:
            undecided[link_id] = reason
    undecided |= dict.fromkeys(absent[_MOST_PROOFS:], "Omise does not list it")
    account = AccountFacts(
        scope=client.scope(),
        live=client.settings.key().live,
        links=links,
        addresses=addresses,
        gone=frozenset(gone),
        undecided=undecided,
    )
    return replace(facts, account=account)


def _facts(subject: str, **content: Any) -> ReportFacts:
    return ReportFacts(
        subject=subject, commit=_read_commit(), made_at=format_time(time.time()), **content
    )


def _join(names: Iterable[str], noun: str) -> str:
    names = list(names)
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} {noun}s"


def _wanted_links(facts: ReportFacts) -> dict[str, Scope]:
    """Return the links to be asked for, with the scope that is known of each."""
    wanted = {link.id: link.scope for link in facts.held}
    named = [entry.id for entry in facts.entries]
    if facts.preview:
        named += [link.adopted_id for link in facts.preview.links()]
    return {**{link_id: _ANY_SCOPE for link_id in named if link_id}, **wanted}


def _may_be_ours(link_id: str, scope: Scope, client: OmiseClient) -> bool:
    if is_live(link_id) != client.settings.key().live:
        return False
    try:
        if scope != _ANY_SCOPE:
            client.refuse_other_scope(link_id, scope)
    except (WrongAccountError, LinkIdError):
        return False
    return True


def _why_undecided(client: OmiseClient, link_id: str, scope: Scope) -> str | None:
    """Return why nothing is known of a link that is not listed; None if it is proved to be gone."""
    if scope == _ANY_SCOPE:
        return "Omise does not know it in the account of the key"
    try:
        # A 404 proves nothing with a key of another account, which this tells apart.
        found = client.find_link(link_id, scope)
    except (WrongAccountError, NotFoundError, OmiseUnavailableError):
        return "whether it exists cannot be told with this key"
    return None if found is None else "Omise did not list it"


def _read_commit() -> str | None:
    """Return the commit that a pipeline of GitHub or GitLab is about."""
    # In a pull request, GITHUB_SHA is a merge that nobody has made.
    commit = os.environ.get("GITHUB_SHA") or os.environ.get("CI_COMMIT_SHA")
    if path := os.environ.get("GITHUB_EVENT_PATH"):
        try:
            event = json.loads(Path(path).read_text(encoding="utf-8"))
            commit = event["pull_request"]["head"]["sha"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
    return commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None
