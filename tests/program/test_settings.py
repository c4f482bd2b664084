"""Settings: where they come from, which win, and that the key never shows."""

from __future__ import annotations

import copy
import pickle
import traceback
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.errors import (
    AuthenticationError,
    LiveModeError,
    OmiseLinksError,
    SettingsError,
)
from pulumi_omise_links.settings import (
    CONFIG_KEYS,
    SecretKey,
    Settings,
    amount_limits,
    refuse_misspelt,
    refuse_plain_key,
)

TEST_KEY, LIVE_KEY = "skey_test_5ecret", "skey_5ecretlive"
OTHER_KEY = "skey_test_0ther"


def resolve(
    config: dict[str, str | None] | None = None, environ: dict[str, str] | None = None
) -> Settings:
    return Settings.resolve(config or {}, environ or {})


def test_the_defaults() -> None:
    """Without any setting: Omise's own address, nothing live, limits on, and no key."""
    settings = resolve()

    assert settings.secret_key is None
    assert settings.api_url == "https://api.omise.co"
    assert settings.allow_live is False
    assert settings.amount_limits is True
    assert settings.sub_merchant_id is None
    assert settings.account_id is None
    assert settings.timeout == 30


@pytest.mark.parametrize(
    ("config", "environ", "attribute", "value"),
    [
        ({"apiUrl": "https://a.example"}, {}, "api_url", "https://a.example"),
        ({}, {"OMISE_API_URL": "https://b.example/"}, "api_url", "https://b.example"),
        (
            {"apiUrl": "https://a.example"},
            {"OMISE_API_URL": "https://b.example"},
            "api_url",
            "https://a.example",
        ),
        ({"apiUrl": None}, {"OMISE_API_URL": "https://b.example"}, "api_url", "https://b.example"),
        ({"allowLive": "true"}, {}, "allow_live", True),
        ({}, {"OMISE_ALLOW_LIVE": "yes"}, "allow_live", True),
        ({"allowLive": "false"}, {"OMISE_ALLOW_LIVE": "true"}, "allow_live", False),
        ({"allowLive": ""}, {"OMISE_ALLOW_LIVE": "true"}, "allow_live", False),
        ({"amountLimits": "off"}, {}, "amount_limits", False),
        ({}, {"OMISE_AMOUNT_LIMITS": "0"}, "amount_limits", False),
        ({"amountLimits": "on"}, {"OMISE_AMOUNT_LIMITS": "off"}, "amount_limits", True),
        ({"subMerchantId": "team_a"}, {"OMISE_SUB_MERCHANT_ID": "team_b"}, "sub_merchant_id",
         "team_a"),
        ({}, {"OMISE_SUB_MERCHANT_ID": " team_b "}, "sub_merchant_id", "team_b"),
        ({"accountId": "account_a"}, {"OMISE_ACCOUNT_ID": "account_b"}, "account_id", "account_a"),
        ({"accountId": ""}, {"OMISE_ACCOUNT_ID": "account_b"}, "account_id", None),
        ({}, {"OMISE_ACCOUNT_ID": " account_test_5x\n"}, "account_id", "account_test_5x"),
        ({}, {"OMISE_TIMEOUT": "2.5"}, "timeout", 2.5),
    ],
)  # fmt: skip
def test_stack_config_stands_above_the_environment(
    config: dict[str, str | None], environ: dict[str, str], attribute: str, value: object
) -> None:
    """Each setting comes from stack config, else from its variable, else it has its default."""
    assert getattr(resolve(config, environ), attribute) == value


@pytest.mark.parametrize(
    ("config", "environ", "key", "source"),
    [
        ({}, {"OMISE_SECRET_KEY": TEST_KEY}, TEST_KEY, "the environment variable OMISE_SECRET_KEY"),
        ({"secretKey": TEST_KEY}, {"OMISE_SECRET_KEY": OTHER_KEY}, TEST_KEY, "omise:secretKey"),
        (
            {"secretKeyEnv": "TH_KEY"},
            {"TH_KEY": TEST_KEY, "OMISE_SECRET_KEY": OTHER_KEY},
            TEST_KEY,
            "the environment variable TH_KEY",
        ),
        (
            {"secretKey": TEST_KEY, "secretKeyEnv": "TH_KEY"},
            {"TH_KEY": OTHER_KEY},
            TEST_KEY,
            "omise:secretKey",
        ),
        ({}, {"OMISE_SECRET_KEY": f" {TEST_KEY}\n"}, TEST_KEY, "the environment variable"),
    ],
)
def test_where_the_key_comes_from(
    config: dict[str, str | None], environ: dict[str, str], key: str, source: str
) -> None:
    """omise:secretKey wins over the named variable, that over the usual one; the source is told."""
    settings = resolve(config, environ)

    assert settings.key().reveal() == key
    assert settings.key().source.startswith(source)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {},
            "the environment variable OMISE_SECRET_KEY is not set; set it, or store the key with"
            " `pulumi config set --secret omise:secretKey` (which `pulumi refresh` and `destroy`"
            " see after the next `up`, or with --run-program).",
        ),
        (
            {"secretKeyEnv": "SHOP_KEY"},
            "the environment variable SHOP_KEY is not set; set it to the key, or correct"
            " secretKeyEnv, which names it.",
        ),
        (
            {"secretKey": " "},
            "omise:secretKey is not set; give it the key, or remove it to use an environment"
            " variable.",
        ),
    ],
)
def test_the_advice_without_a_key_fits_where_it_was_looked_for(
    config: dict[str, str | None], sentence: str
) -> None:
    """One sentence: what is not set, and what to do about it."""
    with pytest.raises(AuthenticationError) as caught:
        resolve(config).key()

    assert str(caught.value) == f"No Omise secret key: {sentence}"


def test_a_key_in_plain_text_is_refused() -> None:
    """A key that was set without --secret is refused, with the way to encrypt it."""
    refuse_plain_key(is_secret=True)
    with pytest.raises(SettingsError, match=r"omise:secretKey stands in plain text") as caught:
        refuse_plain_key(is_secret=False)

    assert "`pulumi config set --secret omise:secretKey`" in str(caught.value)


def test_a_named_variable_does_not_fall_back() -> None:
    """A variable that is named and empty is no key; the usual one is another account's."""
    settings = resolve({"secretKeyEnv": "TH_KEY"}, {"OMISE_SECRET_KEY": OTHER_KEY})

    with pytest.raises(AuthenticationError, match="TH_KEY is not set"):
        settings.key()


def test_a_variable_may_be_called_after_what_it_holds() -> None:
    """A name such as omise_skey_th is that of a variable, and no key."""
    settings = resolve({"secretKeyEnv": "omise_skey_th"}, {"omise_skey_th": TEST_KEY})

    assert settings.key().source == "the environment variable omise_skey_th"


def test_an_empty_key_in_stack_config_does_not_fall_back() -> None:
    """An empty omise:secretKey does not let another account's key act for the stack."""
    with pytest.raises(AuthenticationError, match="omise:secretKey is not set"):
        resolve({"secretKey": ""}, {"OMISE_SECRET_KEY": OTHER_KEY}).key()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pkey_test_5g3z", "public key"),
        ("pkey_5g3z", "public key"),
        ("sk_test_123", "is not an Omise secret key"),
        ("skey", "is not an Omise secret key"),
        ("skey_", "is not an Omise secret key"),
        ("SKEY_TEST_1", "is not an Omise secret key"),
        ("skey_test_a b", "is not an Omise secret key"),
        ("skey_test_a\nX-Evil: 1", "is not an Omise secret key"),
        ("skey_test_ключ", "is not an Omise secret key"),
        ("Bearer skey_test_1", "is not an Omise secret key"),
    ],
)
def test_what_cannot_be_a_secret_key(text: str, reason: str) -> None:
    """A public key, or what is no key, is told before any request, without showing it."""
    with pytest.raises(AuthenticationError, match=reason) as caught:
        resolve({}, {"OMISE_SECRET_KEY": text})

    assert "OMISE_SECRET_KEY" in str(caught.value)
    assert text in ("skey", "skey_") or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "live"),
    [(TEST_KEY, False), (LIVE_KEY, True), ("skey_testing", True), ("skey_live_1", True)],
)
def test_only_a_test_key_is_a_test_key(text: str, live: bool) -> None:
    """Whatever does not start with skey_test_ moves real money."""
    assert SecretKey(text, "here").live is live


@pytest.mark.parametrize("text", [TEST_KEY, LIVE_KEY])
def test_the_key_never_shows(text: str) -> None:
    """No repr, str, format, pickle, copy or asdict of a key or of settings holds it."""
    key = SecretKey(text, "omise:secretKey")
    settings = resolve({"secretKey": text})

    for shown in (repr(key), str(key), f"{key}", repr(settings), str(settings), f"{[key]}"):
        assert "5ecret" not in shown
        assert "omise:secretKey" in shown
    for thing in (key, settings):
        for carry in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="secret key"):
                carry(key if carry is copy.copy else thing)
    with pytest.raises(TypeError, match="secret key"):
        asdict(settings)
    assert key.redact(f"a {text} b {text}") == "a [secret key] b [secret key]"


def test_equal_settings_are_equal() -> None:
    """Settings resolved twice compare equal and hash equal; another key or source differs."""
    same = [resolve({"secretKey": TEST_KEY}) for _ in range(2)]
    assert same[0] == same[1]
    assert len({*same}) == 1
    assert same[0] != resolve({"secretKey": OTHER_KEY})
    assert same[0] != resolve({}, {"OMISE_SECRET_KEY": TEST_KEY})
    assert SecretKey(TEST_KEY, "a") != TEST_KEY


@pytest.mark.parametrize(
    ("config", "environ", "checked"),
    [
        (None, None, True),
        (None, "off", False),
        ({"amountLimits": "off"}, "on", False),
        ({"amountLimits": None}, "off", False),
        ({"secretKey": "no key", "apiUrl": "no URL"}, "off", False),
    ],
)
def test_the_limits_alone(
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, str | None] | None,
    environ: str | None,
    checked: bool,
) -> None:
    """Who only checks a manifest is not told of a broken key or address."""
    monkeypatch.setenv("OMISE_SECRET_KEY", "no key")
    monkeypatch.setenv("OMISE_TIMEOUT", "soon")
    if environ is not None:
        monkeypatch.setenv("OMISE_AMOUNT_LIMITS", environ)

    assert amount_limits(config) is checked


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({"secretKeyEnv": TEST_KEY}, {}),
        ({"secretKeyEnv": f" {LIVE_KEY} "}, {}),
        ({"secretKeyEnv": "my key"}, {}),
        ({"subMerchantId": TEST_KEY}, {}),
        ({"accountId": TEST_KEY}, {}),
        ({"allowLive": TEST_KEY}, {}),
        ({}, {"OMISE_AMOUNT_LIMITS": LIVE_KEY}),
        ({}, {"OMISE_TIMEOUT": TEST_KEY}),
        ({"apiUrl": TEST_KEY}, {}),
        ({"apiUrl": f"https://{TEST_KEY}@api.omise.co"}, {}),
        ({"apiUrl": f"https://{TEST_KEY}:@api.omise.co"}, {}),
        ({"apiUrl": f"http://example.com/{TEST_KEY}"}, {}),
        ({"apiUrl": f"https://example.com/{TEST_KEY}"}, {}),
        ({"accountId": f"OMISE_SECRET_KEY={TEST_KEY}"}, {}),
        ({"accountId": f"account_{TEST_KEY}"}, {}),
        ({"subMerchantId": f'"{TEST_KEY}"'}, {}),
        ({"allowLive": f"'{LIVE_KEY}'"}, {}),
        ({"amountLimits": f"key: {TEST_KEY}"}, {}),
        ({"secretKeyEnv": f"OMISE_SECRET_KEY={TEST_KEY}"}, {}),
        ({"secretKeyEnv": "OMISE_skey_test_5ecret5ecret5ecr"}, {}),
    ],
)
def test_a_key_in_the_wrong_setting_is_refused_unseen(
    config: dict[str, str | None], environ: dict[str, str]
) -> None:
    """A key pasted into another setting is an error that does not show it, nor is it ever sent."""
    with pytest.raises(SettingsError) as caught:
        resolve(config, environ)

    assert "5ecret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://api.omise.co", "https://api.omise.co"),
        ("HTTPS://API.omise.co:443", "https://api.omise.co"),
        ("https://proxy.example:8443/Omise", "https://proxy.example:8443/Omise"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9:80", "http://127.9.9.9"),
        ("http://LocalHost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_urls_that_are_accepted(given: str, read: str) -> None:
    """https everywhere; plain http on a loopback address only. One place has one spelling."""
    assert resolve({"apiUrl": given}).api_url == read
    assert resolve({"apiUrl": f" {given}/ "}).api_url == read


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.omise.co", "the key would travel unencrypted"),
        ("http://10.0.0.1", "the key would travel unencrypted"),
        ("http://0.0.0.0", "the key would travel unencrypted"),
        ("http://[::2]", "the key would travel unencrypted"),
        ("http://127.0.0.1.evil.example", "the key would travel unencrypted"),
        ("http://localhost.evil.example", "the key would travel unencrypted"),
        ("http://2130706433", "the key would travel unencrypted"),
        ("http://127.0.0.1@evil.example", "must not hold a user name"),
        ("https://user:pw@api.omise.co", "must not hold a user name"),
        ("https://:pw@api.omise.co", "must not hold a user name"),
        ("http://127.0.0.1\\@evil.example", "must be a URL"),
        ("https://api.omise.co/?x=1", "must be a URL"),
        ("https://api.omise.co?", "must be a URL"),
        ("https://api.omise.co#x", "must be a URL"),
        ("https://api.omise.co /x", "must be a URL"),
        ("https://api.\nomise.co", "must be a URL"),
        ("https://", "must be a URL"),
        ("https://:443", "must be a URL"),
        ("https://api.omise.co:99999", "must be a URL"),
        ("https://[::1", "must be a URL"),
        ("ftp://api.omise.co", "must be a URL"),
        ("file:///etc/passwd", "must be a URL"),
        ("api.omise.co", "must be a URL"),
        ("localhost:8080", "must be a URL"),
        ("https://api..example", "must be a URL"),
        ("https://.example", "must be a URL"),
        (f"https://{'a' * 64}.example", "must be a URL"),
        (f"https://{'a.' * 127}example", "must be a URL"),
        ("http://[::1]evil.com", "must be a URL"),
        ("http://[127.0.0.1]", "must be a URL"),
        ("https://[::1]:443x", "must be a URL"),
        ("https://api.omise.co:", "must be a URL"),
        ("https://ap\u00ed.example", "must be a URL"),
        ("https://\u2603.example", "must be a URL"),
        ("https://xn--\udcff.example", "must be a URL"),
        ("https://api.omise.co\x00", "must be a URL"),
        ("https://api.omise.co/\x7f", "must be a URL"),
        ("https://api.omise.co/\u2028x", "must be a URL"),
        ("https://*.omise.co", "must be a URL"),
    ],
)
def test_urls_that_are_refused(url: str, reason: str) -> None:
    """A URL over which the key could leak, or that is none, is refused and its setting named."""
    for config, environ, name in (
        ({"apiUrl": url}, {}, "omise:apiUrl"),
        ({}, {"OMISE_API_URL": url}, "OMISE_API_URL"),
    ):
        with pytest.raises(SettingsError, match=reason) as caught:
            resolve(dict(config), environ)
        assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    ("url", "on_loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("https://[::1]", True),
        ("https://localhost", True),
        ("https://api.omise.co", False),
    ],
)
def test_the_local_omise_is_recognised(url: str, on_loopback: bool) -> None:
    """Proxies have no business between us and an emulator, and only there."""
    assert resolve({"apiUrl": url}).on_loopback is on_loopback


@pytest.mark.parametrize("word", ["true", "TRUE", "1", "yes", "On", " true "])
def test_words_for_yes(word: str) -> None:
    """Flags take the usual words, in any case."""
    assert resolve({"allowLive": word}).allow_live is True


@pytest.mark.parametrize("word", ["false", "0", "no", "OFF", "", "  "])
def test_words_for_no(word: str) -> None:
    """Flags take the usual words, in any case; an empty one is the default."""
    assert resolve({"allowLive": word}).allow_live is False


@pytest.mark.parametrize("word", ["maybe", "2", "truee", "None"])
def test_words_for_nothing(word: str) -> None:
    """A flag that cannot be read is an error that names the setting: never a guess about money."""
    with pytest.raises(SettingsError, match=f"omise:allowLive must be true or false, not '{word}'"):
        resolve({"allowLive": word})


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "601", "soon"])
def test_a_timeout_is_always_a_bound(text: str) -> None:
    """Time-outs can be set, and never to one that would let a call hang."""
    with pytest.raises(SettingsError, match="OMISE_TIMEOUT must be a number of seconds"):
        resolve({}, {"OMISE_TIMEOUT": text})


@pytest.mark.parametrize("text", ["team a", "team\r\nX: 1", "téam", "a-b", "skey_test_1"])
def test_a_sub_merchant_cannot_break_out_of_its_header(text: str) -> None:
    """What is no id is refused before it gets into a header."""
    with pytest.raises(SettingsError, match="omise:subMerchantId must be the id"):
        resolve({"subMerchantId": text})


@pytest.mark.parametrize("text", ["th", "account_", "account a", "account_é", "link_test_5x", "1"])
def test_an_account_is_named_by_its_id(text: str) -> None:
    """What is no id of an account is refused, and not compared with one in vain."""
    with pytest.raises(SettingsError, match=r"OMISE_ACCOUNT_ID must be the id of an account"):
        resolve({}, {"OMISE_ACCOUNT_ID": text})


def test_the_live_guard() -> None:
    """A live key writes only where that was allowed; a test key always may."""
    resolve({"secretKey": TEST_KEY}).require_permission("create the link")
    resolve({"secretKey": LIVE_KEY, "allowLive": "true"}).require_permission("create the link")
    with pytest.raises(LiveModeError) as caught:
        resolve({"secretKey": LIVE_KEY}).require_permission("create the link")

    text = str(caught.value)
    assert text.startswith("Refused to create the link: the key in omise:secretKey is a live key")
    assert "pulumi config set omise:allowLive true" in text
    with pytest.raises(AuthenticationError):
        resolve().require_permission("create the link")


@given(
    st.dictionaries(
        st.sampled_from(CONFIG_KEYS),
        st.none() | st.text() | st.just(TEST_KEY) | st.text().map(lambda text: TEST_KEY + text),
    )
)
def test_any_config_is_settings_or_one_sentence(config: dict[str, str | None]) -> None:
    """Whatever a stack holds, the outcome is settings or an error of ours without the key."""
    try:
        settings = resolve(config)
        shown = repr(settings)
        assert settings.api_url.startswith("https://") or settings.on_loopback
    except OmiseLinksError as error:
        shown = str(error)
    assert "5ecret" not in shown


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("omise:secretkey", "omise:secretKey"),
        ("omise:secret_key_env", "omise:secretKeyEnv"),
        ("omise:apiURL", "omise:apiUrl"),
        ("omise:allow-live", "omise:allowLive"),
        ("omise:amountLimit", "omise:amountLimits"),
        ("omise:submerchant", "omise:subMerchantId"),
        ("omise:subMerchentId", "omise:subMerchantId"),
        ("omise:alowLive", "omise:allowLive"),
        ("omise:account_id", "omise:accountId"),
        ("omise:acountID", "omise:accountId"),
        ("Omise:subMerchantId", "omise:subMerchantId"),
    ],
)
def test_a_misspelt_key_is_refused(key: str, meant: str) -> None:
    """A setting with a typo does not silently do nothing; the sentence says what was meant."""
    with pytest.raises(SettingsError, match=f"has {key}, which is no setting; {meant} is one"):
        refuse_misspelt([key])


def test_keys_of_others_pass() -> None:
    """The settings themselves, those of other packages, and those of a project called omise."""
    refuse_misspelt([f"omise:{name}" for name in CONFIG_KEYS])
    refuse_misspelt(["shop:apiURL", "aws:secretKey", "omise:region", "omise:posters", "omise:key"])
    refuse_misspelt(
        ["omise:secretKeyJp", "omise:jpSecretKey", "omise:liveSecretKey", "omise:secret"]
    )
    refuse_misspelt(["omise:secretKeyEnvJp", "omise:secretKey2", "omise:merchantId"])


def test_a_misspelt_key_stays_secret_when_put_right() -> None:
    """The advice for the key itself is to encrypt it."""
    with pytest.raises(SettingsError, match="`pulumi config set --secret omise:secretKey`"):
        refuse_misspelt(["omise:secretkey"])
