"""A project and its stack, with a `pulumi` that prints what the tests say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakePulumi

from pulumi_omise_links.errors import AuthenticationError, ProjectError, SettingsError
from pulumi_omise_links.inventory.stacks import read_other_stacks
from pulumi_omise_links.stack.project import Project
from pulumi_omise_links.state_format import TYPE_TOKEN

KEY = "skey_test_emulator_th"
Answer = Callable[..., Project]


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    monkeypatch.delenv("OMISE_SECRET_KEY", raising=False)
    return FakePulumi(tmp_path, monkeypatch)


@pytest.fixture
def log(pulumi: FakePulumi) -> Path:
    return pulumi.log


@pytest.fixture
def answer(tmp_path: Path, pulumi: FakePulumi) -> Answer:
    """Make a project whose `pulumi` answers so."""

    def make(given: dict[str, Any], **options: Any) -> Project:
        pulumi.answer(given)
        return Project(tmp_path, **options)

    return make


def link_state(*ids: str) -> dict[str, Any]:
    resources = [{"urn": f"urn:{n}", "type": TYPE_TOKEN, "id": n} for n in ids]
    return {"version": 3, "deployment": {"resources": resources}}


def test_version_and_stack_are_found_in_noise(answer: Answer) -> None:
    """Notices and wrapper scripts may print before and after them."""
    notice = "warning: a new version is available\n"
    project = answer(
        {
            "version": f"{notice}v3.259.0\nbye",
            "stack --show-name": f"{notice}organization/shop/dev\ndone",
        }
    )

    assert project.stack == "organization/shop/dev"


@pytest.mark.parametrize("version", ["v3.253.9", "v2.300.0", "unknown", ""])
def test_an_old_pulumi_is_refused(answer: Answer, version: str) -> None:
    """It could not import these links."""
    with pytest.raises(ProjectError, match=r"Pulumi 3\.254 or newer is needed"):
        answer({"version": version})


def test_a_secret_key_of_the_config_is_read_by_name(answer: Answer, log: Path) -> None:
    """No other secret of the stack is opened."""
    project = answer(
        {
            "config --json": {
                "omise:secretKey": {"secret": True},
                "shop:password": {"secret": True},
            },
            "config get omise:secretKey --json": {"value": KEY, "secret": True},
        }
    )

    assert project.settings().key().reveal() == KEY
    assert "password" not in log.read_text()
    assert "--show-secrets" not in log.read_text()


def test_a_key_in_plain_text_is_refused(answer: Answer) -> None:
    """It would stand in the stack's file, its state and its history; the error does not show it."""
    project = answer({"config --json": {"omise:secretKey": {"value": KEY, "secret": False}}})

    with pytest.raises(SettingsError, match="in plain text") as caught:
        project.settings()

    assert KEY not in str(caught.value)


def test_the_config_file_reaches_every_command(answer: Answer, log: Path, tmp_path: Path) -> None:
    """By its whole path, so that it does not matter in which folder Pulumi is run."""
    file = tmp_path / "deploy.yaml"
    file.touch()
    project = answer({}, config_file=os.path.relpath(file))

    project.settings()

    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert {config for _, config in calls} == {str(file.resolve())}


def test_without_a_key_the_error_says_where_else_the_config_may_be(answer: Answer) -> None:
    """The stack's config may be in a file where Pulumi does not look."""
    with pytest.raises(AuthenticationError, match="--config-file or in PULUMI_OPTION_CONFIG_FILE"):
        answer({}).settings().key()


def test_a_stack_that_cannot_be_read_stops_nothing(answer: Answer) -> None:
    """It is named with the reason, and the others are read."""
    names = ["dev", "prod", "broken", "odd"]
    project = answer(
        {
            "stack ls": [{"name": f"organization/shop/{name}"} for name in names],
            "stack export --stack organization/shop/prod": link_state("link_test_1"),
            "stack export --stack organization/shop/broken": "error: unexpected end of JSON input",
            "stack export --stack organization/shop/odd": "no JSON",
        }
    )

    others = read_other_stacks(project)

    assert others.managed == {"link_test_1": "organization/shop/prod"}
    assert [*others.unread] == ["organization/shop/broken", "organization/shop/odd"]
    assert "unexpected end of JSON input" in others.unread["organization/shop/broken"]
    assert [sentence.count("\n") for sentence in others.unknowns()] == [0, 0]


def test_stacks_that_cannot_be_listed_stop_nothing(answer: Answer) -> None:
    """One broken state makes `pulumi stack ls` fail: nothing of the others is known then."""
    others = read_other_stacks(answer({"stack ls": "error: unexpected end of JSON input"}))

    assert others.managed == {}
    (sentence,) = others.unknowns()
    assert sentence.startswith("The other stacks could not be listed: Pulumi failed")


def test_secrets_are_tried_in_a_copy_of_the_config(
    answer: Answer, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi is to write into a file of a temporary folder, which goes, and into no other."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "Pulumi.yaml").write_text("name: shop")
    (tmp_path / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:here")
    project = answer({"stack export": link_state(), "config set": ""})

    project.require_readable_secrets()

    calls = [json.loads(line)[0] for line in log.read_text().splitlines()]
    (written,) = (call for call in calls if call.startswith("config set "))
    file = Path(written.partition(" --config-file ")[2].partition(" ")[0])
    assert file.is_relative_to(tmp_path / "temporary")
    assert [*(tmp_path / "temporary").iterdir()] == []
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == "encryptionsalt: v1:here"


def test_without_a_temporary_folder_secrets_are_not_tried(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence names the folder, and the rest of a diagnosis goes on."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))

    with pytest.raises(ProjectError, match=r"temporary folder.*nowhere.*: No such file"):
        answer({"stack export": link_state()}).require_readable_secrets()
