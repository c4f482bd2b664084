"""The few calls of GitHub's API that the recipes make, on this machine."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "shop/links"
BOT = "github-actions[bot]"


@dataclass
class Forge:
    """Comments and issues of one repository, and who may write them."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    """Method and path of each write, in their order."""
    refused: list[str] = field(default_factory=list)
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """The rights of each token, as `permissions` of a job writes them."""

    def of_pull_request(self, number: int) -> list[str]:
        """The texts of the bot's comments on a pull request."""
        return [
            one["body"]
            for one in self.comments
            if one["number"] == number and one["user"]["login"] == BOT
        ]

    def quote(self, number: int, body: str, times: int = 1) -> None:
        """A person writes comments on a pull request."""
        for _ in range(times):
            self._add(self.comments, {"number": number, "body": body, "user": {"login": "somchai"}})

    def answer(self, method: str, path: str, query: str, token: str, body: Any) -> tuple[int, Any]:
        """The status of an answer, and its JSON."""
        rights = self.tokens.get(token)
        rest = path.removeprefix(f"/repos/{REPOSITORY}/issues")
        needed = ("issues", "pull-requests") if "comments" in rest else ("issues",)
        if rights is None:
            return 401, {"message": "Bad credentials"}
        if method != "GET" and not any(rights.get(right) == "write" for right in needed):
            self.refused.append(f"{method} {path}")
            return 403, {"message": "Resource not accessible by integration"}
        if method != "GET":
            self.writes.append(f"{method} {path}")
        for verb, pattern, handle in _ROUTES:
            if verb == method and (match := re.fullmatch(pattern, rest)):
                return handle(self, *map(int, match.groups()), body=body, query=parse_qs(query))
        return 404, {"message": "Not Found"}

    def _list_comments(self, number: int, **_: Any) -> tuple[int, Any]:
        return 200, [one for one in self.comments if one["number"] == number]

    def _create_comment(self, number: int, body: Any, **_: Any) -> tuple[int, Any]:
        made = {"number": number, "body": body["body"], "user": {"login": BOT}}
        return 201, self._add(self.comments, made)

    def _update_comment(self, identity: int, body: Any, **_: Any) -> tuple[int, Any]:
        return 200, self._change(self.comments, "id", identity, body)

    def _list_issues(self, query: Mapping[str, list[str]], **_: Any) -> tuple[int, Any]:
        return 200, [one for one in self.issues if one["state"] == query["state"][0]]

    def _create_issue(self, body: Any, **_: Any) -> tuple[int, Any]:
        made = {"number": len(self.issues) + 1, "state": "open", "user": {"login": BOT}, **body}
        return 201, self._add(self.issues, made)

    def _update_issue(self, number: int, body: Any, **_: Any) -> tuple[int, Any]:
        return 200, self._change(self.issues, "number", number, body)

    def _add(self, things: list[dict[str, Any]], thing: dict[str, Any]) -> dict[str, Any]:
        thing["id"] = len(things) + 1
        things.append(thing)
        return thing

    def _change(self, things: list[dict[str, Any]], key: str, value: int, body: Any) -> Any:
        (thing,) = (one for one in things if one[key] == value)
        thing.update(body)
        return thing


_ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("GET", r"/(\d+)/comments", Forge._list_comments),
    ("POST", r"/(\d+)/comments", Forge._create_comment),
    ("PATCH", r"/comments/(\d+)", Forge._update_comment),
    ("GET", "", Forge._list_issues),
    ("POST", "", Forge._create_issue),
    ("PATCH", r"/(\d+)", Forge._update_issue),
]


@contextmanager
def running_forge() -> Iterator[Forge]:
    """A forge that answers; lists come in pages."""
    forge, lock = Forge(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def handle_all(self) -> None:
            url = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "").rpartition(" ")[2]
            with lock:
                status, found = forge.answer(
                    self.command, url.path, url.query, token, json.loads(text or "null")
                )
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            if isinstance(found, list):
                query = parse_qs(url.query)
                size = int(query.get("per_page", ["30"])[0])
                page = int(query.get("page", ["1"])[0])
                if page * size < len(found):
                    following = f"{forge.url}{url.path}?per_page={size}&page={page + 1}"
                    if "state" in query:
                        following += f"&state={query['state'][0]}"
                    self.send_header("Link", f'<{following}>; rel="next"')
                found = found[(page - 1) * size : page * size]
            content = json.dumps(found).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = handle_all  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
