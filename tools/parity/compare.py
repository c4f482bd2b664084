"""Compare an answer with what is expected: every difference as a path and both values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PATTERNS = {
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<id>": "[0-9a-z]{19}",
    "<address>": r"https?://\S+",
    "<text>": "(?s:.*)",
    "<number>": r"\d+",
}
_TOKEN = re.compile("<(?:time|id|address|text|number)>")
# Of the connection and of the moment, not of the API.
_UNCOMPARED = {
    *("connection", "content-encoding", "content-length", "date", "keep-alive"),
    "transfer-encoding",
}
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# REC elixir 2017, php 2025; an error has the first ones only.
_HEADERS = {
    "Cache-Control": "no-cache, no-store",
    "Content-Type": "application/json; charset=utf-8",
    "Server": "nginx",
    "Status": r"\d{3} [A-Z].*",
    "X-Request-Id": _UUID,
    "X-Runtime": r"\d+\.\d+",
}
_SUCCESS_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubdomains; preload",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class Difference:
    """A place in an answer, with the value that is expected there and the one that came."""

    path: str
    expected: object
    found: object


def compare_headers(found: Mapping[str, str], *, success: bool, version: str) -> list[Difference]:
    """Compare headers, whose names have no case. A header that nobody expects is a difference."""
    expected = dict(_HEADERS)
    if success:
        expected |= {**_SUCCESS_HEADERS, "Omise-Version": re.escape(version)}
    known = {name.lower() for name in expected}
    values = {name.lower(): value for name, value in found.items()}
    differences = [
        Difference(f"header {name}", pattern, values.get(name.lower()))
        for name, pattern in expected.items()
        if not re.fullmatch(pattern, values.get(name.lower(), ""))
    ]
    return differences + [
        Difference(f"header {name}", None, value)
        for name, value in found.items()
        if name.lower() not in known | _UNCOMPARED
    ]


def compare_layout(text: str, value: object) -> list[Difference]:
    """Compare the lines of a body with how Omise lays JSON out (REC raw list 2025)."""
    for number, (expected, found) in enumerate(
        zip([*_lay_out(value), None], [*text.split("\n"), None], strict=False), start=1
    ):
        if expected != found:
            return [Difference(f"line {number} of the text", expected, found)]
    return []


def _lay_out(value: object) -> list[str]:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    # A line that ends so is no text: that would end with a quotation mark.
    text = re.sub(r"^( *)(.*)\[\](,?)$", r"\1\2[\n\n\1]\3", text, flags=re.MULTILINE)
    return re.sub(r"^( *)(.*)\{\}(,?)$", r"\1\2{\n\1}\3", text, flags=re.MULTILINE).split("\n")


def compare(expected: object, found: object, path: str = "") -> list[Difference]:
    """Compare two JSON values; ``<…>`` in the expected one stand for any value of a kind."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return _compare_objects(expected, found, path)
    if isinstance(expected, list) and isinstance(found, list):
        differences = [
            difference
            for number, (one, other) in enumerate(zip(expected, found, strict=False))
            for difference in compare(one, other, f"{path}[{number}]")
        ]
        if len(expected) != len(found):
            differences.append(Difference(f"{path or 'body'} (length)", len(expected), len(found)))
        return differences
    if _fits(expected, found):
        return []
    return [Difference(path or "body", expected, found)]


def _compare_objects(
    expected: dict[str, Any], found: dict[str, Any], path: str
) -> list[Difference]:
    differences = []
    for name in {**expected, **found}:
        place = f"{path}.{name}" if path else name
        if name not in found:
            differences.append(Difference(place, expected[name], "(absent)"))
        elif name not in expected:
            differences.append(Difference(place, "(absent)", found[name]))
        else:
            differences += compare(expected[name], found[name], place)
    orders = [
        [name for name in one if name in other]
        for one, other in ((expected, found), (found, expected))
    ]
    if orders[0] != orders[1]:
        differences.append(Difference(f"{path or 'body'} (order of names)", *orders))
    return differences


def _fits(expected: object, found: object) -> bool:
    if expected == "<any>":
        return True
    if expected == "<texts>":
        return isinstance(found, list) and all(isinstance(item, str) for item in found)
    if expected == "<boolean>":
        return isinstance(found, bool)
    if expected == "<number>":
        return isinstance(found, int) and not isinstance(found, bool)
    if isinstance(expected, str) and isinstance(found, str):
        return re.fullmatch(_pattern(expected), found) is not None
    return type(expected) is type(found) and expected == found


def _pattern(text: str) -> str:
    parts, at = [], 0
    for token in _TOKEN.finditer(text):
        parts += [re.escape(text[at : token.start()]), _PATTERNS[token[0]]]
        at = token.end()
    return "".join([*parts, re.escape(text[at:])])
