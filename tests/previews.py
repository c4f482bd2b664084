"""What `pulumi preview --json` prints, in the parts that this package reads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from samples import STACK

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

URN = f"urn:pulumi:dev::shop::{TYPE_TOKEN}::"


class PreviewFile:
    """A preview of links that are at the emulator; each method adds one step."""

    def __init__(self, omise: Emulator) -> None:
        self.omise = omise
        self.steps: list[dict[str, Any]] = [
            {
                "op": "same",
                "urn": STACK,
                "oldState": {},
                "newState": {"type": "pulumi:pulumi:Stack"},
            }
        ]
        self.errors: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}

    def link(self, name: str, *, paid: int = 0, **inputs: Any) -> str:
        """Make a link, and pay it."""
        [link_id] = self.omise.seed(**{"title": name.title(), "multiple": True, **inputs})
        for _ in range(paid):
            self.omise.pay(link_id)
        self.names[link_id] = name
        return link_id

    def same(self, link_id: str, **old: Any) -> None:
        state = self._old(link_id, old)
        self._add("same", self.names[link_id], state, {"inputs": state["inputs"]})

    def replace(
        self, link_id: str, new: dict[str, Any], changed: dict[str, Any], **old: Any
    ) -> None:
        state = self._old(link_id, old)
        new = {"inputs": {**state["inputs"], **changed}, **new}
        self._add("replace", self.names[link_id], state, new, replaceReasons=[*changed])

    def delete(self, link_id: str, **old: Any) -> None:
        self._add("delete", self.names[link_id], self._old(link_id, old), None)

    def create(self, name: str, **inputs: Any) -> None:
        usual = {"title": name.title(), "description": "d", "amount": 5_000, "currency": "THB"}
        self._add("create", name, None, {"inputs": {**usual, "multiple": False, **inputs}})

    def other(self, op: str, type_: str, name: str) -> None:
        """Add a resource that is no link."""
        state = {"type": type_, "inputs": {"password": "hunter2"}}
        urn = f"urn:pulumi:dev::shop::{type_}::{name}"
        step = {"op": op, "urn": urn, "oldState": state}
        self.steps.append(step if op == "delete" else {**step, "newState": state})

    def refuse(self, name: str, verb: str = "replace") -> None:
        """Add what the engine says of a protected resource."""
        message = f'error: unable to {verb} resource "{URN}{name}"\nas it is currently marked for'
        self.error(f"{message} protection. To unprotect the resource, …", f"{URN}{name}")

    def error(self, message: str, urn: str | None = None) -> None:
        about = {"urn": urn} if urn else {}
        self.errors.append({**about, "message": f"{message}\n", "severity": "error"})

    def write(self, path: str = "preview.json", *, sames: bool = True) -> str:
        """Write the file; without ``sames``, as Pulumi does without `--show-sames`."""
        counts = Counter(step["op"] for step in self.steps)
        steps = [
            step for step in self.steps if sames or step["op"] != "same" or step["urn"] == STACK
        ]
        digest = {"steps": steps, "diagnostics": self.errors, "changeSummary": counts}
        Path(path).write_text(json.dumps(digest))
        return path

    def _old(self, link_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        link = self.omise.link(link_id)
        inputs = {
            name: link[name] for name in ("title", "description", "amount", "currency", "multiple")
        }
        hidden = changes.pop("secret", ())
        inputs |= dict.fromkeys(hidden, "[secret]")
        outputs = {
            **inputs,
            "account_id": self.omise.account("th").id,
            "payment_uri": link["payment_uri"],
            "created_at": "2026-01-01T00:00:00Z",
            **changes.pop("outputs", {}),
        }
        return {"id": link_id, "inputs": inputs, "outputs": outputs, "custom": True, **changes}

    def _add(
        self,
        op: str,
        name: str,
        old: dict[str, Any] | None,
        new: dict[str, Any] | None,
        **more: Any,
    ) -> None:
        step: dict[str, Any] = {"op": op, "urn": f"{URN}{name}", **more}
        if old is not None:
            step["oldState"] = {"type": TYPE_TOKEN, "urn": step["urn"], **old}
        if new is not None:
            step["newState"] = {"type": TYPE_TOKEN, "urn": step["urn"], "custom": True, **new}
        self.steps.append(step)

    def name_ids(self, text: str) -> str:
        """Return a text with `<name>` in place of each id and address, as ids are random."""
        for link_id, name in self.names.items():
            address = self.omise.link(link_id)["payment_uri"]
            text = text.replace(address, f"https://pay/<{name}>").replace(link_id, f"<{name}>")
        return text
