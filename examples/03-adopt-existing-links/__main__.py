"""Every link of links.yaml; those with an id there exist already."""

import pulumi

from pulumi_omise_links import declare_links

links = declare_links("links.yaml")

pulumi.export("addresses", {name: link.payment_uri for name, link in links.items()})
