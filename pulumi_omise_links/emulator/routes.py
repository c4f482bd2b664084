"""The one table of everything the emulator answers: the API, the control plane and the pages."""

from __future__ import annotations

from typing import Any

from . import control, links_page, payment_page
from .api import Call, Endpoint
from .backend import Backend
from .control import ControlAction
from .html_page import PageAction
from .routing import RouteTable


def _list_actions(_: Backend) -> Any:
    return {
        pattern: action.description
        for pattern, action in ROUTES.items()
        if isinstance(action, ControlAction)
    }


ROUTES: RouteTable[Endpoint | ControlAction | PageAction] = RouteTable(
    {
        # Omise
        "POST /links": Endpoint(Call.create),
        "GET /links": Endpoint(Call.list),
        "GET /links/{id}": Endpoint(Call.retrieve),
        "DELETE /links/{id}": Endpoint(Call.destroy),
        "GET /links/{id}/charges": Endpoint(Call.charges),
        "GET /search": Endpoint(Call.search),
        "GET /account": Endpoint(Call.account),
        "PATCH /account": Endpoint(Call.not_imitated),
        # for people in a browser
        "GET /": PageAction(links_page.show),
        "POST /_links/{id}/pay": PageAction(links_page.pay),
        "POST /_links/{id}/delete": PageAction(links_page.delete),
        "GET /pay/{page}": PageAction(payment_page.show),
        "POST /pay/{page}": PageAction(payment_page.pay),
        "GET /pay/{page}/complete": PageAction(payment_page.show_complete),
        # for tools
        "GET /_emulator": ControlAction(_list_actions, "these actions"),
        "GET /_emulator/accounts": ControlAction(control.list_accounts, "accounts, without keys"),
        "POST /_emulator/keys": ControlAction(control.add_key, "accept a key: key, account, live"),
        "POST /_emulator/keys/revoke": ControlAction(control.revoke_key, "refuse a key: key"),
        "GET /_emulator/links": ControlAction(
            control.list_links, "the stored links: account, live, deleted"
        ),
        "POST /_emulator/links": ControlAction(
            control.seed_links, "make links: count, account, live, sub_merchant, title…"
        ),
        "PATCH /_emulator/links/{id}": ControlAction(
            control.mutate_link, "change stored attributes of a link"
        ),
        "DELETE /_emulator/links/{id}": ControlAction(
            control.erase_link, "remove a link as if it had never been"
        ),
        "POST /_emulator/links/{id}/pay": ControlAction(
            control.pay_link, "pay a link; paid: false for a payment that fails"
        ),
        "POST /_emulator/links/{id}/delete": ControlAction(
            control.delete_link, "delete a link as in Omise's dashboard"
        ),
        "GET /_emulator/behaviour": ControlAction(control.show_behaviour, "the switches"),
        "PATCH /_emulator/behaviour": ControlAction(control.set_behaviour, "set some switches"),
        "GET /_emulator/faults": ControlAction(
            control.list_faults, "the faults that wait, and the kinds there are"
        ),
        "POST /_emulator/faults": ControlAction(
            control.add_fault, "add a fault: kind, method, path, times, rate…"
        ),
        "DELETE /_emulator/faults": ControlAction(control.clear_faults, "drop all faults"),
        "GET /_emulator/journal": ControlAction(
            control.show_journal, "the API requests: since (a sequence number), limit"
        ),
        "GET /_emulator/counters": ControlAction(
            control.show_counters, "exact counts of the API requests"
        ),
        "POST /_emulator/reset": ControlAction(
            control.reset, "begin again: data, faults, journal, behaviour (true or false)"
        ),
    }
)
