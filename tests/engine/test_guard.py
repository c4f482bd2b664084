"""The wrong key, the wrong account, one link under two resources: refused, at preview already."""

from __future__ import annotations

import pytest
from harness import Project, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LINK = "Link({name!r}, amount=5_000, currency='THB', title={title!r}, description='d'{more})\n"
SECOND = "p2 = Provider('p2', secret_key_env='SECOND_KEY')\n"
ON_SECOND = ", opts=pulumi.ResourceOptions(provider=p2)"


def link(name: str, more: str = "", *, title: str = "T") -> str:
    return LINK.format(name=name, title=title, more=f", {more}" if more else "")


# -- accounts


@pytest.mark.parametrize("order", ["new first", "old first"])
def test_the_account_of_a_stack_is_a_setting(
    project: Project, omise: Emulator, order: str
) -> None:
    """With omise:accountId, another account's key fails the preview and the `up` of a program that
    adds a link, in whatever order; without it, the first `up` says how to set it."""
    account = omise.account("th").id
    advice = f"`pulumi config set omise:accountId {account}`"
    project.program(link("old") + link("older"))
    assert project.up().ok().out.count(advice) <= 2  # once as it happens, once in the summary
    project.up().ok()
    project.config("omise:accountId", account)
    project.program(link("old") + link("older") + link("new") if order == "old first" else
                    link("new") + link("old") + link("older"))  # fmt: skip
    writes(omise)

    for key in (omise.key("jp"), omise.key("th", live=True)):
        env = {"OMISE_SECRET_KEY": key, "OMISE_ALLOW_LIVE": "true"}
        reason = f"Links of this stack belong to {account} (omise:accountId)"
        for run in (project.preview(env=env), project.up(env=env)):
            assert run.failed().says(reason).out.count(reason) <= 2, "told in full once"
    assert writes(omise) == []
    assert advice not in project.up().ok().out


def test_a_link_moved_to_another_account_is_refused(project: Project, omise: Emulator) -> None:
    """A provider of another account cannot take a link over, and the preview says so."""
    project.env["SECOND_KEY"] = omise.key("jp")
    project.program(link("a"))
    project.up().ok()
    (link_id,) = project.ids().values()
    before = project.known()
    project.program(SECOND + link("a", ON_SECOND[2:]))

    for run in (project.preview(), project.up()):
        run.failed().says(f"Link {link_id} belongs to {omise.account('th').id}")
    assert project.known() == before


def test_a_key_that_may_not_read_its_account(project: Project, omise: Emulator) -> None:
    """Where the state knows the account, one read of a link proves the key: with another account's
    key nothing is made, replaced, deleted or forgotten; with the right one all works."""
    project.program(link("a"))
    project.up().ok()
    before = project.known()
    omise.switch(account_readable="forbidden", get_deleted="not_found")
    writes(omise)
    other = {"OMISE_SECRET_KEY": omise.key("jp")}

    project.program(link("a", title="New"))
    for run in (project.preview(env=other), project.up(env=other)):
        run.failed().says("Whether it is gone cannot be told")
    project.refresh(env=other).failed().says("Whether it is gone cannot be told")
    project.destroy(env=other).failed().says("Whether it is gone cannot be told")
    assert all(line.startswith("DELETE") for line in writes(omise)), "refused by Omise itself"
    assert project.known() == before

    project.up().ok()
    project.refresh("--expect-no-changes").ok()
    assert project.known()["a"][2]["account_id"] == omise.account("th").id  # type: ignore[index]
    project.destroy().ok()
    assert omise.links(deleted=False) == []


def test_a_refresh_learns_the_account(project: Project, omise: Emulator) -> None:
    """A link made with a key that may not read its account gets the account by a refresh with one
    that may; from then on a deletion elsewhere is seen as such."""
    omise.switch(account_readable="forbidden", get_deleted="not_found")
    project.program(link("a"))
    project.up().ok()
    assert "account_id" not in project.links()["a"]["outputs"]
    omise.switch(account_readable="yes")

    project.refresh().ok()
    assert project.links()["a"]["outputs"]["account_id"] == omise.account("th").id
    project.unchanged()
    project.refresh("--expect-no-changes").ok()
    omise.delete(project.ids()["a"])
    project.refresh().ok()
    assert project.ids() == {}


# -- one link, two resources


@pytest.mark.parametrize("second", ["", ON_SECOND], ids=["one provider", "two providers"])
@pytest.mark.parametrize("b_first", [False, True])
def test_a_link_is_not_adopted_a_second_time(
    project: Project, omise: Emulator, second: str, b_first: bool
) -> None:
    """A link that a resource of the stack is cannot be adopted by another one; that it was tried
    deletes nothing, and taking the second one out leaves the link."""
    project.env["SECOND_KEY"] = omise.key("th")
    project.program(link("a"))
    project.up().ok()
    (link_id,) = project.ids().values()
    a, b = link("a"), link("b", f"adopt={link_id!r}{second}")
    project.program(SECOND + (b + a if b_first else a + b))
    writes(omise)

    for run in (project.preview(), project.up()):
        run.failed().says(f"Two resources of this program would be link {link_id}")
    project.program(SECOND + a)
    project.up().ok()

    assert project.ids() == {"a": link_id}
    assert writes(omise) == []
    project.unchanged()


def test_a_rename_and_a_move_at_once(project: Project, omise: Emulator) -> None:
    """A link that gets another name and another provider of its account stays alive."""
    project.env["SECOND_KEY"] = omise.key("th")
    project.program(link("a"))
    project.up().ok()
    (link_id,) = project.ids().values()
    writes(omise)
    project.program(SECOND + link("b", f"adopt={link_id!r}{ON_SECOND}"))

    project.up().ok().says(f"Link {link_id} stays")
    assert project.ids() == {"b": link_id}
    assert writes(omise) == []


def test_what_leaves_the_program_is_deleted_in_a_refreshing_up(
    project: Project, omise: Emulator
) -> None:
    """`up --refresh` compares each link of the state first: that does not keep alive a link, even
    an adopted one, that the program no longer has."""
    (link_id,) = omise.seed(amount=5_000, title="T", description="d")
    project.program(link("a", f"adopt={link_id!r}") + link("b"))
    project.up().ok()
    project.program(link("b"))

    project.up("--refresh").ok()
    assert omise.link(link_id)["deleted"]
    assert list(project.ids()) == ["b"]


def test_an_adoption_is_told_and_survives_a_forced_replacement(
    project: Project, omise: Emulator
) -> None:
    """The preview says of each adoption that destroying the stack deletes the link; a forced
    replacement of an adopted link takes the same one again."""
    ids = omise.seed(2, amount=5_000, title="T", description="d")
    project.program("".join(link(f"n{n}", f"adopt={each!r}") for n, each in enumerate(ids)))

    run = project.preview().ok()
    for link_id in ids:
        assert run.out.count(f"Link {link_id} exists and is taken into this stack") == 1
    project.up().ok().says("destroying the stack deletes it")
    urn = next(each["urn"] for each in project.links().values())
    project.up("--target-replace", urn).ok()
    assert sorted(project.ids().values()) == sorted(ids)
    project.unchanged()
    assert writes(omise) == []
