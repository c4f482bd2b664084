"""Switches: every behaviour of Omise that is not known, so that tests can run each way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from .type_check import Between, check_types

_CENTURY = 100 * 366 * 86_400  # seconds; within it every date and every id can be written
Seconds = Annotated[float, Between(0, 86_400)]
_Count = Annotated[int, Between(0, 1_000_000_000)]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the emulator answers where Omise's documents say nothing.

    Every default is the choice with the best ground; docs/emulator.md lists the grounds, and says
    what DOC, REC, SDK, INF and GUESS mean.

    :raises ValueError: a switch does not have this value.
    """

    get_deleted: Literal["deleted", "not_found"] = "deleted"
    """GET of a deleted link: the object with ``deleted: true``, or 404 (INF: lists show it)."""
    delete_deleted: Literal["deleted", "not_found", "failed_deletion"] = "deleted"
    """A second DELETE: the same answer again, 404, or 422 ``failed_deletion`` (GUESS)."""
    delete_used: Literal["deleted", "failed_deletion"] = "deleted"
    """DELETE of a link that was paid (GUESS; the code ``failed_deletion`` exists)."""
    list_includes_deleted: bool = True
    """Whether deleted links stay in lists and in ``total`` (REC 2019: they do)."""
    limit_above_100: Literal["clamp", "bad_request"] = "clamp"
    """``limit`` above the documented 100 (GUESS)."""
    bad_paging: Literal["default", "bad_request"] = "bad_request"
    """A ``limit``, ``offset``, ``order``, ``from`` or ``to`` that cannot be read (GUESS)."""
    offset_past_end: Literal["empty", "bad_request"] = "empty"
    """An ``offset`` at or after ``total`` of a list that is not empty (GUESS)."""
    range_ends: Literal["inclusive", "exclusive"] = "inclusive"
    """Whether a link made in the very second of ``from`` or ``to`` is listed (GUESS)."""
    unknown_version: Literal["bad_request", "default"] = "default"
    """An ``Omise-Version`` that does not exist: 400, or the account's default (INF: Omise's Node
    client is tested with 2019-09-29, which does not exist)."""
    unknown_parameters: Literal["ignore", "bad_request"] = "ignore"
    """Parameters of POST /links that no document names (GUESS)."""
    missing_parameter: Literal["invalid_link", "bad_request"] = "invalid_link"
    """The error code when a required parameter is missing (GUESS)."""
    empty_description: Literal["refuse", "accept"] = "refuse"
    """An empty ``description`` (DOC: required; some clients send an empty one)."""
    max_title: _Count | None = 255
    """The longest title in characters, None for no limit (GUESS)."""
    max_description: _Count | None = None
    """The longest description in characters, None for no limit (REC: 199 is accepted)."""
    stored_text: Literal["unchanged", "trimmed", "squished", "composed"] = "unchanged"
    """What becomes of titles and descriptions: kept; without white space at the ends; also with
    one space for each run of white space; in Unicode's composed form, NFC (REC: line ends and
    inner spaces are kept; the rest GUESS)."""
    amount_limits: Literal["link", "charge", "off"] = "link"
    """``charge``: the documented least and greatest charge of the account's country. ``link``: the
    same, but a link in THB may ask up to 1,000,000.00 (the one link limit ever seen, omise-php
    2017). ``off``: anything from 1. Other currencies than the account's own have no limits here,
    as they are measured after conversion (DOC currency-and-amount)."""
    account_readable: Literal["yes", "forbidden", "not_found"] = "yes"
    """GET /account: answered, or refused as for a restricted key with 403 or 404 (GUESS)."""
    account_of_sub_merchant: Literal["same", "sub_merchant", "forbidden"] = "same"
    """GET /account under ``SUB_MERCHANT_ID``: the platform's account, one of the sub-merchant's
    own, or 403 (GUESS)."""
    sub_merchant_header: Literal["obeyed", "ignored"] = "obeyed"
    """``ignored``: requests act for the platform's own account, as behind a proxy that drops header
    names with an underscore (nginx does so by default)."""
    charges_order: Literal["newest_first", "oldest_first"] = "newest_first"
    """The charges inside a link (REC up to 2018: newest first)."""
    payment_uri: Literal["suffix", "hex"] = "suffix"
    """How payment addresses of new links end: the id's suffix in upper case (REC 2022, 2025), or
    8 hexadecimal digits (REC 2016 to 2019)."""
    read_lag: Seconds = 0.0
    """Seconds until GET, lists and search show a new link, a deletion or a payment, as with
    replicas that lag. POST and DELETE always see the present (GUESS)."""
    requests_per_second: Annotated[float, Between(1e-6, 1e9)] | None = None
    """The rate limiter: so many API requests a second and account, None for no limit (Omise has
    one and publishes no number)."""
    burst: Annotated[int, Between(1, 1_000_000_000)] = 10
    """How many requests the limiter lets through at once before it counts."""
    retry_after: _Count | None = None
    """Seconds in the ``Retry-After`` of the limiter's 429, None for no such header (no recording
    has one)."""
    limited_body: Literal["json", "html"] = "json"
    """The body of the limiter's 429: Omise's error object, or a proxy's page (GUESS)."""
    keep_alive: Annotated[float, Between(0.001, 86_400)] | None = None
    """Seconds after which an idle connection is closed, None for never (GUESS)."""
    clock_skew: Annotated[float, Between(-_CENTURY, _CENTURY)] = 0.0
    """Seconds by which Omise's clock (``Date``, ``created_at``, ids) is ahead of the caller's."""

    def __post_init__(self) -> None:
        """Refuse a value that a switch does not have."""
        check_types(self)

    def changed(self, switches: Mapping[str, Any]) -> Behaviour:
        """Return the same with some switches set. ValueError for a switch that does not exist."""
        unknown = sorted(set(switches) - {field.name for field in dataclasses.fields(self)})
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return dataclasses.replace(self, **switches)
