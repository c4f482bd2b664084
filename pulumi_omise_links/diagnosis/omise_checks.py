"""Checks of the key, and of Omise itself. One request answers them all."""

from __future__ import annotations

import time

from ..errors import ApiError, AuthenticationError
from ..inputs import mode
from ..inventory.accounts import refuse_other_account
from ..omise.transport import API_VERSION
from ..safe_text import escape
from .finding import Finding, fail, ok, skip, warn
from .setup import Setup

# Amazon S3 refuses requests by a clock that is 15 minutes off; one that is set by the network is
# off by less than a second.
_MOST_SECONDS_OFF = 60.0


def check_key(setup: Setup) -> Finding:
    """Whether there is a key, of which mode, and whether it may write."""
    try:
        key = setup.key
    except AuthenticationError as error:
        if setup.settings.secret_key is None and setup.pipeline and setup.pipeline.of_fork:
            return warn(
                f"{setup.settings.key_source} is not set, as it should be in a job of a fork.",
                error=error,
            )
        raise
    where = f"The key in {key.source} is a {mode(key.live)} key"
    if not setup.has_stack:
        where += " (no config of a stack was read)"
    if not key.live:
        return ok(f"{where}.")
    if setup.settings.allow_live:
        return ok(f"{where}, and may make and delete real payment links: omise:allowLive is true.")
    return warn(
        f"{where}, and may not write: omise:allowLive is not true.",
        "If this stack is to have real payment links: `pulumi config set omise:allowLive true`.",
    )


def check_api(setup: Setup) -> Finding:
    """Whether Omise can be reached."""
    _ = setup.key
    url = escape(setup.settings.api_url, longest=200)
    try:
        account = setup.account
    except (AuthenticationError, ApiError):
        return ok(f"Omise answers at {url}.")
    text = f"Omise answers at {url}, in version {API_VERSION} of its API"
    default = account.api_version if account else None
    if default not in {None, API_VERSION}:
        text += f"; the default of the account, {escape(str(default))}, does not matter"
    return ok(f"{text}.")


def check_clock(setup: Setup) -> Finding:
    """Whether the clock of this machine agrees with Omise's."""
    try:
        _ = setup.account
    except (AuthenticationError, ApiError):
        _ = setup.key  # without one, Omise was not asked
    omise = setup.client.server_time()
    if omise is None:
        return skip("Omise has not told its time.")
    seconds = time.time() - omise
    if abs(seconds) <= _MOST_SECONDS_OFF:
        return ok("The clock of this machine agrees with Omise's.")
    side = "ahead of" if seconds > 0 else "behind"
    return warn(
        f"The clock of this machine is {abs(seconds):,.0f} s {side} Omise's: a backend may refuse"
        " it, and certificates may seem to be out of date.",
        "Set the clock, or let the system do so (NTP).",
    )


def check_account(setup: Setup) -> Finding:
    """Whether the key is of the account that the stack's links belong to."""
    account = setup.account
    expected = setup.settings.account_id
    if account is None:
        return warn(
            "The key may not ask for its account, so it is known only by the links that it can"
            " read.",
            "Use a key that may read GET /account, if you have one.",
        )
    country = f", {escape(account.country)}" if account.country else ""
    where = f"The key is of account {escape(account.id)} ({mode(setup.key.live)}{country})"
    if expected not in {None, account.id}:
        return fail(
            f"{where}, but this stack is for {expected} (omise:accountId).",
            "Use the key of that account.",
        )
    if setup.has_stack:
        refuse_other_account(setup.client, setup.state, "")
    if expected is not None:
        return ok(f"{where}, as omise:accountId says.")
    advice = (
        "To refuse the key of any other account, run `pulumi config set omise:accountId"
        f" {escape(account.id)}`."
    )
    if setup.key.live:
        return warn(f"{where}; omise:accountId is not set.", advice)
    return ok(f"{where}; omise:accountId is not set.")
