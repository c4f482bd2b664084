"""The emulator in a process of its own, so that it takes no turns of the measuring Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from typing import Any

from .server import Server


@dataclass(frozen=True)
class Traffic:
    """What the API was asked during one operation."""

    calls: int
    writes: int
    call_seconds: float
    """The time Omise took for all of them, one after the other."""
    page_seconds: float
    """The part of it that was for pages of links."""


class Omise(Server):
    """A fresh, empty emulator whose every answer takes at least ``latency`` seconds."""

    def __init__(self, latency: float) -> None:
        command = [sys.executable, "-m", "pulumi_omise_links", "emulator", "--port", "0", "--quiet"]
        self._process = subprocess.Popen(
            [*command, "--latency", str(latency)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # it ends when we say so, not with Ctrl-C
        )
        self.url = self._told(r"OMISE_API_URL=(\S+)")
        self.key = self._told(r"OMISE_SECRET_KEY=(\S+)")

    def forget_traffic(self) -> None:
        """Begin to count again; the links stay."""
        self._ask("reset", {"data": False, "faults": False, "journal": True})

    def traffic(self) -> Traffic:
        """What was asked since."""
        counters = self._ask("counters")
        entries = self._ask("journal?limit=100000")["entries"]
        pages = [entry["seconds"] for entry in entries if _is_page(entry)]
        calls = [entry["seconds"] for entry in entries]
        return Traffic(counters["requests"], counters["writes"], sum(calls), sum(pages))

    def _told(self, pattern: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(pattern, line)
            if found:
                return found[1]
        raise RuntimeError("the emulator did not start")

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _is_page(entry: dict[str, Any]) -> bool:
    return (entry["method"], entry["path"].rstrip("/")) == ("GET", "/links")
