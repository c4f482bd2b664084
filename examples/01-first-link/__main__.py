"""One payment link."""

import pulumi

from pulumi_omise_links import Link

coffee = Link(
    "coffee",
    amount=12_000,  # satang: THB 120.00
    currency="THB",
    title="Coffee for a friend",
    description="One cup, paid ahead",
)

pulumi.export("coffee", coffee.payment_uri)
