"""Every command that reads stacks knows of native links what it knows of those of Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.times import format_time
from pulumi_omise_links.state_format import NATIVE_TYPE_TOKEN

pytestmark = pytest.mark.engine

FULL = "organization/shop/{}".format
IMPORT = ("--yes", "--skip-preview", "--generate-code=false", "--protect=false")


def declare(omise: Emulator, names: dict[str, str]) -> str:
    """A program that declares existing links, by name of the resource."""
    lines = []
    for name, link_id in names.items():
        link = omise.link(link_id)
        inputs = ("amount", "currency", "title", "description", "multiple")
        lines.append(f"Link({name!r}, **{ {key: link[key] for key in inputs} })\n")
    return "".join(lines)


def manifest(omise: Emulator, names: dict[str, str]) -> str:
    """A manifest of existing links, by name of the entry."""
    links = {
        name: {
            "id": link_id,
            **{
                key: omise.link(link_id)[key]
                for key in ("amount", "currency", "title", "description", "multiple")
            },
        }
        for name, link_id in names.items()
    }
    return json.dumps({"version": 1, "links": links})


def test_from_an_account_to_an_empty_preview(yaml_project: Project, omise: Emulator) -> None:
    """`discover --pulumi-import`, then `pulumi import`, which also writes the program: names and
    ids are all that Pulumi needs, and nothing is written at Omise. What the stack manages then is
    no longer found."""
    project = yaml_project
    project.yaml("")
    omise.seed(title="Spring sale", description="Two tickets", multiple=True)
    omise.seed(title="Spring sale", description="Four tickets")
    omise.seed(title="สงกรานต์ 2026 🌊", description="ตั๋วหนึ่งใบ")

    project.cli("discover", "--pulumi-import", "import.json").ok().says("3 new links", "written to")
    found = json.loads((project.folder / "import.json").read_text())["resources"]
    written = ("--yes", "--skip-preview", "--protect=false", "--out", "program.yaml")
    project.pulumi("import", "--file", "import.json", *written).ok()

    names = {resource["name"]: resource["id"] for resource in found}
    assert project.ids() == names
    assert "spring-sale" in names
    assert "สงกรานต์-2026" in names
    project.yaml((project.folder / "program.yaml").read_text())
    project.unchanged()
    assert writes(omise) == []
    left = ("discover", "--stack", "dev", "--pulumi-import", "left.json")
    project.cli(*left).ok().says("nothing written to left.json", "3 managed")
    assert not (project.folder / "left.json").exists()


def test_a_plan_of_a_native_program_is_imported(project: Project, omise: Emulator) -> None:
    """Secrets stay encrypted; the version of the plugin that the program asks for, a provider and a
    component that do not exist yet, and protection come into the state: afterwards nothing differs,
    and nothing was written at Omise. Another link in the option `import` than in the manifest is
    refused."""
    seeded = omise.seed(6, title="Poster", description="Hush-hush", amount=5_000)
    names = dict(zip(("plain", "hush", "versioned", "safe", "own"), seeded, strict=False))
    plain, wrong = seeded[0], seeded[-1]
    (project.folder / "links.yaml").write_text(manifest(omise, {**names, "wrong": wrong}))
    project.native_program(f"""
Options = pulumi.ResourceOptions
inputs = dict(amount=5_000, currency="thb", title="Poster", description="Hush-hush")
own = pulumi.ProviderResource("omise", "second", {{"secretKeyEnv": "OMISE_SECRET_KEY"}})
shop = pulumi.ComponentResource("my:Shop", "shop")
Link("plain", **inputs)
Link("hush", **{{**inputs, "description": pulumi.Output.secret("Hush-hush")}})
Link("versioned", opts=Options(version="0.1.0"), **inputs)
Link("safe", opts=Options(protect=True, parent=shop), **inputs)
Link("own", opts=Options(provider=own), **inputs)
Link("wrong", opts=Options(import_="{plain}"), **inputs)
Link("new", **inputs)
""")

    run = project.cli("import", "links.yaml", "--yes")

    assert run.code == 0, run.out
    run.says("5 links imported.", "Verified: a preview shows no change to any of the 5 links.")
    run.says(f"The program says import: {plain}, the manifest says id: {wrong}.")
    assert project.ids() == names
    assert {name: bool(link.get("protect")) for name, link in project.links().items()} == {
        **dict.fromkeys(names, False),
        "safe": True,
    }
    hush = project.links()["hush"]
    assert "Hush-hush" not in json.dumps(hush)
    assert {link["type"] for link in project.links().values()} == {NATIVE_TYPE_TOKEN}
    assert writes(omise) == []


def test_one_account_with_a_stack_of_each_type(project: Project, omise: Emulator) -> None:
    """Each sees what the other manages: `plan` blocks it, `drift` calls a link in both doubled, and
    `sweep` spares what either holds."""
    nobodys, ours, theirs = omise.seed(3, title="Poster", amount=5_000, seconds_apart=7200)
    project.program(declare(omise, {"ours": ours}).replace("**{", f"adopt={ours!r}, **{{"))
    project.up().ok()
    project.pulumi("stack", "init", "native", "--no-select").ok()
    project.pulumi(
        *("import", NATIVE_TYPE_TOKEN, "theirs", theirs, "--stack", "native", *IMPORT)
    ).ok()

    both = {"ours": ours, "theirs": theirs}
    (project.folder / "links.yaml").write_text(manifest(omise, both))
    project.program(declare(omise, both))
    project.cli("plan", "links.yaml").ok().says(f"Stack {FULL('native')} manages it already.")
    project.native_program(declare(omise, both))
    project.cli("plan", "links.yaml", "--stack", "native").ok().says(
        f"Stack {FULL('dev')} manages it already."
    )
    swept = project.cli_json("sweep", "--all", "--min-age", "10m")
    assert [link["id"] for link in swept["delete"]] == [nobodys]
    assert swept["summary"]["managed"] == 2

    project.pulumi(*("import", NATIVE_TYPE_TOKEN, "ours", ours, "--stack", "native", *IMPORT)).ok()
    drift = project.cli(
        "drift", "--stack", "dev", "--stack", "native", "--expect-no-changes", "--json"
    )

    assert drift.code == 7, drift.out
    (doubled,) = json.loads(drift.stdout)["doubled"]
    assert doubled["id"] == ours
    assert sorted(owner["stack"] for owner in doubled["owners"]) == [FULL("dev"), FULL("native")]
    project.cli("teardown", "--stack", "native", "--yes").failed().says(ours, FULL("dev"))
    assert writes(omise) == []


def test_an_environment_of_native_links_is_torn_down(
    yaml_project: Project, omise: Emulator
) -> None:
    """Links of two accounts go with the keys of the state, each is read back by its id, and the
    program is not needed. What a report of its last preview says was true."""
    project = yaml_project
    for words in (("omise:apiUrl", omise.url), ("--secret", "omise:secretKey", omise.key("th"))):
        project.pulumi("config", "set", *words).ok()
    usual = "type: omise:Link, properties: {amount: 5000, currency: THB, description: d, title: "
    start = f"""
resources:
  jp:
    type: pulumi:providers:omise
    properties: {{apiUrl: "{omise.url}", secretKey: {{fn::secret: {omise.key("jp")}}}}}
  yen:
    type: omise:Link
    properties: {{amount: 500, currency: JPY, title: Yen, description: d}}
    options: {{provider: "${{jp}}"}}
  stay: {{{usual}T}}}}
"""
    project.yaml(f"{start}  change: {{{usual}T}}}}\n  go: {{{usual}T}}}}\n")
    project.up().ok()
    ids = project.ids()
    omise.pay(ids["change"])
    project.yaml(f"{start}  change: {{{usual}New}}}}\n")
    preview = project.pulumi("preview", "--json", "--show-sames").ok()
    (project.folder / "preview.json").write_text(preview.stdout)
    report = project.cli_json("report", "--preview-file", "preview.json")
    links: dict[str, Any] = {link["name"]: link for link in report["links"]}
    assert {name: (link["change"], link["fate"]) for name, link in links.items()} == {
        "stay": ("same", "stays"),
        "change": ("replace", "spent"),
        "go": ("delete", "dies"),
        "yen": ("same", "stays"),
    }
    assert links["change"]["differences"] == [{"name": "title", "before": "T", "after": "New"}]
    for name, link in links.items():
        if name != "yen":  # of another account than the key
            assert link["address"] == omise.link(link["id"])["payment_uri"]
            assert link["created_at"] == format_time(omise.link(link["id"])["created_at"])
            assert link["source"] == "shop/dev"
    for name in ("OMISE_API_URL", "OMISE_SECRET_KEY"):
        del project.env[name]
    (project.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    writes(omise)

    run = project.cli("teardown", "--stack", "dev", "--yes").ok()

    run.says("4 links deleted and read back, stack removed. Nothing of it can be paid.")
    assert omise.links(deleted=False) == []
    for link_id in ids.values():
        assert omise.journal.count("DELETE", f"/links/{link_id}") == 1
        assert omise.journal.count("GET", f"/links/{link_id}") >= 1
