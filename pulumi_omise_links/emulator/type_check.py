"""Check values against type annotations at run time: switches, faults, control-plane arguments."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_GREATEST_INTEGER = 2**63 - 1  # what a column of SQLite holds
_LONGEST_QUOTE = 60
_KEY = re.compile(r"([sp]key_)\w+")


@dataclass(frozen=True)
class Between:
    """Bounds of a number, both included; an annotation: ``Annotated[int, Between(1, 5)]``."""

    least: float
    greatest: float


def hide_keys(text: str) -> str:
    """Replace every API key in a text, for keys that were sent where none belongs."""
    return _KEY.sub(r"\1***", text)


def check_types(value: Any) -> None:
    """Check every field of a dataclass instance. Raises ValueError that names the field."""
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    check_values(fields, hints_of(value.__class__))


def check_values(values: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    """Check values by name against annotations. Raises ValueError that names the value."""
    for name, value in values.items():
        if not _fits(value, hints[name]):
            quoted = hide_keys(repr(value))
            if len(quoted) > _LONGEST_QUOTE:
                quoted = f"{quoted[:_LONGEST_QUOTE]}…"
            raise ValueError(f"{name} must be {_describe(hints[name])}, not {quoted}")


def check_arguments(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Check keyword arguments of a function. Raises ValueError for an unknown name, a missing one
    or a value of another type. A function with ``**`` arguments checks those itself.
    """
    parameters = inspect.signature(function).parameters
    keywords = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    if not any(
        parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()
    ):
        unknown = sorted(set(given) - set(keywords))
        if unknown:
            raise ValueError(
                f"unknown: {hide_keys(', '.join(unknown))}; "
                f"known: {', '.join(keywords) or 'no argument at all'}"
            )
    required = (
        name for name, parameter in keywords.items() if parameter.default is parameter.empty
    )
    missing = [name for name in required if name not in given]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    hints = hints_of(function)
    check_values({name: given[name] for name in keywords if name in given}, hints)


def read_text(text: str, hint: Any) -> Any:
    """Convert a text (of a query string) to what the annotation asks for, or return it as it is."""
    if get_origin(hint) is Annotated:
        return read_text(text, get_args(hint)[0])
    if _is_union(hint):
        readings = (read_text(text, part) for part in get_args(hint))
        return next((value for value in readings if value != text), text)
    if hint is bool:
        return {"true": True, "false": False}.get(text, text)
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            return text
    return text


@functools.cache
def hints_of(annotated: Any) -> Mapping[str, Any]:
    """Annotations of a class or function, by name."""
    return get_type_hints(annotated, include_extras=True)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _fits(value: object, hint: Any) -> bool:  # noqa: PLR0911  (one line for each form of annotation)
    if get_origin(hint) is Annotated:
        base, bounds = get_args(hint)
        return _fits(value, base) and bounds.least <= value <= bounds.greatest
    if get_origin(hint) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(hint))
    if _is_union(hint):
        return any(_fits(value, part) for part in get_args(hint))
    if hint is Any:
        return True
    if get_origin(hint) is not None:
        return isinstance(value, get_origin(hint))
    if hint in (int, float):
        if isinstance(value, int):
            return not isinstance(value, bool) and abs(value) <= _GREATEST_INTEGER
        return hint is float and isinstance(value, float) and math.isfinite(value)
    if hint is str:
        # A lone surrogate can be written in JSON but cannot be stored or sent.
        return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)
    return isinstance(value, hint)


def _describe(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        base, bounds = get_args(hint)
        return f"{_describe(base)} from {bounds.least:,} to {bounds.greatest:,}"
    if get_origin(hint) is Literal:
        return " or ".join(repr(choice) for choice in get_args(hint))
    if _is_union(hint):
        return " or ".join(_describe(part) for part in get_args(hint))
    if hint is type(None):
        return "None"
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(
        hint, "an object"
    )
