"""As many resources, with a constant for a provider, which does nothing at all."""

import os

import pulumi

from bench.empty import PROVIDER_PICKLE


class Link(pulumi.CustomResource):
    """A resource with the inputs of a link and four outputs; a link has six."""

    def __init__(self, name: str, **inputs: object) -> None:
        """Declare it."""
        outputs = dict.fromkeys(("payment_uri", "created_at", "used", "account_id"))
        properties = {**outputs, **inputs, "__provider": PROVIDER_PICKLE}
        super().__init__("pulumi-python:dynamic/bench:Link", name, properties)


for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
