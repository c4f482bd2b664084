"""The control plane: what people and tests do to the local Omise over HTTP, under /_emulator.

It asks for no key, as it is a tool of the computer it runs on; it never shows one either.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .faults import KINDS
from .messages import Request

if TYPE_CHECKING:
    from .emulator import Emulator

_Given = Mapping[str, Any]
_Action = Callable[["Emulator", _Given, str], Any]


def _seed(omise: Emulator, given: _Given, _: str) -> Any:
    return {"ids": omise.seed(**given)}


def _links(omise: Emulator, given: _Given, _: str) -> Any:
    return {"links": omise.links(**given)}


def _mutate(omise: Emulator, given: _Given, identity: str) -> Any:
    return omise.mutate(identity, **given)


def _erase(omise: Emulator, given: _Given, identity: str) -> Any:
    omise.erase(identity, **given)
    return {}


def _delete(omise: Emulator, given: _Given, identity: str) -> Any:
    omise.delete(identity, **given)
    return omise.link(identity)


def _pay(omise: Emulator, given: _Given, identity: str) -> Any:
    return {"charge": omise.pay(identity, **given), "link": omise.link(identity)}


def _accounts(omise: Emulator, _: _Given, __: str) -> Any:
    keep = ("name", "id", "team", "email", "country", "currency", "supported_currencies")
    return {"accounts": [{name: getattr(each, name) for name in keep} for each in omise.accounts]}


def _add_key(omise: Emulator, given: _Given, _: str) -> Any:
    omise.add_key(**given)
    return {}


def _revoke(omise: Emulator, given: _Given, _: str) -> Any:
    omise.revoke(**given)
    return {}


def _behaviour(omise: Emulator, given: _Given, _: str) -> Any:
    if given:
        omise.switch(**given)
    return dataclasses.asdict(omise.behaviour)


def _faults(omise: Emulator, _: _Given, __: str) -> Any:
    return {"faults": omise.faults, "kinds": KINDS}


def _fault(omise: Emulator, given: _Given, _: str) -> Any:
    omise.fault(**given)
    return {"faults": omise.faults}


def _clear_faults(omise: Emulator, _: _Given, __: str) -> Any:
    omise.clear_faults()
    return {"faults": []}


def _journal(omise: Emulator, given: _Given, _: str) -> Any:
    since = int(given.get("since", 0))
    limit = int(given.get("limit", 1000))
    found = [each.as_dict() for each in omise.journal.entries if each.sequence > since]
    return {"entries": found[:limit]}


def _counters(omise: Emulator, _: _Given, __: str) -> Any:
    return omise.journal.counters()


def _reset(omise: Emulator, given: _Given, _: str) -> Any:
    omise.reset(**given)
    return {}


# "{id}" stands for a link's id.
_ACTIONS: dict[tuple[str, str], tuple[_Action, str]] = {
    ("GET", "accounts"): (_accounts, "the accounts, without their keys"),
    ("POST", "keys"): (_add_key, "let a key in: key, account, live"),
    ("POST", "keys/revoke"): (_revoke, "refuse a key from now on: key"),
    ("GET", "links"): (_links, "the stored links: account, live, deleted"),
    ("POST", "links"): (_seed, "make links: count, account, live, sub_merchant, title…"),
    ("PATCH", "links/{id}"): (_mutate, "change stored attributes of a link"),
    ("DELETE", "links/{id}"): (_erase, "take a link away without a trace"),
    ("POST", "links/{id}/pay"): (_pay, "pay a link; paid: false for a payment that fails"),
    ("POST", "links/{id}/delete"): (_delete, "delete a link as in Omise's dashboard"),
    ("GET", "behaviour"): (_behaviour, "the switches"),
    ("PATCH", "behaviour"): (_behaviour, "set some switches"),
    ("GET", "faults"): (_faults, "the faults that wait, and what kinds there are"),
    ("POST", "faults"): (_fault, "add a fault: kind, method, path, times, rate…"),
    ("DELETE", "faults"): (_clear_faults, "drop all faults"),
    ("GET", "journal"): (_journal, "the API requests: since (a sequence), limit"),
    ("GET", "counters"): (_counters, "exact counts of the API requests"),
    ("POST", "reset"): (_reset, "begin again: data, faults, journal, behaviour (true or false)"),
}


def answer(omise: Emulator, request: Request, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and JSON body for a request under /_emulator."""
    if "origin" in request.headers:
        # A page in a browser of this computer must not be able to make trouble here.
        status, value = 403, {"error": "the control plane does not answer pages in a browser"}
    else:
        status, value = _answer(omise, request, rest)
    body = json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
    return status, {"Content-Type": "application/json; charset=utf-8"}, body


def _answer(omise: Emulator, request: Request, rest: list[str]) -> tuple[int, Any]:
    if not "".join(rest):
        return 200, {f"{m} /_emulator/{path}": what for (m, path), (_, what) in _ACTIONS.items()}
    identity = ""
    if rest[0] == "links" and len(rest) > 1:
        identity = rest[1]
        rest = ["links", "{id}", *rest[2:]]
    action, _ = _ACTIONS.get((request.method, "/".join(rest)), (None, ""))
    if action is None:
        return 404, {"error": "no such action; GET /_emulator lists them"}
    try:
        return 200, action(omise, _given(request), identity)
    except LookupError as error:
        return 404, {"error": str(error.args[0])}
    except ValueError as error:
        return 400, {"error": str(error)}
    except TypeError:
        # Python's own words could quote a value, and values can be keys.
        return 400, {"error": "a name is missing, unknown or has a value of the wrong type"}


def _given(request: Request) -> dict[str, Any]:
    """Query and JSON body as one. true, false and numbers may stand in a query."""
    given: dict[str, Any] = {}
    for name, value in parse_qsl(request.query):
        given[name] = {"true": True, "false": False}.get(value, value)
    if request.body.strip():
        read = json.loads(request.body)
        if not isinstance(read, dict):
            raise ValueError("the body must be a JSON object")
        given |= read
    return given
