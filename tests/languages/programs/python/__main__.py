import os

import pulumi
import pulumi_omise as omise

found = omise.get_link_output(id=os.environ["OLD"])
every = omise.get_links_output(include_deleted=False)
olds = every.links.apply(lambda links: sum(link.title == "Old" for link in links))

poster = omise.Link(
    "poster",
    title=os.environ.get("TITLE", "Spring"),
    description=pulumi.Output.secret(
        pulumi.Output.concat("Only for Anna, instead of ", found.title)
    ),
    amount=olds.apply(lambda count: count * 150_000),
    currency="thb",
)
tables = [
    omise.Link(
        f"table-{n}",
        title=f"Table {n}",
        description="A table",
        amount=50_000,
        currency="thb",
    )
    for n in range(12)
]
japan = omise.Provider("japan", secret_key_env="KEY_OF_JAPAN")
omise.Link(
    "tokyo",
    title="Tokyo",
    description="A poster",
    amount=5_000,
    currency="jpy",
    multiple=True,
    opts=pulumi.ResourceOptions(provider=japan, depends_on=tables),
)

pulumi.export("address", poster.payment_uri)
pulumi.export("replaced", found.payment_uri)
