"""A project in which all is well, for tests of ``omise-links doctor`` that spoil it.

Its `pulumi` and its Python answer as the test says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakePulumi
from harness import KEY

from pulumi_omise_links._version import __version__
from pulumi_omise_links.cli import run
from pulumi_omise_links.diagnosis.examine import CHECKS
from pulumi_omise_links.emulator import Emulator

MANIFEST = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


@dataclass(frozen=True)
class Findings:
    """What the command has printed: its checks by name, the accounts, and its exit code."""

    checks: Mapping[str, Mapping[str, str]]
    accounts: list[dict[str, Any]]
    exit_code: int

    @property
    def results(self) -> dict[str, str]:
        return {name: check["result"] for name, check in self.checks.items()}


@dataclass(kw_only=True)
class Place:
    """The project is in ``folder``, the current one; ``answers`` are those of `pulumi`."""

    folder: Path
    pulumi: FakePulumi
    omise: Emulator
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    answers: dict[str, Any] = field(default_factory=dict)

    def make(self) -> None:
        """Make all well."""
        for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
            self.monkeypatch.delenv(name, raising=False)
        self.monkeypatch.chdir(self.folder)
        self.backend.mkdir()
        Path("Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        Path("links.yaml").write_text(MANIFEST)
        self.env(
            OMISE_API_URL=self.omise.url,
            OMISE_SECRET_KEY=self.omise.key("th"),
            OMISE_ACCOUNT_ID=self.omise.account("th").id,
            PULUMI_PYTHON_CMD=str(self.folder / "python"),
        )
        self.python()
        self.about()
        self.backend_url(f"file://{self.backend}")
        self.state(resources=[])
        self.answers["config set"] = ""

    @property
    def backend(self) -> Path:
        return self.folder / "backend"

    def env(self, **variables: str) -> None:
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def python(self, **facts: Any) -> None:
        """Have the Python of the project answer so."""
        facts = {
            "python": "3.12.1",
            "sdk": "3.272.0",
            "package": __version__,
            "pip": True,
            "problem": None,
            **facts,
        }
        script = self.folder / "python"
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(facts)}\nEND\n")
        script.chmod(0o755)

    def about(self, **changes: Any) -> None:
        python = {"language": "python", "executable": str(self.folder / "python")}
        self.answers["about"] = {"runtime": python, "plugins": [], "errors": [], **changes}

    def backend_url(self, url: str) -> None:
        self.answers["whoami"] = {"user": "me", "url": url}

    def config(self, **entries: Any) -> None:
        self.answers["config --json"] = {f"omise:{name}": entry for name, entry in entries.items()}

    def state(self, **deployment: Any) -> None:
        self.answers["stack export"] = {"version": 3, "deployment": deployment}

    def lock(self, **signed: Any) -> None:
        """Have a run hold the stack."""
        folder = self.backend / ".pulumi/locks/organization/shop/dev"
        folder.mkdir(parents=True)
        usual = {"username": "ann", "timestamp": "2026-11-27T09:00:00.123+07:00"}
        (folder / "1.json").write_text(json.dumps({**usual, **signed}))

    def cut_off_create(self, folder: Path | str) -> None:
        """Leave the record of a create whose process has ended."""
        record = {
            "format": 1,
            "api_url": self.omise.url,
            "live": False,
            "account_id": None,
            "sub_merchant_id": None,
            "salt": "",
            "digest": "",
            "since": None,
            "answer_by": None,
            "timeout": 30,
            "project": "shop",
            "folder": str(folder),
            "process": "1 on here",
        }
        creates = Path(os.environ["PULUMI_HOME"], "omise-links/creates")
        creates.mkdir(parents=True)
        (creates / "1.json").write_text(json.dumps(record) + "\n")

    def github(self, event: object) -> None:
        """Be a job of GitHub Actions."""
        file = self.folder / "event.json"
        file.write_text(json.dumps(event))
        self.env(GITHUB_ACTIONS="true", GITHUB_EVENT_PATH=str(file))

    def examine(self, *args: str) -> Findings:
        """Run the command; fail if it writes to Omise or shows a key."""
        self.pulumi.answer(self.answers)
        code = run(["doctor", *args, "--json"])
        out, err = self.capsys.readouterr()
        assert not KEY.search(out + err)
        assert self.omise.journal.writes == []
        printed = json.loads(out)
        assert [check["name"] for check in printed["checks"]] == [*CHECKS]
        checks = {check.pop("name"): check for check in printed["checks"]}
        results = [check["result"] for check in checks.values()]
        assert printed["summary"] == {
            result: results.count(result) for result in ("ok", "warn", "fail", "skip")
        }
        assert code == (1 if "fail" in results else 0)
        return Findings(checks, printed.get("accounts", []), code)
