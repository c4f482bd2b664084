"""What a kill can leave in a file backend, and what the command line says of it."""

from __future__ import annotations

import shutil

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


def manifest(project: Project, entry: str) -> None:
    (project.folder / "links.yaml").write_text(f"version: 1\nlinks:\n  a: {entry}\n")


@pytest.mark.parametrize(
    ("stack", "said"), [("dev", "failed to load checkpoint: EOF"), ("other", "EOF")]
)
def test_an_empty_file_beside_a_state_is_named(
    project: Project, omise: Emulator, stack: str, said: str
) -> None:
    """Be it of this stack or of another that is asked; deleting it, as the error says, helps."""
    project.pulumi("stack", "init", "other").ok()
    project.program("declare_links('links.yaml')")
    (link,) = omise.seed(title="T", description="D", amount=5000)
    (project.folder / "links.yaml").write_text(
        "version: 1\nlinks:\n"
        f"  a: {{id: {link}, title: T, description: D, amount: 5000, currency: THB}}\n"
    )
    plan = ("plan", "links.yaml", "--stack", "dev")
    side_file = project.backend / f".pulumi/stacks/shop/{stack}.json.attrs"
    side_file.write_bytes(b"")

    broken = project.cli(*plan)

    # What concerns another stack alone does not stop the plan.
    assert broken.code == (1 if stack == "dev" else 0)
    broken.says("Pulumi failed, and says:", said, "<stack>.json.attrs` there, and try again")

    side_file.unlink()
    project.cli(*plan).ok().says("1 to import")


def test_a_broken_stack_does_not_stop_the_others(project: Project, omise: Emulator) -> None:
    """The state of another project is cut off: the plan says that what it manages is not known,
    and --only-this-stack does not ask."""
    project.program("declare_links('links.yaml')")
    (link,) = omise.seed(title="T", description="D", amount=5000)
    manifest(project, f"{{id: {link}, title: T, description: D, amount: 5000, currency: THB}}")
    other = project.backend / ".pulumi/stacks/other/prod.json"
    other.parent.mkdir()
    other.write_text('{"version":3,"checkpoint":{"stack":"organization/oth')

    plan = project.cli("plan", "links.yaml").ok()
    plan.says("1 to import", "The other stacks could not be listed", "is not known")
    quiet = project.cli("plan", "links.yaml", "--only-this-stack").ok().says("1 to import")
    assert "listed" not in quiet.out
    project.cli("import", "links.yaml", "--yes").ok().says("1 link imported")
    project.cli("recover", "--yes", "--only-this-stack").ok()


def test_the_way_back_after_a_full_disk(project: Project, omise: Emulator) -> None:
    """The state and its copy are cut off in a run that made two links. Each command says where an
    older copy is; with it, the links are matched and imported, and no second one is made."""
    entry = "{{title: {0}, description: D, amount: 5000, currency: THB}}"
    project.program("declare_links('links.yaml')")
    (project.folder / "links.yaml").write_text(f"version: 1\nlinks:\n  a: {entry.format('a')}\n")
    project.up().ok()
    history = project.backend / ".pulumi/history/shop/dev"
    before = set(history.iterdir())
    with (project.folder / "links.yaml").open("a") as manifest_file:
        manifest_file.write(f"  b: {entry.format('b')}\n  c: {entry.format('c')}\n")
    project.up().ok()
    made = project.ids()
    for file in set(history.iterdir()) - before:
        file.unlink()
    for file in (project.state_file, project.state_file.with_suffix(".json.bak")):
        file.write_bytes(file.read_bytes()[:300])
    omise.journal.clear()

    for command in (("plan", "links.yaml"), ("recover", "--yes")):
        broken = project.cli(*command)
        assert broken.code == 1
        broken.says("unexpected end of JSON input", "*.checkpoint.json", "docs/reliability.md")

    shutil.copy(max(history.glob("*.checkpoint.json")), project.state_file)
    named = project.cli("recover", "--yes")
    assert named.code == 1
    named.says(made["b"], made["c"], "2 left alone")
    project.cli("match", "links.yaml", "--write")
    project.cli("import", "links.yaml", "--yes").ok().says("2 links imported")

    assert project.ids() == made
    project.unchanged()
    assert omise.journal.writes == []
