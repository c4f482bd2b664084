"""The native plugin with the real engine: programs in Pulumi YAML."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import psutil
import pytest
from harness import Project, writes
from killed_up import HeldAnswers
from polling import wait_until

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

SCRIPT = Path(sys.executable).with_name("pulumi-resource-omise")
SHOP = """
config:
  words: {type: string, secret: true}
resources:
  spring:
    type: omise:Link
    properties: {title: Spring, description: "${words}", amount: 150000, currency: thb, multiple: true}
  second:
    type: omise:Link
    properties: {title: "After ${spring.id}", description: d, amount: 2000, currency: THB}
outputs:
  uri: ${spring.paymentUri}
"""  # noqa: E501  (a program)


def test_a_declared_link_lives_and_dies(yaml_project: Project, omise: Emulator) -> None:
    """An installed plugin makes, replaces, reads and deletes links, with the key of the stack's
    config, and no secret lies anywhere in clear."""
    project = yaml_project
    project.env |= {"OMISE_SECRET_KEY": ""}
    project.env["PATH"] = project.env["PATH"].replace(str(SCRIPT.parent), "/nowhere")
    project.pulumi("plugin", "install", "resource", "omise", "0.1.0", "--file", str(SCRIPT)).ok()
    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.config("words", "secret words", secret=True)
    project.yaml(SHOP)
    first = project.up().ok()

    assert "pulumi-resource-omise from $PATH" not in first.out
    spring, second = omise.links()
    assert project.outputs() == {"uri": spring["payment_uri"]}
    assert second["title"] == f"After {spring['id']}"
    project.no_key_anywhere()
    assert not any("secret words" in file.read_text(errors="replace") for file in project.files())

    project.yaml(SHOP.replace("150000", "160000").replace("title: Spring", "title: Summer"))
    plan = project.plan()
    assert plan["spring"]["detailedDiff"] == {
        name: {"kind": "update-replace", "inputDiff": False} for name in ("amount", "title")
    }
    assert plan["second"]["replaceReasons"] == ["title"]
    project.up().ok()
    assert [link["amount"] for link in omise.links(deleted=False)] == [160_000, 2_000]

    summer, second = omise.links(deleted=False)
    omise.pay(second["id"])
    omise.delete(summer["id"])
    project.refresh().ok()
    assert project.ids() == {"second": second["id"]}
    assert project.links()["second"]["outputs"]["used"]
    project.destroy().ok()
    assert omise.links(deleted=False) == []


def test_what_is_wrong_is_told_in_sentences(yaml_project: Project, omise: Emulator) -> None:
    """All faults of a link at once, without a key and at preview; a key of another account and a
    misspelt setting are refused, and nothing is written."""
    project = yaml_project
    project.config("words", "d", secret=True)
    project.yaml(SHOP.replace("title: Spring", "title: ' '").replace("150000", "-1"))
    project.preview(env={"OMISE_SECRET_KEY": ""}).failed().says(
        "omise:index:Link resource 'spring' has a problem: title must not be blank",
        "omise:index:Link resource 'spring' has a problem: amount must be greater than zero",
    )

    project.yaml(SHOP)
    project.up().ok()
    writes(omise)
    project.unchanged(env={"OMISE_SECRET_KEY": ""})
    project.preview(env={"OMISE_SECRET_KEY": omise.key("jp")}).failed().says(
        f"belongs to {omise.account('th').id}, but the key"
    )
    project.config("omise:submerchantID", "team_1")
    run = project.preview().failed().says("omise:submerchantID, which is no setting")
    assert run.out.count("which is no setting") == 1
    assert writes(omise) == []


def test_two_accounts_and_look_ups(yaml_project: Project, omise: Emulator) -> None:
    """A provider with a key of its own makes links in its own account; functions look links up
    there, and a resource is only read."""
    project = yaml_project
    project.env |= {"JAPAN": omise.key("jp")}
    (old,) = omise.seed(title="Old")
    program = """
resources:
  japan:
    type: pulumi:providers:omise
    properties: {secretKeyEnv: JAPAN}
  sakura:
    type: omise:Link
    properties: {title: Sakura, description: d, amount: 3000, currency: JPY}
    options: {provider: "${japan}"}
  old:
    type: omise:Link
    get: {id: OLD}
variables:
  found:
    fn::invoke:
      function: omise:getLink
      arguments: {id: "${sakura.id}"}
      options: {provider: "${japan}"}
  all:
    fn::invoke: {function: omise:getLinks}
outputs:
  found: ${found.title}
  all: ${all.links[0].id}
  old: ${old.title}
"""
    project.yaml(program.replace("OLD", old))
    project.up().ok()

    assert project.outputs() == {"found": "Sakura", "all": old, "old": "Old"}
    assert project.links()["sakura"]["outputs"]["accountId"] == omise.account("jp").id
    project.unchanged()
    project.destroy().ok()
    assert [link["id"] for link in omise.links(deleted=False)] == [old]


def test_links_are_imported_in_three_ways(yaml_project: Project, omise: Emulator) -> None:
    """By name and id, by a file, and by an option: nothing is written to Omise, the generated
    program changes nothing, and a program that differs is refused at preview. Another id in the
    option deletes nothing."""
    project = yaml_project
    one, two, three, four = omise.seed(4, title="Link {n}", amount=5_000, multiple=True)
    omise.journal.clear()
    project.yaml("")
    project.pulumi("import", "omise:index:Link", "one", one, "--yes", "--out", "one.yaml").ok()
    file = [
        {"type": "omise:index:Link", "name": name, "id": id_}
        for name, id_ in (("two", two), ("three", three))
    ]
    (project.folder / "links.json").write_text(json.dumps({"resources": file}))
    project.pulumi("import", "--file", "links.json", "--yes", "--out", "more.yaml").ok()
    made, more = ((project.folder / name).read_text() for name in ("one.yaml", "more.yaml"))
    option = f"""
  four:
    type: omise:Link
    properties: {{title: Link 4, description: d, amount: 5000, currency: thb, multiple: true}}
    options: {{import: {four}}}
"""
    program = made + more.partition("resources:\n")[2] + option
    description = omise.link(four)["description"]
    project.yaml(program.replace("Link 4", "Link 5").replace("description: d,", "description: e,"))
    project.preview().failed().says(f"Link {four} cannot be adopted: its title, description differ")
    program = program.replace("description: d,", f"description: {description},")
    project.yaml(program)
    project.up().ok().says("= 1 imported")

    assert project.ids() == {"one": one, "two": two, "three": three, "four": four}
    project.unchanged()

    same = {name: omise.link(four)[name] for name in ("title", "description", "amount", "multiple")}
    (five,) = omise.seed(**same)
    project.yaml(program.replace(four, five))
    project.up().ok().says(f"Link {four} was left at Omise, and its address works on")
    assert project.ids()["four"] == five
    project.unchanged()
    assert writes(omise) == []


PYTHON = """
class Shop(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("my:index:Shop", "shop")
        self.table = {class_}("table", amount=2_000, currency="THB", title="Table",
                              description=pulumi.Output.secret("secret words"),
                              opts=pulumi.ResourceOptions(parent=self, protect=True))
spring = {class_}("spring", amount=150_000, currency="thb", title="{title}", description="d")
Shop()
"""
THIN_CLASS = """
class NativeLink(pulumi.CustomResource):
    def __init__(self, name, opts=None, **inputs):
        was = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="{was}")])
        super().__init__("omise:index:Link", name, inputs, pulumi.ResourceOptions.merge(was, opts))
""".replace("{was}", "pulumi-python:dynamic/omise:Link")


def test_a_python_stack_moves_to_a_class_of_the_native_type(
    yaml_project: Project, omise: Emulator
) -> None:
    """One `up` moves links, those of components too, without a write to Omise; a slip in the new
    program is refused."""
    project = yaml_project
    project.program(PYTHON.format(class_="Link", title="Spring"))
    project.up().ok()
    before = project.ids()
    writes(omise)
    project.program(THIN_CLASS + PYTHON.format(class_="NativeLink", title="Sprung"))
    refused = project.preview()
    # If the engine ends while the SDK registers the other link, the SDK adds a traceback.
    assert refused.says("its title differs from what this resource declares").code != 0
    project.program(THIN_CLASS + PYTHON.format(class_="NativeLink", title="Spring"))
    project.up().ok().says("~ 2 updated")

    assert writes(omise) == []
    assert project.ids() == before
    assert {link["type"] for link in project.links().values()} == {"omise:index:Link"}
    assert "__provider" not in project.state_text()
    assert "payment_uri" not in project.state_text()
    project.unchanged()


def test_a_python_stack_moves_to_yaml(yaml_project: Project, omise: Emulator) -> None:
    """Programs of other languages need no alias: the schema has it. Secrets stay encrypted, and the
    way back is refused at preview."""
    project = yaml_project
    omise.switch(stored_text="trimmed")
    project.config("words", " secret words ", secret=True)
    python = """
Link("spring", amount=2_000, currency="THB", title="S",
     description=pulumi.Config().require_secret("words"), opts=OPTS)
"""
    project.program(python.replace("OPTS", "None"))
    project.up().ok()
    before = project.ids()
    writes(omise)
    project.yaml("""
config:
  words: {type: string, secret: true}
resources:
  spring:
    type: omise:Link
    properties: {title: S, description: "${words}", amount: 2000, currency: THB}
""")
    project.up().ok().says("~ 1 updated")

    assert (writes(omise), project.ids()) == ([], before)
    assert "asStored" in project.links()["spring"]["outputs"]
    assert not any("secret words" in file.read_text(errors="replace") for file in project.files())
    project.unchanged()

    (project.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    was = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="omise:index:Link")])'
    project.program(python.replace("OPTS", was))
    project.preview().failed().says("an alias cannot make it Python's Link again")


def test_a_killed_engine_leaves_no_plugin_and_no_duplicate(
    yaml_project: Project, omise: Emulator, answers: HeldAnswers
) -> None:
    """After kill -9 in the middle of a create, the plugin ends by itself, and another `up` refuses
    to make the link again."""
    project = yaml_project
    project.yaml("""
resources:
  spring:
    type: omise:Link
    properties: {title: S, description: d, amount: 2000, currency: THB}
""")
    answers.hold_after({})
    pulumi = project.start("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
    wait_until(lambda: answers.holds({omise.account("th").id: 1}))
    plugins = [
        process
        for process in psutil.Process(pulumi.pid).children(recursive=True)
        if SCRIPT.name in " ".join(process.cmdline())
    ]
    pulumi.send_signal(signal.SIGKILL)
    pulumi.communicate()
    answers.release()

    assert plugins
    assert psutil.wait_procs(plugins, timeout=60)[1] == []
    project.unlock()
    project.up().failed().says("so the link may exist already")
    assert len(omise.links()) == 1


def test_pulumi_takes_the_schema(yaml_project: Project) -> None:
    """What makes SDKs of it finds nothing wrong with it."""
    schema = json.loads(yaml_project.pulumi("package", "get-schema", str(SCRIPT)).ok().stdout)

    assert [*schema["resources"]] == ["omise:index:Link"]
    assert [*schema["functions"]] == ["omise:index:getLink", "omise:index:getLinks"]
