"""The wrong key, the wrong account, one link under two resources: refused, at preview already."""

from __future__ import annotations

import pytest
from harness import Project, nobody, writes

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LINK = "Link({name!r}, amount=5_000, currency='THB', title={title!r}, description='d'{more})\n"
SECOND = "p2 = Provider('p2', secret_key_env='SECOND_KEY')\n"
ON_SECOND = ", opts=pulumi.ResourceOptions(provider=p2)"


def link(name: str, more: str = "", *, title: str = "T") -> str:
    return LINK.format(name=name, title=title, more=f", {more}" if more else "")


# -- accounts


def test_the_account_of_a_stack_is_a_setting(project: Project, omise: Emulator) -> None:
    """With omise:accountId, the key of another account or mode fails the preview and the `up` of a
    program that adds a link first; without it, the first `up` says how to set it."""
    account = omise.account("th").id
    advice = f"`pulumi config set omise:accountId {account}`"
    project.program(link("old") + link("older"))
    assert 1 <= project.up().ok().out.count(advice) <= 2  # as it happens, and in the summary
    project.config("omise:accountId", account)
    project.program(link("new") + link("old") + link("older"))
    writes(omise)

    reason = f"Links belong to {account} here (omise:accountId"
    other = {"OMISE_SECRET_KEY": omise.key("jp")}
    project.preview(env=other).failed().says(reason)
    assert project.up(env=other).failed().out.count(reason) <= 2, "told in full once"
    live = {"OMISE_SECRET_KEY": omise.key("th", live=True), "OMISE_ALLOW_LIVE": "true"}
    project.up(env=live).failed()
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


def test_a_link_is_not_adopted_a_second_time(project: Project, omise: Emulator) -> None:
    """A link that a resource of the stack is cannot be adopted by another one, be it of the same
    provider, before or after the first; that it was tried deletes nothing, and taking the second
    one out leaves the link."""
    project.env["SECOND_KEY"] = omise.key("th")
    project.program(link("a"))
    project.up().ok()
    (link_id,) = project.ids().values()
    a, same, other = (
        link("a"),
        *(link("b", f"adopt={link_id!r}{second}") for second in ("", ON_SECOND)),
    )
    writes(omise)

    for links, command in (
        (a + same, project.preview),
        (same + a, project.up),
        (a + other, project.up),
        (other + a, project.preview),
    ):
        project.program(SECOND + links)
        command().failed().says(f"Two resources of this program would be link {link_id}")
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
    """The preview says of each adoption that the link goes with the stack; a forced
    replacement of an adopted link takes the same one again."""
    ids = omise.seed(2, amount=5_000, title="T", description="d")
    project.program("".join(link(f"n{n}", f"adopt={link_id!r}") for n, link_id in enumerate(ids)))

    run = project.preview().ok()
    for link_id in ids:
        assert run.out.count(f"Link {link_id} is taken into this stack") == 1
    project.up().ok().says("the link is deleted with the stack, unless protect")
    urn = next(record["urn"] for record in project.links().values())
    project.up("--target-replace", urn).ok()
    assert sorted(project.ids().values()) == sorted(ids)
    project.unchanged()
    assert writes(omise) == []


# -- remedies, followed to the letter


def test_a_refused_deletion_has_a_way_out(project: Project, omise: Emulator) -> None:
    """A paid link that Omise keeps: every `up` and `destroy` fails until the same command is run
    once with what the error says; afterwards the stack is clean, and the link is left at Omise."""
    omise.switch(delete_used="failed_deletion")
    project.program(link("a"))
    project.up().ok()
    (old,) = project.ids().values()
    omise.mutate(old, used=True)
    project.program(link("a", title="New"))
    remedy = f"run the same command once more with OMISE_KEEP_LINKS={old} in the environment"

    for run in (project.up(), project.up()):
        run.failed().says(remedy)
    project.destroy().failed().says(remedy)
    project.up(env={"OMISE_KEEP_LINKS": old}).ok().says(f"Link {old} was left at Omise")
    project.unchanged()
    project.refresh("--expect-no-changes").ok()
    (new,) = project.ids().values()
    omise.mutate(new, used=True)
    project.destroy().failed().says(f"OMISE_KEEP_LINKS={new} in the environment")
    project.destroy(env={"OMISE_KEEP_LINKS": new}).ok()
    assert project.ids() == {}
    assert not omise.link(old)["deleted"]


def test_next_time_a_link_is_retained(project: Project, omise: Emulator) -> None:
    """retain_on_delete in an `up` of its own before the change leaves a paid link at Omise."""
    omise.switch(delete_used="failed_deletion")
    retain = "opts=pulumi.ResourceOptions(retain_on_delete=True)"
    project.program(link("a"))
    project.up().ok()
    (old,) = project.ids().values()
    omise.mutate(old, used=True)
    project.program(link("a", retain))
    project.up().ok()
    project.program(link("a", retain, title="New"))

    project.up().ok()
    assert not omise.link(old)["deleted"]
    project.unchanged()


def test_what_cannot_be_told_is_taken_out_by_hand(project: Project, omise: Emulator) -> None:
    """Where nothing can prove that a link is gone, `pulumi state delete` takes it out, as the
    error says."""
    omise.switch(account_readable="forbidden", get_deleted="not_found", delete_deleted="not_found")
    project.program(link("a"))
    project.up().ok()
    omise.delete(project.ids()["a"])
    urn = project.links()["a"]["urn"]

    for command in (project.refresh, project.destroy):
        command().failed().says(
            "First check that the key in the environment variable OMISE_SECRET_KEY is of the",
            "take it out of the state with `pulumi state delete`",
        )
    project.pulumi("state", "delete", urn, "--yes").ok()
    project.up().ok()
    assert len(omise.links(deleted=False)) == 1


# -- what a preview says


def test_a_preview_says_what_it_did_not_check(project: Project, omise: Emulator) -> None:
    """Without a key, or without Omise, one line of the preview says that nothing was compared; a
    program with an unset key variable gets the reason once."""
    program = "".join(link(f"n{n}") for n in range(4))
    project.program(program)
    no_key = {"OMISE_SECRET_KEY": ""}
    line = "No Omise secret key: the environment variable OMISE_SECRET_KEY is not set."

    assert project.preview(env=no_key).ok().out.count(line) == 1
    assert line not in project.preview().ok().out
    run = project.up("--continue-on-error", env=no_key).failed()
    # Pulumi prints each error several times; one of the four links has the reason.
    assert run.out.count("or with --run-program)") * 3 == run.says("says why").out.count("says why")
    with nobody() as url:
        alone = project.preview(env={"OMISE_API_URL": url}).ok()
    assert alone.out.count("Nothing more was compared with Omise") == 1


def test_what_becomes_of_a_live_link_is_told(project: Project, omise: Emulator) -> None:
    """The preview of a replacement or an adoption of a live link warns, names the link, and says
    what it means."""
    project.env["OMISE_SECRET_KEY"] = omise.key("th", live=True)
    project.config("omise:allowLive", "true")
    project.program(link("a") + link("b"))
    project.up().ok()
    ids = project.ids()
    (adopted,) = omise.seed(live=True, title="T", description="d", amount=5_000)
    project.program(link("a", title="New") + link("b") + link("c", f"adopt={adopted!r}"))

    run = project.preview().ok()
    run.says(f"warning: Live link {adopted} is taken into this stack", "`omise-links plan` tells")
    run.says(f"warning: Live link {ids['a']} is to be replaced (title changed)")
    assert f"Live link {ids['b']}" not in run.out


def test_a_text_that_omise_trims(project: Project, omise: Emulator) -> None:
    """A title that Omise stores without its spaces is no change, for preview and refresh; the state
    holds Omise's own spelling encrypted."""
    omise.switch(stored_text="trimmed")
    project.program(link("a", title=" Two  "))
    project.up().ok()

    project.unchanged()
    project.refresh("--expect-no-changes").ok()
    assert "ciphertext" in project.links()["a"]["outputs"]["as_stored"]
    omise.mutate(project.ids()["a"], title="Three")
    project.refresh().ok()
    assert project.plan()["a"]["replaceReasons"] == ["title"]
