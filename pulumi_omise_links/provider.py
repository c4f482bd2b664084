"""A second account in one program."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

import pulumi

from .errors import ArgumentError
from .settings import (
    ACCOUNT_ID,
    ALLOW_LIVE,
    AMOUNT_LIMITS,
    API_URL,
    CONFIG_KEYS,
    NAMESPACE,
    SECRET_KEY,
    SECRET_KEY_ENV,
    SUB_MERCHANT_ID,
    refuse_misspelt,
    refuse_plain_key_in_config,
)
from .state_format import PROVIDER_PACKAGE


class Provider(pulumi.ProviderResource):
    """Settings of its own for some links, such as those of a second account.

    ::

        thailand = Provider("th", secret_key_env="OMISE_TH_KEY")
        Link("spring", ..., opts=pulumi.ResourceOptions(provider=thailand))

    What is not given here comes from the stack's config, as without a provider. One exception: if
    a key is given, nothing that says whose account it is (key, sub-merchant, account id) is taken
    from there.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        secret_key: pulumi.Input[str] | None = None,
        secret_key_env: pulumi.Input[str] | None = None,
        api_url: pulumi.Input[str] | None = None,
        allow_live: pulumi.Input[bool] | None = None,
        amount_limits: pulumi.Input[bool] | None = None,
        sub_merchant_id: pulumi.Input[str] | None = None,
        account_id: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the settings; see ``settings`` for what each means.

        :param secret_key: the key itself; kept encrypted in the state, and used from there by
            ``refresh`` and ``destroy`` until the next ``up``.
        :param secret_key_env: the name of the environment variable that holds the key; nothing
            secret is stored, and the key is always the current one.
        :param api_url: where Omise is, such as a local one; https only, except on this machine.
        :param allow_live: whether a live key may write, which is refused otherwise.
        :param amount_limits: whether amounts are checked against the documented limits of a charge;
            they are, unless something says otherwise.
        :param sub_merchant_id: act for this sub-merchant (``team_…``, Payfac). If a key is given
            and this is not, act for none.
        :param account_id: the account that the links of this provider belong to (``account_…``);
            a key of another account is then refused. If a key is given and this is not, none is
            expected.
        :raises SettingsError: a setting is misspelt in the stack's config, or the key stands there
            in plain text.
        :raises ArgumentError: ``allow_live`` or ``amount_limits`` is not a bool.
        """
        refuse_misspelt(pulumi.runtime.config.CONFIG.get())
        refuse_plain_key_in_config()
        given: dict[str, pulumi.Input[str] | None] = {
            SECRET_KEY: None if secret_key is None else pulumi.Output.secret(secret_key),
            SECRET_KEY_ENV: secret_key_env,
            API_URL: api_url,
            ALLOW_LIVE: _word("allow_live", allow_live),
            AMOUNT_LIMITS: _word("amount_limits", amount_limits),
            SUB_MERCHANT_ID: sub_merchant_id,
            ACCOUNT_ID: account_id,
        }
        own_account = secret_key is not None or secret_key_env is not None
        identity = {SECRET_KEY, SECRET_KEY_ENV, SUB_MERCHANT_ID, ACCOUNT_ID}
        if own_account:
            for name in (SUB_MERCHANT_ID, ACCOUNT_ID):
                if given[name] is None:
                    given[name] = ""  # nor from the environment
        config = pulumi.Config(NAMESPACE)
        for name in CONFIG_KEYS:
            if given[name] is None and not (own_account and name in identity):
                secret = name == SECRET_KEY or config.get_secret(name) is None
                given[name] = config.get_secret(name) if secret else config.get(name)
        super().__init__(
            PROVIDER_PACKAGE,
            resource_name,
            {f"{NAMESPACE}:{name}": value for name, value in given.items() if value is not None},
            opts,
        )


def _word(name: str, flag: Any) -> pulumi.Input[str] | None:
    if isinstance(flag, pulumi.Output) or isawaitable(flag):
        return pulumi.Output.from_input(flag).apply(lambda value: _spell_flag(name, value))
    return None if flag is None else _spell_flag(name, flag)


def _spell_flag(name: str, flag: object) -> str:
    # A text counts as true in Python: "false" would let a live key write.
    if not isinstance(flag, bool):
        raise ArgumentError(f"Provider: {name} must be True or False.")
    return "true" if flag else "false"
