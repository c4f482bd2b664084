"""The native plugin over its protocol: settings, accounts and keys."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from google.protobuf import json_format
from native.native_plugin import PROVIDER_URN, NativePlugin, StartNative, secret, struct
from protocol.engine_side import SPRING, UNKNOWN, failure
from pulumi.runtime.proto import provider_pb2

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import SettingsError
from pulumi_omise_links.native.provider_settings import refuse_key_in_files

EXPLICIT_URN = PROVIDER_URN.replace("default", "japan")


def test_the_key_of_the_stack_s_config(start: StartNative, omise: Emulator) -> None:
    """The key arrives marked as a secret, as the only thing that does, and is used."""
    plugin = start(OMISE_SECRET_KEY="")
    plugin.configure({"secretKey": secret(omise.key("jp"))})
    _, state = plugin.create({**SPRING, "currency": "JPY"})

    assert state["accountId"] == omise.account("jp").id


def test_a_key_in_plain_text_is_refused(start: StartNative, omise: Emulator) -> None:
    """A key that the config does not encrypt is refused before anything is sent."""
    plugin = start(OMISE_SECRET_KEY="")
    with failure() as found:
        plugin.configure({"secretKey": omise.key("th")})

    assert "stands in plain text" in found[0]
    assert omise.key("th") not in found[0]


@pytest.mark.parametrize("urn", [PROVIDER_URN, EXPLICIT_URN])
def test_a_key_is_stored_encrypted_wherever_it_came_from(start: StartNative, urn: str) -> None:
    """The engine does not say whether a key was a secret, so it is told to store it as one."""
    settings, failures = start().check_config({"secretKey": "skey_test_1"}, urn)

    assert failures == []
    assert settings["secretKey"] == secret("skey_test_1")


@pytest.mark.parametrize(
    ("project", "file", "urn", "refused"),
    [
        ("{name: shop}", "Pulumi.dev.yaml", PROVIDER_URN, True),
        ("{name: shop, stackConfigDir: config}", "config/Pulumi.dev.yaml", PROVIDER_URN, True),
        ("{name: shop, config: config}", "config/Pulumi.dev.yaml", EXPLICIT_URN, True),
        ("{}", "Pulumi.yaml", f"{PROVIDER_URN}_0_1_0", True),
        ("{}", "Pulumi.yaml", EXPLICIT_URN, False),
        ("{name: shop}", "Pulumi.prod.yaml", PROVIDER_URN, False),
    ],
)
def test_a_key_in_plain_text_in_the_file_of_the_stack(
    tmp_path: Path, project: str, file: str, urn: str, refused: bool
) -> None:
    """The config of the stack, and of the project, is looked at, also from a folder below: not that
    of another stack, and no program that makes a provider of a key."""
    (tmp_path / "program").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(project, encoding="utf-8")
    (tmp_path / file).write_text('omise:secretKey: "skey_test_5ecret"', encoding="utf-8")
    with pytest.raises(SettingsError, match="plain text") if refused else nullcontext():
        refuse_key_in_files("skey_test_5ecret", urn, tmp_path / "program")

    refuse_key_in_files("skey_test_0ther", urn, tmp_path / "program")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"submerchantID": "team_1"}, "omise:submerchantID, which is no setting; omise:subMerch"),
        ({"secretKey": "pkey_test_1"}, "is a public key"),
        ({"allowLive": "perhaps"}, "omise:allowLive must be true or false, not 'perhaps'"),
        ({"apiUrl": "http://omise.test"}, "the key would travel unencrypted"),
        ({"secretKeyEnv": "skey_test_1"}, "must be the name of an environment variable"),
    ],
)
def test_wrong_settings_are_told_once_for_all_links(
    start: StartNative, settings: dict[str, str], sentence: str
) -> None:
    """What is wrong with the settings is told of the provider, before any link is looked at."""
    _, failures = start().check_config(settings)

    assert len(failures) == 1
    assert sentence in failures[0]
    assert "key_test_1" not in failures[0]


def test_settings_that_are_not_known_yet_pass(start: StartNative) -> None:
    """A preview goes on if the key is an output of another resource."""
    assert start().check_config({"secretKey": UNKNOWN}) == ({"secretKey": UNKNOWN}, [])


def test_types_of_settings(start: StartNative, omise: Emulator) -> None:
    """true and false may be written as such, or as the words of a stack's config."""
    for flag in (True, "true", "on"):
        plugin = start(OMISE_SECRET_KEY=omise.key("th", live=True))
        assert plugin.check_config({"allowLive": flag}) == ({"allowLive": flag}, [])
        plugin.configure({"allowLive": flag})
        assert plugin.check(SPRING)[1] == []


def test_a_provider_with_its_own_key_takes_nobody_else_s_account(
    start: StartNative, omise: Emulator
) -> None:
    """The account and the sub-merchant of the environment are not meant for a second account;
    they hold for the provider that nobody declares."""
    account = omise.account("th").id
    plugin = start(OMISE_ACCOUNT_ID=account, JAPAN=omise.key("jp"))
    own = {"secretKeyEnv": "JAPAN", "accountId": "", "subMerchantId": ""}
    for urn in (EXPLICIT_URN, f"{PROVIDER_URN}_japan", f"{PROVIDER_URN}_2_japan"):
        settings, _ = plugin.check_config({"secretKeyEnv": "JAPAN"}, urn)
        assert settings == own
    plugin.configure(settings)
    _, state = plugin.create({**SPRING, "currency": "JPY"})
    assert state["accountId"] == omise.account("jp").id

    default = start(OMISE_ACCOUNT_ID=account, JAPAN=omise.key("jp"))
    for urn in (PROVIDER_URN, f"{PROVIDER_URN}_0_1_0"):
        assert default.check_config({"secretKeyEnv": "JAPAN"}, urn)[0] == {"secretKeyEnv": "JAPAN"}
    default.configure({"secretKeyEnv": "JAPAN"})
    with failure() as found:
        default.create({**SPRING, "currency": "JPY"})
    assert f"Links belong to {account} here" in found[0]


def test_changed_settings_replace_nothing(plugin: NativePlugin) -> None:
    """Another setting is an update of the provider: a replacement would replace all its links."""

    def diff(olds: dict[str, object], news: dict[str, object]) -> dict[str, object]:
        request = provider_pb2.DiffRequest(urn=PROVIDER_URN, olds=struct(olds), news=struct(news))
        answer: dict[str, object] = json_format.MessageToDict(plugin.stub.DiffConfig(request))
        return answer

    assert diff({"secretKeyEnv": "A"}, {"secretKeyEnv": "A"}) == {"changes": "DIFF_NONE"}
    assert diff({"secretKeyEnv": "A"}, {"apiUrl": UNKNOWN}) == {
        "changes": "DIFF_SOME",
        "diffs": ["apiUrl", "secretKeyEnv"],
    }


def test_a_preview_without_a_key(start: StartNative, omise: Emulator) -> None:
    """Without a key, inputs are checked and nothing is asked; a create says what to set."""
    plugin = start(OMISE_SECRET_KEY="")
    plugin.configure({})

    assert plugin.check(SPRING) == (SPRING, [])
    assert plugin.check({**SPRING, "amount": -1})[1] == ["amount must be greater than zero"]
    with failure() as found:
        plugin.create(SPRING)
    assert "OMISE_SECRET_KEY is not set" in found[0]
    assert len(omise.journal) == 0


def test_a_live_key_needs_consent(start: StartNative, omise: Emulator) -> None:
    """A live key makes nothing, and takes nothing into a stack, until the stack allows it; who
    only reads needs no consent."""
    (link_id,) = omise.seed(live=True)
    plugin = start(OMISE_SECRET_KEY=omise.key("th", live=True))
    plugin.configure({})

    assert "Refused to create the link" in plugin.check(SPRING)[1][0]
    with failure() as found:
        plugin.create(SPRING)
    assert "live key" in found[0]
    with failure() as found:
        plugin.import_(link_id)
    assert f"Refused to import link {link_id}" in found[0]
    assert plugin.look_up(link_id)[0] == link_id
    assert omise.journal.writes == []
