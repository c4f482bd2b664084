"""Links that leave a stack and live on: what docs/pulumi-notes.md says of it."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine


def test_a_link_that_is_only_looked_up_can_be_kept(project: Project, omise: Emulator) -> None:
    """To stop managing a link and keep it: ``retain_on_delete`` in one ``up``, then without it; the
    look-up in its place goes on, and destroy leaves the link alone."""
    start = "Link('a', amount=5000, currency='THB', title='t', description='d'"
    project.program(f"{start})")
    project.up().ok()
    (link,) = omise.links()
    project.program(f"{start}, opts=pulumi.ResourceOptions(retain_on_delete=True))")
    project.up().ok()
    project.program(f"Link.get('b', {link['id']!r})")

    project.up().ok()
    project.destroy().ok()

    assert omise.links(deleted=False) == [link]


def test_a_look_up_in_place_of_a_link_deletes_nothing(project: Project, omise: Emulator) -> None:
    """`up` refuses to delete a link that the program looks up; both remedies of the error work."""
    start = "Link({}, amount=5000, currency='THB', title={}, description='d')\n"
    both = "".join(start.format(repr(name), repr(name)) for name in "ab")
    project.program(both)
    project.up().ok()
    ids = project.ids()
    looked_up = "".join(f"Link.get('get-{name}', {ids[name]!r})\n" for name in "ab")
    project.program(looked_up)

    # Otherwise the second deletion may not begin any more when the first one fails.
    run = project.up("--continue-on-error").failed()

    for link_id in ids.values():
        run.says(f"Link {link_id} was not deleted", f"OMISE_KEEP_LINKS={link_id} in the environ")
    assert project.ids() | ids == project.ids()
    assert len(omise.links(deleted=False)) == 2
    project.program(looked_up.splitlines()[0])
    project.up(env={"OMISE_KEEP_LINKS": ids["a"]}).ok()
    assert [link["id"] for link in omise.links(deleted=False)] == [ids["a"]]
    assert list(project.ids()) == ["get-a"]
    project.unchanged()


def test_a_link_that_left_the_state_is_kept(project: Project, omise: Emulator) -> None:
    """``pulumi state delete`` forgets a link; what the program does not declare either stays."""
    project.program("Link('a', amount=5000, currency='THB', title='t', description='d')")
    project.up().ok()
    project.pulumi("state", "delete", project.links()["a"]["urn"], "--yes").ok()
    project.program("")

    project.up().ok()
    project.destroy().ok()

    assert len(omise.links(deleted=False)) == 1


def test_a_link_moves_to_another_stack(project: Project, omise: Emulator) -> None:
    """``pulumi state move`` to a stack of the same account changes nothing at Omise."""
    project.program("Link('a', amount=5000, currency='THB', title='t', description='d')")
    project.up().ok()
    urn = project.links()["a"]["urn"]
    project.pulumi("stack", "init", "other").ok()
    project.pulumi("state", "move", "--source", "dev", "--dest", "other", "--yes", urn).ok()

    project.unchanged(env={"PULUMI_STACK": "other"})

    assert [link["deleted"] for link in omise.links()] == [False]
