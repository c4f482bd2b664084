"""A manifest that says for which stacks its ids are, run by the real engine: docs/manifest.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import Project, writes

from pulumi_omise_links import Settings, get_links
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.mark import has_mark

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
HEAD = (
    "version: 1\nstacks: [{stack}]\n"
    "defaults: {{amount: 5000, currency: THB, description: D}}\nlinks:\n"
)


def manifest(project: Project, stack: str, links: dict[str, str], **titles: str) -> None:
    """Write a manifest of links that exist (``new`` for one that does not)."""
    lines = [
        f"  {name}: {{title: {titles.get(name, name)}"
        + (f", id: {link_id}" if link_id != "new" else "")
        + "}\n"
        for name, link_id in links.items()
    ]
    (project.folder / "links.yaml").write_text(HEAD.format(stack=stack) + "".join(lines))


def protected(project: Project) -> set[str]:
    return {name for name, link in project.links().items() if link.get("protect")}


def test_pulumi_takes_every_config_line_of_the_docs(project: Project) -> None:
    """Pulumi refuses a value that it takes for a secret, such as the name of a key's variable."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/README.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    lines = {line.strip() for line in re.findall(r"pulumi (config set [^`#|\n]*)", text)}
    # A line for a certain stack is run with its guide.
    plain = [line.split() for line in lines if not {"--secret", "--stack"} & {*line.split()}]
    project.program("")

    assert ["config", "set", "--plaintext", "omise:secretKeyEnv", "OMISE_TEST_KEY"] in plain
    for command in plain:
        project.pulumi(*command).ok()


def test_a_link_that_vanishes_from_the_manifest_is_not_deleted(
    project: Project, omise: Emulator
) -> None:
    """Preview and up refuse; one removal and one replacement are done on purpose, one by one."""
    ids = {name: omise.seed(title=name, description="D", amount=5000)[0] for name in "abcd"}
    project.program('from pulumi_omise_links import declare_links\ndeclare_links("links.yaml")\n')
    stack = project.pulumi("stack", "--show-name").ok().stdout.strip()
    manifest(project, stack, ids | {"e": "new"})
    project.up().ok()
    assert protected(project) == {*"abcde"}
    urns = {name: record["urn"] for name, record in project.links().items()}
    assert writes(omise) == ["POST /links"]

    # By accident: all but one are gone.
    manifest(project, stack, {"a": ids["a"]})
    project.preview().failed().says("cannot be deleted", "protect")
    project.up().failed().says("::b", "::c", "::d", "::e", "cannot be deleted")
    assert writes(omise) == []

    # On purpose: one removal.
    rest = {name: ids[name] for name in "acd"} | {"e": "new"}
    manifest(project, stack, rest)
    project.preview().failed().says("::b", "protect")
    project.pulumi("state", "unprotect", urns["b"], "--yes").ok()
    project.up().ok().says("- 1 deleted")
    assert writes(omise) == [f"DELETE /links/{ids['b']}"]

    # On purpose: one replacement, which is an entry without the id of the old link.
    manifest(project, stack, rest | {"c": "new"}, c="New title")
    project.preview().failed().says("::c", "protect")
    project.pulumi("state", "unprotect", urns["c"], "--yes").ok()
    project.up().ok().says("+-1 replaced")
    assert writes(omise) == ["POST /links", f"DELETE /links/{ids['c']}"]
    assert protected(project) == {*"acde"}

    # Everything: the program says so.
    project.program(
        "from pulumi_omise_links import declare_links\n"
        'declare_links("links.yaml", opts=pulumi.ResourceOptions(protect=False))\n'
    )
    project.up().ok()
    project.destroy().ok()


def test_a_stack_that_is_not_named_makes_links_of_its_own(
    project: Project, omise: Emulator
) -> None:
    """Its links are new, unprotected, and destroying it deletes no link of the other stack."""
    (link_id,) = omise.seed(title="a", description="D", amount=5000)
    project.program('from pulumi_omise_links import declare_links\ndeclare_links("links.yaml")\n')
    manifest(project, "another", {"a": link_id})

    project.up().ok().says("+ 2 created")

    assert project.ids()["a"] != link_id
    project.destroy().ok()
    assert omise.link(link_id)["deleted"] is False


def test_the_links_of_a_marked_stack_are_found_without_its_state(
    project: Project, omise: Emulator
) -> None:
    """One program: prod adopts its link unmarked, the review stack's links end with its name."""
    (link_id,) = omise.seed(title="a", description="D", amount=5000)
    manifest(project, "prod", {"a": link_id, "b": "new"})
    project.program(
        "from pulumi_omise_links import declare_links\n"
        "stack = pulumi.get_stack()\n"
        'declare_links("links.yaml", mark=None if stack == "prod" else stack)\n'
        'title = marked(pulumi.Output.secret("c"), stack)\n'
        'Link("c", title=title, amount=5000, currency="THB", description="D")\n'
    )
    review = project.pulumi("stack", "--show-name").ok().stdout.strip()

    project.preview().ok().says(f'"a · {review}"', f'"b · {review}"')
    project.up().ok()
    project.pulumi("stack", "init", "prod").ok()
    project.up().ok()

    env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
    links = get_links(settings=Settings.resolve({}, env))
    assert {link.title for link in links if has_mark(link.title, review)} == {
        f"{name} · {review}" for name in "abc"
    }
    assert {link.title for link in links if not has_mark(link.title, review)} == {
        *("a", "b", "c · prod")
    }
