"""The control plane: what people and tests do to the emulator over HTTP, under /_emulator.

It asks for no key, as it is a tool of the computer it runs on; it never shows one either. GET
changes nothing, so that a page in a browser cannot change anything by loading an address.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from .backend import Backend
from .faults import KINDS
from .messages import Request, read_json_object
from .type_check import Between, check_arguments, hints_of, read_text

_Index = Annotated[int, Between(0, 1_000_000_000)]


@dataclass(frozen=True)
class ControlAction:
    """An action of the control plane, as an entry of the route table.

    ``act`` gets the backend, the values of the path's ``{name}`` parts, and the parameters of
    query and body as keyword arguments: those it names, checked against its annotations.
    """

    act: Callable[..., Any]
    description: str

    def answer(
        self, backend: Backend, path: Mapping[str, str], request: Request
    ) -> tuple[int, Any]:
        """Carry the request out: status and plain data."""
        try:
            given = _read_parameters(request, self.act)
            check_arguments(self.act, given)
            return 200, self.act(backend, *path.values(), **given)
        except LookupError as error:
            return 404, {"error": str(error.args[0])}
        except ValueError as error:
            return 400, {"error": str(error)}


def list_accounts(backend: Backend) -> Any:
    """Show the accounts without their keys."""
    names = ("name", "id", "live_id", "team", "email", "country", "currency")
    return {
        "accounts": [
            {name: getattr(account, name) for name in names}
            | {"supported_currencies": account.supported_currencies}
            for account in backend.accounts
        ]
    }


def add_key(backend: Backend, *, key: str, account: str = "th", live: bool = False) -> Any:
    """Accept one more secret key."""
    backend.add_key(key, account, live=live)
    return {}


def revoke_key(backend: Backend, *, key: str) -> Any:
    """Refuse a key from now on."""
    backend.revoke(key)
    return {}


def list_links(
    backend: Backend,
    *,
    account: str | None = None,
    live: bool | None = None,
    deleted: bool | None = None,
) -> Any:
    """Show the stored links."""
    return {"links": backend.links(account, live=live, deleted=deleted)}


def seed_links(
    backend: Backend,
    /,
    *,
    count: Annotated[int, Between(0, 1_000_000)] = 1,
    account: str = "th",
    live: bool = False,
    sub_merchant: str = "",
    seconds_apart: Annotated[float, Between(0, 1e9)] = 0.0,
    **inputs: Any,
) -> Any:
    """Make links without the API."""
    ids = backend.seed(
        count,
        account=account,
        live=live,
        sub_merchant=sub_merchant,
        seconds_apart=seconds_apart,
        **inputs,
    )
    return {"ids": ids}


def mutate_link(backend: Backend, identity: str, /, **attributes: Any) -> Any:
    """Change stored attributes of a link."""
    return backend.mutate(identity, **attributes)


def erase_link(backend: Backend, identity: str, /) -> Any:
    """Remove a link as if it had never been."""
    backend.erase(identity)
    return {}


def delete_link(backend: Backend, identity: str, /) -> Any:
    """Delete a link as a person in Omise's dashboard."""
    backend.delete(identity)
    return backend.link(identity)


def pay_link(backend: Backend, identity: str, /, *, paid: bool = True) -> Any:
    """Pay a link."""
    return {"charge": backend.pay(identity, paid=paid), "link": backend.link(identity)}


def show_behaviour(backend: Backend) -> Any:
    """Show the switches."""
    return dataclasses.asdict(backend.behaviour)


def set_behaviour(backend: Backend, /, **switches: Any) -> Any:
    """Set some switches."""
    backend.switch(**switches)
    return show_behaviour(backend)


def list_faults(backend: Backend) -> Any:
    """Show the faults that wait, and the kinds of faults."""
    kinds = {name: kind.description for name, kind in KINDS.items()}
    return {"faults": backend.faults, "kinds": kinds}


def add_fault(backend: Backend, /, *, kind: str | int, **fields: Any) -> Any:
    """Add a fault."""
    backend.fault(kind, **fields)  # type: ignore[arg-type]  # "429" is easily written as a number
    return {"faults": backend.faults}


def clear_faults(backend: Backend) -> Any:
    """Drop all faults."""
    backend.clear_faults()
    return {"faults": []}


def show_journal(backend: Backend, *, since: _Index = 0, limit: _Index = 1000) -> Any:
    """Show journal entries after the sequence number ``since``."""
    entries = [entry.as_dict() for entry in backend.journal.entries if entry.sequence > since]
    return {"entries": entries[:limit]}


def show_counters(backend: Backend) -> Any:
    """Show exact counts of the API requests."""
    return backend.journal.counters()


def reset(
    backend: Backend,
    *,
    data: bool = True,
    faults: bool = True,
    journal: bool = True,
    behaviour: bool = False,
) -> Any:
    """Begin again."""
    backend.reset(data=data, faults=faults, journal=journal, behaviour=behaviour)
    return {}


def write_json(value: Any) -> bytes:
    """Return the body of an answer of the control plane."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def _read_parameters(request: Request, act: Callable[..., Any]) -> dict[str, Any]:
    """Return query and JSON body as one; values of a query are read as the action needs them."""
    hints = hints_of(act)
    keywords = inspect.signature(act).parameters
    given: dict[str, Any] = {
        name: read_text(value, hints[name]) if name in keywords else value
        for name, value in parse_qsl(request.query)
    }
    return given | (read_json_object(request.body) if request.body.strip() else {})
