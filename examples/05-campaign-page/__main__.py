"""Every link of links.yaml; `omise-links report` makes a page of them."""

import pulumi

from pulumi_omise_links import declare_links

links = declare_links("links.yaml")

pulumi.export("table", links["table-by-the-stage"].payment_uri)
