"""Omise's own clients, unmodified, at the emulator. Each needs its tool chain, or is skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import third_party

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.clients

NO_PROXY = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "http_proxy": "", "HTTP_PROXY": ""}
HERE = Path(__file__).parent
TITLE = "Spring & ตั๋ว"
# What JSON can hold of a type: text for each choice of an enumeration.
PLAIN = """import Omise from "omise";
type Plain<T> = T extends string ? string : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
"""
SMALLEST = "amount must be greater than or equal to 2000 (thb subunits)"


def need(*commands: str) -> None:
    """Skip the test where the tool chain is missing, and say what is."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")


def run(*command: str | Path, folder: Path, **env: str) -> str:
    """What a command prints; the test fails with all it said if it does."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **NO_PROXY, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiler_options(folder: Path, *, strict: bool) -> Sequence[str]:
    options = ("--target", "es2022", "--module", "commonjs", "--esModuleInterop", "--skipLibCheck")
    return (*options, "--strict", str(strict).lower(), "--outDir", str(folder))


@dataclass(frozen=True)
class Made:
    """What a client saw, and the emulator that it talked to."""

    omise: Emulator
    paid: str

    def see(self, *command: str | Path, folder: Path) -> dict[str, Any]:
        """Run a client's program, and compare what it saw with what the emulator holds."""
        env = {"OMISE_URL": self.omise.url, "OMISE_KEY": self.omise.key("th")}
        printed = run(*command, folder=folder, OMISE_PAID=self.paid, **env)
        seen: dict[str, Any] = json.loads(printed)
        old, new = self.omise.links()
        assert seen["made"] == {
            "id": new["id"],
            "amount": 150_000,
            "currency": "THB",
            "title": TITLE,
            "description": "a\nb",
            "multiple": True,
        }
        assert (new["title"], new["amount"], new["multiple"]) == (TITLE, 150_000, True)
        assert seen["payment_uri"] == new["payment_uri"]
        assert seen["listed"] == [old["id"], new["id"]]
        assert seen["found"] == [new["id"]]
        assert seen["paid"] == [True, [100_000]]
        assert seen["account"] == "th@shop.example"
        # What is not told apart by a code has its text.
        assert seen["refused"] in ("invalid_link", SMALLEST)
        assert seen["missing"] in ("not_found", "link link_test_none was not found")
        assert bool(seen["deleted"]) == bool(new["deleted"])
        return seen

    def agents(self) -> set[str | None]:
        """Who asked: the name of each client, without its version."""
        return {(entry.user_agent or "").partition("/")[0] for entry in self.omise.journal.entries}


@pytest.fixture
def made(omise: Emulator) -> Made:
    """An emulator with one link that was paid."""
    (paid,) = omise.seed(title="Before")
    omise.pay(paid)
    return Made(omise, paid)


def test_python(made: Made, tmp_path: Path) -> None:
    """Omise's Python client makes, reads, lists, finds and deletes links here."""
    python = third_party.omise_python() / "python"
    assert made.see(python, HERE / "python" / "client.py", folder=tmp_path)["deleted"] is True
    assert made.agents() == {"OmisePython"}


def test_node_with_its_types(made: Made, tmp_path: Path) -> None:
    """Omise's Node client makes, reads, lists and finds links here; it cannot delete them. The
    answers are what its types promise.
    """
    modules = third_party.omise_node()
    node = third_party.node() / "node"
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copy(HERE / "node" / "client.ts", tmp_path)
    tsc = (node, third_party.typescript() / "tsc")
    run(*tsc, "client.ts", *compiler_options(tmp_path, strict=True), folder=tmp_path)

    answers = made.see(node, "client.js", folder=tmp_path)["answers"]

    assert made.agents() == {"OmiseNode"}
    # Its types know neither null nor all of Omise's attributes: so neither is asked for here.
    types = {"link": "Links.ILink", "paid": "Links.ILink", "account": "Account.IAccount"}
    lines = [
        f"const {name} = {json.dumps(answers[name])};\n"
        f"export const {name}IsTyped: Plain<Omise.{of}> = {name};\n"
        for name, of in types.items()
    ]
    (tmp_path / "answers.ts").write_text(PLAIN + "".join(lines))
    run(*tsc, "answers.ts", *compiler_options(tmp_path, strict=False), folder=tmp_path)


def test_go(made: Made, tmp_path: Path) -> None:
    """Omise's Go client makes, reads, lists and finds links here; it cannot delete them."""
    need("go")
    folder = tmp_path / "go"
    shutil.copytree(HERE / "go", folder)
    run("go", "build", "-o", "client", ".", folder=folder, GOWORK="off", CGO_ENABLED="0")
    made.see("./client", folder=folder)
    assert made.agents() == {"OmiseGo"}


def test_java(made: Made, tmp_path: Path) -> None:
    """Omise's Java client makes, reads, lists, finds and deletes links here."""
    need("java", "javac", "mvn")
    archives = f"{third_party.omise_java()}/*"
    source = HERE / "java" / "Main.java"
    run("javac", "-encoding", "UTF-8", "-cp", archives, "-d", ".", source, folder=tmp_path)
    seen = made.see("java", "-cp", f"{archives}{os.pathsep}.", "Main", folder=tmp_path)
    assert seen["deleted"] is True
    assert made.agents() == {"OmiseJava"}
