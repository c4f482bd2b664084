"""The Pulumi resource that a program declares; ``link_provider`` is what the engine then calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

import pulumi

from .call_stack import without_call_stack
from .errors import ArgumentError, SettingsError
from .inputs import INPUT_NAMES, is_live
from .program_inputs import prepare_inputs, prepare_link_id
from .settings import refuse_plain_key_in_config
from .state_format import (
    PROVIDER_KEY,
    PROVIDER_PACKAGE,
    PROVIDER_PICKLE,
    STORED_OUTPUTS,
    TYPE_TOKEN,
)

# Older ones look for the provider in the state alone, and newer engines send none for a look-up
# (pulumi/dynamic/__main__.py, Read).
_FIRST_SDK_WITH_GET = (3, 268)


@dataclass(kw_only=True)
class LinkArgs:
    """The inputs of a :class:`Link`, where one object is handier than keyword arguments.

    A link is immutable: a change of any input but ``adopt`` replaces it, with a new
    ``payment_uri``.

    :param amount: what the payer pays, in the smallest unit of the currency (satang, sen, cents;
        whole yen).
    :param currency: three-letter ISO 4217 code, in either case.
    :param title: heading of the payment page.
    :param description: text of the payment page.
    :param multiple: whether the link can be paid more than once; by default it cannot.
    :param adopt: the id of an existing link that this resource is. Nothing is ever made then: the
        link is taken as it is if all inputs agree, and refused otherwise. It takes no part in
        diffs, so it can be added or removed at any time; naming another link than the
        resource already is, is an error.
    """

    amount: pulumi.Input[int]
    currency: pulumi.Input[str]
    title: pulumi.Input[str]
    description: pulumi.Input[str]
    multiple: pulumi.Input[bool] | None = None
    adopt: pulumi.Input[str] | None = None


class Link(pulumi.CustomResource):
    """A payment link of Omise (https://docs.omise.co/links-api).

    ::

        spring = Link("spring-sale", amount=150_000, currency="THB", title="Spring sale",
                      description="Two tickets", multiple=True)
        pulumi.export("spring_sale", spring.payment_uri)

    Inputs are those of :class:`LinkArgs`, and are outputs too. They are checked at preview.
    """

    @overload
    def __init__(
        self,
        resource_name: str,
        args: LinkArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        amount: pulumi.Input[int],
        currency: pulumi.Input[str],
        title: pulumi.Input[str],
        description: pulumi.Input[str],
        multiple: pulumi.Input[bool] | None = None,
        adopt: pulumi.Input[str] | None = None,
    ) -> None: ...
    def __init__(self, resource_name: str, *args: Any, **inputs: Any) -> None:
        """Declare a link; what is wrong with the inputs is reported at preview, all at once.

        :raises ArgumentError: an input has a type that it cannot have, such as a ``float`` for the
            amount, or the call itself is wrong.
        :raises SettingsError: the secret key stands in plain text in the stack's config.
        """
        declared, opts = _sort_arguments(resource_name, args, inputs)
        refuse_plain_key_in_config()
        # CustomResource rather than pulumi.dynamic.Resource: that one pickles the provider again
        # for every resource, leaves a wrapper behind in `pickle` each time, and so ends in a
        # RecursionError after some 300 resources.
        properties = {
            **dict.fromkeys((*INPUT_NAMES, *STORED_OUTPUTS)),
            **prepare_inputs(resource_name, declared),
            PROVIDER_KEY: PROVIDER_PICKLE,
        }
        with without_call_stack():
            super().__init__(TYPE_TOKEN, resource_name, properties, opts)

    @staticmethod
    def get(
        resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> Link:
        """Look up an existing link without managing it: never replaced, never deleted.

        In place of a ``Link`` that manages the same link, it is no protection: Pulumi deletes what
        the program does not declare any more. ``retain_on_delete`` keeps the link (see "Leaving" in
        docs/pulumi-notes.md).

        :param id: ``link_test_…`` or ``link_…``. An unknown or deleted link is an error.
        :raises ArgumentError: ``id`` is neither text nor an ``Output`` of text.
        :raises SettingsError: the installed Python package ``pulumi`` is older than 3.268. Its
            plugin cannot read a resource that the state does not have.
        """
        _refuse_wrong_name(resource_name)
        _refuse_wrong_options(resource_name, opts)
        known_id = prepare_link_id(resource_name, id)
        _refuse_old_sdk()
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=known_id))
        return Link(resource_name, {}, merged)

    # Getters, not annotations: the SDK evaluates annotations anew for every resource, and not at
    # all for those of a base class, which would make 150000.0 of an amount in a subclass.

    @property
    @pulumi.getter
    def amount(self) -> pulumi.Output[int]:
        """In the smallest unit of the currency."""
        return _output(self, "amount")

    @property
    @pulumi.getter
    def currency(self) -> pulumi.Output[str]:
        """As the program spells it."""
        return _output(self, "currency")

    @property
    @pulumi.getter
    def title(self) -> pulumi.Output[str]:
        """Heading of the payment page."""
        return _output(self, "title")

    @property
    @pulumi.getter
    def description(self) -> pulumi.Output[str]:
        """Text of the payment page."""
        return _output(self, "description")

    @property
    @pulumi.getter
    def multiple(self) -> pulumi.Output[bool]:
        """Whether the link can be paid more than once."""
        return _output(self, "multiple")

    @property
    @pulumi.getter
    def payment_uri(self) -> pulumi.Output[str]:
        """The address of the payment page: what goes on posters."""
        return _output(self, "payment_uri")

    @property
    @pulumi.getter
    def created_at(self) -> pulumi.Output[str]:
        """``YYYY-MM-DDThh:mm:ssZ``."""
        return _output(self, "created_at")

    @property
    @pulumi.getter
    def used(self) -> pulumi.Output[bool]:
        """Whether a single-use link was paid; always false for ``multiple`` links."""
        return _output(self, "used")

    @property
    @pulumi.getter
    def used_at(self) -> pulumi.Output[str | None]:
        """When it was paid, ``YYYY-MM-DDThh:mm:ssZ``."""
        return _output(self, "used_at")

    @property
    @pulumi.getter
    def merchant_name(self) -> pulumi.Output[str | None]:
        """Only on accounts with sub-merchants (Payfac)."""
        return _output(self, "merchant_name")

    @property
    @pulumi.getter
    def merchant_uid(self) -> pulumi.Output[str | None]:
        """Only on accounts with sub-merchants (Payfac)."""
        return _output(self, "merchant_uid")

    @property
    def object(self) -> pulumi.Output[str]:
        """Always ``link``."""
        return pulumi.Output.from_input("link")

    @property
    def location(self) -> pulumi.Output[str]:
        """The path of the link in the API."""
        return self.id.apply(lambda link_id: f"/links/{link_id}")

    @property
    def livemode(self) -> pulumi.Output[bool]:
        """Whether real money moves; the id tells (``link_test_…`` does not)."""
        return self.id.apply(is_live)

    @property
    def deleted(self) -> pulumi.Output[bool]:
        """Always false: a link that was deleted leaves the state, and is made again."""
        return pulumi.Output.from_input(False)

    @property
    def deleted_at(self) -> pulumi.Output[str | None]:
        """Always None, as ``deleted`` is false."""
        return pulumi.Output.from_input(None)


def _refuse_old_sdk() -> None:
    from importlib.metadata import version  # noqa: PLC0415  (6 ms that no other program needs)

    installed = version("pulumi")
    if tuple(int(part) for part in installed.split(".")[:2]) < _FIRST_SDK_WITH_GET:
        needed = ".".join(map(str, _FIRST_SDK_WITH_GET))
        raise SettingsError(
            f"Link.get needs the Python package pulumi {needed} or newer; pulumi {installed} is"
            " installed. Update it, or use get_link(id), which works with every version."
        )


def _output(link: Link, name: str) -> pulumi.Output[Any]:
    output: pulumi.Output[Any] = pulumi.get(link, name)
    return output


def _sort_arguments(
    resource_name: str, args: tuple[Any, ...], inputs: dict[str, Any]
) -> tuple[Mapping[str, Any], pulumi.ResourceOptions | None]:
    """Sort out the ways to call ``Link``; unknown inputs pass, so that preview reports them."""
    _refuse_wrong_name(resource_name)
    link = f"Link {resource_name!r}"
    if isinstance(next(iter(args), None), pulumi.ResourceOptions) and "opts" not in inputs:
        args = (None, *args)
    names = ("args", "opts")
    doubled = [name for name in names[: len(args)] if name in inputs]
    if len(args) > len(names) or doubled:
        raise ArgumentError(f"{link}: {_BY_NAME}")
    positional = dict(zip(names, args, strict=False))
    chosen, opts = (positional.get(name, inputs.pop(name, None)) for name in names)
    _refuse_wrong_options(resource_name, opts)
    if isinstance(chosen, LinkArgs):
        chosen = vars(chosen)
    if chosen is None:
        return inputs, opts
    if not isinstance(chosen, Mapping) or not all(isinstance(name, str) for name in chosen):
        raise ArgumentError(f"{link}: {_BY_NAME}")
    if inputs:
        raise ArgumentError(
            f"{link}: give the inputs either as args or as keywords, not both"
            f" ({', '.join(inputs)} came as keywords)."
        )
    return chosen, opts


_BY_NAME = (
    'give the inputs by their names: Link(name, amount=12_000, currency="THB", title=…,'
    " description=…), or as LinkArgs or a mapping."
)


def _refuse_wrong_name(resource_name: object) -> None:
    # "::" separates the parts of a URN: whoever reads the state would take the end for the name.
    if not isinstance(resource_name, str) or not resource_name.strip() or "::" in resource_name:
        shown = (
            repr(resource_name) if isinstance(resource_name, str) else type(resource_name).__name__
        )
        raise ArgumentError(
            f"The first argument of a Link is its name in the program: a text that is not blank and"
            f" holds no '::', such as \"spring-sale\"; it is {shown}."
        )


def _refuse_wrong_options(resource_name: str, opts: object) -> None:
    if opts is None:
        return
    link = f"Link {resource_name!r}"
    if not isinstance(opts, pulumi.ResourceOptions):
        raise ArgumentError(f"{link}: opts must be pulumi.ResourceOptions(…).")
    if opts.parent is not None and not isinstance(opts.parent, pulumi.Resource):
        raise ArgumentError(f"{link}: parent in opts must be a resource.")
    if opts.provider is not None and getattr(opts.provider, "package", None) != PROVIDER_PACKAGE:
        raise ArgumentError(
            f"{link}: provider in opts must be a Provider of pulumi_omise_links; those of other"
            " packages cannot make links."
        )
    if opts.import_ is not None:
        raise ArgumentError(
            f"{link}: Pulumi's own import (import_ in opts) does not work with dynamic resources."
            ' To manage a link that exists, declare it with adopt="<its id>", or use `omise-links'
            " import` for many."
        )
