"""The links of a shop. Outside of production each title ends with the name of its stack."""

import pulumi

from pulumi_omise_links import declare_links

stack = pulumi.get_stack()
links = declare_links("links.yaml", mark=None if stack == "prod" else stack)

pulumi.export("addresses", {name: link.payment_uri for name, link in links.items()})
