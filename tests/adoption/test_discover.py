"""What one can rely on from ``omise-links discover``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import ACCOUNT_LINE

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.manifest.reading import load

NOT_OF_A_STACK = (
    "The manifest does not say for which stacks its ids are, so every stack that declares it adopts"
    " these links: add `stacks: [NAME]` at its top, or use --stack NAME.\n"
)


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `discover --json` and return what it says."""

    def found(*args: str) -> Any:
        assert run(["discover", "--json", *args]) == 0
        return json.loads(capsys.readouterr().out)

    return found


def test_an_account_becomes_a_manifest(omise: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids, readable names, amounts as people write them; deleted links are left out."""
    (first,) = omise.seed(title="Spring sale", amount=150_000, multiple=True)
    (second,) = omise.seed(title="Spring sale", description="a\nb", currency="JPY", amount=490)
    omise.delete(omise.seed(title="Gone")[0])

    assert run(["discover"]) == 0

    out, err = capsys.readouterr()
    assert out == (
        f"""\
version: 1
links:
  spring-sale:
    id: {first}
    title: Spring sale
    description: A seeded link
    amount: 150000  # THB 1,500.00
    currency: THB
    multiple: true

  spring-sale-{second[-6:]}:
    id: {second}
    title: Spring sale
    description: |-
      a
      b
    amount: 490  # JPY 490
    currency: JPY
"""
    )
    assert ACCOUNT_LINE.match(err)
    assert ACCOUNT_LINE.sub("", err) == (
        f"{NOT_OF_A_STACK}2 new links of 3 listed (left out: 1 deleted).\n"
        "2 requests, 0 retries, 0 writes.\n"
    )


def test_an_account_without_links_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """There is no manifest without links, so there is no file."""
    assert run(["discover", "-o", "links.yaml"]) == 0
    out = ACCOUNT_LINE.sub("", capsys.readouterr().out)
    assert out == "No new links of 0 listed; nothing written to links.yaml.\n"
    assert not Path("links.yaml").exists()


def test_names_in_the_file_stay_whatever_happens(
    omise: Emulator, found: Callable[..., Any]
) -> None:
    """Also when the older link of that name is gone, and a new one has the title again."""
    first, second = omise.seed(2, title="Sale")
    assert found("-o", "links.yaml")["summary"]["new"] == 2
    omise.erase(first)
    (third,) = omise.seed(title="Sale")

    result = found("-o", "links.yaml")

    assert result["links"][0]["name"] == f"sale-{third[-6:]}"
    assert {e.name: e.id for e in load("links.yaml").entries} == {
        "sale": first,
        f"sale-{second[-6:]}": second,
        f"sale-{third[-6:]}": third,
    }


def test_a_name_never_passes_to_another_link(omise: Emulator, found: Callable[..., Any]) -> None:
    """A link that is deleted or filtered out keeps its name from those that follow."""
    first, second = omise.seed(2, title="Sale")
    names = {link["id"]: link["name"] for link in found()["links"]}
    omise.pay(second)

    assert found("--used")["links"][0]["name"] == names[second]
    omise.delete(first)
    assert found("--used")["links"][0]["name"] == names[second]


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["--title", "*SALE"], ["Spring sale", "Fall sale"]),
        (["--title", "fall sal?"], ["Fall sale"]),
        (["--title", "sale"], []),
        (["--currency", "jpy"], ["お茶"]),
        (["--min-amount", "150000"], ["Spring sale", "Fall sale"]),
        (["--min-amount", "150000", "--max-amount", "150000"], ["Spring sale"]),
        (["--used"], ["Paid"]),
        (["--used", "--title", "*sale"], []),
        (["--unused", "--single"], ["Fall sale", "お茶"]),
        ([], ["Spring sale", "Fall sale", "お茶"]),
        (["--multiple"], ["Spring sale"]),
        (["--created-since", "2026-01-02"], ["Fall sale", "お茶"]),
        (["--created-since", "2026-01-02T00:00:01Z"], ["お茶"]),
        (["--created-before", "2026-01-02"], ["Spring sale"]),
        (["--created-before", "2026-01-02T07:00:01+07:00"], ["Spring sale", "Fall sale"]),
    ],
)
@pytest.mark.parametrize("ends", ["inclusive", "exclusive"])
def test_filters(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ends: Any,
    options: list[str],
    titles: list[str],
) -> None:
    """They narrow together; times are UTC unless they say otherwise."""
    now = [1_767_225_600.0]  # 2026-01-01T00:00:00Z
    with Emulator(clock=lambda: now[0]) as omise:
        monkeypatch.setenv("OMISE_API_URL", omise.url)
        omise.switch(range_ends=ends)
        omise.seed(title="Spring sale", amount=150_000, multiple=True)
        now[0] += 86_400
        omise.seed(title="Fall sale", amount=200_000)
        now[0] += 86_400
        omise.seed(title="お茶", amount=500, currency="JPY")
        omise.pay(omise.seed(title="Paid", amount=500, currency="JPY")[0])
        now[0] += 86_400

        assert run(["discover", "--json", *options]) == 0

    assert [link["title"] for link in json.loads(capsys.readouterr().out)["links"]] == titles


def test_links_that_are_used_up_are_left_out_unless_asked_for(
    omise: Emulator, found: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """An import refuses them; a link that can be paid again is not one of them."""
    used, again, new = omise.seed(title="Gift")[0], *omise.seed(2, title="Tea", multiple=True)
    omise.pay(used)
    omise.pay(again)

    assert run(["discover", "-o", "links.yaml"]) == 0
    out, err = capsys.readouterr()
    assert ACCOUNT_LINE.sub("", out) == (
        "Left out 1 link used up by a payment, which an import would refuse; --used takes such"
        f" links, and no others.\n{NOT_OF_A_STACK}"
        "2 new links of 3 listed (left out: 1 used); written to links.yaml.\n"
    )
    assert err == "2 requests, 0 retries, 0 writes.\n"
    assert {entry.id for entry in load("links.yaml").entries} == {again, new}
    assert found("-o", "links.yaml")["summary"] == {
        "listed": 3, "new": 0, "known": 2, "managed": 0, "deleted": 0, "used": 1, "filtered": 0,
        "left_out": 0,
    }  # fmt: skip

    assert found("--used", "-o", "links.yaml")["links"][0]["id"] == used
    # Once it stands in the file it is known, and nothing is said about it.
    assert found("-o", "links.yaml")["summary"]["used"] == 0
    # Not if the file that is replaced has it: a program may be managing it by that file.
    Path("links.yaml").write_text(f"version: 1\nlinks: {{gift: {{id: {used}}}}}\n")
    assert run(["discover", "-o", "links.yaml", "--overwrite"]) == 0
    assert {entry.id for entry in load("links.yaml").entries} == {used, again, new}


def test_what_a_manifest_cannot_hold_is_named(
    omise: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out, never silently: one sentence each, and a bound on how many."""
    (link,) = omise.seed(title="Bell \x07")
    omise.seed(25, title="Large", amount=90_000_000)

    assert run(["discover"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"Left out {link} (Bell \\x07): its title must not hold control characters" in err
    assert "if your account has limits of its own, set omise:amountLimits to off." in err
    assert "And 6 more; --json names all of them.\n" in err

    monkeypatch.setenv("OMISE_AMOUNT_LIMITS", "off")
    assert run(["discover", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["new"] == 25


def test_links_of_two_accounts_do_not_go_into_one_file(
    omise: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known by the ids in the file, whatever filters leave out; a deleted link still counts."""
    (tea,) = omise.seed(title="Tea")
    omise.seed(title="お茶", account="jp", currency="JPY")
    assert run(["discover", "-o", "links.yaml"]) == 0
    before = Path("links.yaml").read_text()
    monkeypatch.setenv("JAPAN", omise.key("jp"))
    monkeypatch.setenv("LIVE", omise.key("th", live=True))
    capsys.readouterr()

    assert run(["discover", "-o", "links.yaml", "--key-env", "JAPAN"]) == 1
    assert "links.yaml was left as it is: it is about another account" in capsys.readouterr().err
    assert run(["discover", "-o", "links.yaml", "--key-env", "LIVE"]) == 1
    assert f"Link {tea} is a test link, but the key in" in capsys.readouterr().err
    assert Path("links.yaml").read_text() == before

    omise.delete(tea)
    assert run(["discover", "-o", "links.yaml", "--created-before", "2020-01-01"]) == 0
    assert run(["discover", "-o", "japan.yaml", "--key-env", "JAPAN"]) == 0
    assert [entry.inputs.title for entry in load("japan.yaml").entries] == ["お茶"]


def test_the_account_is_told(
    omise: Emulator, found: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id, country and mode; that it is not known, if the key may not ask."""
    monkeypatch.setenv("JAPAN", omise.key("jp", live=True))

    (account,) = found("--key-env", "JAPAN")["accounts"]
    assert (account["country"], account["mode"]) == ("JP", "live")
    assert account["id"].startswith("account_")

    omise.switch(account_readable="forbidden")
    assert found()["accounts"] == [
        {"id": None, "country": None, "mode": "test", "sub_merchant": None}
    ]


ENTRY = "title: Old, description: D, amount: 5000, currency: THB"


def test_a_link_that_an_entry_may_be_already_is_not_added(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or two resources would be one link."""
    Path("links.yaml").write_text(f"version: 1\nlinks:\n  old: {{{ENTRY}}}\n")
    omise.seed(title="Old", description="D", amount=5000)

    assert run(["discover", "-o", "links.yaml"]) == 0

    assert "entry old has the same inputs and no id: `match` it first." in capsys.readouterr().out
    assert len(load("links.yaml").entries) == 1


def test_a_wrong_file_is_left_alone(omise: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Its problems are shown, and Omise is not asked."""
    omise.seed()
    Path("links.yaml").write_text("version: 1\nlinks:\n  a: {amount: 0100}\n")

    assert run(["discover", "-o", "links.yaml"]) == 2
    assert "links.yaml:3:15: links.a.amount" in capsys.readouterr().err
    assert len(omise.journal) == 0

    assert run(["discover", "-o", "links.yaml", "--overwrite"]) == 0
    assert [entry.name for entry in load("links.yaml").entries] == ["link-1"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["-o", "folder"], 1, "Cannot write folder: it is a directory."),
        (["-o", "/dev/null"], 1, "Cannot write /dev/null: it is not a regular file."),
        (["-o", "none/links.yaml"], 1, "there is no folder"),
        (["--overwrite"], 2, "--overwrite needs -o FILE or --pulumi-import FILE."),
        (["--pulumi-import", "folder"], 1, "Cannot write folder: it is a directory."),
        (["--pulumi-import", "i.json", "-o", "l.yaml"], 2, "write different files: give one."),
        (["--created-since", "soon"], 2, "'soon' is not a date or a time such as 2026-01-31"),
        (["--created-since", "2026-02-01", "--created-before", "2026-01-01"], 2, "earlier"),
        (["--min-amount", "2", "--max-amount", "1"], 2, "must not be greater"),
        (["--currency", "baht"], 2, "'baht' is not a three-letter code"),
    ],
)
def test_wrong_use_is_one_sentence(
    omise: Emulator, capsys: pytest.CaptureFixture[str], args: list[str], code: int, said: str
) -> None:
    """And Omise is not asked."""
    Path("folder").mkdir()

    assert run(["discover", *args]) == code

    assert said in capsys.readouterr().err
    assert len(omise.journal) == 0


def test_three_hundred_links_are_four_calls(omise: Emulator, found: Callable[..., Any]) -> None:
    """One for the account, never one a link, and no write."""
    omise.seed(300)

    result = found("-o", "links.yaml")

    assert result["summary"]["new"] == 300
    assert result["stats"] == {"requests": 4, "retries": 0, "writes": 0}
    assert len(omise.journal) == 4
    assert omise.journal.writes == []
    assert found("-o", "links.yaml")["summary"]["known"] == 300


def test_an_outage_leaves_no_half_of_a_file(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was not read to the end is not written."""
    omise.seed(150)
    for args in (["-o", "links.yaml"], []):
        omise.fault("refused_deletion", skip=1)

        assert run(["discover", *args]) == 4

        out, err = capsys.readouterr()
        assert out == ""
        assert "omise-links: Omise refused to list links" in err
        assert "2 requests, 0 retries, 0 writes." in err
        assert list(Path().iterdir()) == []
