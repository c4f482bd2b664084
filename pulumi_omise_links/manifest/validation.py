"""Validates a document by its JSON Schema: which rule is broken where.

The schemas are made by ``tools/make_schema.py``, that of the manifest from the table of inputs.
Beside each rule, ``x-problems`` has its message: a code, and a sentence for
:func:`.inputs.fill_in`. ``names`` has other messages for certain keys, ``cases`` for a text in
which a pattern is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ProblemCode
from ..inputs import did_you_mean
from . import document

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MANIFEST_SCHEMA = Path(__file__).parents[1] / "links.schema.json"
ACCEPTED_SCHEMA = Path(__file__).parents[1] / "accepted.schema.json"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule of the schema that a document breaks.

    ``path`` is that of the value; ``key`` the key of that mapping which is wrong or missing, or
    None if the value itself is wrong. ``problem`` can have fields for :func:`.inputs.fill_in`.
    """

    path: document.Path
    key: str | None
    missing: bool
    value: object
    code: ProblemCode
    problem: str


def find_violations(value: object, schema: Path) -> Iterator[Violation]:
    """Yield the first rule of a schema that each value, and each key, of a document breaks."""
    seen: set[tuple[document.Path, str | None]] = set()
    for error in _validator(schema).iter_errors(value):
        for violation in _violations(error):
            place = violation.path, violation.key
            if place not in seen:
                seen.add(place)
                yield violation


@cache
def _validator(schema: Path) -> Draft202012Validator:
    # Half of the time of `validate` on a small file, and nothing that another command needs.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _violations(error: ValidationError) -> Iterator[Violation]:
    rule: Any = error.schema
    messages = rule["x-problems"][error.validator]
    value: Any = error.instance
    path = tuple(error.absolute_path)
    keys: Iterable[str | None] = (None,)
    if error.validator == "required":
        keys = [name for name in rule["required"] if name not in value]
    elif error.validator == "additionalProperties":
        keys = [name for name in value if name not in rule["properties"]]
    elif "propertyNames" in error.absolute_schema_path:
        keys = (value,)
    for key in keys:
        special = {**messages, **messages.get("names", {}).get(key, {})}
        for pattern, problem in messages.get("cases", {}).items():
            if re.search(pattern, value):
                special["problem"] = problem
                break
        yield Violation(
            path=path,
            key=key,
            missing=error.validator == "required",
            value=value,
            code=ProblemCode(special["code"]),
            problem=special["problem"].replace("{hint}", _hint(key, rule)),
        )


def _hint(key: str | None, rule: Any) -> str:
    known = list(rule.get("properties", ()))
    return did_you_mean(key or "", known) or f"; its keys are {', '.join(known)}"
