"""What an exported state says of its links, without opening a secret."""

from __future__ import annotations

from typing import Any

import pytest
from fake_pulumi import exported
from samples import SPRING, STACK

from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.stack.model import ManagedLink
from pulumi_omise_links.stack.pulumi_json import read_state
from pulumi_omise_links.state_format import SECRET_MARK, TYPE_TOKEN

SECRET = {**SECRET_MARK, "ciphertext": "v1:…"}
INPUTS: dict[str, Any] = {**vars(SPRING), "currency": "thb"}
URN = f"urn:pulumi:dev::shop::{TYPE_TOKEN}::spring"


def read(inputs: dict[str, Any] | None = None, **resource: Any) -> ManagedLink:
    """Read a state with one link; ``inputs`` are changes to both its inputs and its outputs."""
    values = {**INPUTS, **(inputs or {})}
    outputs = {**values, "account_id": "account_1", "created_at": "2026-01-01T00:00:00Z"}
    link = {"urn": URN, "type": TYPE_TOKEN, "id": "link_test_1", "inputs": values}
    root = {"urn": STACK, "type": "pulumi:pulumi:Stack"}
    given = {**link, "outputs": {**outputs, **resource.pop("outputs", {})}, **resource}
    (found,) = read_state(exported([root, given])).links
    return found


def test_a_link_is_read_whole() -> None:
    """With its scope, its inputs and how it is protected."""
    link = read(protect=True, retainOnDelete=True)

    assert (link.name, link.id, link.scope) == ("spring", "link_test_1", Scope("account_1"))
    assert link.whole == SPRING
    assert link.inputs == vars(SPRING)
    assert (link.protect, link.retain_on_delete, link.used) == (True, True, False)
    assert link.created_at == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [({"title": SECRET}, {}), ({}, {"title": SECRET}), ({"title": SECRET}, {"title": "Spring"})],
)
def test_a_secret_input_is_left_out(inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
    """Whether the input, the output or both are marked as one."""
    link = read(inputs, outputs=outputs)

    assert link.whole is None
    assert link.inputs.keys() == INPUTS.keys() - {"title"}


@pytest.mark.parametrize("damaged", [None, "150000", 1.5, True, [], {}])
def test_a_damaged_value_is_left_out(damaged: object) -> None:
    """It stops nothing: whether it differs is not known."""
    link = read(outputs={"amount": damaged, "account_id": damaged, "created_at": damaged})

    assert link.whole is None
    assert "amount" not in link.inputs


def test_a_text_that_omise_stores_otherwise_is_marked() -> None:
    """How it is stored is encrypted, so nothing can be compared with it."""
    assert not read().stored_otherwise
    assert read(outputs={"as_stored": SECRET}).stored_otherwise
