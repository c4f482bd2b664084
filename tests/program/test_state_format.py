"""How a link lies in a Pulumi state: a permanent format, pinned to the byte."""

from __future__ import annotations

import base64
import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import Any

import dill
import pytest
from client_setup import client_for
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic.dynamic import serialize_provider
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.link_provider import LinkProvider
from pulumi_omise_links.omise.models import LinkInputs, OmiseLink, Scope
from pulumi_omise_links.state_format import (
    PROVIDER_KEY,
    PROVIDER_PICKLE,
    STORED_OUTPUTS,
    TYPE_TOKEN,
    inputs_from,
    inputs_of,
    is_link_state,
    outputs_from,
    outputs_of_new,
    scope_of,
)

GOLDEN = "Y3B1bHVtaV9vbWlzZV9saW5rcwpMaW5rUHJvdmlkZXIKKVIu"

# A stand-in for the package, which not every Python has; its names are found late, as there.
STAND_IN = """
import base64, pickle, sys, types
class Found: pass
package = types.ModuleType("pulumi_omise_links")
package.__getattr__ = {"LinkProvider": Found}.__getitem__
sys.modules[package.__name__] = package
for read in (pickle.loads, pickle._loads):
    assert type(read(base64.b64decode(sys.argv[1]))) is Found
"""


def test_the_format_is_pinned() -> None:
    """What lies in users' states never changes: type token, key and bytes of the provider."""
    assert TYPE_TOKEN == "pulumi-python:dynamic/omise:Link"
    assert PROVIDER_KEY == "__provider"
    assert PROVIDER_PICKLE == GOLDEN


def test_pulumi_finds_the_provider_in_it() -> None:
    """Pulumi's own reader finds the provider in the constant, as in what Pulumi would store."""
    for text in (GOLDEN, serialize_provider(LinkProvider())):
        assert type(dill.loads(base64.b64decode(text))) is LinkProvider


def pythons() -> list[str]:
    """Every Python from 3.10 to 3.14 that can be started, this one first."""
    found = [sys.executable]
    for minor in range(10, 15):
        path = shutil.which(f"python3.{minor}")
        # A version manager's shim may be there without the version.
        if path and not subprocess.run([path, "-V"], capture_output=True, check=False).returncode:
            found.append(path)
    return found


@pytest.mark.parametrize("python", pythons())
def test_every_python_reads_the_bytes(python: str) -> None:
    """A state made under one Python is read under another, by both of its readers of pickles."""
    subprocess.run([python, "-I", "-c", STAND_IN, GOLDEN], check=True, timeout=60)


def test_old_states_find_today_s_code() -> None:
    """The bytes in a state lead to the provider of this release, which holds nothing."""
    provider = pickle.loads(base64.b64decode(GOLDEN))

    assert type(provider).__name__ == "LinkProvider"
    assert vars(provider) == {}


def test_no_key_is_in_the_bytes() -> None:
    """The constant is the call of a name, and nothing else."""
    assert base64.b64decode(PROVIDER_PICKLE) == b"cpulumi_omise_links\nLinkProvider\n)R."


def stored(link: OmiseLink, scope: Scope) -> dict[str, Any]:
    return {**outputs_from(link, scope, {}), PROVIDER_KEY: PROVIDER_PICKLE}


def test_a_usual_link_is_small(omise: Emulator) -> None:
    """Inputs and outputs of a link together take less than 800 bytes of a state."""
    with client_for(omise) as client:
        link = client.create_link(SPRING)
        outputs = stored(link, client.scope())
    inputs = {**inputs_from(link, {}), PROVIDER_KEY: PROVIDER_PICKLE}

    assert len(json.dumps(inputs)) + len(json.dumps(outputs)) < 800


text = st.text()
maybe = st.none() | text
links = st.builds(
    OmiseLink,
    id=text,
    livemode=st.booleans(),
    amount=st.integers(),
    currency=text.map(str.upper),
    title=text,
    description=text,
    multiple=st.booleans(),
    used=st.booleans(),
    payment_uri=text,
    created_at=text,
    used_at=maybe,
    deleted=st.booleans(),
    deleted_at=maybe,
    merchant_name=maybe,
    merchant_uid=maybe,
)
scopes = st.builds(Scope, maybe, maybe)
props = st.dictionaries(st.sampled_from(["currency", "title", "x"]), maybe | st.integers())


@given(links, scopes, props)
def test_outputs_are_total_and_plain(
    link: OmiseLink, scope: Scope, spelling: dict[str, object]
) -> None:
    """After a create nothing can fail: any link becomes outputs of JSON's own types."""
    outputs = outputs_from(link, scope, spelling)

    assert json.loads(json.dumps(outputs)) == outputs
    assert {type(value) for value in outputs.values()} <= {str, int, bool}
    assert is_link_state(outputs)
    assert scope_of(outputs) == scope
    assert "charges" not in outputs
    assert not inputs_of(outputs).differences(link.inputs)
    for name in STORED_OUTPUTS:
        assert outputs.get(name) == getattr(link, name)


@given(links, scopes, text, text, st.sampled_from(["title", "description"]), text)
def test_what_omise_spells_otherwise_is_no_change(
    link: OmiseLink, scope: Scope, title: str, description: str, name: str, later: str
) -> None:
    """However Omise stores the texts of a new link, the state has the program's, and a refresh of
    the unchanged link changes nothing; a text that changes later shows, and that one alone."""
    inputs = {**inputs_from(link, {}), "title": title, "description": description}
    outputs = outputs_of_new(link, scope, inputs)
    assert {key: outputs[key] for key in inputs} == inputs
    state = {**outputs, "as_stored": outputs.get("as_stored", {}).get("value")}

    assert outputs_from(link, scope, state) == outputs
    changed = replace(link, **{name: later})  # type: ignore[arg-type]
    expected = inputs if later == getattr(link, name) else {**inputs, name: later}
    assert inputs_from(changed, state) == expected


@pytest.mark.parametrize(
    ("spelt", "is_", "kept"),
    [("thb", "THB", "thb"), ("Thb", "THB", "Thb"), ("jpy", "THB", "THB"), (None, "THB", "THB"),
     (5, "THB", "THB")],
)  # fmt: skip
def test_the_user_s_spelling_of_the_currency_stays(spelt: object, is_: str, kept: str) -> None:
    """Omise answers in upper case; that is no change. Another currency is one."""
    link = OmiseLink(
        id="link_test_1",
        livemode=False,
        amount=1,
        currency=is_,
        title="t",
        description="d",
        multiple=False,
        used=False,
        payment_uri="uri",
        created_at="2026-01-01T00:00:00Z",
    )

    assert inputs_from(link, {"currency": spelt})["currency"] == kept


def test_inputs_are_not_a_link_s_state() -> None:
    """`Link.get` sends inputs only: they are told from a link's outputs."""
    assert not is_link_state({**vars(SPRING), "account_id": "account_1"})


def test_numbers_come_back_as_they_were() -> None:
    """A state holds doubles; the amount is a whole number again."""
    inputs = inputs_of({**vars(SPRING), "amount": 150_000.0, "used": False})

    assert inputs == SPRING
    assert isinstance(inputs.amount, int)


def test_a_state_without_multiple_is_a_single_use_link() -> None:
    """What has a default may be missing."""
    properties = {name: value for name, value in vars(SPRING).items() if name != "multiple"}

    assert inputs_of(properties) == LinkInputs(**{**vars(SPRING), "multiple": False})
