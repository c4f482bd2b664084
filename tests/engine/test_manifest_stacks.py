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


def everywhere(project: Project, links: dict[str, str]) -> None:
    """Write a manifest that does not say for which stacks its ids are."""
    manifest(project, "any", links)
    file = project.folder / "links.yaml"
    file.write_text(file.read_text().replace("stacks: [any]\n", ""))


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


def test_an_import_protects_from_the_first_moment(project: Project, omise: Emulator) -> None:
    """The line that names the stack is written before the links are imported. What the stack had
    managed before is named, as only the next `pulumi up` protects it."""
    ids = {name: omise.seed(title=name, description="D", amount=5000)[0] for name in "abc"}
    project.program('from pulumi_omise_links import declare_links\ndeclare_links("links.yaml")\n')
    everywhere(project, {"a": ids["a"]})
    project.up().ok()
    everywhere(project, ids)

    run = project.cli("import", "links.yaml", "--yes").ok()

    run.says(
        "links.yaml says `stacks: [dev]` now: `declare_links` protects its links in this stack, and"
        " leaves its ids out in any other stack of this program.",
        "Protected from the next `pulumi up` on, so run it now: a.",
        "The stack had managed it before.",
    )
    assert "Not protected" not in run.out
    assert protected(project) == {"b", "c"}
    project.up().ok()
    assert protected(project) == {"a", "b", "c"}
    assert writes(omise) == []


def test_an_import_needs_the_line_that_names_the_stack(project: Project, omise: Emulator) -> None:
    """Where it cannot be written, nothing is imported; put there by hand, it serves as well. If the
    import fails after it was written, that is said."""
    ids = {name: omise.seed(title=name, description="D", amount=5000)[0] for name in "ab"}
    project.program('from pulumi_omise_links import declare_links\ndeclare_links("links.yaml")\n')
    everywhere(project, ids)
    manifest_file, other_name = project.folder / "links.yaml", project.folder / "same.yaml"
    other_name.hardlink_to(manifest_file)
    before = manifest_file.read_text()

    project.cli("import", "links.yaml", "--yes").failed().says(
        "Cannot write links.yaml",
        "Nothing was imported. The manifest must say `stacks: [dev]`, or another stack of this"
        " program adopts the same links: put this line at its top, and run the import again.",
    )
    assert (project.links(), manifest_file.read_text()) == ({}, before)

    other_name.unlink()
    project.lock()
    project.cli("import", "links.yaml", "--yes").failed().says(
        "links.yaml says `stacks: [dev]` now", "The stack was not changed."
    )
    project.unlock()
    project.cli("import", "links.yaml", "--yes").ok()
    assert protected(project) == {"a", "b"}


def test_an_import_names_links_that_nothing_protects(project: Project, omise: Emulator) -> None:
    """A program without `declare_links` may protect no link: `pulumi destroy` deletes it then."""
    (link_id,) = omise.seed(title="a", description="D", amount=5000)
    everywhere(project, {"a": link_id})
    inputs = f'amount=5000, currency="THB", title="a", description="D", adopt="{link_id}"'
    project.program(f'Link("a", {inputs})\n')

    project.cli("import", "links.yaml", "--yes").ok().says(
        "Not protected: a. `pulumi destroy` deletes it.",
        "set Pulumi's option protect in the program. `declare_links` sets it for a manifest",
    )
    project.destroy().ok()
    assert omise.link(link_id)["deleted"] is True


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
