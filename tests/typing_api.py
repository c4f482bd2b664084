"""What a user would write, for type checkers alone: never run.

Wrong uses are marked, and must be wrong; nothing else may be (tests/test_typing.py).
"""

from __future__ import annotations

from decimal import Decimal

import pulumi
from typing_extensions import assert_type

from pulumi_omise_links import (
    Link,
    LinkArgs,
    LinkInputs,
    OmiseAccount,
    OmiseCharge,
    OmiseClient,
    OmiseLink,
    OmiseLinksError,
    Provider,
    Scope,
    Settings,
    __version__,
    declare_links,
    get_link,
    get_links,
    marked,
)
from pulumi_omise_links.errors import ExitCode

# -- declaring links

spring = Link(
    "spring",
    amount=150_000,
    currency="THB",
    title="Spring sale",
    description="Two tickets",
    multiple=True,
)
Link("once", amount=1, currency="THB", title="t", description="d")
Link("args", LinkArgs(amount=1, currency="THB", title="t", description="d"))
Link("args", args=LinkArgs(amount=1, currency="THB", title="t", description="d"))
Link("mapping", {"amount": 1, "currency": "THB", "title": "t", "description": "d"})
Link(
    "options",
    pulumi.ResourceOptions(protect=True),
    amount=1,
    currency="THB",
    title="t",
    description="d",
)
Link(
    "outputs",
    amount=pulumi.Output.from_input(1),
    currency=pulumi.Output.secret("THB"),
    title=spring.title,
    description=spring.payment_uri,
    multiple=spring.multiple,
    adopt=spring.id,
    opts=pulumi.ResourceOptions(depends_on=[spring]),
)
Link(
    "args-options",
    LinkArgs(amount=spring.amount, currency="THB", title="t", description="d", adopt="link_test_1"),
    pulumi.ResourceOptions(parent=spring),
)

prices: list[tuple[int, str]] = [(1, "THB"), (1, "jpy")]
for amount, currency in prices:
    Link("data", amount=amount, currency=currency, title="t", description="d")
Link(
    "config",
    amount=pulumi.Config().require_int("amount"),
    currency=pulumi.Config().require("currency"),
    title=pulumi.Config().require("title"),
    description="d",
)

Link("name", amount=1, curency="THB", title="t", description="d")  # type: ignore[call-overload]
Link("output", amount=spring.title, currency="THB", title="t", description="d")  # type: ignore[arg-type]
Link("output", amount=1, currency="THB", title=spring.amount, description="d")  # type: ignore[arg-type]
LinkArgs(amount=spring.title, currency="THB", title="t", description="d")  # type: ignore[arg-type]
LinkArgs(amount=1, curency="THB", title="t", description="d")  # type: ignore[call-arg]
Link("text", amount="1", currency="THB", title="t", description="d")  # type: ignore[call-overload]
Link("float", amount=4900.00, currency="THB", title="t", description="d")  # type: ignore[call-overload]
baht = pulumi.Output.from_input(4900.00)
Link("float-output", amount=baht, currency="THB", title="t", description="d")  # type: ignore[arg-type]
Link("decimal", amount=Decimal(4900), currency="THB", title="t", description="d")  # type: ignore[call-overload]
Link("resource", amount=1, currency="THB", title=spring, description="d")  # type: ignore[call-overload]
Link("positional", 12_000, "THB", "t", "d")  # type: ignore[call-overload]
Link("options", {"amount": 1}, {"protect": True})  # type: ignore[call-overload]
Link(spring.id, amount=1, currency="THB", title="t", description="d")  # type: ignore[call-overload]
Link("number", amount=1, currency=764, title="t", description="d")  # type: ignore[call-overload]
Link("missing", amount=1, currency="THB", title="t")  # type: ignore[call-overload]
Link("unknown", amount=1, currency="THB", title="t", description="d", colour="red")  # type: ignore[call-overload]
Link(amount=1, currency="THB", title="t", description="d")  # type: ignore[call-overload]
LinkArgs(amount=4900.00, currency="THB", title="t", description="d")  # type: ignore[arg-type]
LinkArgs(amount=1.5, currency="THB", title="t", description="d")  # type: ignore[arg-type]
LinkArgs(amount=1, currency="THB", title="t")  # type: ignore[call-arg]
LinkArgs(1, "THB", "t", "d")  # type: ignore[call-arg]

campaign = declare_links("links.yaml")
assert_type(campaign["spring-sale"].payment_uri, pulumi.Output[str])

declare_links("links.yaml", mark=pulumi.get_stack())
declare_links("links.yaml", mark=spring.title)  # type: ignore[arg-type]
Link("mark", amount=1, currency="THB", title=marked("t", "pr-1"), description="d")
Link("mark", amount=1, currency="THB", title=marked(spring.title, "pr-1"), description="d")
marked("t", spring.title)  # type: ignore[arg-type]
marked("t")  # type: ignore[call-arg]

# -- outputs

assert_type(spring.amount, pulumi.Output[int])
assert_type(spring.currency, pulumi.Output[str])
assert_type(spring.multiple, pulumi.Output[bool])
assert_type(spring.payment_uri, pulumi.Output[str])
assert_type(spring.created_at, pulumi.Output[str])
assert_type(spring.used, pulumi.Output[bool])
assert_type(spring.used_at, "pulumi.Output[str | None]")
assert_type(spring.merchant_name, "pulumi.Output[str | None]")
assert_type(spring.merchant_uid, "pulumi.Output[str | None]")
assert_type(spring.object, pulumi.Output[str])
assert_type(spring.location, pulumi.Output[str])
assert_type(spring.livemode, pulumi.Output[bool])
assert_type(spring.deleted, pulumi.Output[bool])
assert_type(spring.deleted_at, "pulumi.Output[str | None]")
charges = spring.charges  # type: ignore[attr-defined]

found = Link.get("found", "link_test_1")
assert_type(found, Link)
Link.get("found", spring.id, pulumi.ResourceOptions(protect=True))
Link.get("found")  # type: ignore[call-arg]
Link.get("found", 5)  # type: ignore[arg-type]

# -- a second account

thailand = Provider("th", secret_key_env="OMISE_TH_KEY", allow_live=False, amount_limits=True)
Provider("th", secret_key=pulumi.Output.secret("k"), api_url="https://x", sub_merchant_id="team_1")
Link(
    "there",
    amount=1,
    currency="THB",
    title="t",
    description="d",
    opts=pulumi.ResourceOptions(provider=thailand),
)
Provider("th", "skey_test_1")  # type: ignore[call-arg]
Provider("th", secretKey="skey_test_1")  # type: ignore[call-arg]
Provider("th", allow_live="yes")  # type: ignore[arg-type]

# -- looking

link = get_link("link_test_1")
assert_type(link, OmiseLink)
assert_type(link.amount, int)
assert_type(link.used_at, "str | None")
assert_type(link.charges, tuple[OmiseCharge, ...])
assert_type(get_links(created_from="2026-01-01T00:00:00Z", include_deleted=True), list[OmiseLink])
get_link(5)  # type: ignore[arg-type]
get_link(spring.id)  # type: ignore[arg-type]
get_link("link_test_1", settings={})  # type: ignore[arg-type]
assert_type(
    spring.id.apply(lambda link_id: get_link(link_id).charges),
    pulumi.Output[tuple[OmiseCharge, ...]],
)
get_links("2026-01-01T00:00:00Z")  # type: ignore[call-arg]
link.amount = 5  # type: ignore[misc]

settings = Settings.resolve({"secretKeyEnv": "OMISE_TH_KEY"})
get_link("link_test_1", settings=settings)
with OmiseClient(settings) as omise:
    account: OmiseAccount | None = omise.account()
    assert_type(omise.account(), "OmiseAccount | None")
    for link in omise.iter_links():
        assert_type(link, OmiseLink)
    inputs = LinkInputs(amount=1, currency="THB", title="t", description="d", multiple=False)
    assert_type(omise.create_link(inputs), OmiseLink)
    omise.delete_link("link_test_1", omise.scope())
    assert_type(omise.find_link("link_test_1", Scope("account_1")), "OmiseLink | None")
try:
    get_link("link_test_1")
except OmiseLinksError as error:
    assert_type(error.exit_code, ExitCode)
version: str = __version__
