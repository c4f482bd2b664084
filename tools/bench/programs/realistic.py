"""The same links by a provider written by hand as a team would use it in production.

It is a class of the program, as Pulumi's documentation teaches it. It checks the inputs, repeats
reads and deletions, waits where Omise refuses for too many requests, looks for the link of a create
whose answer was lost, and turns Omise's errors into sentences.
"""

import os
import time
from typing import Any

import pulumi
import requests
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
)

INPUTS = ["amount", "currency", "title", "description", "multiple"]
OUTPUTS = [*INPUTS, "payment_uri", "created_at", "used"]
LEAST = {"THB": 2000, "JPY": 100, "SGD": 100, "MYR": 100}


class OmiseError(Exception):
    """Omise refused a call."""


class LinkProvider(ResourceProvider):
    """Creates, reads and deletes links."""

    def __init__(self, url: str, key: str) -> None:
        """Remember where the API is and what opens it."""
        super().__init__()
        self.url = url
        self.key = key

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Name what is wrong with the inputs."""
        failures = []
        for name in INPUTS:
            if news.get(name) is None:
                failures.append(CheckFailure(name, f"{name} is missing"))
        amount, currency = news.get("amount"), news.get("currency")
        if isinstance(amount, (int, float)) and amount != int(amount):
            failures.append(CheckFailure("amount", "amount must be a whole number"))
        if isinstance(amount, (int, float)) and isinstance(currency, str):
            least = LEAST.get(currency.upper(), 0)
            if amount < least:
                failures.append(CheckFailure("amount", f"amount must be at least {least}"))
        return CheckResult(news, failures)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make a link, or find the one that a lost answer was about."""
        body = {name: props[name] for name in INPUTS}
        body["amount"] = int(body["amount"])
        try:
            link = self._call("POST", "/links", body)
        except requests.ConnectionError:
            found = self._find(body)
            if found is None:
                raise
            link = found
        return CreateResult(link["id"], {name: link[name] for name in OUTPUTS})

    def read(self, id_: str, _props: dict[str, Any]) -> ReadResult:
        """Read a link; an empty id says that it is gone."""
        link = self._call("GET", f"/links/{id_}")
        if link is None or link["deleted"]:
            return ReadResult("", {})
        outputs = {name: link[name] for name in OUTPUTS}
        return ReadResult(id_, outputs, {name: link[name] for name in INPUTS})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs."""
        changed = [name for name in INPUTS if _olds.get(name) != _news.get(name)]
        return DiffResult(changes=bool(changed), replaces=changed)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete a link; one that is gone already is deleted."""
        self._call("DELETE", f"/links/{_id}")

    def _find(self, body: dict[str, Any]) -> Any:
        """Look through the newest pages for a link with these inputs."""
        for offset in range(0, 500, 100):
            query = f"limit=100&offset={offset}&order=reverse_chronological"
            page = self._call("GET", f"/links?{query}")
            for link in page["data"]:
                if all(link[name] == body[name] for name in INPUTS):
                    return link
            if offset + 100 >= page["total"]:
                break
        return None

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Make one call; None if there is no such link."""
        wait = 0.5
        for attempt in range(5):
            try:
                answer = requests.request(
                    method, f"{self.url}{path}", json=body, auth=(self.key, ""), timeout=30
                )
            except requests.RequestException:
                if method == "POST" or attempt == 4:
                    raise
                time.sleep(wait)
                wait *= 2
                continue
            if answer.status_code == 404:
                return None
            if answer.status_code == 429 and attempt < 4:
                time.sleep(float(answer.headers.get("Retry-After", wait)))
                wait *= 2
                continue
            if answer.status_code >= 500 and method != "POST" and attempt < 4:
                time.sleep(wait)
                wait *= 2
                continue
            if not answer.ok:
                try:
                    reason = answer.json()["message"]
                except (ValueError, KeyError):
                    reason = answer.text[:200]
                raise OmiseError(f"{method} {path}: {answer.status_code}: {reason}")
            return answer.json()
        raise OmiseError(f"{method} {path}: Omise does not answer")


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
