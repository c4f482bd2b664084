"""The accounts of the emulator and the keys that open them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

# DOC multi-currency: an opt-in of accounts in Thailand and Singapore. REC account 2022 and 2025:
# this order, without the last two.
MULTI_CURRENCY = (
    "THB",
    "JPY",
    "USD",
    "EUR",
    "GBP",
    "SGD",
    "AUD",
    "CHF",
    "CNY",
    "DKK",
    "HKD",
    "MYR",
    "CAD",
    "IDR",
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One Omise account. It has a test side and a live side, each with keys and links of its own.

    ``name`` is the handle used in Python and on the control plane ("th"); Omise never shows it.
    ``id`` and ``live_id`` answer ``GET /account`` with a test and with a live key; ``team`` is the
    same for both (REC account 2025: ``account_test_…`` for a test key, ``acct_…`` for the team).
    ``api_version`` and ``live_api_version`` are the defaults for requests without
    ``Omise-Version`` (DOC api-versioning: one for each side). ``created_at`` is in Unix seconds.
    """

    name: str
    id: str
    live_id: str
    team: str
    email: str
    country: str
    currency: str
    supported_currencies: tuple[str, ...]
    created_at: int
    secret_key: str = field(repr=False)
    live_secret_key: str = field(repr=False)
    public_key: str = field(repr=False)
    live_public_key: str = field(repr=False)
    api_version: str = "2019-05-29"
    live_api_version: str = "2019-05-29"

    def id_of(self, live: bool) -> str:
        """The account's id in this mode."""
        return self.live_id if live else self.id

    def version(self, live: bool) -> str:
        """The API version of this side's requests that name none."""
        return self.live_api_version if live else self.api_version


def _account(
    name: str, suffixes: tuple[str, str, str], created_at: int, currency: str, *supported: str
) -> Account:
    test, live, team = suffixes
    return Account(
        name=name,
        id=f"account_test_{test}",
        live_id=f"account_{live}",
        team=f"acct_{team}",
        email=f"{name}@shop.example",
        country=name.upper(),
        currency=currency,
        supported_currencies=supported or (currency,),
        created_at=created_at,
        secret_key=f"skey_test_emulator_{name}",
        live_secret_key=f"skey_emulator_{name}",
        public_key=f"pkey_test_emulator_{name}",
        live_public_key=f"pkey_emulator_{name}",
    )


DEFAULT_ACCOUNTS = (
    _account(
        "th",
        ("5g3zf0y3z2m8c4k1p7t", "5g3zf0y3xak3mtul9a0", "5g3zf0y3rud4hpdytyv"),
        1559530800,
        "THB",
        *MULTI_CURRENCY,
    ),
    _account(
        "jp",
        ("5gew7mjj0q6r2w9x4ha", "5gew7mjif45e0tgyez4", "5gew7mjimqdbtaer9kj"),
        1561941000,
        "JPY",
    ),
    _account(
        "sg",
        ("5gsm2camd3v7n1b8z5e", "5gsm2calrg6xnjlssh7", "5gsm2calw9jnkucl3p4"),
        1564971300,
        "SGD",
        *MULTI_CURRENCY,
    ),
    _account(
        "my",
        ("5h3k16m1x9y4s6d2g0f", "5h3k16m02ldcx6rxw8l", "5h3k16lzvqtc8xiprsl"),
        1567388700,
        "MYR",
    ),
)
"""Thailand, Japan, Singapore and Malaysia: the four countries of Omise (DOC currency-and-amount).

Their keys are ``skey_test_emulator_th``, live ``skey_emulator_th``, and so on.
"""


@dataclass(frozen=True)
class Access:
    """What a key opens: one side of one account; a public key opens neither links nor account."""

    account: Account
    live: bool
    secret: bool = True


class KeyRing:
    """Which key opens what, changeable while the emulator runs. Safe for many threads."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, Access] = {}
        for account in accounts:
            self._keys[account.secret_key] = Access(account, live=False)
            self._keys[account.live_secret_key] = Access(account, live=True)
            self._keys[account.public_key] = Access(account, live=False, secret=False)
            self._keys[account.live_public_key] = Access(account, live=True, secret=False)

    def __repr__(self) -> str:
        """Say how many keys there are and never which."""
        return f"<KeyRing of {len(self._keys)} keys>"

    def open(self, key: str) -> Access | None:
        """Return what this key opens now, or None."""
        with self._lock:
            return self._keys.get(key)

    def add(self, key: str, access: Access) -> None:
        """Accept one more key."""
        with self._lock:
            self._keys[key] = access

    def revoke(self, key: str) -> bool:
        """Stop accepting this key. False when it opened nothing before."""
        with self._lock:
            return self._keys.pop(key, None) is not None
