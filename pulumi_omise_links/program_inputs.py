"""Checks of inputs that only the program can make, before Pulumi sends them to the provider.

Pulumi sends every number as a double, and its SDK ends with a traceback at a type that it cannot
serialize. So this module checks whether an amount was written as an integer, and whether a text was
made from an ``Output`` or a resource. ``inputs`` checks all else in the provider, where the account
and all problems of a link are known. ``marked`` makes an input that passes these checks.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from enum import Enum
from functools import partial
from inspect import isawaitable
from typing import Any

import pulumi

from .errors import ArgumentError
from .inputs import GREATEST_NUMBER, INPUTS
from .mark import add_mark, mark_problem

# What `str` makes of an Output; PULUMI_ERROR_OUTPUT_STRING=1 turns it into an exception.
_OUTPUT_AS_TEXT = "Calling __str__ on an Output"
# What `repr` and `str` make of an object that has no text of its own: <Link object at 0x7f…>.
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9A-Fa-f]+>")
_TYPES = {known.name: known.type for known in INPUTS}
_EXPECTED = {int: "an int", bool: "True or False", str: "text"}


class _UnfitValueError(Exception):
    """A value that cannot be an input; the text completes the sentence "<input> …"."""


def prepare_inputs(link_name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a link as Pulumi can serialize them.

    Integers of any type become ``int`` (``numpy.int64``, ``IntEnum``), text of any type ``str``,
    and members of an ``Enum`` their values. An ``Output`` is checked when its value is known.

    :raises ArgumentError: with everything wrong, a line each.
    """
    prepared: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        try:
            # `isawaitable` costs more than all the rest, and a program declares thousands of links.
            if isinstance(value, (str, int)) or not _comes_later(value):
                prepared[name] = _prepare(name, value, written=True)
            else:
                output = pulumi.Output.from_input(value)
                prepared[name] = output.apply(partial(_prepare_resolved, link_name, name))
        except _UnfitValueError as unfit:
            problems.append(f"Link {link_name!r}: {name} {unfit}")
    if problems:
        raise ArgumentError("\n".join(problems))
    return prepared


def prepare_link_id(link_name: str, link_id: Any) -> Any:
    """Return the id that ``Link.get`` looks up, as Pulumi can serialize it.

    :raises ArgumentError: it can be no id.
    """
    prepared = prepare_inputs(link_name, {"id": link_id})["id"]
    if prepared is None:
        raise ArgumentError(f"Link {link_name!r}: id is None; name the link to look up.")
    return prepared


def marked(title: pulumi.Input[str], mark: str) -> pulumi.Input[str]:
    """Return a title with the mark of the stack that makes the link: ``Spring sale · pr-42``.

    For a ``Link`` whose stack comes and goes, as one for each pull request does::

        Link("spring", title=marked("Spring sale", pulumi.get_stack()), ...)

    The payer reads the mark, and it finds links that are left after the state of the stack is lost.
    A title that has this mark already stays as it is. A mark is part of the title like any other:
    a link gets another one only by being replaced, and one that is adopted must have it at Omise.

    :param title: an ``Output``, secret or not, becomes one with the mark. What can be no title is
        returned as it is: ``Link`` refuses it, and names itself.
    :param mark: 1 to 100 visible characters, without ``·``.
    :raises ArgumentError: the mark cannot be one.
    """
    text = prepare_mark("marked", mark)

    def add(value: Any) -> Any:
        if isinstance(value, Enum):
            value = value.value
        # A blank title would not be blank any more.
        if not isinstance(value, str) or not value.strip():
            return value
        return add_mark(str.__str__(value), text)

    return pulumi.Output.from_input(title).apply(add) if _comes_later(title) else add(title)


def prepare_mark(function: str, mark: object) -> str:
    """Return the mark that a program gives to a function, as plain text.

    :raises ArgumentError: it can be no mark.
    """
    if _comes_later(mark):
        raise ArgumentError(
            f"{function}: mark must be text that is known when the program runs, such as"
            " pulumi.get_stack(), not an Output."
        )
    if problem := mark_problem(mark):
        raise ArgumentError(f"{function}: mark {problem}.")
    return str.__str__(mark)  # a member of an Enum would be formatted as its name


def _comes_later(value: object) -> bool:
    return isinstance(value, pulumi.Output) or isawaitable(value)


def _prepare_resolved(link_name: str, name: str, value: Any) -> Any:
    try:
        return _prepare(name, value, written=False)
    except _UnfitValueError as unfit:
        raise ArgumentError(f"Link {link_name!r}: {name} {unfit}") from None


def _prepare(name: str, value: Any, *, written: bool) -> Any:
    """Return one value as Pulumi can serialize it.

    :param written: whether the program wrote the value itself. A number out of an ``Output`` may be
        a double because of Pulumi, whatever it was.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _prepare_text(value)
    wanted = _TYPES.get(name, str)
    if wanted is int:
        return _prepare_whole_number(value, written=written)
    if isinstance(value, pulumi.Resource):
        raise _UnfitValueError(
            f"is a resource ({_type_name(value)}): give one of its outputs, such as its id."
        )
    advice = ": use bool(…)." if wanted is bool else "."
    raise _UnfitValueError(f"must be {_EXPECTED[wanted]}, not {_type_name(value)}{advice}")


def _prepare_whole_number(value: Any, *, written: bool) -> int | float:
    if isinstance(value, float):
        if written:
            raise _UnfitValueError(
                "is a float. Amounts are integers in the smallest unit of the currency (49.00 baht"
                " are 4900): write an int, or int(round(…)) around what is computed."
            )
        return value
    try:
        whole = operator.index(value)
    except TypeError:
        raise _UnfitValueError(
            f"must be an int, not {_type_name(value)}. Amounts are integers in the smallest unit"
            " of the currency (49.00 baht are 4900): use int(…) around what is one."
        ) from None
    if abs(whole) > GREATEST_NUMBER:
        raise _UnfitValueError(
            f"is too large: the greatest number that arrives unchanged is {GREATEST_NUMBER}."
        )
    return whole


def _prepare_text(value: str) -> str:
    text = str.__str__(value)
    if _OUTPUT_AS_TEXT in text or _ADDRESS.search(text):
        raise _UnfitValueError(
            "holds an Output or another object that was put into a text, where its value is not"
            ' known yet. Use pulumi.Output.concat("Ticket ", other.id) or'
            ' other.id.apply(lambda value: f"Ticket {value}").'
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _UnfitValueError(
            "must be valid Unicode (it holds half of a surrogate pair)."
        ) from None
    return text


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
