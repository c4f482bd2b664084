"""The environment, the config and the `pulumi` command of a user, as they are in the field."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LINK = "Link('a', amount=5_000, currency='THB', title='T', description=pulumi.Output.secret('D'))\n"
# Flags that teams set for a whole pipeline; each changes what Pulumi does or prints.
OPTIONS = {
    "CLEAR_PENDING_CREATES": "true",
    "SHOW_SECRETS": "true",
    "JSON": "true",
    "OUTPUT": "json",
    "EXPECT_NO_CHANGES": "true",
    "TARGET": "urn:pulumi:dev::shop::my:index:Other::other",
    "EXCLUDE": "urn:pulumi:dev::shop::my:index:Other::other",
    "PREVIEW_ONLY": "true",
    "ATTACH_DEBUGGER": "true",
    "CWD": "/tmp",
    "DIFF": "true",
    "REFRESH": "true",
    "RUN_PROGRAM": "true",
    "PROTECT": "true",
}


def manifest(project: Project, link_id: str) -> None:
    (project.folder / "links.yaml").write_text(
        "version: 1\nlinks:\n"
        f"  a: {{id: {link_id}, title: T, description: D, amount: 5000, currency: THB}}\n"
    )


def test_variables_that_set_pulumi_s_flags_have_no_effect(
    project: Project, omise: Emulator, tmp_path: Path
) -> None:
    """plan, the import file, import and recover do the same in a pipeline that sets all of them:
    secrets stay encrypted, the key is found, a create that is left to a person stays pending."""
    (link_id,) = omise.seed(title="T", description="D", amount=5_000)
    project.config("omise:secretKey", project.env.pop("OMISE_SECRET_KEY"), secret=True)
    project.program(LINK)
    manifest(project, link_id)
    calm = project.cli_json("plan", "links.yaml")
    grpc_log = tmp_path / "grpc.json"
    project.env |= {f"PULUMI_OPTION_{name}": value for name, value in OPTIONS.items()}
    project.env |= {"PULUMI_DEBUG_GRPC": str(grpc_log)}

    assert project.cli_json("plan", "links.yaml", "--import-file", "i.json") == calm
    file = json.loads((project.folder / "i.json").read_text())
    assert "ciphertext" in file["resources"][0]["inputs"]["description"]
    project.cli("import", "links.yaml", "--yes").ok().says("1 link imported")
    assert not grpc_log.exists()

    # Two links fit the pending create, so a person has to choose.
    omise.seed(2, title="P", description="d", amount=5_000)
    project.add_pending_create("p", title="P")

    project.cli("recover", "--yes", "--settle", "0").says("1 left alone")

    assert '"creating"' in project.state_text()


def test_the_stack_and_the_config_file_may_come_from_variables(
    project: Project, omise: Emulator
) -> None:
    """PULUMI_OPTION_STACK and PULUMI_OPTION_CONFIG_FILE say where things are, and go on to do so;
    --config-file does the same for every command that reads a stack's config, and without either
    the error names it."""
    (link_id,) = omise.seed(title="T", description="D", amount=5_000)
    project.config("omise:secretKey", project.env.pop("OMISE_SECRET_KEY"), secret=True)
    project.program(LINK)
    manifest(project, link_id)
    (project.folder / "deploy").mkdir()
    config = project.folder / "deploy/Pulumi.prod.yaml"
    shutil.move(project.folder / "Pulumi.dev.yaml", config)
    project.pulumi("stack", "unselect").ok()

    stack = {"PULUMI_OPTION_STACK": "dev"}
    absent = project.cli("plan", "links.yaml", **stack)
    by_option = project.cli("plan", "links.yaml", "--config-file", str(config), **stack)
    discovered = project.cli("discover", "--config-file", str(config), **stack)
    without_id = Path(project.folder / "open.yaml")
    without_id.write_text(
        (project.folder / "links.yaml").read_text().replace(f"id: {link_id}, ", "")
    )
    matched = project.cli("match", "open.yaml", "--config-file", str(config), **stack)
    compared = project.cli("drift", "--stack", "dev", "--config-file", str(config))
    swept = project.cli("sweep", "--stack", "dev", "--config-file", str(config), "--title", "no")
    imported = project.cli("import", "links.yaml", "--yes", "--config-file", str(config), **stack)
    by_variable = project.cli(
        "plan", "links.yaml", PULUMI_OPTION_CONFIG_FILE="deploy/Pulumi.prod.yaml", **stack
    )

    assert absent.code == 3
    absent.says("No Omise secret key", "name it with --config-file")
    by_option.ok().says("1 to import")
    discovered.ok().says(link_id, "stacks: [dev]", "read with the key in omise:secretKey")
    for run in (matched.says("1 matched"), compared.says("1 unmanaged"), swept):
        run.ok().says("read with the key in omise:secretKey")
    imported.ok().says("1 link imported")
    by_variable.ok().says("1 managed already")
    missing = project.cli("plan", "links.yaml", "--config-file", "no.yaml", **stack)
    assert missing.code == 2
    missing.says(f"there is no file {project.folder / 'no.yaml'}")


def test_a_key_of_another_account_is_refused(project: Project, omise: Emulator) -> None:
    """Where the stack's own config was not found, a key in the environment may be of another
    account: a stack that manages links already does not read that one."""
    omise.seed(title="New", description="D", amount=5_000)
    project.program(LINK)
    project.up().ok()
    project.program(LINK + LINK.replace("'a'", "'b'").replace("'T'", "'New'"))
    (link_id,) = omise.seed(account="sg", title="New", description="D", amount=5_000)
    (project.folder / "links.yaml").write_text(
        "version: 1\nlinks:\n"
        f"  b: {{id: {link_id}, title: New, description: D, amount: 5000, currency: THB}}\n"
    )

    run = project.cli("plan", "links.yaml", OMISE_SECRET_KEY=omise.key("sg"))

    assert run.code == 1
    run.says("belongs to account")


def test_what_else_pulumi_prints_does_no_harm(
    project: Project, omise: Emulator, tmp_path: Path
) -> None:
    """A wrapper script that prints before and after the JSON, in colour, changes nothing; one that
    prints no JSON at all is an error that shows what it printed."""
    (link_id,) = omise.seed(title="T", description="D", amount=5_000)
    project.config("omise:secretKey", project.env.pop("OMISE_SECRET_KEY"), secret=True)
    project.program(LINK)
    manifest(project, link_id)
    real = shutil.which("pulumi", path=project.env["PATH"])
    calm = project.cli_json("plan", "links.yaml")
    wrapper = tmp_path / "bin/pulumi"
    wrapper.parent.mkdir()
    wrapper.write_text(
        "#!/bin/sh\n"
        "printf '\\033[33mwarning:\\033[0m pulumi 3.999.0 {is out} [read more]\\n'\n"
        f'{real} "$@"\ncode=$?\n'
        "echo 'done {bye}'\nexit $code\n"
    )
    wrapper.chmod(0o755)
    project.env["PATH"] = f"{wrapper.parent}{os.pathsep}{project.env['PATH']}"

    assert project.cli_json("plan", "links.yaml") == calm
    project.cli("import", "links.yaml", "--yes").ok().says("1 link imported")
    project.cli("recover", "--yes").ok().says("Nothing was done")

    wrapper.write_text(
        f'#!/bin/sh\ncase "$1" in config) echo "access denied";; *) exec {real} "$@";; esac\n'
    )
    broken = project.cli("plan", "links.yaml")
    assert broken.code == 1
    broken.says("`pulumi config --json` has printed no JSON", "It begins with: access denied")
