"""How answers look on the wire: the two shapes of a link, key by key in the recorded order."""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

from .accounts import Account
from .records import ChargeRecord, LinkRecord, Window

LATEST = "2019-05-29"
VERSIONS = ("2014-07-27", "2015-11-17", "2017-11-02", LATEST)  # DOC api-versioning


def text(value: object) -> bytes:
    """REC: answers are indented by two spaces, end with a line feed, and carry plain UTF-8."""
    return (_pretty(value, "\n") + "\n").encode()


_plain = json.JSONEncoder(ensure_ascii=False).encode


def _pretty(value: object, line: str) -> str:
    # As json.dumps(indent=2) writes it, which takes several times as long for a page of links.
    if isinstance(value, str):
        return _plain(value)
    inner = line + "  "
    if isinstance(value, dict) and value:
        # Every name is one of this module's own words: nothing in it needs escaping.
        rows = [f'"{name}": {_pretty(each, inner)}' for name, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(rows)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join([_pretty(each, inner) for each in value])}{line}]"
    return _plain(value)


@functools.lru_cache(4096)
def moment(seconds: float | None) -> str | None:
    """REC: ``YYYY-MM-DDThh:mm:ssZ``."""
    if seconds is None:
        return None
    at = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def error(code: str, message: str) -> dict[str, Any]:
    """DOC api-errors; REC: the anchor is the code with hyphens."""
    return {
        "object": "error",
        "location": f"https://www.omise.co/api-errors#{code.replace('_', '-')}",
        "code": code,
        "message": message,
    }


def listing(data: Sequence[Any], total: int, location: str, window: Window) -> dict[str, Any]:
    """A list object. REC: the keys come in this order in every recording since 2018."""
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
    """Objects as one API version shows them, at one moment.

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
        self._embedded = Window(0, int(now), 0, 20, newest_first=False)

    def currency(self, code: str) -> str:
        """DOC api-versioning: upper case since 2019-05-29, lower case before."""
        return code.upper() if self.latest else code.lower()

    def link(self, link: LinkRecord) -> dict[str, Any]:
        """A whole link."""
        charges, total = self._charges_of(link, self._embedded)
        location = f"/links/{link.id}"
        shape: dict[str, Any] = {"object": "link", "id": link.id, "livemode": link.pool.live}
        if self.latest:
            shape["location"] = location
        shape |= {
            "deleted": link.deleted_at is not None,
            "multiple": link.multiple,
            "used": link.used,
            "currency": self.currency(link.currency),
            "amount": link.amount,
            "charges": listing(
                [self.charge(each, link) for each in charges],
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
        if link.pool.sub_merchant:
            # DOC: only for sub-merchants; elsewhere the keys are absent, not null (REC).
            shape |= {
                "merchant_name": f"Sub-merchant {link.pool.sub_merchant}",
                "merchant_uid": link.pool.sub_merchant,
            }
        return shape

    def deleted(self, link: LinkRecord) -> dict[str, Any]:
        """The answer to a DELETE. REC: four keys before 2019-05-29, the whole link since."""
        whole = self.link(link)
        if self.latest:
            return whole
        return {each: whole[each] for each in ("object", "id", "livemode", "deleted")}

    def account(self, account: Account, live: bool) -> dict[str, Any]:
        """DOC account-api, in the key order of the official Python client's tests."""
        return {
            "object": "account",
            "id": account.id,
            "team": account.team,
            "livemode": live,
            "location": "/account",
            "country": account.country,
            "currency": self.currency(account.currency),
            "email": account.email,
            "created_at" if self.latest else "created": moment(account.created_at),
            "supported_currencies": [self.currency(c) for c in account.supported_currencies],
            "api_version": account.version(live),
            "auto_activate_recipients": False,
            "chain_enabled": False,
            "zero_interest_installments": False,
            "chain_return_uri": None,
            "webhook_uri": None,
            "metadata_export_keys": {},
        }

    def charge(self, charge: ChargeRecord, link: LinkRecord) -> dict[str, Any]:
        """A payment made through a link.

        ``link``, ``description`` and ``return_uri`` are as recorded (REC swift 2019); the other
        attributes are a plausible card payment (DOC charges-api), without fees.
        """
        at = moment(charge.created_at)
        suffix = charge.id.rpartition("_")[2]
        mode = "" if link.pool.live else "test_"
        currency = self.currency(charge.currency)
        location = f"/charges/{charge.id}"
        now = Window(0, self._embedded.end, 0, 20, newest_first=False)
        return {
            "object": "charge",
            "id": charge.id,
            "location": location,
            "amount": charge.amount,
            "net": charge.amount,
            "fee": 0,
            "fee_vat": 0,
            "interest": 0,
            "interest_vat": 0,
            "funding_amount": charge.amount,
            "refunded_amount": 0,
            "authorized": charge.paid,
            "capturable": False,
            "capture": True,
            "disputable": charge.paid,
            "livemode": link.pool.live,
            "refundable": charge.paid,
            "reversed": False,
            "reversible": False,
            "voided": False,
            "paid": charge.paid,
            "expired": False,
            "currency": currency,
            "funding_currency": currency,
            "ip": None,
            "refunds": listing([], 0, f"{location}/refunds", now),
            "link": link.id,
            "description": charge.description,
            "metadata": {},
            "card": {
                "object": "card",
                "id": f"card_{mode}{suffix}",
                "livemode": link.pool.live,
                "location": None,
                "deleted": False,
                "country": "th",
                "brand": "Visa",
                "financing": "credit",
                "last_digits": "4242",
                "name": "Somsri Payer",
                "expiration_month": 12,
                "expiration_year": 2030,
                "security_code_check": True,
                "created_at" if self.latest else "created": at,
            },
            "source": None,
            "schedule": None,
            "customer": None,
            "dispute": None,
            "transaction": f"trxn_{mode}{suffix}" if charge.paid else None,
            "failure_code": None if charge.paid else "payment_rejected",
            "failure_message": None if charge.paid else "payment was rejected",
            "status": "successful" if charge.paid else "failed",
            "authorize_uri": None,
            "return_uri": charge.return_uri,
            "created_at" if self.latest else "created": at,
            "paid_at": at if charge.paid else None,
            "expires_at": None,
            "expired_at": None,
            "reversed_at": None,
            "branch": None,
            "terminal": None,
            "device": None,
        }
