"""The native plugin with programs in TypeScript, Go and Python, run by the real engine with SDKs
that Pulumi's generator makes from the schema."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from harness import Project, writes
from languages.projects import run

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.languages

TABLES = [f"table-{n}" for n in range(12)]


@pytest.mark.parametrize("language", ["nodejs", "go", "python"])
def test_links_live_and_die(
    language: str, program: Callable[[str], Project], omise: Emulator
) -> None:
    """Links are made, ten at a time and in two accounts, stay as they are, are read, replaced and
    deleted; look-ups find what there is, a secret stays one, and an error is one sentence."""
    project = program(language)
    (old,) = omise.seed(title="Old")
    project.env |= {"KEY_OF_JAPAN": omise.key("jp"), "OLD": old}
    project.up("--parallel", "30").ok()

    assert omise.journal.max_in_flight == 10
    assert {*project.links()} == {"poster", "tokyo", *TABLES}
    poster = project.links()["poster"]
    assert project.outputs() == {
        "address": poster["outputs"]["paymentUri"],
        "replaced": omise.link(old)["payment_uri"],
    }
    made = {link["title"]: link["account"] for link in omise.links() if link["id"] != old}
    assert made == {"Spring": "th", "Tokyo": "jp", **{f"Table {n}": "th" for n in range(12)}}
    assert omise.link(poster["id"])["description"] == "Only for Anna, instead of Old"
    assert "Only for Anna" not in project.state_text()
    assert omise.link(poster["id"])["amount"] == 150_000

    writes(omise)
    project.unchanged()
    assert writes(omise) == []

    omise.pay(project.ids()["table-0"])
    omise.delete(project.ids()["table-1"])
    project.refresh().ok()
    assert project.links()["table-0"]["outputs"]["used"]
    assert "table-1" not in project.ids()
    project.up(env={"TITLE": "Summer"}).ok().says("[diff: ~title]", "+-1 replaced", "1 created")
    assert omise.link(poster["id"])["deleted"]
    assert {*project.links()} == {"poster", "tokyo", *TABLES}

    writes(omise)
    failed = project.preview(env={"TITLE": " "}).failed()
    failed.says("error: omise:index:Link resource 'poster' has a problem: title must not be blank")
    # Hosts add what they heard of the engine's end, but none shows calls.
    assert not re.search(r"Traceback|panic:|^ +at .+:\d+", failed.out, re.MULTILINE)
    assert writes(omise) == []

    project.destroy().ok()
    assert [link["id"] for link in omise.links(deleted=False)] == [old]


def test_the_compiler_of_typescript_is_content(program: Callable[[str], Project]) -> None:
    """The types of the SDK fit a program under --strict, and a wrong one is found."""
    project = program("nodejs")
    run(project, "tsc", "--project", ".")
    index = project.folder / "index.ts"
    index.write_text(index.read_text().replace("amount: 50_000", 'amount: "500.00"'))
    with pytest.raises(AssertionError, match="Type 'string' is not assignable to type"):
        run(project, "tsc", "--project", ".")
