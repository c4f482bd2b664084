"""A campaign: a ticket for one, a table for four, and a donation, in one component."""

import pulumi

from pulumi_omise_links import Link


class Campaign(pulumi.ComponentResource):
    """The links of one campaign; ``addresses`` maps each to its payment page."""

    addresses: pulumi.Output[dict[str, str]]

    def __init__(
        self, name: str, *, title: str, price: int, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("shop:index:Campaign", name, None, opts)
        offers = {
            "ticket": (price, "One ticket", True),
            "table": (price * 4 * 9 // 10, "A table for four, ten per cent off", True),
            "donation": (50_000, "A donation to the youth orchestra", True),
        }
        links = {
            offer: Link(
                f"{name}-{offer}",
                amount=amount,
                currency="THB",
                title=title,
                description=description,
                multiple=multiple,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for offer, (amount, description, multiple) in offers.items()
        }
        self.addresses = pulumi.Output.all(
            **{offer: link.payment_uri for offer, link in links.items()}
        )
        self.register_outputs({"addresses": self.addresses})
