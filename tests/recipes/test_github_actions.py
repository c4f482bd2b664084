"""The recipe for GitHub Actions does what its guide says, job by job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from recipes.forge import Forge
from recipes.github import Environment, GitHub
from recipes.runner import Machine

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.recipes


@pytest.fixture(scope="module")
def omise() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def github(place: Path, engine: Path, runner: Machine, forge: Forge, omise: Emulator) -> GitHub:
    backend = place / "backend"
    backend.mkdir()
    variables = {"PULUMI_BACKEND_URL": f"file://{backend}"}
    test, live = (
        Environment(
            {
                "OMISE_SECRET_KEY": omise.key("th", live=live),
                "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            },
            variables,
        )
        for live in (False, True)
    )
    nightly = Environment({"OMISE_SECRET_KEY": omise.key("th", live=True)}, variables)
    environments = {"omise-test": test, "omise-live": live, "omise-live-nightly": nightly}
    made = GitHub(
        place / "github",
        engine=engine,
        machine=runner,
        forge=forge,
        omise_url=omise.url,
        environments=environments,
    )
    made.shell("pulumi stack init prod", {**variables, "PULUMI_CONFIG_PASSPHRASE": "correct horse"})
    made.commit("The stack of production")
    return made


def test_a_push_deploys(github: GitHub, omise: Emulator) -> None:
    """What is merged is in the live account, and in the summary."""
    run = github.run("links-deploy", "up", "push", github.push()).ok()
    print(run.log)
    print(run.steps)
    print("SUMMARY", run.summary)
    print(omise.links(), github.recorder.commands())
    assert 0
