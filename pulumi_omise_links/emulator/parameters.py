"""Parameters of a request, and the refusal of inputs of which no link can be made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from .accounts import Account
from .behaviour import Behaviour
from .link_inputs import INPUT_NAMES, READERS, BlankError, InputError, LinkInputs, LinkRequest
from .messages import RefusalError, Request, read_json_object

_FORM = "application/x-www-form-urlencoded"


def read_parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of query and body. Raises `RefusalError` for an unreadable body.

    SDK: PHP and Ruby send forms, the others JSON; Go and Python send JSON bodies even with GET.
    """
    found: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    if not request.body.strip():
        return found
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            return found | read_json_object(request.body)
        if kind == _FORM:
            form = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
            return found | dict(form)
    except ValueError:
        raise RefusalError("bad_request", "the body of the request could not be parsed") from None
    raise RefusalError("bad_request", "the content type of the request is not supported")


def read_link_inputs(
    given: Mapping[str, Any], account: Account, behaviour: Behaviour
) -> LinkInputs:
    """Return the inputs of a new link as they are stored, or raise a `RefusalError`.

    INF: all problems of a request come joined in one sentence, as Rails words them.
    """
    if behaviour.unknown_parameters == "bad_request":
        unknown = sorted(set(given) - set(INPUT_NAMES))
        if unknown:
            raise RefusalError("bad_request", f"unknown parameter: {', '.join(unknown)}")
    request = LinkRequest(given, account, behaviour)
    inputs: dict[str, Any] = {}
    missing: list[str] = []
    problems: list[str] = []
    for name, read in READERS.items():
        try:
            inputs[name] = read(given.get(name), request)
        except BlankError as error:
            missing.append(f"{name} {error}")
        except InputError as error:
            problems.append(f"{name} {error}")
    if missing or problems:
        code = behaviour.missing_parameter if missing else "invalid_link"
        raise RefusalError(code, sentence([*missing, *problems]))
    return LinkInputs(**inputs)


def sentence(problems: list[str]) -> str:
    """Join as Rails' ``to_sentence`` does: "a", "a and b", "a, b, and c"."""
    if len(problems) < 3:
        return " and ".join(problems)
    return f"{', '.join(problems[:-1])}, and {problems[-1]}"
