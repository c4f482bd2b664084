"""A plain HTTP client of the emulator, for its tests."""

from __future__ import annotations

import socket
from typing import Any

import requests

from pulumi_omise_links.emulator import Emulator

LINK: dict[str, Any] = {
    "amount": 150_000,
    "currency": "THB",
    "title": "Spring sale",
    "description": "Two tickets",
}


class Client:
    """Requests with one account's key, over one kept connection."""

    def __init__(
        self,
        omise: Emulator,
        account: str = "th",
        *,
        live: bool = False,
        version: str | None = None,
        key: str | None = None,
        agent: str = "test",
        **headers: str,
    ) -> None:
        self.url = omise.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = (omise.key(account, live=live) if key is None else key, "")
        self.session.headers.update({**headers, "User-Agent": agent})
        if version is not None:
            self.session.headers["Omise-Version"] = version

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", 10)
        options.setdefault("allow_redirects", False)
        return self.session.request(method, self.url + path, **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.send("GET", path, params=params)

    def post(self, **inputs: Any) -> requests.Response:
        return self.send("POST", "/links", json=inputs)

    def delete(self, identity: str) -> requests.Response:
        return self.send("DELETE", f"/links/{identity}")

    def create(self, **inputs: Any) -> dict[str, Any]:
        """A new link, which must succeed."""
        answer = self.post(**{**LINK, **inputs})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def page(self, path: str = "/links", **params: Any) -> dict[str, Any]:
        """A list, which must succeed."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def refused(answer: requests.Response) -> tuple[int, str, str]:
    """Status, code and message of an error that has the shape of all Omise's errors."""
    error = answer.json()
    assert list(error) == ["object", "location", "code", "message"]
    assert error["object"] == "error"
    anchor = error["code"].replace("_", "-")
    assert error["location"] == f"https://www.omise.co/api-errors#{anchor}"
    return answer.status_code, error["code"], error["message"]


def raw(omise: Emulator, data: bytes) -> bytes:
    """Everything the server says to these bytes until it closes the connection."""
    port = int(omise.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
