"""Links that exist come under management through the real engine, without a write to Omise."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from harness import KEY, Project
from pulumi_project import descendants, kill

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

PROGRAM = """
class Shop(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        given = {"size": 3, "word": pulumi.Output.secret("x")}
        super().__init__("my:index:Shop", name, given, opts)
        under = pulumi.ResourceOptions(parent=self)
        Link("in-shop", **inputs("In shop"), opts=under)
        Link("deep", **inputs("Deep"), opts=pulumi.ResourceOptions(parent=Inner("inner", under)))
        self.register_outputs({"done": True})

class Inner(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:index:Inner", name, None, opts)

def inputs(title, currency="thb"):
    return dict(amount=150_000, currency=currency, title=title, description="d", multiple=True)

jp = Provider("jp", secret_key_env="JP_KEY")
th = Provider("th", secret_key="skey_test_emulator_th")
Link("plain", **inputs("Plain"))
Link("adopts", **inputs("Adopts"), adopt="ADOPTS")
Link("secret", **{**inputs("Secret"), "title": pulumi.Output.secret("Secret")})
Link("guarded", **inputs("Guarded"), opts=pulumi.ResourceOptions(
    protect=True, retain_on_delete=True, aliases=[pulumi.Alias(name="was")],
    additional_secret_outputs=["payment_uri"], ignore_changes=["title"]))
yen = Link("yen", **inputs("Yen", "jpy"), opts=pulumi.ResourceOptions(provider=jp))
Link("own", **inputs("Own"), opts=pulumi.ResourceOptions(provider=th, depends_on=[yen]))
Shop("shop", pulumi.ResourceOptions(provider=th))
pulumi.export("uri", yen.payment_uri)
"""
TITLES = {
    "plain": "Plain",
    "adopts": "Adopts",
    "secret": "Secret",
    "guarded": "Guarded",
    "yen": "Yen",
    "own": "Own",
    "in-shop": "In shop",
    "deep": "Deep",
}


def manifest(project: Project, entries: dict[str, str | None], **inputs: Any) -> None:
    """Write links.yaml: names and ids; titles are the names' own unless given."""
    lines = ["version: 1", "links:"]
    for name, link_id in entries.items():
        values = {
            "title": TITLES.get(name, name),
            "description": "d",
            "amount": 150_000,
            "currency": "JPY" if name == "yen" else "THB",
            "multiple": True,
            **({"id": link_id} if link_id else {}),
            **inputs,
        }
        lines += [f"  {name}: {json.dumps(values)}"]
    (project.folder / "links.yaml").write_text("\n".join(lines) + "\n")


def made_by_hand(omise: Emulator, *names: str) -> dict[str, str]:
    """Make links as a person in Omise's dashboard, one of each name; their ids."""
    ids = {}
    for name in names:
        account = "jp" if name == "yen" else "th"
        (ids[name],) = omise.seed(
            account=account,
            title=TITLES.get(name, name),
            description="d",
            amount=150_000,
            multiple=True,
        )
    return ids


def no_writes(omise: Emulator) -> None:
    assert omise.journal.writes == []


def test_links_of_every_kind_are_adopted_in_one_go(project: Project, omise: Emulator) -> None:
    """Plain, adopting, secret, protected, under components and of two accounts: all are imported
    without one write to Omise, the next preview shows no change, and a second run does nothing."""
    ids = made_by_hand(omise, *TITLES)
    project.env["JP_KEY"] = omise.key("jp")
    project.program(PROGRAM.replace("ADOPTS", ids["adopts"]))
    manifest(project, dict(ids))

    result = project.cli_json("import", "links.yaml", "--yes")

    assert result["summary"] == {"import": 8, "managed": 0, "create": 0, "blocked": 0}
    verification = result["verification"]
    assert (verification["unchanged"], verification["changed"]) == (8, [])
    assert {*verification["unprotected"]} == {*ids} - {"guarded"}
    assert result["stats"] == {"requests": 4, "retries": 0, "writes": 0}
    assert {link["name"]: link["id"] for link in result["links"]} == project.ids() == ids
    state = project.links()
    assert [name for name in state if state[name].get("protect")] == ["guarded"]
    assert '"Secret"' not in project.state_text()
    project.up().ok().says("13 unchanged")
    again = project.cli("import", "links.yaml", "--yes").ok()
    again.says("Nothing to import. Nothing was done.", "no change to any of the 8 links")
    no_writes(omise)
    project.no_key_anywhere()


def test_blocked_entries_do_not_hold_back_others(project: Project, omise: Emulator) -> None:
    """Each is left alone with its reasons; --all-or-nothing does nothing at all; what has no id is
    left to `pulumi up`; a program with declare_links never makes a second link."""
    names = ("good", "gone", "other", "twin-a", "twin-b")
    ids = made_by_hand(omise, *names[:4])
    omise.delete(ids["gone"])
    omise.mutate(ids["other"], amount=140_000)
    ids["twin-b"] = ids["twin-a"]
    project.program(
        "for name in ('good', 'gone', 'other', 'twin-a', 'twin-b', 'new'):\n"
        "    Link(name, amount=150_000, currency='THB', title=name, description='d',"
        " multiple=True)\n"
    )
    manifest(project, {**ids, "new": None, "astray": None})
    file = project.folder / "links.yaml"
    # The import writes this line only into a manifest without problems, such as the twins.
    file.write_text(f"stacks: [dev]\n{file.read_text()}")

    run = project.cli("import", "links.yaml", "--yes", "--all-or-nothing")
    assert run.code == 1
    run.says("Nothing was done: 5 entries blocked")
    assert project.links() == {}

    run = project.cli("import", "links.yaml", "--yes").ok()

    run.says("1 link imported.", "was deleted at", "the link has 140000 (THB 1,400.00)")
    run.says(
        "claimed by another entry as well: twin-a", "The program declares no link of this name"
    )
    assert project.ids() == {"good": ids["good"]}

    # Another stack of the backend, whose passphrase nobody knows here.
    project.pulumi("stack", "init", "second", env={"PULUMI_CONFIG_PASSPHRASE": "another"}).ok()
    project.program("declare_links('links.yaml')\n")
    manifest(project, {"good": ids["good"], "twin-a": ids["twin-a"]})
    run = project.cli("import", "links.yaml", "--yes", PULUMI_CONFIG_PASSPHRASE="another").ok()
    run.says("Stack organization/shop/dev manages it already.", "1 link imported.")
    no_writes(omise)


def test_a_team_can_run_pulumi_itself(project: Project, omise: Emulator) -> None:
    """`plan --import-file` writes what `pulumi import` takes, with its secrets encrypted."""
    ids = made_by_hand(omise, "secret", "guarded")
    start, end = PROGRAM.index("def inputs"), PROGRAM.index("jp = ")
    links = PROGRAM[PROGRAM.index('Link("secret"') : PROGRAM.index("yen = ")]
    project.program(PROGRAM[start:end] + links)
    manifest(project, dict(ids))

    run = project.cli("plan", "links.yaml", "--import-file", "import.json", "--expect-no-changes")

    assert run.code == 7
    file = project.folder / "import.json"
    run.says("pulumi import --file import.json", "The program protects 1 link")
    assert file.stat().st_mode & 0o077 == 0
    assert not KEY.search(file.read_text())
    (secret,) = (
        resource
        for resource in json.loads(file.read_text())["resources"]
        if resource["name"] == "secret"
    )
    assert "ciphertext" in secret["inputs"]["title"]
    flags = ("--yes", "--skip-preview", "--generate-code=false", "--protect=false")
    project.pulumi("import", "--file", "import.json", *flags).ok()
    project.cli("plan", "links.yaml", "--expect-no-changes").ok().says("2 managed already")
    no_writes(omise)


def test_a_person_who_says_no_imports_nothing(project: Project, omise: Emulator) -> None:
    """On a terminal, a question follows the plan; without a yes, the stack stays as it is."""
    manifest(project, dict(made_by_hand(omise, "spring")))
    project.program("declare_links('links.yaml')\n")
    keyboard, terminal = os.openpty()
    os.write(keyboard, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "pulumi_omise_links", "import", "links.yaml"],
        cwd=project.folder,
        env=project.env,
        stdin=terminal,
        capture_output=True,
        text=True,
        check=False,
    )
    for end in (keyboard, terminal):
        os.close(end)

    assert (done.returncode, "[y/N]" in done.stderr) == (8, True), done.stderr
    assert done.stderr.endswith("Cancelled. Nothing was done.\n")
    assert project.links() == {}
    no_writes(omise)


def test_a_killed_import_is_finished_by_the_next(project: Project, omise: Emulator) -> None:
    """Killed with `pulumi` and everything, as its import begins and in the middle of it, and run
    again: the same end."""
    names = [f"n{number}" for number in range(30)]
    ids = made_by_hand(omise, *names)
    project.program("declare_links('links.yaml')\n")
    manifest(project, dict(ids))
    locks = project.backend / ".pulumi/locks"

    def begun() -> bool:
        return any(locks.rglob("*.json"))  # a preview takes no lock

    def half_done() -> bool:
        return len(project.links()) >= 10

    for has_come in (begun, half_done):
        child = subprocess.Popen(
            [sys.executable, "-m", "pulumi_omise_links", "import", "links.yaml", "--yes"],
            cwd=project.folder,
            env=project.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not has_come():
            assert child.poll() is None, "it ended, and the moment to kill it did not come"
            time.sleep(0.005)
        plugins = descendants(child.pid)
        os.killpg(child.pid, signal.SIGKILL)
        kill(plugins)  # they are in groups of their own
        child.wait()
        project.unlock()

    project.cli("import", "links.yaml", "--yes").ok().says("no change to any of the 30 links")
    assert project.ids() == ids
    no_writes(omise)


def test_what_cannot_be_done_is_refused_in_sentences(
    project: Project, omise: Emulator, tmp_path: Path
) -> None:
    """No terminal, no stack, no project, an old or absent Pulumi, a locked stack, a wrong program,
    a live key: the right exit code, and no traceback."""
    (link_id,) = made_by_hand(omise, "a").values()
    project.program(
        "Link('a', amount=150_000, currency='THB', title='a', description='d', multiple=True)\n"
    )
    manifest(project, {"a": link_id})

    def refused(code: int, *says: str, args: tuple[str, ...] = ("--yes",), **env: str) -> None:
        run = project.cli("import", "links.yaml", *args, **env).failed().says(*says)
        assert run.code == code, run.out

    refused(2, "use --yes", args=())
    refused(6, "There is no such stack", "pulumi stack select", args=("--yes", "--stack", "nope"))
    refused(1, "There is no Pulumi project in", args=("--yes", "--cwd", "/"))
    refused(3, "No Omise secret key", OMISE_SECRET_KEY="")
    refused(3, "does not accept the key", OMISE_SECRET_KEY="skey_test_wrong")
    refused(1, "refuses the connection", OMISE_API_URL="http://127.0.0.1:1")

    fake = tmp_path / "old"
    fake.mkdir()
    (fake / "pulumi").write_text("#!/bin/sh\necho v3.253.0\n")
    (fake / "pulumi").chmod(0o755)
    refused(1, "Pulumi 3.254 or newer is needed", "v3.253.0", PATH=str(fake))
    refused(1, "There is no `pulumi` on the PATH", PATH=str(tmp_path))

    project.lock()
    refused(1, "The stack is locked by another run", "pulumi cancel")
    project.pulumi("cancel", "--yes").ok()

    (live_id,) = omise.seed(live=True, title="a", description="d", amount=150_000, multiple=True)
    manifest(project, {"a": live_id})
    could = "this stack could replace and delete real payment links from then on"
    refused(
        1,
        "Refused to import links",
        could,
        "omise:allowLive",
        OMISE_SECRET_KEY=omise.key(live=True),
    )

    project.program("raise ValueError('what a day')\n")
    refused(1, "ValueError: what a day (__main__.py:3)")
    assert project.links() == {}
    no_writes(omise)


NESTED = """
class Component(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:index:Component", name, None, opts)

def under(parent, **more):
    return pulumi.ResourceOptions(parent=parent, **more)

def inputs(title):
    return dict(amount=150_000, currency="THB", title=title, description="d", multiple=True)

outer = Component("outer")
inner = Component("inner", under(outer))
th = Provider("th", secret_key_env="OMISE_SECRET_KEY", opts=under(inner))
first = Link("first", **inputs("first"), opts=under(inner, provider=th))
below_link = Provider("below-link", secret_key_env="OMISE_SECRET_KEY", opts=under(first))
second = Link("second", **inputs("second"), opts=under(first, provider=below_link))
third = Component("third", under(second))
Link("deepest", **inputs("deepest"), opts=under(third, provider=th, protect=True))
below_provider = Provider("below-provider", secret_key_env="OMISE_SECRET_KEY", opts=under(th))
Link("last", **inputs("last"), opts=under(below_provider, provider=below_provider))
"""


def test_new_providers_below_new_parents_leave_a_valid_state(
    project: Project, omise: Emulator
) -> None:
    """However components, providers and links are nested, the import leaves a state that Pulumi
    takes without repair, and the next preview shows no change to a link."""
    ids = made_by_hand(omise, "first", "second", "deepest", "last")
    project.program(NESTED)
    manifest(project, dict(ids))

    project.cli("plan", "links.yaml", "--import-file", "i.json").failed().says(
        "One import file cannot hold provider th together with its parent inner"
    )
    result = project.cli_json("import", "links.yaml", "--yes")

    verification = result["verification"]
    assert (verification["unchanged"], verification["changed"]) == (4, [])
    assert verification["unprotected"] == ["first", "second", "last"]
    assert project.ids() == ids
    seen: set[str] = set()
    for resource in project.state():
        provider = resource.get("provider", "").rpartition("::")[0]
        assert {resource.get("parent", ""), provider} - {""} <= seen
        seen.add(resource["urn"])
    project.pulumi("stack", "export").ok()
    project.up().ok()
    project.unchanged()
    no_writes(omise)
