"""The provider of links: the engine calls it to carry out what a program declares.

The states of users name the class as ``pulumi_omise_links.LinkProvider`` (``state_format``).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

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

from .engine import Engine
from .errors import (
    AdoptError,
    ApiError,
    AuthenticationError,
    DeleteRefusedError,
    LinkConflictError,
    OmiseLinksError,
    RateLimitedError,
    SettingsError,
)
from .held_links import HeldLinks
from .inputs import INPUT_NAMES, INPUTS, LINK_ID, check_inputs, is_live
from .link_guard import LinkGuard
from .program_errors import without_traceback
from .settings import CONFIG_KEYS, KEEP_LINKS, NAMESPACE, PLANNING, READ_BACK
from .state_format import (
    ADOPT,
    IMPORTED,
    NATIVE_TYPE_TOKEN,
    PROVIDER_KEY,
    inputs_from,
    inputs_of,
    is_link_state,
    is_native_state,
    outputs_from,
    outputs_of_new,
    rewritten,
    scope_of,
)

if TYPE_CHECKING:
    from .omise.models import OmiseLink

Method = TypeVar("Method", bound=Callable[..., Any])
_DEFAULTS = {known.name: known.default for known in INPUTS}


def _in_sentences(method: Method) -> Method:
    """Let an expected error reach the user as one line, and one about the key only once in full."""

    @without_traceback
    @functools.wraps(method)
    def wrapper(self: LinkProvider, *args: Any) -> Any:
        try:
            return method(self, *args)
        except (SettingsError, AuthenticationError) as error:
            raise self._guard.reason_once(method.__name__, error) from None

    return cast(Method, wrapper)


class LinkProvider(ResourceProvider):
    """What the engine calls. An instance holds nothing until ``configure``, as states hold it."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's config. Nothing is resolved yet: a preview needs no key."""
        self._engine = Engine()
        self._engine.end_process_with_it()
        self._guard = LinkGuard(
            {name: req.config.get(f"{NAMESPACE}:{name}") for name in CONFIG_KEYS},
            # `Config` tells a value, but not which keys there are.
            tuple(getattr(req.config, "_props", ())),
            self._engine,
        )
        self._held = HeldLinks(self._engine.port)

    @_in_sentences
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Report everything wrong with the inputs; values not known yet are let through."""
        given = {name: value for name, value in news.items() if name != PROVIDER_KEY}
        later = {name: value for name, value in given.items() if isinstance(value, Unknown)}
        exists = any(name in _olds for name in INPUT_NAMES)
        adopt = given.get(ADOPT)
        # A plan tells itself what the account says about each link.
        planning = PLANNING in os.environ
        problems = []
        supported, limits = None, True
        try:
            limits = self._guard.settings.amount_limits
            self._guard.refuse_misspelt()
            if not planning:
                operation: Literal["create", "adopt"] = "create" if adopt is None else "adopt"
                supported = self._guard.check(None if exists else operation)
        except OmiseLinksError as error:
            problems.append(str(self._guard.reason_once("check", error)))
        checked = check_inputs(
            given,
            later=later,
            also_known=(ADOPT,),
            amount_limits=limits,
            supported_currencies=supported,
        )
        problems += [f"{problem.name} {problem.problem}" for problem in checked.problems]
        if adopt is not None and not _is_link_id(adopt) and ADOPT not in later:
            problems.append("adopt must be the id of a link (link_test_5x…)")
        elif adopt is not None and not exists and not later and not planning:
            problems += self._check_adoption(adopt, None if problems else checked.inputs)
        inputs = {**given, **checked.inputs, **later}
        if exists:
            self._held.note_check(inputs)
        # No failure names a property: the engine would print its value, even that of a secret.
        return CheckResult(inputs, [CheckFailure("", problem) for problem in problems])

    @_in_sentences
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs; any that differs replaces the link, as links are immutable."""
        _refuse_native(_id, _olds)
        changed = [name for name in INPUT_NAMES if _differs(name, _olds, _news)]
        # The native plugin is given a link that was declared in Python before: its record is to be
        # written anew, and no replacement may come of a slip in the translated program.
        moved = PROVIDER_KEY in _olds and PROVIDER_KEY not in _news
        if PLANNING in os.environ:
            return DiffResult(changes=bool(changed), replaces=changed)
        known = [name for name in changed if not isinstance(_news.get(name), Unknown)]
        adopt = _news.get(ADOPT)
        if known and moved:
            raise AdoptError(_id, known, "declare it in an `up` of its own, after this one")
        if known and adopt == _id:
            # No replacement can be this very link; delete_before_replace would find out too late.
            raise AdoptError(_id, known)
        if not changed and isinstance(adopt, str) and adopt != _id:
            raise LinkConflictError(
                f"This resource already manages link {_id}, and adopt names {adopt}. Leave out"
                " adopt, or give that link a resource of its own. Nothing was changed."
            )
        self._guard.compare(_id, _olds, replaced=bool(changed))
        if self._held.is_declared(_news):
            if not changed:
                self._held.keep(_id)
            elif is_live(_id):
                self._engine.tell(
                    f"Live link {_id} is to be replaced ({', '.join(changed)} changed): its address"
                    " stops working, and the new link has another one.",
                    warning=True,
                )
        return DiffResult(changes=bool(changed) or moved, replaces=changed)

    @_in_sentences
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the link, or take the one that ``adopt`` names."""
        scope = self._guard.require_create()
        self._guard.advise_account(scope)
        if adopted := props.get(ADOPT):
            link = self._guard.get_adoptable(adopted, inputs_of(props))
            self._held.adopt(adopted)
        else:
            with self._engine.writing():
                link = self._guard.client.create_link(inputs_of(props))
        # Nothing may fail or wait from here on: the link exists, and the engine does not know it.
        return CreateResult(link.id, outputs_of_new(link, scope, props))

    @_in_sentences
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the link as it is; an empty id tells the engine that it is gone."""
        _refuse_native(id_, props)
        if is_link_state(props):
            found = self._guard.find(id_, props)
            if found is None:
                return ReadResult("", {})
            link, scope = found
        else:
            link, scope = self._guard.get(id_)
            self._held.note_look_up(id_)
        return ReadResult(id_, outputs_from(link, scope, props), inputs_from(link, props))

    @_in_sentences
    def take(self, id_: str) -> ReadResult:
        """Return a link that is taken into the stack as it is, as ``pulumi import`` does.

        Dynamic resources know no such thing; this is for the native plugin.
        """
        scope = self._guard.require_create()
        link = self._guard.get_importable(id_)
        return ReadResult(id_, outputs_from(link, scope, {IMPORTED: True}), inputs_from(link, {}))

    def note_import(self, urn: str, link_id: str) -> None:
        """Note that this run or an earlier one has imported a link as this resource."""
        self._held.note_import(urn, link_id)

    def leaves_behind(self, urn: str, link_id: str) -> bool:
        """Tell whether a resource leaves a link, as it has imported another one; and say so.

        Who writes another id into the option ``import`` replaces a link without a word from Pulumi:
        it asks the provider nothing about the old link before it deletes it. Nor may the deletion
        fail: the next run would carry it out.
        """
        if not self._held.is_left_behind(urn, link_id):
            return False
        self._engine.tell(
            f"{'Live link' if is_live(link_id) else 'Link'} {link_id} was left at Omise, and its"
            " address works on: its resource has imported another link instead. This stack no"
            " longer manages it. If it is not wanted, delete it at Omise.",
            warning=True,
        )
        return True

    @_in_sentences
    def look_up(self, link_id: str) -> OmiseLink:
        """Return a link as Omise has it now, with the settings of this provider."""
        return self._guard.client.get_link(link_id)

    @_in_sentences
    def look_up_all(self, created_from: str | None, created_to: str | None) -> list[OmiseLink]:
        """Return the links of the account that were made in that time, deleted ones too."""
        return [*self._guard.client.iter_links(created_from=created_from, created_to=created_to)]

    @_in_sentences
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keep the outputs: every change replaces, and the default would empty the state."""
        _refuse_native(_id, _olds)
        return UpdateResult(rewritten(_olds))

    @_in_sentences
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the link; returns only if it is gone, or if another resource is the link.

        That is a resource renamed without an alias: its old name leaves the state, and the link
        stays under the new one. ``destroy`` checks nothing, so it deletes adopted links, too.
        """
        _refuse_native(_id, _props)
        if not self._held.may_be_deleted(_id):
            self._engine.tell(f"Link {_id} stays: another resource of this program is that link.")
            return
        if _id in os.environ.get(KEEP_LINKS, "").replace(" ", "").split(","):
            self._engine.tell(
                f"Link {_id} was left at Omise, as {KEEP_LINKS} says; this stack no longer"
                " manages it.",
                warning=True,
            )
            return
        self._held.refuse_looked_up(_id)
        self._guard.require_delete()
        with self._engine.writing():
            try:
                self._guard.client.delete_link(
                    _id, scope_of(_props), read_back=READ_BACK in os.environ
                )
            except RateLimitedError:
                raise
            except ApiError as error:
                raise DeleteRefusedError(_id, error) from None
            self._guard.bulk.drop(_id)

    def _check_adoption(self, link_id: str, inputs: Mapping[str, Any] | None) -> list[str]:
        """Return at preview why a create would refuse.

        :param inputs: None if there are problems with them already.
        """
        try:
            self._held.plan_adoption(link_id)
            if inputs is None:
                return []
            self._guard.check_adoption(link_id, inputs_of(inputs))
        except OmiseLinksError as error:
            return [str(error)]
        # Whether the resource is protected, and what other stacks manage, no plugin is told.
        live = is_live(link_id)
        self._engine.tell(
            f"{'Live link' if live else 'Link'} {link_id} is taken into this stack as it is. From"
            " then on the link is deleted with the stack, unless protect or retain_on_delete keeps"
            " it."
            + (
                " It must not be a link of another stack: `omise-links plan` tells, for a manifest."
                if live
                else ""
            ),
            warning=live,
        )
        return []


def _refuse_native(link_id: str, outputs: Mapping[str, Any]) -> None:
    """Refuse a record in the native plugin's spelling, which that plugin has translated before.

    Only an alias brings one here. Pulumi would change its type and leave its outputs, which
    ``pulumi.dynamic`` can neither read nor delete.
    """
    if is_native_state(outputs):
        raise LinkConflictError(
            f"Link {link_id} is managed as {NATIVE_TYPE_TOKEN}, and an alias cannot make it"
            " Python's Link again: Pulumi would keep a record that cannot be read. Nothing was"
            f" changed. Declare it as {NATIVE_TYPE_TOKEN}; or remove it from the state first"
            f" (`pulumi state delete`, which leaves the link), and declare Link with"
            f' adopt="{link_id}".'
        )


def _is_link_id(value: object) -> bool:
    return isinstance(value, str) and LINK_ID.fullmatch(value) is not None


def _differs(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    # A state of another release may lack what has a default; that must not replace a link.
    old, new = (inputs.get(name, _DEFAULTS[name]) for inputs in (olds, news))
    if isinstance(new, Unknown):
        return True
    if name == "currency" and isinstance(old, str) and isinstance(new, str):
        return old.upper() != new.upper()
    return bool(old != new)
