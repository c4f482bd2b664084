"""The links as this package declares them, but with the call stack that Pulumi's SDK sends."""

import os
from contextlib import nullcontext

from pulumi_omise_links import Link, link

vars(link)["without_call_stack"] = nullcontext

for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
