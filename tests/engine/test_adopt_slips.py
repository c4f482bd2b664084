"""Slips with ``adopt`` neither kill a link nor leave one that nobody holds."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LINK = "Link({name!r}, amount=5_000, currency='THB', title={title!r}, description='d'{more})\n"


def link(name: str, adopt: str | None = None, *, title: str = "T") -> str:
    return LINK.format(name=name, title=title, more=f", adopt={adopt!r}" if adopt else "")


def test_no_slip_kills_or_forgets_a_link(project: Project, omise: Emulator) -> None:
    """adopt on a resource that is another link, a failed adoption, and two adopters of one link
    are errors; every link stays alive and in the state."""
    project.program(link("a") + link("b"))
    project.up().ok()
    ids = project.ids()

    project.program(link("a", ids["b"]))
    project.up().failed().says(f"already manages link {ids['a']}", f"adopt names {ids['b']}")
    assert project.ids() == ids

    project.program(link("a") + link("new", ids["b"], title="Other"))
    run = project.up("--continue-on-error").failed()
    run.says("its title differs", f"Link {ids['b']} was not deleted")
    assert project.ids() == ids

    project.program(link("a") + link("c", ids["b"]) + link("d", ids["b"]))
    project.up().failed().says(f"Two resources of this program adopt link {ids['b']}")

    assert set(project.ids().values()) == set(ids.values())
    assert {each["id"] for each in omise.links(deleted=False)} == set(ids.values())
