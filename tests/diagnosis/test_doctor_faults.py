"""One fault at a time: the right check says it, and all other checks are as they were."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from diagnosis.place import MANIFEST, Place

from pulumi_omise_links.diagnosis.examine import CHECKS
from pulumi_omise_links.stack.pythons import NATIVE_PLUGIN
from pulumi_omise_links.state_format import TYPE_TOKEN

PASSPHRASE = "error: getting stack configuration: get stack secrets manager: incorrect passphrase"
FORK = {
    "pull_request": {
        "head": {"repo": {"full_name": "stranger/shop"}},
        "base": {"repo": {"full_name": "team/shop"}},
    }
}
LINK = {
    "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::a",
    "type": TYPE_TOKEN,
    "id": "link_test_1",
    "provider": "urn:pulumi:dev::shop::pulumi:providers:pulumi-python::default::1",
    "outputs": {"account_id": "account_test_other"},
}
WITHOUT_STACK = ("lock", "pending", "secrets")
WITHOUT_BACKEND = ("stack", *WITHOUT_STACK)
WITHOUT_PULUMI = ("backend", *WITHOUT_BACKEND, "program", "plugin", "plugin-file")
WITHOUT_KEY = ("api", "clock", "account")

Spoil = Callable[[Place], object]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``says`` is in the message of the check; ``skipped`` are the checks that depend on it."""

    check: str
    result: str
    says: str
    skipped: tuple[str, ...]
    spoil: Spoil


FAULTS: list[Fault] = []


def fault(check: str, result: str, says: str, skipped: tuple[str, ...] = ()) -> Callable[..., None]:
    def add(spoil: Spoil) -> None:
        FAULTS.append(Fault(check=check, result=result, says=says, skipped=skipped, spoil=spoil))

    return add


@fault("pulumi", "fail", "There is no `pulumi` on the PATH.", WITHOUT_PULUMI)
def _no_pulumi(place: Place) -> None:
    place.env(PATH="")


@fault("pulumi", "fail", "Pulumi 3.254 or newer is needed", WITHOUT_PULUMI)
def _an_old_pulumi(place: Place) -> None:
    place.answers["version"] = "v3.253.1"


@fault("backend", "fail", "unable to open state directory", WITHOUT_BACKEND)
def _no_backend(place: Place) -> None:
    place.answers["whoami"] = "error: unable to open state directory"


@fault("backend", "warn", "some stores like it answer every write with InvalidDigest", ("lock",))
def _a_store_that_this_pulumi_cannot_write(place: Place) -> None:
    place.answers["version"] = "v3.256.3"
    place.backend_url("s3://bucket?endpoint=store.example&s3ForcePathStyle=true")


@fault(
    "stack",
    "fail",
    "There is no such stack. Pulumi says: no stack selected. Name one with --stack",
    WITHOUT_STACK,
)
def _no_stack(place: Place) -> None:
    place.answers["stack --show-name"] = "error: no stack selected"


@fault("lock", "fail", "of ann on here, since 2026-11-27T09:00:00, which has ended")
def _the_lock_of_a_killed_run(place: Place) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    place.monkeypatch.setattr(platform, "node", lambda: "here")
    place.lock(hostname="here", pid=ended.pid)


@fault("lock", "warn", f"The stack is locked by process {os.getppid()} of ann on ")
def _the_lock_of_a_run(place: Place) -> None:
    place.lock(hostname=platform.node(), pid=os.getppid())


@fault("lock", "warn", "The stack is locked by process 7 of ann on elsewhere")
def _the_lock_of_another_machine(place: Place) -> None:
    place.lock(hostname="elsewhere", pid=7)


@fault("lock", "warn", "The stack is locked by process that is not known: ")
def _a_lock_that_cannot_be_read(place: Place) -> None:
    place.lock(hostname="elsewhere")


@fault("pending", "fail", "has 1 pending create and 1 interrupted delete of links in the state.")
def _a_killed_run(place: Place) -> None:
    kinds = ("creating", "deleting")
    place.state(pending_operations=[{"resource": LINK, "type": kind} for kind in kinds])


@fault("pending", "fail", "unexpected end of JSON input", ("secrets", "account"))
def _a_state_that_is_cut_off(place: Place) -> None:
    place.answers["stack export"] = "error: unexpected end of JSON input"


@fault("secrets", "fail", "incorrect passphrase")
def _another_passphrase(place: Place) -> None:
    place.answers["config set"] = PASSPHRASE


@fault("secrets", "fail", "incorrect passphrase")
def _a_secret_of_the_config_that_cannot_be_opened(place: Place) -> None:
    place.answers["config --json"] = {"shop:password": {"secret": True}}
    place.answers["config get shop:password"] = PASSPHRASE


@fault("secrets", "fail", "incorrect passphrase", ("key", *WITHOUT_KEY))
def _a_key_in_the_config_that_cannot_be_opened(place: Place) -> None:
    place.config(secretKey={"secret": True})
    place.answers["config get omise:secretKey"] = PASSPHRASE


@fault(
    "key",
    "fail",
    "No Omise secret key: the environment variable OMISE_SECRET_KEY is not set;",
    WITHOUT_KEY,
)
def _no_key(place: Place) -> None:
    place.env(OMISE_SECRET_KEY="")


@fault("key", "fail", "is a public key (pkey_…), which may not touch links.", WITHOUT_KEY)
def _a_public_key(place: Place) -> None:
    place.env(OMISE_SECRET_KEY=place.omise.key("th", public=True))


@fault("key", "fail", "omise:secretKey stands in plain text", WITHOUT_KEY)
def _a_key_in_plain_text(place: Place) -> None:
    place.config(secretKey={"value": place.omise.key("th")})


@fault("key", "warn", "is a live key, and may not write: omise:allowLive is not true.")
def _a_live_key_that_may_not_write(place: Place) -> None:
    place.env(
        OMISE_SECRET_KEY=place.omise.key("th", live=True),
        OMISE_ACCOUNT_ID=place.omise.account("th").live_id,
    )


@fault(
    "key",
    "warn",
    "OMISE_SECRET_KEY is not set, as it should be in a job of a fork.",
    WITHOUT_KEY,
)
def _no_key_in_a_job_of_a_fork(place: Place) -> None:
    place.env(OMISE_SECRET_KEY="")
    place.github(FORK)


@fault("api", "fail", "Could not read the account of the key: ", ("clock", "account"))
def _no_way_to_omise(place: Place) -> None:
    place.omise.stop()


@fault("clock", "warn", "The clock of this machine is 3,")
def _a_clock_that_is_late(place: Place) -> None:
    place.omise.switch(clock_skew=3600.0)


@fault("account", "fail", "but this stack is for account_test_other (omise:accountId).")
def _a_key_of_another_account(place: Place) -> None:
    place.env(OMISE_ACCOUNT_ID="account_test_other")


@fault("account", "fail", "Link link_test_1 belongs to account_test_other, but the key in")
def _a_stack_of_another_account(place: Place) -> None:
    place.state(resources=[LINK])


@fault("account", "fail", "Omise does not accept the key in the environment variable")
def _a_key_that_was_revoked(place: Place) -> None:
    place.omise.revoke(place.omise.key("th"))


@fault("account", "warn", "The key may not ask for its account")
def _a_restricted_key(place: Place) -> None:
    place.omise.switch(account_readable="forbidden")


@fault("account", "warn", "(live, TH); omise:accountId is not set.")
def _a_live_stack_that_does_not_name_its_account(place: Place) -> None:
    place.env(
        OMISE_SECRET_KEY=place.omise.key("th", live=True),
        OMISE_ALLOW_LIVE="true",
        OMISE_ACCOUNT_ID="",
    )


@fault("plugin", "fail", "Pulumi does not find the native plugin: pulumi-resource-omise is")
def _a_program_in_another_language_without_the_native_plugin(place: Place) -> None:
    place.about(runtime={"language": "nodejs", "executable": "/bin/node"})
    place.answers["plugin ls"] = [{"name": "random", "kind": "resource"}]
    path = os.environ["PATH"].split(os.pathsep)
    place.env(PATH=os.pathsep.join(p for p in path if not Path(p, NATIVE_PLUGIN).exists()))


@fault("program", "fail", "no Python for the program of this project: Failed to", ("plugin-file",))
def _no_python_for_the_program(place: Place) -> None:
    place.about(runtime=None, errors=["Failed to\nread project"])


@fault("program", "fail", "Pulumi cannot list the packages of", ("plugin-file",))
def _a_python_without_pip(place: Place) -> None:
    # The plugin has a Python of its own.
    Path("plugin-python").write_text(Path("python").read_text())
    Path("plugin-python").chmod(0o755)
    place.env(PULUMI_PYTHON_CMD=str(place.folder / "plugin-python"))
    place.python(pip=False)
    place.about(plugins=None, errors=["calling `python -m pip list`: exit status 1"])


@fault("program", "fail", "does not run as a Python should", ("plugin",))
def _a_python_that_does_not_run(place: Place) -> None:
    Path("python").write_text("#!/bin/sh\nexit 1\n")


@fault("plugin", "fail", "There is no python-of-nobody on the PATH")
def _no_python_for_the_plugin(place: Place) -> None:
    place.env(PULUMI_PYTHON_CMD="python-of-nobody")


@fault("plugin", "fail", "with the package pulumi 3.215.0, which is too old.")
def _a_plugin_with_an_old_sdk(place: Place) -> None:
    _other_python_for_the_program(place)
    place.python(sdk="3.215.0")


@fault("plugin", "warn", "pulumi-omise-links 0.0.1, pulumi 3.272.0. This command is version ")
def _a_plugin_with_another_version(place: Place) -> None:
    _other_python_for_the_program(place)
    place.python(package="0.0.1")


@fault("plugin", "fail", "cannot import pulumi_omise_links: ModuleNotFoundError: No module named")
def _a_real_python_without_the_package(place: Place) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "bare"], check=True)
    place.env(PULUMI_PYTHON_CMD=str(place.folder / "bare/bin/python"))


def _other_python_for_the_program(place: Place) -> None:
    other = place.folder / "program-python"
    (place.folder / "python").rename(other)
    place.about(runtime={"language": "python", "executable": str(other)})


@fault("plugin-file", "warn", "looks for a plugin to download that does not exist")
def _an_editable_installation(place: Place) -> None:
    place.about(plugins=[{"name": "omise-links", "kind": "resource"}])


@fault("manifest", "fail", "links.yaml: 2 problems, of which the first is: links.yaml:3:")
def _a_wrong_manifest(place: Place) -> None:
    Path("links.yaml").write_text(MANIFEST.replace("5000", "50.00").replace("THB", "XYZ"))


@fault("creates", "fail", "1 create of links was cut off on this machine and may have made links")
def _a_create_that_was_cut_off(place: Place) -> None:
    place.cut_off_create(place.folder)


@fault("creates", "warn", "1 create of links was cut off on this machine and may have made links")
def _a_create_of_another_project_that_was_cut_off(place: Place) -> None:
    place.cut_off_create("/elsewhere")


@fault("creates", "fail", "A record of a create cannot be read: ")
def _a_record_that_cannot_be_read(place: Place) -> None:
    place.cut_off_create(place.folder)
    (record,) = Path(os.environ["PULUMI_HOME"], "omise-links/creates").iterdir()
    record.write_text("{}\n")


@fault("ci", "warn", "and it has the test key in the environment variable OMISE_SECRET_KEY.")
def _a_key_in_a_job_of_a_fork(place: Place) -> None:
    place.github(FORK)


@fault("ci", "fail", "and it has the live key in the environment variable OMISE_SECRET_KEY.")
def _a_live_key_in_a_job_of_a_fork(place: Place) -> None:
    place.env(
        OMISE_SECRET_KEY=place.omise.key("th", live=True),
        OMISE_ALLOW_LIVE="true",
        OMISE_ACCOUNT_ID=place.omise.account("th").live_id,
    )
    place.github(FORK)


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda wrong: wrong.spoil.__name__.strip("_"))
def test_a_fault_is_told_by_its_own_check(place: Place, wrong: Fault) -> None:
    """One check says what is wrong; those that depend on it say so."""
    wrong.spoil(place)

    findings = place.examine()

    assert wrong.says in findings.checks[wrong.check]["message"]
    usual = dict.fromkeys(CHECKS, "ok") | dict.fromkeys(wrong.skipped, "skip")
    assert findings.results == {**usual, wrong.check: wrong.result}
    assert "?." not in findings.checks[wrong.check]["message"]


def test_every_check_is_seen_to_fail_or_to_warn() -> None:
    """A new check comes with a fault."""
    assert {wrong.check for wrong in FAULTS} == {*CHECKS}
