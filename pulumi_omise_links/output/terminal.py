"""A result -> text or JSON. Nothing is printed here.

Text from files and from Omise is foreign: :func:`show` is the only way it may reach a terminal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..errors import ManifestFault
    from ..manifest.entries import CheckedFile
    from ..omise.models import LinkInputs

FORMAT_VERSION = "1.0"

# https://docs.omise.co/currency-and-amount: the yen alone has no smaller unit.
_ZERO_DECIMAL = {"JPY"}
# Scripts of South Asia and the Middle East, and emoji, are misspelt without them.
JOINERS = "\u200c\u200d"


def show(text: str, *, longest: int = 80) -> str:
    """Return foreign text as one line that does nothing to a terminal.

    Control characters, escape sequences, direction marks and invisible characters are spelt out
    (``\\x1b``, ``\\u202e``); what is longer than ``longest`` characters is cut, with an ellipsis.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(
        each
        if each.isprintable() or each in JOINERS
        else each.encode("unicode_escape").decode("ascii")
        for each in cut
    )


def human_amount(amount: int, currency: str) -> str:
    """Return an amount in the smallest unit as people write it: ``THB 1,500.00``."""
    code = show(currency.upper())
    if code in _ZERO_DECIMAL:
        return f"{code} {amount:,}"
    whole, rest = divmod(abs(amount), 100)
    return f"{code} {'-' if amount < 0 else ''}{whole:,}.{rest:02}"


def show_input(inputs: LinkInputs, name: str) -> str:
    """Return one input of a link as people read it: ``150000 (THB 1,500.00)``, ``"Spring"``."""
    value = getattr(inputs, name)
    if name == "amount":
        return f"{value} ({human_amount(value, inputs.currency)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{show(str(value), longest=60)}"'


def count(number: int, noun: str, *, zero: str = "no") -> str:
    """Return ``no faults``, ``1 fault``, ``1,200 entries``."""
    nouns = re.sub("(?<![aeou])y$", "ie", noun) + "s"
    return f"{f'{number:,}' if number else zero} {noun if number == 1 else nouns}"


def to_json(command: str, summary: Mapping[str, object], **details: object) -> str:
    """Return what ``--json`` prints: one envelope for all commands.

    The text is as readable as JSON can be; what could harm a terminal is escaped.
    """
    envelope = {
        "format_version": FORMAT_VERSION,
        "command": command,
        "summary": summary,
        **details,
    }
    text = json.dumps(envelope, ensure_ascii=False, indent=2)
    return re.sub(r"[^\n\x20-\x7e]", _escaped_in_json, text)


def _escaped_in_json(found: re.Match[str]) -> str:
    character = found.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


def validation_text(files: Iterable[CheckedFile]) -> str:
    """Return every fault on a line of its own, and one line for each file."""
    lines: list[str] = []
    for each in files:
        lines += map(str, each.faults)
        links = f"{count(each.links, 'link')}, " if each.links or not each.faults else ""
        lines.append(f"{show(each.file, longest=1000)}: {links}{count(len(each.faults), 'fault')}")
    return "\n".join(lines)


def validation_json(files: Sequence[CheckedFile]) -> str:
    """Return the same for programs."""
    faults = [fault for each in files for fault in each.faults]
    summary = {
        "files": len(files),
        "links": sum(each.links for each in files),
        "faults": len(faults),
    }
    return to_json("validate", summary, faults=[_fault(each) for each in faults])


def _fault(fault: ManifestFault) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "path": fault.path,
        "problem": fault.problem,
    }
