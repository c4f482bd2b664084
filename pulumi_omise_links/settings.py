"""Settings and where they come from: stack config stands above the environment.

=====================  ======================  ========================================
stack config           environment             meaning
=====================  ======================  ========================================
``omise:secretKey``                            the key itself, encrypted in stack config
``omise:secretKeyEnv``                         the *name* of the variable with the key;
                                               ``OMISE_SECRET_KEY`` if not given
``omise:apiUrl``       ``OMISE_API_URL``       https only, except on a loopback address
``omise:allowLive``    ``OMISE_ALLOW_LIVE``    let a live key write; false
``omise:amountLimits`` ``OMISE_AMOUNT_LIMITS`` check the documented limits; on
``omise:subMerchantId`` ``OMISE_SUB_MERCHANT_ID`` act for this sub-merchant (Payfac)
``omise:accountId``    ``OMISE_ACCOUNT_ID``    the account that the links belong to
=====================  ======================  ========================================

``omise:secretKey`` wins over ``omise:secretKeyEnv``. ``OMISE_TIMEOUT`` (seconds, 30) bounds the
wait for one answer; it depends on the machine, so it has no stack config. ``OMISE_KEEP_LINKS``
(ids, separated by commas) is for one run: a deletion leaves these links at Omise.
"""

from __future__ import annotations

import base64
import difflib
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import AuthenticationError, LiveModeError, SettingsError

NAMESPACE = "omise"
SECRET_KEY, SECRET_KEY_ENV = "secretKey", "secretKeyEnv"
API_URL, ALLOW_LIVE = "apiUrl", "allowLive"
AMOUNT_LIMITS, SUB_MERCHANT_ID = "amountLimits", "subMerchantId"
ACCOUNT_ID = "accountId"
_AMOUNT_LIMITS_VARIABLE = "OMISE_AMOUNT_LIMITS"
CONFIG_KEYS = (
    SECRET_KEY,
    SECRET_KEY_ENV,
    API_URL,
    ALLOW_LIVE,
    AMOUNT_LIMITS,
    SUB_MERCHANT_ID,
    ACCOUNT_ID,
)

# Set for the preview of an import plan, which writes nothing: the provider then asks for no
# permission and refuses no change, so that the plan can list all of them.
PLANNING = "OMISE_LINKS_PLANNING"
# Set for the destroy of a teardown: the provider reads each link that it has deleted, and a link
# whose deletion no read has shown stays in the state.
READ_BACK = "OMISE_LINKS_READ_BACK"
# Ids of links, separated by commas: for one run, a deletion leaves these at Omise.
KEEP_LINKS = "OMISE_KEEP_LINKS"
DEFAULT_KEY_VARIABLE = "OMISE_SECRET_KEY"
DEFAULT_API_URL = "https://api.omise.co"
DEFAULT_TIMEOUT = 30.0

_SECRET_KEY = re.compile(r"skey_[!-~]+")
# https://docs.omise.co/account-api; answers in older versions name the team, acct_…
_ACCOUNT_ID = re.compile(r"(account|acct)_\w+", re.ASCII)
_SUB_MERCHANT_ID = re.compile(r"\w+", re.ASCII)
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<authority>(?P<user>[^\s/?#@\\]*@)?"
    r"(?P<host>\[[^\]/@]*\]|[^\[\]:/@]*)(:(?P<port>\d{1,5}))?)"
    r"(/[!-\"$->@-\[\]-~]*)?",  # printable ASCII, without ? # and \
    re.IGNORECASE | re.ASCII,
)
_HOST_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE | re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_START_OF_KEY = re.compile(r"[sp]key_")
# A variable may be called omise_skey_th, so the start of a key is not enough there.
_KEY_AS_VARIABLE = re.compile(r"^[sp]key_|[sp]key_(test_)?[0-9A-Za-z]{12,}")
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off", ""}


class SecretKey:
    """An Omise secret key that never shows itself: neither ``repr`` nor ``str`` holds it."""

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: str) -> None:
        """:raises AuthenticationError: if ``text`` cannot be a secret key of Omise."""
        self.source = source
        self._text = text.strip()
        if self._text.startswith("pkey_"):
            raise AuthenticationError(
                f"The key in {source} is a public key (pkey_…), which may not touch links."
                " Use the secret key (skey_…) of the same account."
            )
        if not _SECRET_KEY.fullmatch(self._text):
            raise AuthenticationError(
                f"The value of {source} is not an Omise secret key: those start with skey_test_"
                " (test) or skey_ (live). Copy it again from the dashboard, under Keys."
            )

    @property
    def live(self) -> bool:
        """Whether the key moves real money: only ``skey_test_…`` does not."""
        return not self._text.startswith("skey_test_")

    def reveal(self) -> str:
        """Return the key, for the Authorization header alone."""
        return self._text

    def redact(self, text: str) -> str:
        """Return ``text`` with the key taken out, should a server have echoed it."""
        basic = base64.b64encode(f"{self._text}:".encode()).decode()
        for secret in (self._text, basic, basic.rstrip("=")):
            text = text.replace(secret, "[secret key]")
        return text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretKey):
            return NotImplemented
        return (self._text, self.source) == (other._text, other.source)

    def __hash__(self) -> int:
        return hash((self._text, self.source))

    def __repr__(self) -> str:
        return f"<{'live' if self.live else 'test'} secret key from {self.source}>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret key is not to be pickled")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to reach Omise, and what is allowed there.

    ``secret_key`` is None if there is none; ``key_source`` then names where it was looked for,
    and ``key_advice`` says what to do, after "… is not set; ". ``timeout`` is how many seconds an
    attempt may take in all. ``account_id`` is the account that all links belong to (``account_…``);
    None if nothing says so.
    """

    secret_key: SecretKey | None
    key_source: str
    api_url: str = DEFAULT_API_URL
    allow_live: bool = False
    amount_limits: bool = True
    sub_merchant_id: str | None = None
    account_id: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    key_advice: str = "set it."

    @classmethod
    def resolve(
        cls, config: Mapping[str, str | None], environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Resolve the settings from stack config (without the namespace) and the environment.

        :raises SettingsError: a value cannot be used.
        :raises AuthenticationError: there is a key, and it cannot be a secret key.
        """
        env = os.environ if environ is None else environ

        def either(name: str, variable: str) -> tuple[str, str]:
            if config.get(name) is not None:
                return str(config[name]), f"{NAMESPACE}:{name}"
            return env.get(variable, ""), variable

        text, source = _find_key(config, env)
        return cls(
            secret_key=SecretKey(text, source) if text.strip() else None,
            key_source=source,
            key_advice=_advise(config),
            api_url=_parse_url(*either(API_URL, "OMISE_API_URL")),
            allow_live=_parse_flag(*either(ALLOW_LIVE, "OMISE_ALLOW_LIVE"), default=False),
            amount_limits=_parse_flag(
                *either(AMOUNT_LIMITS, _AMOUNT_LIMITS_VARIABLE), default=True
            ),
            sub_merchant_id=_parse_id(
                *either(SUB_MERCHANT_ID, "OMISE_SUB_MERCHANT_ID"),
                _SUB_MERCHANT_ID,
                "a sub-merchant (team_…)",
            ),
            account_id=_parse_id(
                *either(ACCOUNT_ID, "OMISE_ACCOUNT_ID"), _ACCOUNT_ID, "an account (account_…)"
            ),
            timeout=_parse_seconds(env.get("OMISE_TIMEOUT", ""), "OMISE_TIMEOUT"),
        )

    def key(self) -> SecretKey:
        """Return the secret key.

        :raises AuthenticationError: if there is none.
        """
        if self.secret_key is None:
            raise AuthenticationError(
                f"No Omise secret key: {self.key_source} is not set; {self.key_advice}"
            )
        return self.secret_key

    def require_permission(
        self, action: str, consequence: str = "this would change real payment links"
    ) -> None:
        """Refuse ``action`` (such as "create a link") with a live key until the stack allows it.

        :param consequence: why that needs consent, for the error.
        :raises LiveModeError: the key is live and ``omise:allowLive`` is not true.
        """
        if self.key().live and not self.allow_live:
            raise LiveModeError(action, self.key().source, consequence)

    @property
    def on_loopback(self) -> bool:
        """Whether the API is on this machine, as the emulator is."""
        return _is_loopback(urlsplit(self.api_url).hostname or "")


def refuse_misspelt(keys: Iterable[str]) -> None:
    """Refuse a config key that is a setting with a slip in its spelling.

    Without it, links would be made under another sub-merchant, or with another key. Keys that hold
    more than a setting's name pass, such as ``omise:secretKeyJapan``: a program may have keys of
    its own under this namespace, and a project called "omise" has all of them there.

    :param keys: as they stand in the config of a stack, with their namespaces.
    :raises SettingsError: naming the first such key, and what it should be.
    """
    folded = {_folded(name): name for name in CONFIG_KEYS}
    for key in sorted(keys):
        namespace, _, name = key.partition(":")
        known = namespace == NAMESPACE and name in CONFIG_KEYS
        if known or namespace.lower() != NAMESPACE:
            continue
        spelt = _folded(name)
        longer = spelt not in folded and any(setting in spelt for setting in folded)
        near = [] if longer else difflib.get_close_matches(spelt, folded, n=1, cutoff=0.9)
        if near:
            meant = folded[near[0]]
            secret = "--secret " if meant == SECRET_KEY else ""
            raise SettingsError(
                f"The stack's config has {key}, which is no setting; {NAMESPACE}:{meant} is one."
                f" Put that right: `pulumi config rm {key}`, then"
                f" `pulumi config set {secret}{NAMESPACE}:{meant}`."
            )


def refuse_plain_key(*, is_secret: bool) -> None:
    """Refuse a secret key that stands in plain text in a stack's config.

    :param is_secret: whether ``omise:secretKey``, which the config has, is stored as a secret.
    :raises SettingsError: it is not.
    """
    if not is_secret:
        key = f"{NAMESPACE}:{SECRET_KEY}"
        raise SettingsError(
            f"{key} stands in plain text in the stack's config, and so in its file, its state, its"
            " backups and its history. Store it encrypted, with `pulumi config set --secret"
            f" {key}`, and replace the key in the Omise dashboard, under Keys: whoever can read one"
            " of these knows it."
        )


def refuse_plain_key_in_config() -> None:
    """Refuse a plain-text secret key in the config of the stack whose program runs.

    :raises SettingsError: see ``refuse_plain_key``.
    """
    from pulumi.runtime import config  # noqa: PLC0415  (heavy, and only a program needs it)

    key = f"{NAMESPACE}:{SECRET_KEY}"
    if key in config.CONFIG.get():
        refuse_plain_key(is_secret=config.is_config_secret(key))


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def amount_limits(config: Mapping[str, str | None] | None = None) -> bool:
    """Return whether the documented limits of a charge are checked, where nothing else matters.

    Nothing else is read, not even from the environment: a wrong key is no problem of a manifest.

    :param config: stack config as ``Settings.resolve`` takes it, where it has been read.
    :raises SettingsError: the value cannot be used.
    """
    limits = {AMOUNT_LIMITS: (config or {}).get(AMOUNT_LIMITS)}
    environ = {_AMOUNT_LIMITS_VARIABLE: os.environ.get(_AMOUNT_LIMITS_VARIABLE, "")}
    return Settings.resolve(limits, environ).amount_limits


def from_program() -> Settings:
    """Resolve the settings of a Pulumi program: its stack's config, then the environment.

    :raises SettingsError: a setting is misspelt or cannot be used, or the key is in plain text.
    """
    import pulumi  # noqa: PLC0415  (heavy, and only a program needs it)

    refuse_misspelt(pulumi.runtime.config.CONFIG.get())
    refuse_plain_key_in_config()
    config = pulumi.Config(NAMESPACE)
    return Settings.resolve({name: config.get(name) for name in CONFIG_KEYS})


def _find_key(config: Mapping[str, str | None], env: Mapping[str, str]) -> tuple[str, str]:
    if config.get(SECRET_KEY) is not None:
        return str(config[SECRET_KEY]), f"{NAMESPACE}:{SECRET_KEY}"
    variable = config.get(SECRET_KEY_ENV) or DEFAULT_KEY_VARIABLE
    if not _VARIABLE.fullmatch(variable) or _KEY_AS_VARIABLE.search(variable):
        # The value is not shown: it may well be the key.
        raise SettingsError(
            f"{NAMESPACE}:{SECRET_KEY_ENV} must be the name of an environment variable. The key"
            f" itself belongs into `pulumi config set --secret {NAMESPACE}:{SECRET_KEY}`."
        )
    return env.get(variable, ""), f"the environment variable {variable}"


def _advise(config: Mapping[str, str | None]) -> str:
    """Say what to do without a key, as it fits where the key was looked for."""
    if config.get(SECRET_KEY) is not None:
        return "give it the key, or remove it to use an environment variable."
    if config.get(SECRET_KEY_ENV):
        return f"set it to the key, or correct {SECRET_KEY_ENV}, which names it."
    return (
        f"set it, or store the key with `pulumi config set --secret {NAMESPACE}:{SECRET_KEY}`"
        " (which `pulumi refresh` and `destroy` see after the next `up`, or with --run-program)."
    )


def _holds_a_key(text: str) -> bool:
    """Whether somebody put a key there, alone or with something around it."""
    return _START_OF_KEY.search(text) is not None


def _show_value(text: str) -> str:
    """Return a wrong value for an error, unless it holds a key."""
    return "a key" if _holds_a_key(text) else repr(text[:80])


def _parse_flag(text: str, source: str, *, default: bool) -> bool:
    word = text.strip().lower()
    if not word:
        return default
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise SettingsError(f"{source} must be true or false, not {_show_value(text)}.")


def _parse_seconds(text: str, source: str) -> float:
    if not text.strip():
        return DEFAULT_TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:
        raise SettingsError(
            f"{source} must be a number of seconds up to 600, not {_show_value(text)}."
        )
    return seconds


def _parse_id(text: str, source: str, form: re.Pattern[str], of_what: str) -> str | None:
    value = text.strip()
    if not value:
        return None
    if not form.fullmatch(value) or _holds_a_key(value):
        raise SettingsError(f"{source} must be the id of {of_what}, not {_show_value(text)}.")
    return value


def _parse_url(text: str, source: str) -> str:
    url = text.strip().rstrip("/") or DEFAULT_API_URL
    parts = _URL.fullmatch(url)
    wrong = parts is None or not is_host(parts["host"]) or int(parts["port"] or 443) > 65_535
    # Errors name the address that they are about, so no key may be in it.
    if parts is None or wrong or _holds_a_key(url):
        raise SettingsError(f"{source} must be a URL such as {DEFAULT_API_URL}.")
    if parts["user"]:
        raise SettingsError(f"{source} must not hold a user name or password.")
    if parts["scheme"].lower() == "http" and not _is_loopback(parts["host"]):
        raise SettingsError(
            f"{source} is {url}: the key would travel unencrypted. Use https; plain http is for the"
            " emulator on 127.0.0.1 only."
        )
    # One place has one spelling: records of creates name it.
    scheme, host = parts["scheme"].lower(), parts["host"].lower()
    usual = {"http": "80", "https": "443"}[scheme]
    port = "" if parts["port"] in {None, usual} else f":{parts['port']}"
    return f"{scheme}://{host}{port}{url[parts.end('authority') :]}"


def is_host(text: str) -> bool:
    """Tell whether ``text`` can be the host of a URL: a name or an address, IPv6 in brackets.

    Names are ASCII. Whatever passes here can be looked up without an error of its encoding.
    """
    if text.startswith("["):
        try:
            ipaddress.IPv6Address(text[1:-1])
        except ValueError:
            return False
        return text.endswith("]")
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_HOST_LABEL.fullmatch(label) for label in labels)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
