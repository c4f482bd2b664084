"""Omise's Python client at the emulator: what it sees, as JSON."""
# ruff: noqa: T201  (it prints what it saw, for the test)

import json
import os

import omise

omise.api_main = os.environ["OMISE_URL"] + "/"
omise.api_vault = omise.api_main
omise.api_secret = os.environ["OMISE_KEY"]


def refusal(call):
    """What the error says that a call ends with; this client keeps no code of it."""
    try:
        call()
    except omise.errors.BaseError as error:
        return str(error)
    return None


made = omise.Link.create(
    amount=150_000, currency="thb", title="Spring & ตั๋ว", description="a\nb", multiple=True
)
again = omise.Link.retrieve(made.id)
listed = [link.id for link in omise.Link.list()]
found = omise.Search.execute("link", query="Spring", filters={"multiple": "true"})
paid = omise.Link.retrieve(os.environ["OMISE_PAID"])
again.destroy()

print(
    json.dumps(
        {
            "account": omise.Account.retrieve().email,
            "made": {
                name: getattr(again, name)
                for name in ("id", "amount", "currency", "title", "description", "multiple")
            },
            "payment_uri": made.payment_uri,
            "listed": listed,
            "found": [link.id for link in found],
            "paid": [paid.used, [charge.amount for charge in paid.charges]],
            "refused": refusal(
                lambda: omise.Link.create(amount=1, currency="thb", title="t", description="d")
            ),
            "missing": refusal(lambda: omise.Link.retrieve("link_test_none")),
            "deleted": again.destroyed,
        }
    )
)
