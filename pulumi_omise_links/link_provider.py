"""What the engine calls to make true what a program declares.

The module and the class have these names for good: they lie in the states of users (``state``).
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown

from .errors import (
    AdoptError,
    LinkConflictError,
    LinkGoneError,
    OmiseLinksError,
    OmiseUnavailableError,
)
from .inputs import INPUT_NAMES, INPUTS, LINK_ID, check_inputs
from .program_errors import without_traceback
from .settings import CONFIG_KEYS, NAMESPACE, PLANNING, Settings, refuse_misspelt
from .state_format import (
    ADOPT,
    PROVIDER_KEY,
    inputs_from,
    inputs_of,
    is_link_state,
    outputs_from,
    scope_of,
)

if TYPE_CHECKING:
    from .omise.client import OmiseClient
    from .omise.models import OmiseLink, Scope

_DEFAULTS = {each.name: each.default for each in INPUTS}


class LinkProvider(ResourceProvider):
    """What the engine calls. An instance holds nothing until ``configure``: it lies in states.

    Its module and name are a permanent format; see ``state``.
    """

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Remember the stack's config. Nothing is resolved yet: a preview needs no key."""
        self._config = {name: req.config.get(f"{NAMESPACE}:{name}") for name in CONFIG_KEYS}
        # `Config` tells a value, but not which keys there are.
        self._config_keys = tuple(getattr(req.config, "_props", ()))
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._made_client: OmiseClient | None = None
        self._reachable = True
        # Links that some resource of this program adopts, and those that one really has.
        self._wanted: set[str] = set()
        self._held: set[str] = set()
        # A link of each scope that this stack has links in, until the key is known to be of it.
        self._unproved: dict[Scope, str] = {}

    @without_traceback
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Report everything wrong with the inputs; values not known yet are let through."""
        given = {name: value for name, value in news.items() if name != PROVIDER_KEY}
        later = {name: value for name, value in given.items() if isinstance(value, Unknown)}
        creating = not any(name in _olds for name in INPUT_NAMES)
        adopt = given.get(ADOPT)
        # A plan tells itself what the account says about each link.
        planning = PLANNING in os.environ
        # No failure names a property: the engine would print its value, even that of a secret.
        failures = []
        settings, supported = None, None
        try:
            settings = self._settings()
            refuse_misspelt(self._config_keys)
            if settings.secret_key and creating and not planning:
                operation = "create the link" if adopt is None else "adopt a link"
                settings.require_permission(operation)
                supported = self._supported_currencies()
        except OmiseLinksError as error:
            failures.append(CheckFailure("", str(error)))
        checked = check_inputs(
            given,
            later=later,
            also_known=(ADOPT,),
            amount_limits=settings.amount_limits if settings else True,
            supported_currencies=supported,
        )
        failures += [CheckFailure("", f"{each.name} {each.problem}") for each in checked.faults]
        if adopt is not None and ADOPT not in later:
            if not _is_link_id(adopt):
                failures.append(CheckFailure("", "adopt must be the id of a link (link_test_5x…)"))
            else:
                self._wanted.add(adopt)
                if creating and not planning and not later and not failures:
                    failures += self._try_adoption(adopt, checked.inputs)
        return CheckResult({**given, **checked.inputs, **later}, failures)

    @without_traceback
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the five inputs; any that differs replaces the link, as links are immutable."""
        changed = [name for name in INPUT_NAMES if _differs(name, _olds, _news)]
        if PLANNING in os.environ:
            return DiffResult(changes=bool(changed), replaces=changed)
        known = [name for name in changed if not isinstance(_news.get(name), Unknown)]
        adopt = _news.get(ADOPT)
        if known and adopt == _id:
            # No replacement can be this very link; delete_before_replace would find out too late.
            raise AdoptError(_id, known)
        if adopt == _id:
            self._held.add(_id)
        elif not changed and isinstance(adopt, str):
            raise LinkConflictError(
                f"This resource already manages link {_id}, and adopt names {adopt}. Leave out"
                " adopt, or give that link a resource of its own. Nothing was changed."
            )
        # An unchanged link is asked about only before something is made beside it.
        self._unproved.setdefault(scope_of(_olds), _id)
        if changed:
            self._refuse_other_scope(_id, _olds)
        return DiffResult(changes=bool(changed), replaces=changed)

    @without_traceback
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the link, or take the one that ``adopt`` names."""
        client = self._client()
        scope = client.scope()
        for there, link_id in list(self._unproved.items()):
            client.refuse_other_scope(link_id, there)
            self._unproved.pop(there, None)
        adopted = props.get(ADOPT)
        link = self._adopt(adopted, props) if adopted else client.create_link(inputs_of(props))
        return CreateResult(link.id, outputs_from(link, scope, props))

    @without_traceback
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the link as it is; an empty id tells the engine that it is gone."""
        client = self._client()
        if is_link_state(props):
            scope = scope_of(props)
            found = self._bulk.find(id_) or client.find_link(id_, scope)
            if found is None or found.deleted:
                return ReadResult("", {})
        else:
            scope = client.scope()
            found = client.get_link(id_)
            _require_live(found)
        return ReadResult(id_, outputs_from(found, scope, props), inputs_from(found, props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep the outputs: every change replaces, and the default would empty the state."""
        return UpdateResult({name: _olds[name] for name in _olds if name != PROVIDER_KEY})

    @without_traceback
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the link; returns only if it is gone, or if another resource has adopted it.

        That is a resource renamed without an alias: its old name leaves the state, and the link
        lives on under the new one, if both are of the same provider (another one has a process of
        its own). ``destroy`` checks nothing, so it deletes adopted links too.
        """
        if _id in self._held:
            return
        if _id in self._wanted:
            raise LinkConflictError(
                f"Link {_id} was not deleted: a resource of this program is to adopt it, and did"
                " not. Mend that resource, or take its adopt away, and run `pulumi up` again."
            )
        self._client().delete_link(_id, scope_of(_props))
        self._bulk.drop(_id)

    def _settings(self) -> Settings:
        return Settings.resolve(self._config)

    def _client(self) -> OmiseClient:
        # A program that only declares links needs no network client.
        from .omise.bulk import BulkReader  # noqa: PLC0415  (only calls need it)
        from .omise.client import OmiseClient  # noqa: PLC0415  (only calls need it)

        with self._lock:
            if self._made_client is None:
                client = OmiseClient(self._settings(), may_write=_engine_is_there)
                self._bulk, self._made_client = BulkReader(client), client
            return self._made_client

    def _supported_currencies(self) -> tuple[str, ...] | None:
        client = self._client()
        # A preview needs no network, and must not wait for it once a resource or a thread.
        with self._asking:
            if not self._reachable:
                return None
            try:
                account = client.account()
            except OmiseUnavailableError:
                self._reachable = False
                return None
        return (account.supported_currencies or None) if account else None

    def _refuse_other_scope(self, link_id: str, olds: Mapping[str, Any]) -> None:
        """Refuse to replace a link with the key of another account or mode.

        The new link is made before the old one goes: it would come to life over there.
        """
        if self._settings().secret_key is None:
            return  # a preview needs no key
        client = self._client()
        with self._asking:
            if not self._reachable:
                return
            # A preview needs no network either; a create will ask again before it makes anything.
            with suppress(OmiseUnavailableError):
                client.refuse_other_scope(link_id, scope_of(olds))

    def _try_adoption(self, link_id: str, inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Say at preview already why a create will refuse, if Omise can be asked."""
        if not self._settings().secret_key or not self._reachable:
            return []
        client = self._client()
        try:
            _require_adoptable(self._bulk.find(link_id) or client.get_link(link_id), inputs)
        except OmiseUnavailableError:
            return []
        except OmiseLinksError as error:
            return [CheckFailure("", str(error))]
        return []

    def _adopt(self, link_id: str, props: Mapping[str, Any]) -> OmiseLink:
        self._settings().require_permission(f"adopt link {link_id}")
        link = self._client().get_link(link_id)
        _require_adoptable(link, props)
        with self._lock:
            if link_id in self._held:
                raise LinkConflictError(
                    f"Two resources of this program adopt link {link_id}: only one can be it."
                    " Leave one of them out. Nothing was changed."
                )
            self._held.add(link_id)
        return link


def _require_adoptable(link: OmiseLink, inputs: Mapping[str, Any]) -> None:
    _require_live(link)
    differing = inputs_of(inputs).differences(link.inputs)
    if differing:
        raise AdoptError(link.id, differing)


def _require_live(link: OmiseLink) -> None:
    if link.deleted:
        raise LinkGoneError(link.id, link.deleted_at)


def _engine_is_there() -> bool:
    """Whether the engine that this plugin works for still runs; it gave its address at the start.

    A plugin outlives a killed engine. What it would still write, nobody would ever hear of.
    """
    host, _, port = sys.argv[-1].rpartition(":")
    if not host or not port.isdecimal():
        return True
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _is_link_id(value: object) -> bool:
    return isinstance(value, str) and LINK_ID.fullmatch(value) is not None


def _differs(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    # A state of another release may lack what has a default; that must not replace a link.
    old, new = (each.get(name, _DEFAULTS[name]) for each in (olds, news))
    if isinstance(new, Unknown):
        return True
    if name == "currency" and isinstance(old, str) and isinstance(new, str):
        return old.upper() != new.upper()
    return bool(old != new)
