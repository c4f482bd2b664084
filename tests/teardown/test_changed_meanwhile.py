"""A stack that another run changes while it is torn down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakePulumi

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

STACK = "organization/shop/dev"


@pytest.mark.parametrize("flags", [[], ["--keep-stack"]])
def test_a_stack_that_is_not_empty_in_the_end_is_not_torn_down(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    omise: Emulator,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
) -> None:
    """What another run has brought into it after the destroy may be paid, whether the empty stack
    was to stay or not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    (link_id,) = omise.seed()
    omise.delete(link_id)
    link: dict[str, Any] = {
        "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::spring",
        "type": TYPE_TOKEN,
        "id": link_id,
        "outputs": {"account_id": omise.account("th").id},
    }
    pulumi = FakePulumi(tmp_path, monkeypatch)
    pulumi.answer(
        {
            "stack ls": [{"name": STACK}],
            "stack export": {"version": 3, "deployment": {"resources": [link]}},
            "destroy": "",
        }
    )

    assert run(["teardown", "--stack", "dev", "--yes", *flags]) == 1

    said = capsys.readouterr().out
    assert "is not empty after its destroy: another run has changed it." in said
    assert "Nothing of it can be paid" not in said
    assert not any(call.startswith("stack rm") for call in pulumi.calls())
