"""The same links by a provider written by hand, in the way Pulumi's documentation shows.

The provider is a class of the program, what it needs to know are its attributes, and every method
makes the one call that its name says.
"""

import os
from typing import Any

import pulumi
import requests
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
)

INPUTS = ["amount", "currency", "title", "description", "multiple"]
OUTPUTS = [*INPUTS, "payment_uri", "created_at", "used"]


class LinkProvider(ResourceProvider):
    """Creates, reads and deletes links."""

    def __init__(self, url: str, key: str) -> None:
        """Remember where the API is and what opens it."""
        super().__init__()
        self.url = url
        self.key = key

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make a link."""
        body = {name: props[name] for name in INPUTS}
        body["amount"] = int(body["amount"])
        answer = requests.post(f"{self.url}/links", json=body, auth=(self.key, ""), timeout=30)
        answer.raise_for_status()
        link = answer.json()
        return CreateResult(link["id"], {name: link[name] for name in OUTPUTS})

    def read(self, id_: str, _props: dict[str, Any]) -> ReadResult:
        """Read a link."""
        answer = requests.get(f"{self.url}/links/{id_}", auth=(self.key, ""), timeout=30)
        if answer.status_code == 404:
            return ReadResult("", {})
        answer.raise_for_status()
        link = answer.json()
        if link["deleted"]:
            return ReadResult("", {})
        return ReadResult(id_, {name: link[name] for name in OUTPUTS})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs."""
        changed = [name for name in INPUTS if _olds.get(name) != _news.get(name)]
        return DiffResult(changes=bool(changed), replaces=changed)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete a link."""
        answer = requests.delete(f"{self.url}/links/{_id}", auth=(self.key, ""), timeout=30)
        answer.raise_for_status()


class Link(Resource):
    """A payment link."""

    payment_uri: pulumi.Output[str]

    def __init__(self, name: str, **inputs: object) -> None:
        """Declare it."""
        provider = LinkProvider(os.environ["OMISE_API_URL"], os.environ["OMISE_SECRET_KEY"])
        super().__init__(provider, name, {**dict.fromkeys(OUTPUTS), **inputs})


for number in range(int(os.environ["BENCH_LINKS"])):
    Link(
        f"link-{number:04}",
        amount=150_000 + number,
        currency="THB",
        title=f"Spring sale {number}",
        description="Two tickets for the price of one",
        multiple=True,
    )
