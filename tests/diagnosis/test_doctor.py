"""What one can rely on from ``omise-links doctor``.

tests/diagnosis/test_doctor_faults.py has what is wrong, one fault at a time;
tests/engine/test_doctor_command.py has a real engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from diagnosis.place import MANIFEST, Place

from pulumi_omise_links.cli import run
from pulumi_omise_links.stack.pythons import NATIVE_PLUGIN


def test_all_is_well(place: Place) -> None:
    """Each check says what it has found, with one request to Omise."""
    findings = place.examine()

    assert {*findings.results.values()} == {"ok"}
    assert findings.exit_code == 0
    assert findings.accounts[0]["country"] == "TH"
    assert findings.checks["stack"]["message"] == "Stack organization/shop/dev is there."
    assert findings.checks["manifest"]["message"] == "links.yaml: 1 link, no problem."
    assert [entry.path for entry in place.omise.journal.entries] == ["/account"]


def test_a_person_reads_a_line_for_each_check(place: Place) -> None:
    """The result first, what to do below, a count at the end."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "50.00"))
    place.pulumi.answer(place.answers)

    assert run(["doctor"]) == 1

    lines = place.capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Account account_test_")
    assert lines[1] == "ok    pulumi       Pulumi 3.259.0 is new enough."
    failed = next(number for number, line in enumerate(lines) if line.startswith("fail"))
    assert lines[failed].startswith("fail  manifest     links.yaml: 1 problem, of which the first")
    assert lines[failed + 1].strip() == "`omise-links validate` shows all of them."
    assert lines[-1] == "15 ok, 0 to look at, 1 failed, 0 not checked."


def test_without_anything_each_check_still_says_something(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder, no Pulumi, no key: what can be checked is, and nothing is a bug."""
    (tmp_path / "empty").mkdir()
    place.env(PATH="", OMISE_SECRET_KEY="")

    findings = place.examine("--cwd", "empty")

    assert findings.results == {
        "pulumi": "fail",
        **dict.fromkeys(["backend", "stack", "lock", "pending", "secrets"], "skip"),
        "key": "fail",
        **dict.fromkeys(["api", "clock", "account", "program", "plugin"], "skip"),
        **dict.fromkeys(["plugin-file", "manifest"], "skip"),
        "creates": "ok",
        "ci": "ok",
    }
    assert findings.checks["lock"]["message"] == "Not checked, because of pulumi."
    assert findings.checks["clock"]["message"] == "Not checked, because of key."


def test_a_program_in_another_language_needs_the_native_plugin(place: Place) -> None:
    """No Python is looked for; the plugin may be installed, or on the PATH."""
    place.about(runtime={"language": "yaml"})
    path = os.environ["PATH"].split(os.pathsep)
    place.env(PATH=os.pathsep.join(p for p in path if not Path(p, NATIVE_PLUGIN).exists()))
    place.answers["plugin ls"] = [{"name": "omise", "kind": "resource", "version": "0.1.0"}]

    checks = place.examine().checks

    assert (checks["program"]["result"], checks["plugin"]["result"]) == ("ok", "ok")
    assert "is written for yaml" in checks["program"]["message"]
    assert NATIVE_PLUGIN in checks["plugin"]["message"]
    place.answers["plugin ls"] = []
    Path(NATIVE_PLUGIN).touch(mode=0o755)
    place.env(PATH=f"{os.environ['PATH']}{os.pathsep}{place.folder}")
    assert place.examine().checks["plugin"]["result"] == "ok"


def test_without_a_stack_the_key_of_the_environment_is_examined(place: Place) -> None:
    """It says that no config was read: the stack may have another key."""
    place.answers["stack --show-name"] = "error: no stack selected"

    checks = place.examine().checks

    assert checks["key"]["message"] == (
        "The key in the environment variable OMISE_SECRET_KEY is a test key (no config of a stack"
        " was read)."
    )
    assert checks["account"]["result"] == "ok"


def test_the_live_key_of_a_stack_that_allows_it_is_all_right(place: Place) -> None:
    """Its account is that of live mode."""
    account = place.omise.account("th")
    place.config(
        secretKey={"secret": True},
        allowLive={"value": "true"},
        accountId={"value": account.live_id},
    )
    place.answers["config get omise:secretKey"] = {"value": place.omise.key("th", live=True)}

    findings = place.examine()

    assert {*findings.results.values()} == {"ok"}
    assert findings.checks["key"]["message"] == (
        "The key in omise:secretKey is a live key, and may make and delete real payment links:"
        " omise:allowLive is true."
    )
    assert findings.accounts[0]["mode"] == "live"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/shop?region=ap-southeast-1", "s3://bucket/shop"),
        ("https://app.pulumi.com/ann", "https://app.pulumi.com/ann"),
        ("postgres://me:hunter2@db.example:5432/state", "postgres://db.example:5432/state"),
    ],
)
def test_a_backend_elsewhere_is_shown_without_its_password(
    place: Place, url: str, shown: str
) -> None:
    """And whether another run holds the stack is not known there."""
    place.backend_url(url)

    findings = place.examine()

    assert findings.checks["backend"]["message"] == f"The backend {shown} can be read."
    assert findings.results["lock"] == "skip"
    assert findings.exit_code == 0
    assert "hunter2" not in str(findings)


@pytest.mark.parametrize(
    "url", ["file://~/state", "file://./state", "file://state?no_tmp_dir=true"]
)
def test_a_lock_is_seen_in_every_kind_of_folder(place: Place, url: str) -> None:
    """Below the home folder, or where the project is."""
    place.env(HOME=str(place.folder))
    place.lock(hostname="elsewhere", pid=7)
    place.backend.rename(place.folder / "state")
    place.backend_url(url)

    assert place.examine().results["lock"] == "warn"


@pytest.mark.parametrize(
    ("version", "url", "result"),
    [
        ("v3.254.0", "s3://bucket?endpoint=store.example", "warn"),
        ("v3.257.0", "s3://bucket?endpoint=store.example", "warn"),
        ("v3.258.0", "s3://bucket?endpoint=store.example", "ok"),
        ("v3.257.0", "s3://bucket?region=ap-southeast-1", "ok"),
        ("v3.257.0", "gs://bucket", "ok"),
    ],
)
def test_a_pulumi_that_some_stores_refuse_is_told(
    place: Place, version: str, url: str, result: str
) -> None:
    """Stores that only speak the protocol of S3; Amazon's own takes every version."""
    place.answers["version"] = version
    place.backend_url(url)

    assert place.examine().results["backend"] == result


def test_manifests_are_named_on_the_command_line(place: Place) -> None:
    """They take the place of links.yaml; one that is missing is a fault."""
    Path("other.yaml").write_text(MANIFEST.replace("  a:", "  b:"))

    checks = place.examine("links.yaml", "other.yaml").checks
    assert checks["manifest"]["message"] == "links.yaml, other.yaml: 2 links, no problem."

    assert place.examine("none.yaml").results["manifest"] == "fail"

    Path("links.yaml").unlink()
    assert place.examine().checks["manifest"]["message"].startswith("There is no links.yaml here.")


def test_the_limits_of_amounts_are_those_of_the_stack(place: Place) -> None:
    """As in a preview, its config counts."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "5"))
    assert place.examine().results["manifest"] == "fail"

    place.config(amountLimits={"value": "off"})
    assert place.examine().results["manifest"] == "ok"


def test_a_create_under_way_is_no_fault(place: Place) -> None:
    """The process that wrote its record holds a lock on it."""
    place.cut_off_create(place.folder)
    (record,) = (place.folder / "pulumi-home/omise-links/creates").iterdir()
    holder = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX);"
    holder += "print('held', flush=True); sys.stdin.read()"

    with subprocess.Popen(
        [sys.executable, "-c", holder, str(record)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        findings = place.examine()

    assert findings.checks["creates"]["message"].startswith("1 create under way on this machine")
    assert findings.exit_code == 0


@pytest.mark.parametrize(
    ("options", "environment"),
    [("virtualenv: venv", "venv"), ("toolchain: uv", ".venv"), ("toolchain: poetry", "poetry-env")],
)
def test_the_plugin_is_run_by_the_environment_of_the_project(
    place: Place, options: str, environment: str
) -> None:
    """As Pulumi's own script chooses it: in the folder of the program."""
    Path("Pulumi.yaml").write_text(
        f"name: shop\nmain: src\nruntime: {{name: python, options: {{{options}}}}}\n"
    )
    Path("src").mkdir()
    poetry = place.pulumi.script.parent / "poetry"
    poetry.write_text("#!/bin/sh\necho poetry-env\n")
    poetry.chmod(0o755)

    findings = place.examine()
    assert findings.results["plugin"] == "fail"
    assert (
        f"src/{environment}/bin/python, which is not there" in findings.checks["plugin"]["message"]
    )
    assert findings.results["program"] == "ok"

    folder = place.folder / "src" / environment / "bin"
    folder.mkdir(parents=True)
    (place.folder / "python").rename(folder / "python")
    place.python(package="9.9")
    findings = place.examine()
    assert findings.results["plugin"] == "ok"
    assert f"src/{environment}/bin/python" in findings.checks["plugin"]["message"]
    assert findings.results["program"] == "warn"


FORK: dict[str, Any] = {
    "head": {"repo": {"full_name": "stranger/shop"}},
    "base": {"repo": {"full_name": "team/shop"}},
}
SAME = {"head": FORK["base"], "base": FORK["base"]}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"ref": "refs/heads/main"}, "This is a job of GitHub Actions, not about a fork."),
        ({"pull_request": SAME}, "This is a job of GitHub Actions, not about a fork."),
        (
            {"pull_request": {**FORK, "head": {"repo": None}}},
            "This is a job of GitHub Actions, about changes from a fork, which nobody has approved"
            " yet. It has no key.",
        ),
        ([], "This is a job of GitHub Actions; whether it is about a fork is not known."),
    ],
)
def test_a_job_of_github_is_recognised(place: Place, event: object, message: str) -> None:
    """By the event that GitHub describes in a file; a fork may have been deleted meanwhile."""
    place.env(OMISE_SECRET_KEY="")
    place.github(event)

    assert place.examine().checks["ci"] == {"result": "ok", "message": message, "advice": ""}


@pytest.mark.parametrize(("source", "of_fork"), [("", False), ("7", False), ("8", True)])
def test_a_job_of_gitlab_is_recognised(place: Place, source: str, of_fork: bool) -> None:
    """A merge request from another project is one from a fork."""
    place.env(GITLAB_CI="true", CI="true")
    if source:
        place.env(CI_MERGE_REQUEST_PROJECT_ID="7", CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source)

    assert place.examine().results["ci"] == ("warn" if of_fork else "ok")


def test_a_job_of_another_forge_is_all_right(place: Place) -> None:
    """That it is a pipeline is known from the variable CI."""
    place.env(CI="true")

    message = place.examine().checks["ci"]["message"]
    assert message == "This is a job of a pipeline; whether it is about a fork is not known."


def test_what_has_been_found_is_json_without_what_is_for_people(place: Place) -> None:
    """A list of the checks, in a fixed order, each with all of its keys."""
    place.pulumi.answer(place.answers)
    run(["doctor", "--json"])

    printed = json.loads(place.capsys.readouterr().out)

    assert all([*check] == ["name", "result", "message", "advice"] for check in printed["checks"])
    assert printed["stats"] == {"requests": 1, "retries": 0, "writes": 0}
