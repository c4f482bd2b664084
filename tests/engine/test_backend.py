"""What a kill can leave in a file backend, and what the command line says of it."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


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

    assert broken.code == 1
    broken.says(f"Pulumi failed, and says:\n  {said}\n", "<stack>.json.attrs` there, and try again")

    side_file.unlink()
    project.cli(*plan).ok().says("1 to import")
