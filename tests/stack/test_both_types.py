"""Links of Python programs and of the native plugin: whoever reads a state sees no difference."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import STACK, as_native

from pulumi_omise_links.stack.dependencies import explicit_provider, is_default_provider
from pulumi_omise_links.stack.failures import explain_failure
from pulumi_omise_links.stack.model import NATIVE_PROVIDER_TYPE, PROVIDER_TYPE, StackState
from pulumi_omise_links.stack.pulumi_json import read_preview, read_state
from pulumi_omise_links.state_format import (
    NATIVE_TYPE_TOKEN,
    PROVIDER_KEY,
    PROVIDER_PICKLE,
    SECRET_MARK,
    TYPE_TOKEN,
)

DEFAULT = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default"
JAPAN = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::japan"
SEALED = {**SECRET_MARK, "ciphertext": "v1:x"}


def record(name: str, provider: str = DEFAULT, **changes: Any) -> dict[str, Any]:
    """A link as a state holds it."""
    inputs = {
        "amount": 5_000,
        "currency": "thb",
        "title": name,
        "description": changes.pop("description", "d"),
        "multiple": True,
        PROVIDER_KEY: PROVIDER_PICKLE,
    }
    outputs = {
        **inputs,
        "payment_uri": f"https://pay/{name}",
        "created_at": "2026-01-31T00:00:00Z",
        "used": True,
        "account_id": "account_test_1",
        "sub_merchant_id": "team_1",
        **changes.pop("outputs", {}),
    }
    return {
        "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::{name}",
        "custom": True,
        "type": TYPE_TOKEN,
        "id": f"link_test_{name}",
        "inputs": inputs,
        "outputs": outputs,
        "parent": STACK,
        "provider": f"{provider}::1",
        **changes,
    }


STATE = {
    "version": 3,
    "deployment": {
        "resources": [
            {"urn": STACK, "type": "pulumi:pulumi:Stack"},
            {"urn": DEFAULT, "type": PROVIDER_TYPE, "custom": True, "id": "1", "inputs": {}},
            {
                "urn": JAPAN,
                "type": PROVIDER_TYPE,
                "custom": True,
                "id": "1",
                "inputs": {"omise:secretKey": SEALED, "omise:allowLive": "true"},
            },
            record("whole"),
            record("secret", JAPAN, description=SEALED, protect=True),
            record("stored", outputs={"as_stored": SEALED}, retainOnDelete=True),
            record("replaced", delete=True),
            record("looked-up", external=True),
        ],
        "pending_operations": [
            {"type": "creating", "resource": record("new", JAPAN, id="")},
            {"type": "deleting", "resource": record("whole")},
            {"type": "importing", "resource": record("imported")},
        ],
    },
}


def read_both() -> tuple[StackState, StackState]:
    return read_state(STATE), read_state(as_native(STATE))


def test_a_record_of_either_type_becomes_the_same_link() -> None:
    """Inputs, secrets, account, times, address and options of each link are read from both."""
    dynamic, native = read_both()

    assert [link.name for link in native.links] == ["whole", "secret", "stored", "replaced"]
    for ours, theirs in zip(native.links, dynamic.links, strict=True):
        assert NATIVE_TYPE_TOKEN in ours.urn
        assert replace(ours, urn=theirs.urn, provider_urn=theirs.provider_urn) == theirs
    assert native.links[0].scope.account_id == "account_test_1"
    assert native.links[0].payment_uri == "https://pay/whole"
    assert native.links[0].whole is not None


def test_what_is_pending_looked_up_or_no_link_is_told_apart_for_both() -> None:
    """No link of either type is taken for another resource, nor another resource for a link."""
    dynamic, native = read_both()

    assert native.looked_up == dynamic.looked_up == {"link_test_looked-up"}
    assert [create.name for create in native.pending] == ["new"]
    assert [create.inputs["amount"] for create in native.pending] == [5_000]
    assert native.deleting == {native.links[0].urn}
    for state in (dynamic, native):
        assert len(state.unfinished) == 3
        assert len(state.uncertain) == 1
        assert state.others == {}
        assert [one.name for one in state.providers.values()] == ["default", "japan"]


def test_the_settings_of_a_provider_are_read_from_both() -> None:
    """A state names them with the namespace for one type and without for the other; a truth value
    of a typed program reads like the text of a config."""
    dynamic, native = read_both()
    typed = as_native(STATE)
    typed["deployment"]["resources"][2]["inputs"]["allowLive"] = True

    for state in (dynamic, native, read_state(typed)):
        (provider,) = (one for one in state.providers.values() if one.name == "japan")
        assert provider.settings["allowLive"] == "true"
        assert provider.settings["secretKey"] is None
        assert provider.secret_inputs - provider.inputs.keys()


@pytest.mark.parametrize(
    ("name", "engines"),
    [
        ("default", True),
        ("default_0_1_0", True),
        ("default_0_1_0_alpha_1", True),
        ("default_0_1_0_https_/example.com/plugins", True),
        ("default_https_/example.com/plugins", True),
        ("default_japan", False),
        ("default_2", False),
        ("japan", False),
        ("default-japan", False),
        ("defaults", False),
    ],
)
def test_a_provider_of_the_engine_is_told_from_one_of_the_program(name: str, engines: bool) -> None:
    """The engine names its own after the version of the plugin; what a program declares has an
    account of its own."""
    for type_ in (PROVIDER_TYPE, NATIVE_PROVIDER_TYPE):
        urn = f"urn:pulumi:dev::shop::{type_}::{name}"
        assert is_default_provider(urn) is engines
        assert explicit_provider(urn) == ("" if engines else urn)
    assert not is_default_provider(f"urn:pulumi:dev::shop::pulumi:providers:aws::{name}")


def test_a_preview_of_native_links_says_what_becomes_of_each() -> None:
    """What is held, replaced, deleted and new, which plugin is asked for, and which link the option
    `import` names."""
    provider = f"urn:pulumi:dev::shop::{NATIVE_PROVIDER_TYPE}::default_0_1_0"
    held = as_native(record("a"))
    step = {"urn": held["urn"], "oldState": held}
    new = as_native(record("b", importID="link_test_old"))
    new |= {"provider": f"{provider}::2", "id": ""}
    digest = {
        "steps": [
            {**step, "op": "replace", "newState": held, "replaceReasons": ["title"]},
            {"op": "delete", "urn": "urn:x", "oldState": {**held, "id": "link_test_gone"}},
            {"op": "import", "urn": new["urn"], "newState": new},
        ],
        "diagnostics": [
            {
                "urn": held["urn"],
                "severity": "error",
                "message": "unable to replace: marked for protection",
            }
        ],
    }
    plan = {"resourcePlans": {provider: {"state": {"version": "0.1.0"}}}}

    preview = read_preview(digest, plan)

    assert [(link.name, link.step) for link in preview.links()] == [
        ("a", "replace"),
        ("b", "import"),
    ]
    assert preview.removed == {"link_test_gone": "urn:x"}
    assert preview.removed_others == ()
    assert preview.refused == {held["urn"]}
    assert preview.held["link_test_a"].payment_uri == "https://pay/a"
    first, second = preview.links()
    assert (first.current_id, first.adopts) == ("link_test_a", False)
    assert (second.current_id, second.adopts, second.adopted_id) == (None, True, "link_test_old")
    assert second.plugin == {"version": "0.1.0"}


def test_a_pending_create_knows_the_plugin_of_its_provider() -> None:
    """What takes its link into the state asks for the same version, or another provider is made."""
    state = as_native(STATE)
    asked = {"version": "0.1.0", "__internal": {"pluginDownloadURL": "https://plugins.example"}}
    state["deployment"]["resources"][2]["inputs"] |= asked

    (create,) = read_state(state).pending

    assert create.plugin == {"version": "0.1.0", "pluginDownloadUrl": "https://plugins.example"}


def test_an_error_about_a_native_link_names_it() -> None:
    """Both in what --json prints and in what a person reads."""
    urn = f"urn:pulumi:dev::shop::{NATIVE_TYPE_TOKEN}::spring"
    printed = json.dumps(
        {"diagnostics": [{"urn": urn, "severity": "error", "message": "error: title is too long"}]}
    )
    shown = f"\nDiagnostics:\n  {NATIVE_TYPE_TOKEN} (spring):\n    error: title is too long\n\n"
    for text in (printed, shown):
        error = explain_failure(
            ["up"], exit_code=1, stdout=text.encode(), stderr=b"", folder=Path()
        )
        assert "spring: " in str(error)
