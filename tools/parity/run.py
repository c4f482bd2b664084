"""Send the exchanges to an API and compare what it answers.

It writes with a test key only, which is looked at twice: the key itself, and what the account says
of it before anything is made. Links that it makes are deleted at the end, also after a failure.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import requests
import yaml

from pulumi_omise_links.settings import SecretKey, Settings

from .compare import Difference, compare, compare_headers, compare_layout

LATEST = "2019-05-29"
# Amounts that every account of this currency takes.
_AMOUNTS = {"JPY": 1_500}
_AMOUNT = 150_000
# Omise may find a new link only after a while.
_LOOKS, _PAUSE = 10, 1.0


class RefusedError(Exception):
    """The run ends before it wrote anything: one sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and the answer that is expected, as exchanges.yaml has them."""

    name: str
    ground: str
    request: str
    version: str = LATEST
    key: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    keep: str | None = None
    until_hit: bool = False
    status: int = 200
    body: Any = None
    error: Mapping[str, str] | None = None
    switch: str | None = None

    @property
    def answer(self) -> Any:
        """The expected body."""
        if self.error is None:
            return self.body
        anchor = self.error["code"].replace("_", "-")
        location = f"https://www.omise.co/api-errors#{anchor}"
        return {"object": "error", "location": location, **self.error}


@dataclass(frozen=True)
class Outcome:
    """An exchange that took place, and in what its answer differs."""

    exchange: Exchange
    differences: tuple[Difference, ...]


def exchanges() -> list[Exchange]:
    """Read exchanges.yaml."""
    text = Path(__file__).with_name("exchanges.yaml").read_text(encoding="utf-8")
    return [Exchange(**entry) for entry in yaml.safe_load(text)]


class Run:
    """One run against one API.

    After it, ``made`` has the ids of links that it made and could not delete.
    """

    def __init__(self, settings: Settings) -> None:
        """:raises RefusedError: the key is live."""
        self._key = _test_key(settings)
        self._url = settings.api_url
        self._timeout = settings.timeout
        self._session = requests.Session()
        # No proxy stands between this machine and itself.
        self._session.trust_env = not settings.on_loopback
        self._values: dict[str, Any] = {"title": f"Parity {uuid.uuid4().hex[:12]}"}
        self._said: set[tuple[str, object]] = set()
        self.made: list[str] = []

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Send every request, and give each outcome at once.

        :raises RefusedError: the account is not one in test mode, or does not say so.
        :raises requests.RequestException: there was no answer.
        """
        try:
            self._require_test_mode()
            for exchange in exchanges():
                yield Outcome(exchange, tuple(self._take_place(exchange)))
        finally:
            self._clear_up()
            self._session.close()

    def _require_test_mode(self) -> None:
        answer = self._send("GET", "/account")
        account = _read_json(answer)
        if not isinstance(account, dict) or account.get("object") != "account":
            raise RefusedError(
                f"{self._url} did not show the account of the key (status {answer.status_code}),"
                " so nothing proves that it is in test mode. Nothing was written."
            )
        if account.get("livemode") is not False:
            raise RefusedError(
                f"The account at {self._url} says livemode: {account.get('livemode')!r} for this"
                " key. The suite writes in test mode only. Nothing was written."
            )
        currency = str(account.get("currency")).upper()
        self._values |= {
            "currency": currency,
            "small_currency": currency.lower(),
            "amount": _AMOUNTS.get(currency, _AMOUNT),
        }

    def _take_place(self, exchange: Exchange) -> list[Difference]:
        try:
            method, path = self._fill(exchange.request).split(" ")
            options = {
                "params": self._fill(dict(exchange.query)),
                "json": self._fill(exchange.json),
                "data": self._fill(exchange.form),
            }
        except KeyError as missing:
            return [Difference("request", f"a value of {missing}", "no such link was made")]
        answer = self._send(method, path, exchange.version, exchange.key, **options)
        body = _read_json(answer)
        for _ in range(_LOOKS - 1 if exchange.until_hit and "link" in self._values else 0):
            if not isinstance(body, dict) or body.get("total") != 0:
                break
            time.sleep(_PAUSE)
            answer = self._send(method, path, exchange.version, exchange.key, **options)
            body = _read_json(answer)
        if method == "POST":
            self._note(exchange, body)
        return self._compare(exchange, answer, body)

    def _compare(
        self, exchange: Exchange, answer: requests.Response, body: object
    ) -> list[Difference]:
        differences = []
        if answer.status_code != exchange.status:
            differences.append(Difference("status", exchange.status, answer.status_code))
        headers = compare_headers(
            answer.headers, success=answer.status_code < 400, version=exchange.version
        )
        # What all answers have in common is said once.
        differences += [one for one in headers if (one.path, one.found) not in self._said]
        self._said |= {(one.path, one.found) for one in headers}
        try:
            expected = self._fill(exchange.answer)
        except KeyError:
            # The answer is no link at all, so that no value of it could be kept.
            expected = exchange.answer
        differences += compare(expected, body)
        return differences + compare_layout(answer.text, body)

    def _note(self, exchange: Exchange, body: object) -> None:
        """Keep what later requests need of a link, and its id for the end."""
        if not isinstance(body, dict) or body.get("object") != "link":
            return
        identity = str(body.get("id"))
        self.made.append(identity)
        self._values["suffix"] = identity.rpartition("_")[2].upper()
        if exchange.keep is not None:
            self._values[exchange.keep] = identity
        if exchange.keep == "link":
            self._values |= {name: body.get(name) for name in ("payment_uri", "created_at")}

    def _clear_up(self) -> None:
        for identity in [*self.made]:
            try:
                answer = self._send("DELETE", f"/links/{identity}")
            except requests.RequestException:
                continue
            body = _read_json(answer)
            if answer.status_code == 404 or (isinstance(body, dict) and body.get("deleted")):
                self.made.remove(identity)

    def _send(
        self, method: str, path: str, version: str = LATEST, key: str | None = None, **options: Any
    ) -> requests.Response:
        return self._session.request(
            method,
            self._url + path,
            auth=(key or self._key.reveal(), ""),
            headers={"Omise-Version": version, "User-Agent": "pulumi-omise-links parity"},
            timeout=self._timeout,
            allow_redirects=False,
            **options,
        )

    def _fill(self, value: Any) -> Any:
        """Put the values of this run in the place of ``$name``. Raises KeyError without a value."""
        if isinstance(value, Mapping):
            return {name: self._fill(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._fill(member) for member in value]
        if not isinstance(value, str):
            return value
        if value.startswith("$") and value[1:] in self._values:
            return self._values[value[1:]]
        return Template(value).substitute(self._values)


def _test_key(settings: Settings) -> SecretKey:
    key = settings.key()
    if key.live:
        raise RefusedError(
            f"The key in {key.source} is live. The suite makes and deletes links, and does so with"
            " a test key (skey_test_…) only. Nothing was sent."
        )
    return key


def _read_json(answer: requests.Response) -> object:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return answer.text
