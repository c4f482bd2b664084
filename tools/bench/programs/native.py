"""The links through the native plugin, as an SDK that Pulumi generates declares them."""

import os

import pulumi


class Link(pulumi.CustomResource):
    """A payment link, with the outputs that such an SDK declares."""

    def __init__(self, name: str, **inputs: object) -> None:
        """Declare it."""
        outputs = ("paymentUri", "createdAt", "used", "usedAt", "merchantName", "merchantUid")
        super().__init__("omise:index:Link", name, {**dict.fromkeys(outputs), **inputs})


for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
