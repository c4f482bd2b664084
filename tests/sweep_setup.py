"""An account, stacks and a terminal for tests of ``omise-links sweep``."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from fake_pulumi import FakePulumi

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator, JournalEntry
from pulumi_omise_links.state_format import TYPE_TOKEN

DAY = 24 * 3600.0
EMPTY = "organization/shop/empty"


def make_state(
    *links: str,
    account: str | None = "account_1",
    looked_up: tuple[str, ...] = (),
    pending: str | None = None,
) -> dict[str, Any]:
    """What `stack export` prints of a stack with these links.

    :param looked_up: links that the program only reads.
    :param pending: an operation on a link that is not finished, such as ``creating``.
    """
    managed = [
        {
            "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{link}",
            "type": TYPE_TOKEN,
            "id": link,
            "external": link in looked_up,
            "outputs": {"account_id": account} if account else {},
        }
        for link in (*links, *looked_up)
    ]
    resource = {"urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::pending", "type": TYPE_TOKEN}
    operations = [{"type": pending, "resource": resource}] if pending else []
    return {"version": 3, "deployment": {"resources": managed, "pending_operations": operations}}


class Stacks:
    """A backend's stacks, as a `pulumi` tells of them that a test has put on the PATH. At first
    there is one without links, and none is selected."""

    def __init__(self, pulumi: FakePulumi) -> None:
        self._pulumi = pulumi
        self._answers: dict[str, Any] = {
            "stack ls": [{"name": EMPTY, "current": False}],
            f"stack export --stack {EMPTY}": make_state(),
            "stack --show-name": "error: no stack selected",
        }
        self._pulumi.answer(self._answers)

    def add_stack(self, name: str, state: dict[str, Any] | str) -> None:
        """Add a stack, or change it.

        :param name: with organization and project.
        :param state: what `stack export` prints; see ``make_state``.
        """
        listed = [stack for stack in self._answers["stack ls"] if stack["name"] != name]
        self.answer("stack ls", [*listed, {"name": name, "current": False}])
        self.answer(f"stack export --stack {name}", state)

    def answer(self, words: str, answer: Any) -> None:
        """Say what a command that begins with these words prints."""
        self._answers[words] = answer
        self._pulumi.answer(self._answers)


class Account:
    """The Thai account of an emulator whose clock the test sets, and a backend's stacks."""

    def __init__(self, stacks: Stacks, capsys: pytest.CaptureFixture[str]) -> None:
        self.now = 1_780_000_000.0
        self.on_request: Callable[[JournalEntry], object] = lambda _: None
        self.omise = Emulator(clock=lambda: self.now, on_request=self._notice)
        self.stacks = stacks
        thai = self.omise.account("th")
        self.id, self.live_id, self.email = thai.id, thai.live_id, thai.email
        self._capsys = capsys

    def _notice(self, entry: JournalEntry) -> None:
        self.on_request(entry)

    def seed(self, count: int = 1, *, age: float = 10 * DAY, **inputs: Any) -> list[str]:
        """Make links that are so many seconds old."""
        self.now -= age
        links = self.omise.seed(count, **inputs)
        self.now += age
        return links

    def alive(self, *, live: bool = False) -> list[str]:
        """The ids of the links that are not deleted."""
        return [link["id"] for link in self.omise.links(live=live, deleted=False)]

    def run(self, *args: str, code: int = 0) -> Any:
        """Run `sweep --json`, and return what it prints; fail if it ends with another code."""
        ended = run(["sweep", "--json", *args])
        out, err = self._capsys.readouterr()
        assert ended == code, f"{out}\n{err}"
        return json.loads(out)

    def delete(self, *args: str, code: int = 0) -> Any:
        """Run it as a pipeline does that means this account."""
        return self.run(*args, "--yes", "--account", self.id, code=code)

    def going(self, *args: str) -> list[str]:
        """The links that would go."""
        return [link["id"] for link in self.run(*args)["delete"]]

    def why(self, *args: str) -> dict[str, str]:
        """The links of the scope that would stay, and why."""
        return {link["id"]: link["reason"] for link in self.run(*args)["keep"]}

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start it as a pipeline does, in a process of its own."""
        words = ["sweep", "--json", *args, "--yes", "--account", self.id]
        return subprocess.Popen(
            [sys.executable, "-m", "pulumi_omise_links", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refusal(self, *args: str, code: int) -> str:
        """What it says when it refuses."""
        return str(self.run(*args, code=code)["error"]["message"])


class Terminal(io.StringIO):
    """A person at a terminal who types a line, and what happens while they read."""

    def __init__(self, typed: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__(f"{typed}\n")
        self._meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        self._meanwhile()
        return super().readline(-1 if size is None else size)
