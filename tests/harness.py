"""A Pulumi project in a temporary folder, driven by the real engine."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi_project
from json_docs import undocumented
from links_project import NATIVE_LINK
from pulumi_project import PulumiProject, delete_empty_side_files

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import LINK_TYPES, PROVIDER_KEY, PROVIDER_PICKLE, TYPE_TOKEN

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# All keys of the emulator look like this; tests that add keys keep to it.
KEY = re.compile(r"skey_(test_)?emulator")


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which nobody answers, and whose port nobody else can take meanwhile."""
    with socket.socket() as bound:  # and never listening
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@dataclass(frozen=True)
class Run(pulumi_project.Run):
    """What one command did, with checks of what it printed."""

    def ok(self) -> Run:
        """Return self, or fail with everything the engine said."""
        assert self.code == 0, self.out
        return self

    def failed(self) -> Run:
        """Return self if the command ended with an error and without a traceback."""
        assert self.code != 0, self.out
        assert "Traceback" not in self.out, self.out
        return self

    def says(self, *texts: str) -> Run:
        """Return self if each of the texts stands in what the engine said."""
        for text in texts:
            assert text in self.out, f"not said: {text}\n{self.out}"
        return self


class Project(PulumiProject):
    """A Pulumi project whose commands must never show a key."""

    def __init__(
        self,
        folder: Path,
        pulumi: Path,
        env: Mapping[str, str],
        *,
        secrets_provider: str = "default",
    ) -> None:
        super().__init__(folder, pulumi, env)
        # Which stack is selected is a matter of the project here, as it is for a user.
        del self.env["PULUMI_STACK"]
        self.make(secrets_provider=secrets_provider)

    def program(self, text: str) -> None:
        """Write the program; ``Link`` and ``pulumi`` are imported already."""
        start = "import pulumi\nfrom pulumi_omise_links import *\n"
        (self.folder / "__main__.py").write_text(start + text)

    def native_program(self, text: str) -> None:
        """Write a program whose ``Link`` is that of the native plugin."""
        (self.folder / "__main__.py").write_text(NATIVE_LINK + text)

    def yaml(self, text: str) -> None:
        """Write a program in Pulumi YAML: what follows the name and the runtime."""
        (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: yaml\n{text}")

    def pulumi(self, *args: str, env: Mapping[str, str] | None = None) -> Run:
        """Run ``pulumi`` and wait for it; fail if it shows a key."""
        return self._run(["pulumi", *args, "--non-interactive"], env or {})

    def cli(self, *args: str, **env: str) -> Run:
        """Run ``omise-links`` as a user in the project's folder; fail if it shows a key."""
        return self._run([sys.executable, "-m", "pulumi_omise_links", *args], env)

    def cli_json(self, *args: str) -> dict[str, Any]:
        """What ``omise-links`` prints with ``--json``; fail if a key of it is not documented."""
        result: dict[str, Any] = json.loads(self.cli(*args, "--json").ok().stdout)
        assert undocumented(result) == set()
        return result

    def _run(self, command: Sequence[str], env: Mapping[str, str]) -> Run:
        done = self.run(*command, env=env, limit=240)
        run = Run(done.code, *(_ANSI.sub("", text) for text in (done.stdout, done.stderr)))
        assert not KEY.search(run.out), f"a key is shown:\n{run.out}"
        return run

    def add_pending_create(self, name: str, **inputs: object) -> None:
        """Put a pending create of a link into the state, as a killed run leaves it."""
        state = json.loads(self.state_text())
        latest = state["checkpoint"]["latest"]
        provider = next(
            resource
            for resource in latest["resources"]
            if resource["urn"].endswith("-python::default")
        )
        values = {
            "amount": 5_000,
            "currency": "THB",
            "title": "T",
            "description": "d",
            "multiple": False,
            PROVIDER_KEY: PROVIDER_PICKLE,
            **inputs,
        }
        resource = {
            "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}",
            "custom": True,
            "type": TYPE_TOKEN,
            "inputs": values,
            "parent": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
            "provider": f"{provider['urn']}::{provider['id']}",
        }
        latest["pending_operations"] = [{"resource": resource, "type": "creating"}]
        self.state_file.write_text(json.dumps(state))

    def lock(self) -> None:
        """Lock the stack, as a run of somebody else does."""
        locks = self.backend / ".pulumi/locks/organization/shop/dev"
        locks.mkdir(parents=True, exist_ok=True)
        lock = {"pid": 1, "username": "a", "hostname": "b", "timestamp": "2026-01-01T00:00:00Z"}
        (locks / "x.json").write_text(json.dumps(lock))

    def unlock(self) -> None:
        """Put the stack in order after a kill, as a person would: it can be read and written."""
        delete_empty_side_files(self.backend)
        self.pulumi("cancel", "--yes").ok()

    def up(self, *args: str, **kw: Any) -> Run:
        return self.pulumi("up", "--yes", "--skip-preview", *args, **kw)

    def preview(self, *args: str, **kw: Any) -> Run:
        return self.pulumi("preview", "--diff", *args, **kw)

    def unchanged(self, **kw: Any) -> Run:
        """Preview, and fail if anything would change."""
        return self.pulumi("preview", "--diff", "--expect-no-changes", **kw).ok()

    def refresh(self, *args: str, **kw: Any) -> Run:
        return self.pulumi("refresh", "--yes", "--skip-preview", *args, **kw)

    def destroy(self, *args: str, **kw: Any) -> Run:
        return self.pulumi("destroy", "--yes", "--skip-preview", *args, **kw)

    def plan(self, **kw: Any) -> dict[str, dict[str, Any]]:
        """What a preview would change, by name of the resource: the steps of ``--json``."""
        steps = json.loads(self.pulumi("preview", "--json", **kw).ok().stdout)["steps"]
        return {_name(step): step for step in steps if step["op"] != "same"}

    def config(self, key: str, value: str, *, secret: bool = False) -> None:
        self.pulumi("config", "set", key, value, *(["--secret"] if secret else [])).ok()

    def outputs(self) -> dict[str, Any]:
        run = self.pulumi("stack", "output", "--json", "--show-secrets").ok()
        outputs: dict[str, Any] = json.loads(run.stdout)
        return outputs

    def state(self) -> list[dict[str, Any]]:
        """The resources in the state, as the engine stores them."""
        checkpoint = json.loads(self.state_text())["checkpoint"]
        resources: list[dict[str, Any]] = checkpoint["latest"].get("resources", [])
        return resources

    @property
    def state_file(self) -> Path:
        """The file that holds the state."""
        return self.backend / ".pulumi/stacks/shop/dev.json"

    def state_text(self) -> str:
        """The text of the file that holds the state."""
        return self.state_file.read_text()

    def links(self) -> dict[str, dict[str, Any]]:
        """The links in the state, by name."""
        return {
            _name(resource): resource
            for resource in self.state()
            if resource["type"] in LINK_TYPES and not resource.get("delete")
        }

    def ids(self) -> dict[str, str]:
        """The ids of the links in the state, by name."""
        return {name: link["id"] for name, link in self.links().items()}

    def known(self) -> dict[str, list[object]]:
        """What the state holds of each link that is ours: id, inputs and outputs, by name."""
        parts = ("id", "inputs", "outputs")
        return {name: [link[part] for part in parts] for name, link in self.links().items()}

    def files(self) -> list[Path]:
        """Every file that the engine has written: state, history, config, logs."""
        return [file for file in self.folder.parent.rglob("*") if file.is_file()]

    def no_key_anywhere(self) -> None:
        """Fail if a file that the engine wrote holds a key; the program itself does not count."""
        for file in self.files():
            if file.name != "__main__.py" and file.suffix != ".pyc":
                assert not KEY.search(file.read_text(errors="replace")), f"a key lies in {file}"


def writes(omise: Emulator) -> list[str]:
    """What was written at the emulator since the last look."""
    done = [f"{request.method} {request.path}" for request in omise.journal.writes]
    omise.journal.clear()
    return done


def _name(record: Mapping[str, Any]) -> str:
    return str(record["urn"]).rsplit("::", 1)[1]
