"""``omise-links sweep``: the rules about what goes, and attempts to get around them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from client_setup import client_for
from samples import make_inputs
from sweep_setup import DAY, Account, make_state

from pulumi_omise_links.cli import run
from pulumi_omise_links.omise.create_log import CreateLog


def test_it_is_dry_by_default(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes, whatever else is given: the plan, its checksum, and no write."""
    first, second = account.seed(2, title="try out {n}")
    account.stacks.answer("stack ls", [])

    assert run(["sweep", "--all", "--account", account.id, "--force", "--live"]) == 0

    out = capsys.readouterr().out
    checksum = re.search(r"^Checksum ([0-9a-f]{64})$", out, re.M)
    assert checksum
    assert out.endswith("Nothing was deleted; --yes deletes.\n")
    assert f"delete  {first}  2026-" in out
    assert "2 links to delete, 0 of the scope to keep (0 of them managed)" in out
    assert "The backend has no stack, so every link counts as unmanaged." in out
    assert account.run("--all")["checksum"] == checksum[1]
    assert account.alive() == [first, second]
    assert account.omise.journal.writes == []


def test_managed_is_what_any_stack_of_the_backend_manages(account: Account) -> None:
    """Of this project or of another one, also if a stack is about to delete or only reads it."""
    links = account.seed(6)
    state = make_state(links[1], looked_up=(links[2],))
    state["deployment"]["resources"][0]["delete"] = True
    account.stacks.add_stack("organization/shop/dev", make_state(links[0]))
    account.stacks.add_stack("organization/other/prod", state)
    account.stacks.add_stack("organization/other/of-japan", make_state("link_test_9", account="a"))

    assert account.going("--all") == links[3:]
    assert account.why("--all") == {
        links[0]: "Stack organization/shop/dev manages it.",
        links[1]: "Stack organization/other/prod manages it.",
        links[2]: "Stack organization/other/prod looks it up.",
    }
    result = account.delete("--all", "--record", "gone.yaml")
    assert result["stacks"] == 4
    assert account.alive() == links[:3]
    assert result["summary"] == {
        "delete": 3,
        "keep": 3,
        "deleted": 3,
        "deleted_before": 0,
        "managed": 2,
        "outside": 0,
        "alive": 6,
    }


def test_links_of_the_platform_are_not_those_of_a_sub_merchant(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that drops the header, Omise lists the links of the platform's account."""
    monkeypatch.setenv("OMISE_SUB_MERCHANT_ID", "team_a")
    own = account.seed(2)
    account.seed(sub_merchant="team_a")
    account.omise.switch(sub_merchant_header="ignored")

    result = account.delete("--all", "--force", "--include-paid")
    assert (result["summary"]["delete"], len(account.alive())) == (0, 3)
    assert "does not say that it is of sub-merchant team_a" in account.why("--all")[own[0]]

    account.omise.switch(sub_merchant_header="obeyed")
    account.delete("--all")
    assert account.alive() == own


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("error: no such passphrase", "could not be read (Pulumi failed, and says: no such"),
        ({}, "could not be read (`pulumi stack export` has printed JSON that this version cannot"),
        (make_state(pending="creating"), "has operations on links that are not finished"),
        (make_state(pending="deleting"), "has operations on links that are not finished"),
        (make_state(pending="importing"), "has operations on links that are not finished"),
        (make_state("link_test_1", account=None), "has a link without the id of its account"),
    ],
)
@pytest.mark.parametrize("args", [["--mark", "pr-42"], ["--all", "--force"]])
def test_a_stack_that_is_not_certain_stops_all(
    account: Account, state: Any, said: str, args: list[str]
) -> None:
    """However narrow the scope is. A plan is not shown either, as it could be wrong."""
    account.seed(title="try out · pr-42")
    account.stacks.add_stack("organization/shop/dev", make_state())
    account.stacks.add_stack("organization/other/prod", state)

    for more in ([], ["--yes", "--account", account.id]):
        message = account.refusal(*args, *more, code=1)
        assert f"stack organization/other/prod {said}" in message
        assert "shop/dev" not in message
    assert account.omise.journal.writes == []


def test_all_that_is_not_certain_is_named_at_once(account: Account) -> None:
    """Stacks, and a create on this computer that was cut off or is under way."""
    account.seed()
    account.stacks.add_stack("organization/a/a", "error: gone")
    account.stacks.add_stack("organization/b/b", make_state("link_test_1", account=None))
    account.stacks.add_stack("organization/c/c", make_state(pending="creating"))
    log = CreateLog()
    with (
        client_for(account.omise, create_log=log) as client,
        log.recording(client._creator, make_inputs(), None),
    ):
        result = account.run("--all", code=1)

    assert result["error"]["type"] == "SweepRefusedError"
    reasons = result["error"]["reasons"]
    assert len(reasons) == 4
    assert reasons[3].startswith("a create of process ")
    assert all(reason in result["error"]["message"] for reason in reasons)


def test_a_create_of_another_account_is_no_doubt(account: Account) -> None:
    """It can make no link here."""
    (link,) = account.seed()
    log = CreateLog()
    with (
        client_for(account.omise, "jp", create_log=log) as client,
        log.recording(client._creator, make_inputs(), None),
    ):
        assert account.going("--all") == [link]


def test_stacks_that_cannot_be_listed_stop_all(account: Account) -> None:
    """A backend that cannot be reached is none without stacks."""
    account.seed()
    account.stacks.answer("stack ls", "error: unable to open bucket")

    assert "unable to open bucket" in account.refusal("--all", code=1)


@pytest.mark.parametrize("readable", ["forbidden", "not_found"])
def test_a_key_of_an_unknown_account_deletes_nothing(account: Account, readable: Any) -> None:
    """Whose links are managed cannot be told then."""
    account.seed()
    account.omise.switch(account_readable=readable)

    assert "may not read GET /account" in account.refusal("--all", code=1)
    assert account.omise.journal.writes == []


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--max-amount", "100"],
        ["--created-before", "2026-01-01", "--single"],
        ["--title", "*"],
        ["--title", "?*"],
        ["--title", ""],
        ["--mark", ""],
        ["--mark", " "],
        ["--mark", "a · b"],
        ["--all", "--title", "try*"],
        ["--all", "--mark", "pr-42"],
        ["--title", "try*", "--mark", "pr-42"],
    ],
    ids=" ".join,
)
def test_a_scope_is_demanded(account: Account, args: list[str]) -> None:
    """A filter that every link may pass is none; --all says it. Nothing is read before."""
    account.seed()

    assert account.run(*args, "--yes", "--account", account.id, code=2)["error"]["type"] == (
        "UsageError"
    )
    assert account.omise.journal.entries == []


def test_the_filters_are_those_of_discover(account: Account) -> None:
    """They narrow the scope; used links are in it like any others."""
    yen, cheap, multiple = (
        *account.seed(title="Try Out", amount=900, currency="JPY"),
        *account.seed(title="try out", amount=2_500),
        *account.seed(title="try out", amount=90_000, multiple=True),
    )
    account.seed(title="Poster")

    assert account.going("--title", "try*") == [yen, cheap, multiple]
    assert account.going("--title", "try*", "--currency", "thb") == [cheap, multiple]
    assert account.going("--title", "try*", "--max-amount", "2500") == [yen, cheap]
    assert account.going("--title", "try*", "--multiple") == [multiple]
    assert account.run("--title", "try*", "--multiple")["summary"]["outside"] == 3
    account.omise.pay(cheap)
    assert account.going("--all", "--used", "--include-paid") == [cheap]


@pytest.mark.parametrize("age", ["9m", "599s", "0h", "-1h", "1.5h", "24", "h", "", "99999999999d"])
def test_the_least_age_is_ten_minutes(account: Account, age: str) -> None:
    """A running `pulumi up` has links that no state knows yet."""
    account.seed()

    account.run("--all", "--min-age", age, code=2)
    assert account.omise.journal.entries == []


def test_young_links_stay(account: Account) -> None:
    """24 hours by default, by the clock of Omise."""
    old, younger, young = (account.seed(age=age)[0] for age in (DAY + 1, DAY - 60, 599))

    assert account.going("--all") == [old]
    assert account.why("--all")[younger].startswith("It is too young: made at ")
    assert account.going("--all", "--min-age", "10m") == [old, younger]
    assert [*account.why("--all", "--min-age", "10m")] == [young]
    assert account.going("--all", "--min-age", "2d") == []


@pytest.mark.parametrize(("alive", "delete", "code"), [(9, 9, 0), (10, 3, 0), (10, 4, 1)])
def test_beyond_a_limit_nothing_at_all_is_done(
    account: Account, alive: int, delete: int, code: int
) -> None:
    """Not even the part that would be within it. --force lifts the limits."""
    account.seed(alive - delete, title="Poster")
    account.seed(delete, title="try out")

    planned = account.run("--title", "try out", code=code)
    done = account.delete("--title", "try out", code=code)

    assert planned["summary"]["delete"] == done["summary"]["delete"] == delete
    assert len(account.alive()) == (alive if code else alive - delete)
    assert bool(done["over_limit"]) is bool(code)
    if code:
        assert account.omise.journal.writes == []
        account.delete("--title", "try out", "--force")
        assert len(account.alive()) == alive - delete


def test_the_limits_can_be_set(account: Account) -> None:
    """To fewer and to more."""
    links = account.seed(12)

    assert account.run("--all", "--max-share", "100")["over_limit"] == []
    assert account.run("--all", "--max-share", "100", "--max", "11", code=1)["over_limit"] == [
        "12 links would go; the limit is 11 (--max)."
    ]
    account.run("--all", "--max-share", "101", code=2)
    assert account.alive() == links


def test_paid_links_stay(account: Account) -> None:
    """Used ones, and those where a payment has failed: somebody has the address."""
    unpaid, paid, failed, single = account.seed(4)
    for link, success in ((paid, True), (failed, False), (single, True)):
        account.omise.pay(link, paid=success)

    assert account.going("--all") == [unpaid]
    assert [*account.why("--all")] == [paid, failed, single]
    account.delete("--all", "--include-paid")
    assert account.alive() == []


def test_named_links_stay(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """--keep takes manifests of other backends, such as discover writes them."""
    first, second, third = account.seed(3, title="try out {n}")
    for name, title in (("a.yaml", "try out 1"), ("b.yaml", "try out 2")):
        assert run(["discover", "--title", title, "-o", name]) == 0
    capsys.readouterr()

    keep = ("--keep", "a.yaml", "--keep", "b.yaml")
    assert account.going("--all", *keep) == [third]
    assert account.why("--all", *keep) == {
        first: "a.yaml names it.",
        second: "b.yaml names it.",
    }


def test_accepted_links_stay(account: Account) -> None:
    """--accepted takes the files of `drift`; a line that has run out keeps nothing."""
    first, second, third = account.seed(3)
    today = datetime.fromtimestamp(account.now, timezone.utc).date()
    Path("links.accepted.yaml").write_text(
        f"""\
version: 1
accepted:
  - {{id: {first}, reason: On posters}}
  - {{id: {second}, reason: For the fair, until: {today}}}
  - {{id: {third}, reason: For a trial, until: {today - timedelta(days=1)}}}
"""
    )

    accepted = ("--accepted", "links.accepted.yaml")
    assert account.going("--all", *accepted) == [third]
    assert account.why("--all", *accepted) == {
        first: "links.accepted.yaml accepts it: On posters.",
        second: "links.accepted.yaml accepts it: For the fair.",
    }
    assert account.run("--all", "--accepted", "missing.yaml", code=2)["error"]["problems"]


def test_a_file_that_keeps_nothing_is_refused(account: Account) -> None:
    """One without ids, one that is not there, one that is no manifest: nothing is read or done."""
    account.seed()
    entry = "{title: T, description: D, amount: 5000, currency: THB}"
    Path("none.yaml").write_text(f"version: 1\nlinks:\n  a: {entry}\n")
    Path("bad.yaml").write_text("links: 7\n")

    message = account.refusal("--all", "--keep", "none.yaml", code=2)
    assert "none.yaml names no link by its id" in message
    for file in ("bad.yaml", "missing.yaml"):
        assert account.run("--all", "--keep", file, code=2)["error"]["problems"]
    assert account.omise.journal.entries == []


def test_a_link_that_cannot_be_read_stays(account: Account) -> None:
    """It is named, and the others go."""
    first, second = account.seed(2)
    account.omise.fault(
        "changed_items", method="GET", path="/links", changes={"amount": None}, rate=1
    )

    assert account.going("--all") == [second]
    assert "cannot be read" in account.why("--all")[first]


def test_hostile_titles_do_nothing_to_a_terminal(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Titles, ids and reasons pass through the one function that makes them safe."""
    account.seed(title="try \x1b[2J\u202e out")
    account.seed(title="try \x1b[2J", age=0)

    assert run(["sweep", "--all"]) == 0

    out = capsys.readouterr().out
    assert "\\x1b[2J\\u202e out" in out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert json.loads(json.dumps(account.run("--all")))["delete"][0]["title"].startswith("try \x1b")
