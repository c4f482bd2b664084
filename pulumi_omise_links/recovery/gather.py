"""Reads everything that a recovery is decided on: Pulumi, Omise, and the records of creates."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ..errors import (
    AuthenticationError,
    OmiseLinksError,
    SettingsError,
    WrongAccountError,
)
from ..inventory.accounts import Accounts, find_provider, refuse_other_account
from ..inventory.stacks import StackStates, read_other_stacks
from ..omise.client import OmiseClient
from ..omise.create_log import CreateLog
from ..omise.create_records import CreateRecord, Destination
from ..omise.models import LinkInputs, OmiseLink, Scope
from ..omise.times import read_time
from ..safe_text import escape
from ..stack.dependencies import explicit_provider, is_default_provider
from ..stack.model import (
    PROVIDER_TYPES,
    UNKNOWN,
    Preview,
    PulumiResource,
    StackState,
    name_of,
    type_of,
)
from ..stack.project import Project, StackHistory
from ..state_format import inputs_of
from .facts import REPLACING, OpenCreate, RecoveryFacts

# How far the clocks of Omise and of whoever ran Pulumi may be apart, in seconds.
_CLOCKS_APART = 5.0
_CREATING = REPLACING | {"create"}
# How many links of the state are read for a proof of the account.
_MOST_PROOFS = 10


def gather_facts(
    project: Project,
    accounts: Accounts,
    log: CreateLog,
    *,
    other_stacks: bool = True,
    run_program: bool = True,
) -> RecoveryFacts:
    """Gather everything: a preview, the state, pages of the accounts if anything is open.

    :param other_stacks: whether to ask the other stacks of the backend what they manage.
    :param run_program: whether to run the program; without it, what the stack manages and what is
        pending counts as declared. That is for a stack that is to be destroyed.
    :raises ProjectError: Pulumi refused.
    :raises OmiseLinksError: Omise could not be asked, or refused the stack's own key.
    """
    history = project.history()
    state, preview = _read_project(project, history, run_program=run_program)
    records, problems = log.read()
    wanted = _wanted_creates(preview, state)
    found = {
        urn: find_provider(urn, state, preview) for urn in (*state.providers, *_providers(preview))
    }
    providers = {urn: provider for urn, provider in found.items() if provider is not None}
    opened = _ProvedAccounts(accounts, providers, state)
    if not (state.pending or wanted or records):
        return RecoveryFacts(state=state, problems=tuple(problems))
    for urn in dict.fromkeys(
        explicit_provider(create.provider_urn) for create in (*state.pending, *wanted)
    ):
        opened.open(urn)
    ours = [record for record in records if record.project == _project_of(preview, state)]
    if ours:
        # A record may be of a link that the program no longer declares.
        for urn in ("", *_providers(preview)):
            opened.open(urn, needed=False)
    keys = {inputs_of(create.inputs).folded() for create in (*state.pending, *wanted)}
    listed = opened.list_fitting(keys, ours)
    # Asked after the account: a run of another stack writes its state before it makes a link.
    others = read_other_stacks(project) if other_stacks else StackStates()
    managed = {link.id for link in state.links} | others.managed.keys()
    links = {
        urn: [link for link in fitting if link.id not in managed] for urn, fitting in listed.items()
    }
    creates, used = _open_creates(
        state,
        wanted,
        opened.destinations,
        records,
        ours,
        links,
        _last_success(history, opened),
    )
    return RecoveryFacts(
        state=state,
        creates=creates,
        links={
            urn: [link for link in unmanaged if link.inputs.folded() in keys]
            for urn, unmanaged in links.items()
        },
        scopes=opened.scopes,
        program={resource.urn: resource for resource in preview.links()},
        providers=providers,
        unusable=opened.unusable,
        unproved=opened.unproved,
        rivals=others.pending,
        unread=" ".join(others.unknowns()),
        leftovers=tuple(_leftovers(ours, used, opened.destinations, links, opened.unproved)),
        busy=tuple(record for record in records if record.under_way and record.path in used),
        problems=(*problems, *_unanswered(opened, creates)),
        longest_timeout=max((record.timeout for record in records), default=0.0),
    )


def _read_project(
    project: Project, history: StackHistory, *, run_program: bool
) -> tuple[StackState, Preview]:
    """Return the state and what the program declares, with the secrets that are compared."""
    preview = Preview({})
    if run_program:
        preview = project.preview()
        # A provider may be declared without a link: its key is newer than the one in the state.
        if any(
            resource.secret_inputs
            for urn, resource in preview.resources.items()
            if resource.is_link
            or (resource.type in PROVIDER_TYPES and not is_default_provider(urn))
        ):
            preview = project.with_secrets(preview)
    state = project.state_for_comparing()
    if state.links and history.ends_with_failed_destroy:
        # If the plugin was killed, Omise may have deleted links whose deletion the engine takes for
        # failed: they are in the state, and no delete is pending.
        state = replace(state, deleting=state.deleting | {link.urn for link in state.links})
    return state, preview if run_program else _as_declared(state)


def _as_declared(state: StackState) -> Preview:
    """Return the preview of a program that declares what the state has and what is pending."""
    links = {
        link.urn: PulumiResource(
            urn=link.urn,
            type=type_of(link.urn),
            step="same",
            provider_urn=link.provider_urn,
            current_id=link.id,
        )
        for link in state.links
        if not link.pending_delete
    }
    pending = {
        create.urn: replace(create, step="replace" if create.urn in links else "create")
        for create in state.pending
    }
    return Preview({**state.providers, **links, **pending})


def _providers(preview: Preview) -> dict[str, PulumiResource]:
    """Return the explicit providers of the program's links: a rotated key is in these."""
    urns = {explicit_provider(link.provider_urn) for link in preview.links()}
    return {urn: preview.resources[urn] for urn in urns if urn and urn in preview.resources}


def _wanted_creates(preview: Preview, state: StackState) -> list[PulumiResource]:
    """Return the links that the next update would make, and whose inputs are known."""
    pending = {(create.urn, inputs_of(create.inputs).folded()) for create in state.pending}
    return [
        link
        for link in preview.links()
        if link.step in _CREATING and not link.adopts and _is_known(link)
        if (link.urn, inputs_of(link.inputs).folded()) not in pending
    ]


def _is_known(link: PulumiResource) -> bool:
    names = LinkInputs.__dataclass_fields__
    return all(link.inputs.get(name, UNKNOWN) != UNKNOWN for name in names)


class _ProvedAccounts:
    """The accounts of open creates, each proved to be the one of the stack's links."""

    def __init__(
        self, accounts: Accounts, providers: Mapping[str, PulumiResource], state: StackState
    ) -> None:
        self._accounts = accounts
        self._providers = providers
        self._state = state
        self._clients: dict[str, OmiseClient] = {}
        self.scopes: dict[str, Scope] = {}
        self.destinations: dict[str, Destination] = {}
        self.unusable: dict[str, str] = {}
        self.unproved: dict[str, str] = {}
        self.doubted: list[str] = []
        """Those of ``unproved`` in which none of the stack's links was found."""

    def open(self, urn: str, *, needed: bool = True) -> None:
        """Open the account of a provider, and remember what keeps it from being used.

        :param needed: whether it is an error that the stack's own settings cannot be used.
        :raises OmiseLinksError: the stack's own account cannot be used, or it is another one.
        """
        if urn in self._clients or urn in self.unusable:
            return
        provider = self._providers.get(urn)
        if urn and provider is None:
            self.unusable[urn] = (
                f"Its provider {escape(name_of(urn))} has left the stack, so the account of its"
                " link is not known. Look in that account; then say --clear NAME."
            )
            return
        try:
            client = self._accounts.client(provider)
            self._prove(urn, client, client.scope())
            scope = client.scope()  # a link may have told the account that the key may not name
        except OmiseLinksError as error:
            if urn:
                self._note_unusable(urn, error)
            elif needed or not isinstance(error, (AuthenticationError, SettingsError)):
                raise
            return
        self._clients[urn] = client
        self.scopes[urn] = scope
        self.destinations[urn] = Destination.of(client.settings, scope)

    def _note_unusable(self, urn: str, error: OmiseLinksError) -> None:
        self.unusable[urn] = (
            f"Its provider {escape(name_of(urn))} cannot be used: {error} If the program no longer"
            " declares that provider, declare it again with a valid key; or look in its account and"
            " say --clear NAME."
        )

    def list_fitting(
        self, keys: set[LinkInputs], records: list[CreateRecord]
    ) -> dict[str, list[OmiseLink]]:
        """Return the links that fit a create or a record, by provider.

        An account that cannot be listed counts as one that cannot be used.

        :raises OmiseLinksError: it is the stack's own.
        """
        listed = {}
        for urn, client in list(self._clients.items()):
            try:
                listed[urn] = _fitting(client, keys, records)
            except OmiseLinksError as error:
                if not urn:
                    raise
                self._note_unusable(urn, error)
                del self._clients[urn], self.scopes[urn], self.destinations[urn]
        return listed

    def _prove(self, urn: str, client: OmiseClient, scope: Scope) -> None:
        # A key of another account would show no link, and every create would be forgotten.
        managed = refuse_other_account(client, self._state, urn)
        if scope.account_id is not None:
            return
        for link in managed[-_MOST_PROOFS:]:
            try:
                client.require_scope(link.id, link.scope)
            except WrongAccountError:
                continue
            return
        if managed:
            self.doubted.append(urn)
        self.unproved[urn] = (
            f"The key in {client.settings.key().source} may not read GET /account, and shows none"
            " of the links that the stack manages there, so it may be of another account. Use a key"
            " that may read GET /account, or say --adopt NAME=ID or --clear NAME."
        )

    @property
    def clocks_agree(self) -> bool:
        """Whether Omise's clock and that of this machine agree; false if one is not known."""
        times = [client.server_time() for client in self._clients.values()]
        return all(at is not None and abs(at - time.time()) <= _CLOCKS_APART for at in times)


def _fitting(
    client: OmiseClient, keys: set[LinkInputs], records: list[CreateRecord]
) -> list[OmiseLink]:
    """Return the links that fit a create or a record; only these are kept in memory."""
    destination = Destination.of(client.settings, client.scope())
    near = [record for record in records if record.destination.may_be(destination)]
    return [
        replace(link, charges=())
        for link in client.iter_links()
        if not link.deleted
        if link.inputs.folded() in keys
        or any(_made_since(link, record) and record.is_of(link.inputs) for record in near)
    ]


def _made_since(link: OmiseLink, record: CreateRecord) -> bool:
    return record.since is None or link.created_at >= record.began


def _last_success(history: StackHistory, accounts: _ProvedAccounts) -> float | None:
    """Return the time at which the last successful update had ended, if it bounds anything."""
    text = history.last_successful_update
    if text is None or not accounts.clocks_agree:
        return None
    ended = read_time(text)
    return None if ended is None else ended - _CLOCKS_APART


def _project_of(preview: Preview, state: StackState) -> str:
    """Return the name of the Pulumi project, which is the second part of each URN."""
    return next((urn.split("::")[1] for urn in (*preview.resources, *state.urns)), "")


def _open_creates(
    state: StackState,
    wanted: Sequence[PulumiResource],
    destinations: Mapping[str, Destination],
    records: Sequence[CreateRecord],
    ours: Sequence[CreateRecord],
    links: Mapping[str, Sequence[OmiseLink]],
    last_success: float | None,
) -> tuple[tuple[OpenCreate, ...], set[object]]:
    """Return the creates to be decided about, and the paths of the records that are of one."""
    creates = []
    used: set[object] = set()
    for resource in (*state.pending, *wanted):
        pending = resource in state.pending
        create = OpenCreate(resource=resource, pending=pending)
        destination = destinations.get(create.provider)
        near = [
            record
            for record in records
            if destination
            and record.destination.may_be(destination)
            and record.is_of(create.inputs)
        ]
        used |= {record.path for record in near}
        # A running process keeps the link that it has an answer about, unless it is a plugin of the
        # killed run of this project.
        over = tuple(
            record
            for record in near
            if not record.running or (record in ours and not record.under_way)
        )
        fits = any(link.inputs.folded() == create.inputs for link in links.get(create.provider, ()))
        if not (pending or over or fits):
            continue
        since = [record.since for record in over]
        known = [at for at in since if at is not None]
        if since:
            # Omise's clock on both sides; links have whole seconds.
            not_before = float(int(min(known))) if len(known) == len(since) else None
        else:
            not_before = last_success if pending else None
        creates.append(replace(create, records=over, not_before=not_before))
    return tuple(creates), used


def _unanswered(accounts: _ProvedAccounts, creates: Sequence[OpenCreate]) -> list[str]:
    """Say which accounts show none of the stack's links, where no create says so already."""
    told = {create.provider for create in creates}
    return [
        f"Whether links of the program exist already was not found out. {accounts.unproved[urn]}"
        for urn in accounts.doubted
        if urn not in told
    ]


def _leftovers(
    records: Iterable[CreateRecord],
    used: set[object],
    destinations: Mapping[str, Destination],
    links: Mapping[str, Sequence[OmiseLink]],
    unproved: Collection[str],
) -> Iterable[tuple[CreateRecord, tuple[OmiseLink, ...]]]:
    """Yield records that no create of the program explains, where their account was read.

    A record without a link is dropped. So it must not be one whose account may not be the one read.
    """
    for record in records:
        near = [
            urn
            for urn, destination in destinations.items()
            if record.destination.may_be(destination)
        ]
        if record.path in used or record.under_way or not near:
            continue
        by_id: dict[str, OmiseLink] = {
            link.id: link
            for urn in near
            for link in links[urn]
            if _made_since(link, record) and record.is_of(link.inputs)
        }
        if by_id or not any(urn in unproved for urn in near):
            yield record, tuple(by_id.values())
