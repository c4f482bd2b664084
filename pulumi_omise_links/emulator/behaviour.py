"""What is not known of Omise, each as a switch with a name, so that tests can run both ways."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Behaviour:
    """How the local Omise answers where Omise's documents say nothing.

    Every default is the choice with the best ground; docs/emulator.md lists the grounds.
    Raises ValueError for a value that a switch does not have.
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
    unknown_version: Literal["bad_request", "default"] = "bad_request"
    """An ``Omise-Version`` that does not exist: 400, or the account's default (GUESS)."""
    unknown_parameters: Literal["ignore", "bad_request"] = "ignore"
    """Parameters of POST /links that no document names (GUESS)."""
    missing_parameter: Literal["invalid_link", "bad_request"] = "invalid_link"
    """The error code when a required parameter is missing (GUESS)."""
    empty_description: Literal["refuse", "accept"] = "refuse"
    """An empty ``description`` (DOC: required; some clients send an empty one)."""
    max_title: int | None = 255
    """The longest title in characters, None for no limit (GUESS)."""
    max_description: int | None = None
    """The longest description in characters, None for no limit (REC: 199 is accepted)."""
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
    charges_order: Literal["newest_first", "oldest_first"] = "newest_first"
    """The charges inside a link (REC up to 2018: newest first)."""
    payment_uri: Literal["suffix", "hex"] = "suffix"
    """How payment addresses of new links end: the id's suffix in upper case (REC 2022, 2025), or
    8 hexadecimal digits (REC 2016 to 2019)."""
    requests_per_second: float | None = None
    """The rate limiter: so many API requests a second and account, None for no limit (Omise has
    one and publishes no number)."""
    burst: int = 10
    """How many requests the limiter lets through at once before it counts."""
    retry_after: int | None = None
    """Seconds in the ``Retry-After`` of the limiter's 429, None for no such header (no recording
    has one)."""
    limited_body: Literal["json", "html"] = "json"
    """The body of the limiter's 429: Omise's error object, or a proxy's page (GUESS)."""
    clock_skew: float = 0.0
    """Seconds by which Omise's clock (``Date``, ``created_at``, ids) is ahead of the caller's."""

    def __post_init__(self) -> None:
        """Refuse a value that a switch does not have."""
        for name, kind in _kinds().items():
            value = getattr(self, name)
            if not _fits(value, kind):
                raise ValueError(f"{name} must be {_describe(kind)}, not {value!r}")
        if self.requests_per_second is not None and self.requests_per_second <= 0:
            raise ValueError("requests_per_second must be above 0, or None for no limit")
        if self.burst < 1:
            raise ValueError("burst must be at least 1")

    def changed(self, switches: Mapping[str, Any]) -> Behaviour:
        """The same with some switches set. ValueError for a switch that does not exist."""
        unknown = sorted(set(switches) - set(_kinds()))
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return dataclasses.replace(self, **switches)


@functools.cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(Behaviour)


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if isinstance(kind, types.UnionType):
        return any(_fits(value, each) for each in get_args(kind))
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if kind is float else kind)


def _describe(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(repr(each) for each in get_args(kind))
    if isinstance(kind, types.UnionType):
        return " or ".join(_describe(each) for each in get_args(kind))
    return "None" if kind is type(None) else str(kind.__name__)
