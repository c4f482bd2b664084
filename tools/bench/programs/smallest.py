"""The same links by the smallest provider written by hand that works: one call for each method."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

import os

import pulumi
import requests
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider

URL = os.environ["OMISE_API_URL"] + "/links"
AUTH = (os.environ["OMISE_SECRET_KEY"], "")
INPUTS = ("amount", "currency", "title", "description", "multiple")


class LinkProvider(ResourceProvider):
    def create(self, props):
        answer = requests.post(URL, {**props, "amount": int(props["amount"])}, auth=AUTH)
        answer.raise_for_status()
        link = answer.json()
        return CreateResult(link["id"], {**props, "payment_uri": link["payment_uri"]})

    def read(self, id_, props):
        link = requests.get(f"{URL}/{id_}", auth=AUTH).json()
        return ReadResult("" if link["deleted"] else id_, {**props, "amount": link["amount"]})

    def diff(self, _id, _olds, _news):
        changed = [name for name in INPUTS if _olds[name] != _news[name]]
        return DiffResult(changes=bool(changed), replaces=changed)

    def delete(self, _id, _props):
        requests.delete(f"{URL}/{_id}", auth=AUTH).raise_for_status()


class Link(Resource):
    payment_uri: pulumi.Output[str]

    def __init__(self, name, **inputs):
        super().__init__(LinkProvider(), name, {"payment_uri": None, **inputs})


for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
