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
    run.says("its title differs")
    assert project.ids() == ids

    project.program(link("a") + link("c", ids["b"]) + link("d", ids["b"]))
    project.up().failed().says(f"Two resources of this program would be link {ids['b']}")

    assert set(project.ids().values()) == set(ids.values())
    assert {stored["id"] for stored in omise.links(deleted=False)} == set(ids.values())


def test_a_plan_tells_what_up_will_refuse(project: Project, omise: Emulator) -> None:
    """An adopted link whose inputs were changed in the program is one line of the plan, beside
    entries that can be imported; the import ends with an error and imports those all the same."""
    project.program(link("a") + link("b"))
    project.up().ok()
    ids = project.ids()
    (by_hand,) = omise.seed(title="T", description="d", amount=5_000)
    project.program(link("a", ids["a"], title="Other") + link("b", ids["a"]) + link("c", by_hand))
    entries = "".join(
        f"  {name}: {{amount: 5000, currency: THB, title: {title}, description: d{more}}}\n"
        for name, title, more in (
            ("a", "Other", ""),
            ("b", "T", ""),
            ("c", "T", f", id: {by_hand}"),
        )
    )
    (project.folder / "links.yaml").write_text(f"version: 1\nlinks:\n{entries}")

    plan = project.cli("plan", "links.yaml", COLUMNS="300").ok()
    run = project.cli("import", "links.yaml", "--yes", COLUMNS="300")

    plan.says("would replace it (title), and refuses to, as the program adopts this very link")
    plan.says(f"The program says adopt={ids['a']}, but the stack manages {ids['b']}")
    plan.says("1 to import", by_hand)
    assert run.code == 1
    assert project.ids() == {**ids, "c": by_hand}
