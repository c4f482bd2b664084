"""What docs/command-line.md says of the JSON of each command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_omise_links.inputs import INPUT_NAMES

DOCS = (Path(__file__).parents[1] / "docs/command-line.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL))
ENVELOPE = {"format_version", "command", "summary", "accounts", "stats"}


def undocumented(printed: Mapping[str, Any]) -> set[str]:
    """The keys that neither the section of the command nor that of the envelope has."""
    section = SECTIONS[printed["command"]]
    if section.lstrip().startswith("As `plan`"):
        section += SECTIONS["plan"]
    keys = {*printed} - ENVELOPE | {*printed["summary"]}
    for value in printed.values():
        if isinstance(value, list):
            objects = [item for item in value if isinstance(item, dict)]
            keys |= {key for item in objects if "mode" not in item for key in item}
    if "and the inputs" in section:
        keys -= {*INPUT_NAMES}
    envelope = {key for key in ENVELOPE if f'"{key}"' not in DOCS}
    return envelope | {key for key in keys if not re.search(rf"\b{key}\b", section)}
