"""JSON of links, accounts and lists, key by key in the recorded order, by API version."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import charge_shapes
from .accounts import Account
from .link_inputs import INPUT_NAMES
from .records import ChargeRecord, LinkRecord, Window
from .times import moment

if TYPE_CHECKING:
    from .link_search import Found

LATEST = "2019-05-29"
VERSIONS = ("2014-07-27", "2015-11-17", "2017-11-02", LATEST)  # DOC api-versioning


def text(value: object) -> bytes:
    """Write JSON as Ruby's ``JSON.pretty_generate`` does.

    REC 2017 and 2025: two spaces of indentation, plain UTF-8, a line feed at the end, and ``[``, an
    empty line, ``]`` for an empty array. INF from the same printer: an empty object is ``{``, ``}``
    on two lines.
    """
    return (_pretty(value, "\n") + "\n").encode()


_plain = json.JSONEncoder(ensure_ascii=False).encode


def _pretty(value: object, line: str) -> str:
    # json.dumps cannot write empty arrays so, and takes several times as long for a page of links.
    if isinstance(value, str):
        return _plain(value)
    inner = line + "  "
    if isinstance(value, dict):
        if not value:
            return f"{{{line}}}"
        rows = [f"{_plain(name)}: {_pretty(member, inner)}" for name, member in value.items()]
        return f"{{{inner}{f',{inner}'.join(rows)}{line}}}"
    if isinstance(value, list):
        if not value:
            return f"[\n{line}]"
        return f"[{inner}{f',{inner}'.join([_pretty(item, inner) for item in value])}{line}]"
    return _plain(value)


def error(code: str, message: str) -> dict[str, Any]:
    """Return an error object. DOC api-errors; REC: the anchor is the code with hyphens."""
    return {
        "object": "error",
        "location": f"https://www.omise.co/api-errors#{code.replace('_', '-')}",
        "code": code,
        "message": message,
    }


def listing(data: Sequence[Any], total: int, location: str, window: Window) -> dict[str, Any]:
    """Return a list object. REC: the keys come in this order in every recording since 2018."""
    return {
        "object": "list",
        "data": list(data),
        "limit": window.limit,
        "offset": window.offset,
        "total": total,
        "location": location,
        "order": "reverse_chronological" if window.newest_first else "chronological",
        "from": moment(window.start),
        "to": moment(window.end),
    }


class Representations:
    """JSON objects as one API version shows them, at one moment.

    ``charges_of`` gives the embedded charges of a link and their number.
    """

    def __init__(
        self,
        version: str,
        now: float,
        charges_of: Callable[[LinkRecord, Window], tuple[list[ChargeRecord], int]],
    ) -> None:
        self.latest = version == LATEST
        self._charges_of = charges_of
        # REC: embedded charges are the first 20 of all time until the request.
        self._embedded = Window(start=0, end=int(now), offset=0, limit=20, newest_first=False)

    def currency(self, code: str) -> str:
        """DOC api-versioning: upper case since 2019-05-29, lower case before."""
        return code.upper() if self.latest else code.lower()

    def link(self, link: LinkRecord) -> dict[str, Any]:
        """A whole link."""
        charges, total = self._charges_of(link, self._embedded)
        location = f"/links/{link.id}"
        shape: dict[str, Any] = {"object": "link", "id": link.id, "livemode": link.live}
        if self.latest:
            shape["location"] = location
        shape |= {
            "deleted": link.deleted_at is not None,
            "multiple": link.multiple,
            "used": link.used,
            "currency": self.currency(link.currency),
            "amount": link.amount,
            "charges": listing(
                [self.charge(charge, link) for charge in charges],
                total,
                f"{location}/charges",
                self._embedded,
            ),
            "description": link.description,
        }
        if self.latest:
            shape |= {
                "title": link.title,
                "payment_uri": link.payment_uri,
                "created_at": moment(link.created_at),
                "used_at": moment(link.used_at),
                "deleted_at": moment(link.deleted_at),
            }
        else:
            # REC 2022 (older version, live): this order, `created`, and no times of use or end.
            shape |= {
                "location": location,
                "title": link.title,
                "created": moment(link.created_at),
                "payment_uri": link.payment_uri,
            }
        # Inputs of which no recording shows the place.
        shape |= {name: getattr(link, name) for name in INPUT_NAMES if name not in shape}
        if link.sub_merchant:
            # DOC: only for sub-merchants; elsewhere the keys are absent, not null (REC).
            shape |= {
                "merchant_name": f"Sub-merchant {link.sub_merchant}",
                "merchant_uid": link.sub_merchant,
            }
        return shape

    def deleted(self, link: LinkRecord) -> dict[str, Any]:
        """The answer to a DELETE. REC: four keys before 2019-05-29, the whole link since."""
        whole = self.link(link)
        if self.latest:
            return whole
        return {name: whole[name] for name in ("object", "id", "livemode", "deleted")}

    def account(self, account: Account, live: bool) -> dict[str, Any]:
        """Return an account. REC account 2025 (test key), account 2022 (older version, live key).

        Older versions call the team ``id`` and have no ``team``. Values of ``transfer_config`` and
        the rest are plausible constants.
        """
        identity = {"id": account.id_of(live), "team": account.team}
        if not self.latest:
            identity = {"id": account.team}
        may_chain = {"chaining_allowed": False}
        webhooks = {"chain_return_uri": None, "webhook_uri": None}
        export_keys: dict[str, list[str]] = {
            "charge": [],
            "transfer": [],
            "refund": [],
            "dispute": [],
        }
        exports = {"metadata_export_keys": export_keys}
        latest_change = {"last_updated_api_version": str(moment(account.created_at))[:10]}
        shape: dict[str, Any] = {
            "object": "account",
            **identity,
            "livemode": live,
            "location": "/account",
            "country": account.country,
            "currency": self.currency(account.currency),
            "email": account.email,
            "created_at" if self.latest else "created": moment(account.created_at),
            "supported_currencies": [self.currency(code) for code in account.supported_currencies],
            "api_version": account.version(live),
            "auto_activate_recipients": False,
            "chain_enabled": False,
            "zero_interest_installments": False,
        }
        if not self.latest:
            return shape | {
                **may_chain,
                **webhooks,
                **exports,
                **latest_change,
                "is_payout_enabled": False,
                "transfer_config": {
                    "min_transfer_amount": "30.00",
                    "max_transfer_amount": None,
                    "is_payout_enabled": False,
                },
            }
        return shape | {
            **webhooks,
            **exports,
            **may_chain,
            **latest_change,
            "transfer_config": {
                "min_transfer_amount": "30.00",
                "max_transfer_amount": "500000000.00",
                "same_bank_max_transfer_amount": "500000000.00",
                "is_payout_enabled": False,
                "fee": "30.00",
                "provider": "",
                "merchant_id": "EMUL",
                "transfer_service_availability": None,
                "max_active_realtime_transfer_schedules": None,
            },
        }

    def search(self, found: Found) -> dict[str, Any]:
        """Return a search object. REC search 2025 (no hit), search 2017 (older version, a hit)."""
        data = [self.link(link) for link in found.links]
        if self.latest:
            return {
                "object": "search",
                "export": None,
                "data": data,
                "page": found.page,
                "per_page": found.per_page,
                "total": found.total,
                "total_pages": found.total_pages,
                "filters": dict(found.filters),
                "location": "/search",
                "order": found.order,
                "query": found.query,
                "scope": "link",
                "aggregate_level": None,
            }
        return {
            "object": "search",
            "order": found.order,
            "scope": "link",
            "query": found.query,
            "filters": dict(found.filters),
            "page": found.page,
            "per_page": found.per_page,
            "location": "/search",
            "total_pages": found.total_pages,
            "total": found.total,
            "data": data,
        }

    def charge(self, charge: ChargeRecord, link: LinkRecord) -> dict[str, Any]:
        """Return a payment made through a link."""
        shape = charge_shapes.charge if self.latest else charge_shapes.old_charge
        refunds = listing([], 0, f"/charges/{charge.id}/refunds", self._embedded)
        return shape(charge, link, self.currency(charge.currency), refunds)
