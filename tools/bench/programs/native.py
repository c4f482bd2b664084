"""The links as resources of the native plugin, in the same language as the others."""

import os

import pulumi


class Link(pulumi.CustomResource):
    """What an SDK of the plugin does: the type and the inputs, by the names of the schema."""

    def __init__(self, name: str, **inputs: object) -> None:
        super().__init__("omise:index:Link", name, {**inputs, "paymentUri": None})


for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
