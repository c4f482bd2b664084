"""JSON of charges: payments made through a link, by API version.

REC swift 2019: ``link``, ``description`` and ``return_uri``. DOC charges-api, SDK (types of Node's
client): the names of the other attributes; their values are those of a plausible card payment,
without fees.
"""

from __future__ import annotations

from typing import Any

from .records import ChargeRecord, LinkRecord
from .times import moment


def charge(
    charge: ChargeRecord, link: LinkRecord, currency: str, refunds: dict[str, Any]
) -> dict[str, Any]:
    """Return a charge as 2019-05-29 shows it. ``refunds``: a list object."""
    at = moment(charge.created_at)
    paid = charge.amount if charge.paid else 0
    return {
        "object": "charge",
        "id": charge.id,
        "location": f"/charges/{charge.id}",
        "amount": charge.amount,
        "acquirer_reference_number": None,
        "approval_code": None,
        "authorization_type": "final_auth",
        "authorized_amount": paid,
        "authenticated_by": None,
        "captured_amount": paid,
        "net": charge.amount,
        "fee": 0,
        "fee_vat": 0,
        "interest": 0,
        "interest_vat": 0,
        "funding_amount": charge.amount,
        "refunded_amount": 0,
        "transaction_fees": {},
        "platform_fee": {"fixed": None, "amount": None, "percentage": None},
        "authorized": charge.paid,
        "capturable": False,
        "capture": True,
        "disputable": charge.paid,
        "livemode": link.live,
        "refundable": charge.paid,
        "partially_refundable": charge.paid,
        "reversed": False,
        "reversible": False,
        "can_perform_void": False,
        "voided": False,
        "paid": charge.paid,
        "expired": False,
        "currency": currency,
        "funding_currency": currency,
        "ip": None,
        "refunds": refunds,
        "link": link.id,
        "description": charge.description,
        "metadata": {},
        "card": {
            **_card(charge, link),
            "location": None,
            "deleted": False,
            "street1": None,
            "street2": None,
            "state": None,
            "phone_number": None,
            "created_at": at,
        },
        "source": None,
        "schedule": None,
        "customer": None,
        "dispute": None,
        "transaction": _id("trxn", charge, link) if charge.paid else None,
        **_failure(charge),
        "merchant_advice": None,
        "merchant_advice_code": None,
        "missing_3ds_fields": [],
        "zero_interest_installments": False,
        "authorize_uri": None,
        "return_uri": charge.return_uri,
        "created_at": at,
        "paid_at": at if charge.paid else None,
        "authorized_at": at if charge.paid else None,
        "expires_at": None,
        "expired_at": None,
        "reversed_at": None,
        "branch": None,
        "terminal": None,
        "device": None,
    }


def old_charge(
    charge: ChargeRecord, link: LinkRecord, currency: str, refunds: dict[str, Any]
) -> dict[str, Any]:
    """Return a charge as versions before 2019-05-29 show it. REC search 2017.

    It names no link, and ``refunded`` is an amount.
    """
    failure = _failure(charge)
    reference = _id("paym", charge, link)
    return {
        "object": "charge",
        "id": charge.id,
        "livemode": link.live,
        "location": f"/charges/{charge.id}",
        "amount": charge.amount,
        "currency": currency,
        "description": charge.description,
        "status": failure.pop("status"),
        "capture": True,
        "authorized": charge.paid,
        "reversed": False,
        "paid": charge.paid,
        "transaction": _id("trxn", charge, link) if charge.paid else None,
        "source_of_fund": "card",
        "refunded": 0,
        "refunds": refunds,
        "return_uri": charge.return_uri,
        "offsite": None,
        "offline": None,
        "reference": reference,
        "authorize_uri": f"https://api.omise.co/payments/{reference}/authorize",
        **failure,
        "card": {**_card(charge, link), "created": moment(charge.created_at)},
        "customer": None,
        "ip": None,
        "dispute": None,
        "created": moment(charge.created_at),
    }


def _card(charge: ChargeRecord, link: LinkRecord) -> dict[str, Any]:
    """Return what all versions show of the card, in the order of REC search 2017."""
    return {
        "object": "card",
        "id": _id("card", charge, link),
        "livemode": link.live,
        "country": "th",
        "city": None,
        "postal_code": None,
        "financing": "credit",
        "bank": "",
        "last_digits": "4242",
        "brand": "Visa",
        "expiration_month": 12,
        "expiration_year": 2030,
        "fingerprint": "",
        "name": "Somsri Payer",
        "security_code_check": True,
    }


def _failure(charge: ChargeRecord) -> dict[str, Any]:
    return {
        "failure_code": None if charge.paid else "payment_rejected",
        "failure_message": None if charge.paid else "payment was rejected",
        "status": "successful" if charge.paid else "failed",
    }


def _id(kind: str, charge: ChargeRecord, link: LinkRecord) -> str:
    """Return the id of something that belongs to a charge."""
    mode = "" if link.live else "test_"
    return f"{kind}_{mode}{charge.id.rpartition('_')[2]}"
