"""Every way to have a link in a state, as a program of this release writes it."""

import pulumi

from pulumi_omise_links import Link, LinkArgs, Provider, declare_links, marked

config = pulumi.Config()

declared = declare_links("links.yaml", mark=pulumi.get_stack())

once = Link("once", amount=2_000, currency="THB", title="Once", description="One payment")
Link("small-letters", LinkArgs(amount=15_000_000, currency="thb", title="t", description="d"))
Link(
    "secret",
    amount=5_000,
    currency="USD",
    title=config.require_secret("title"),
    description=pulumi.Output.secret("Behind the counter"),
    multiple=True,
)
Link(
    "chained",
    amount=once.amount,
    currency=once.currency,
    title=marked("Chained", "a"),
    description=once.payment_uri,
)
# Omise stores this text without the spaces at its ends.
Link("respelt", amount=5_000, currency="THB", title="  Respelt ", description="d")
Link(
    "adopted",
    amount=5_000,
    currency="THB",
    title="There before",
    description="d",
    adopt=config.require("adopted"),
)
Link.get("looked-up", config.require("looked-up"))


class Branch(pulumi.ComponentResource):
    """A shop in another country, with an account of its own."""

    def __init__(self, name: str, provider: Provider) -> None:
        super().__init__("shop:index:Branch", name)
        Link(
            f"{name}-link",
            amount=1_500,
            currency="JPY",
            title="春のセール",
            description="チケット二枚",
            opts=pulumi.ResourceOptions(parent=self, provider=provider),
        )


Branch("jp", Provider("jp", secret_key=config.require_secret("jpKey")))
Link(
    "team",
    amount=5_000,
    currency="THB",
    title="Team",
    description="d",
    opts=pulumi.ResourceOptions(
        provider=Provider("team", secret_key_env="OMISE_SECRET_KEY", sub_merchant_id="team_shop")
    ),
)

pulumi.export("addresses", {name: link.payment_uri for name, link in declared.items()})
pulumi.export("once", once.payment_uri)
