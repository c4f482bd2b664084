"""A spring campaign; its price comes from the stack's config."""

import pulumi
from campaign import Campaign

price = pulumi.Config().require_int("price")
spring = Campaign("spring", title="Spring concert", price=price)

pulumi.export("addresses", spring.addresses)
