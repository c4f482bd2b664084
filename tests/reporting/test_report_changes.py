"""What a report says of each change in a preview: what it costs, and what is not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gfm import Page
from previews import PreviewFile
from samples import as_native, make_inputs

from pulumi_omise_links.cli import run
from pulumi_omise_links.inventory.account_links import AccountLink
from pulumi_omise_links.inventory.stacks import StackStates
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.reporting.decide import decide
from pulumi_omise_links.reporting.facts import AccountFacts, ReportFacts
from pulumi_omise_links.stack.model import ManagedLink, StackState

Matches = Callable[[str, str], None]


def report(capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> str:
    """What the command prints."""
    assert run(["report", *args]) == code, capsys.readouterr()
    return capsys.readouterr().out


def read(capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> dict[str, Any]:
    """The report for programs, with its links by name."""
    result: dict[str, Any] = json.loads(report(capsys, *args, "--json", code=code))
    return {**result, "links": {link["name"]: link for link in result["links"]}}


def make_campaign(preview: PreviewFile) -> None:
    """A preview with a change of every kind."""
    new_price = {"amount": 160_000}
    preview.replace(preview.link("spring", paid=12), {}, new_price)
    preview.replace(preview.link("late"), {"retainOnDelete": True}, {"title": "Later"})
    preview.delete(preview.link("new-year"))
    preview.delete(preview.link("left-over"), delete=True)
    preview.replace(preview.link("table", paid=1, multiple=False), {}, new_price)
    preview.replace(preview.link("kept", paid=2), {}, new_price, retainOnDelete=True)
    gone = preview.link("gone", paid=1)
    preview.delete(gone)
    preview.omise.delete(gone)
    preview.delete(preview.link("hidden"), secret=["title", "amount"])
    preview.create("summer")
    preview.create("later", amount="04da6b54-80e4-46f7-96ec-b56ff0331ba9")
    preview.create("taken", adopt=preview.link("taken"), multiple=True)
    preview.same(preview.link("tea", paid=3))
    closed = preview.link("closed")
    preview.same(closed)
    preview.omise.delete(closed)
    preview.other("create", "aws:s3/bucket:Bucket", "logs")
    preview.other("delete", "random:index/randomPassword:RandomPassword", "password")


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(("form", "end"), [("text", "txt"), ("markdown", "md"), ("json", "json")])
def test_every_kind_of_change_in_every_format(
    preview: PreviewFile, matches: Matches, capsys: pytest.CaptureFixture[str], form: str, end: str
) -> None:
    """What dies comes first, what was paid often before the rest; what was deleted at Omise stands
    apart; the inputs of other resources are not shown."""
    make_campaign(preview)
    printed = report(capsys, "--preview-file", preview.write(), "--format", form)

    matches(f"campaign.{end}", printed)
    assert "hunter2" not in printed
    assert preview.omise.key("th") not in printed
    assert not preview.omise.journal.writes


@pytest.mark.usefixtures("keyed")
def test_a_preview_of_native_links_reads_the_same(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every field of every link is that of the same preview of a Python program."""
    make_campaign(preview)
    file = Path(preview.write())
    of_python = read(capsys, "--preview-file", str(file))
    file.write_text(json.dumps(as_native(json.loads(file.read_text()))))

    of_native = read(capsys, "--preview-file", str(file))

    assert of_native["links"] == of_python["links"]
    assert of_native["summary"] == of_python["summary"]
    assert {link["source"] for link in of_native["links"].values()} == {"shop/dev"}


@pytest.mark.usefixtures("keyed")
def test_a_link_that_pulumi_imports_is_no_new_one(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """The option `import` keeps the address: the link is adopted, and its payments are told."""
    link_id = preview.link("poster", paid=2)
    preview.create("poster", multiple=True)
    preview.steps[-1] |= {"op": "import"}
    preview.steps[-1]["newState"]["importID"] = link_id

    (link,) = read(capsys, "--preview-file", preview.write())["links"].values()

    assert (link["change"], link["fate"], link["id"]) == ("adopt", "stays", link_id)
    assert link["paid"] == 2


def test_without_a_key_the_report_says_what_is_not_known(
    preview: PreviewFile, matches: Matches, capsys: pytest.CaptureFixture[str]
) -> None:
    """Addresses come from the state; nobody asks Omise, and nothing is called unpaid."""
    make_campaign(preview)
    printed = report(capsys, "--preview-file", preview.write(), "--format", "markdown")

    matches("keyless.md", printed)
    assert "never paid" not in printed
    assert preview.omise.journal.count() == 0


@pytest.mark.usefixtures("keyed")
def test_payments_that_omise_does_not_show_make_the_number_a_least(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Omise embeds 20 charges of a link; failed ones are no payments."""
    preview.delete(preview.link("many", paid=25))
    few = preview.link("few", paid=1)
    preview.omise.pay(few, paid=False)
    preview.delete(few)
    failed = preview.link("failed")
    preview.omise.pay(failed, paid=False)
    preview.delete(failed)

    printed = report(capsys, "--preview-file", preview.write())

    assert "dies; paid at least 20 times, the last known one on 2 November 2026." in printed
    assert "dies; paid once on 2 November 2026." in printed
    assert "dies; never paid." in printed
    assert printed.index("at least 20") < printed.index("once") < printed.index("never")


@pytest.mark.usefixtures("keyed")
def test_a_change_of_a_protected_link_is_refused_and_shown(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pulumi fails such a preview; it is the report's result all the same."""
    safe = preview.link("safe", paid=1)
    preview.replace(safe, {"protect": True}, {"title": "New"}, protect=True)
    preview.delete(preview.link("plain"))
    preview.refuse("safe")
    preview.error("error: preview failed")

    result = read(capsys, "--preview-file", preview.write())
    assert result["summary"] | {"blocked": 1, "delete": 1, "dies": 1} == result["summary"]
    assert (result["links"]["safe"]["wanted"], result["links"]["safe"]["fate"]) == (
        "replace",
        "refused",
    )
    printed = report(capsys, "--preview-file", "preview.json")
    assert "stays: the link is protected, so Pulumi refuses to replace it." in printed
    assert "Pulumi refuses the whole update" in printed
    assert printed.index("plain") < printed.index("safe")


@pytest.mark.parametrize("protected", [False, True])
def test_a_preview_that_failed_otherwise_is_no_report(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str], protected: bool
) -> None:
    """What it would have changed is not known; Pulumi's reason is shown."""
    preview.delete(preview.link("safe"), protect=True)
    if protected:
        preview.refuse("safe", "delete")
    preview.error("error: the program has ended: boom")

    assert run(["report", "--preview-file", preview.write()]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert "preview.json is of a preview that has failed. Pulumi failed, and says:" in err
    assert "boom" in err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"steps": []}', '{"sequence":0}\n{"a":1}\n'])
def test_another_file_is_no_preview(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Such as events, which Pulumi prints if it is told to stream; nothing of it is shown."""
    Path("other.json").write_text(text)

    assert run(["report", "--preview-file", "other.json"]) == 1
    assert capsys.readouterr().err == (
        "omise-links: other.json is not what `pulumi preview --json` prints. Make it with `pulumi"
        " preview --json --show-sames > FILE`, without PULUMI_ENABLE_STREAMING_JSON_PREVIEW.\n"
    )


@pytest.mark.usefixtures("keyed")
def test_a_preview_without_what_stays_says_that_it_lacks_it(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link that was deleted at Omise would not be noticed, so no number is given."""
    preview.same(preview.link("tea"))
    preview.create("summer")

    result = read(capsys, "--preview-file", preview.write(sames=False))

    assert result["summary"]["same"] is None
    assert "--show-sames" in result["unknown"][0]
    assert "stay" not in report(capsys, "--preview-file", "preview.json")


@pytest.mark.usefixtures("keyed")
def test_of_links_of_another_account_nothing_is_concluded(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link that the key cannot see is neither deleted nor unpaid; a link that the account proves
    to lack is deleted."""
    preview.same(preview.link("other"), outputs={"account_id": "account_test_other"})
    [live] = preview.omise.seed(live=True)
    preview.names[live] = "live"
    preview.same(live)
    erased = preview.link("erased")
    preview.same(erased)
    text = preview.write()
    preview.omise.erase(erased)

    result = read(capsys, "--preview-file", text)

    states = {name: link["state"] for name, link in result["links"].items()}
    assert states == {"other": "not checked", "live": "not checked", "erased": "deleted"}
    assert "of another account, mode or sub-merchant than the key" in result["unknown"][0]
    assert result["links"]["other"]["paid"] is None


@pytest.mark.usefixtures("keyed")
def test_a_link_that_another_resource_takes_stays(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a resource is renamed, and its link adopted under the new name."""
    spring = preview.link("spring")
    preview.delete(spring)
    preview.create("spring-sale", adopt=spring, multiple=True)

    result = read(capsys, "--preview-file", preview.write())

    assert result["links"]["spring"]["fate"] == "taken"
    assert result["links"]["spring-sale"]["change"] == "adopt"
    assert result["summary"]["dies"] == 0


@pytest.mark.usefixtures("keyed")
def test_a_link_that_the_program_adopts_is_not_replaced(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pulumi plans a replacement while an input is not known; the plugin refuses it then."""
    spring = preview.link("spring")
    later = {"title": "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "adopt": spring}
    preview.replace(spring, {}, later)

    result = read(capsys, "--preview-file", preview.write())

    assert (result["summary"]["update"], result["summary"]["dies"]) == (1, 0)
    assert "refuses to replace it" in report(capsys, "--preview-file", "preview.json")


@pytest.mark.usefixtures("keyed")
def test_a_link_whose_id_is_a_secret_is_adopted_and_not_new(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or one whose id another resource determines: which link it is is not known here."""
    preview.create("secret", adopt="[secret]")
    preview.create("later", adopt="04da6b54-80e4-46f7-96ec-b56ff0331ba9")

    result = read(capsys, "--preview-file", preview.write())

    assert result["summary"] | {"adopt": 2, "create": 0} == result["summary"]
    assert {link["state"] for link in result["links"].values()} == {"not checked"}


def test_a_file_cannot_control_the_terminal(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands where a number, a flag or a time should be."""
    evil: Any = "\x1b[31m"
    preview.create(evil, amount=evil, currency=evil, multiple=evil, title=evil)
    odd = dict.fromkeys(("amount", "currency", "multiple", "created_at", "payment_uri"), evil)
    preview.delete(preview.link("odd"), outputs=odd)
    preview.other(evil, evil, evil)

    for form in ("text", "markdown", "json"):
        printed = report(capsys, "--preview-file", preview.write(), "--format", form)
        assert printed.replace("\n", "").isprintable()


@pytest.mark.usefixtures("keyed")
def test_a_used_link_is_known_from_the_state_too(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was used up stays so: no key is needed."""
    table = preview.link("table", multiple=False)
    preview.delete(table, outputs={"used": True})
    monkeypatch.delenv("OMISE_SECRET_KEY")

    assert "was spent anyway: paid once." in report(capsys, "--preview-file", preview.write())


@pytest.mark.usefixtures("keyed")
def test_no_title_gets_out_of_its_code_span(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Links, mentions, tags and tables in titles and names are text in a comment."""
    evil = '`|` @octocat <img src=x> [a](http://b.c) "#1'
    link_id = preview.link("evil", title=evil)
    preview.names[link_id] = evil
    preview.replace(link_id, {}, {"title": evil + "!"})
    preview.create("<script>@me", title=evil)

    page = Page(report(capsys, "--preview-file", preview.write(), "--format", "markdown"))

    assert page.linked == []
    assert {"a", "img", "script"}.isdisjoint(page.tags)
    assert evil in page.code


@pytest.mark.usefixtures("keyed")
def test_of_5000_changed_links_each_dangerous_one_is_shown_or_counted(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """The comment stays within its limit, the dangerous changes first; asking takes 51 requests."""
    ids = preview.omise.seed(5_000, title="ตั๋ว {n}", multiple=True)
    for number, link_id in enumerate(ids):
        preview.names[link_id] = f"link-{number}"
        if number < 20:
            preview.replace(link_id, {}, {"title": "New"}, retainOnDelete=True)
        elif number % 2:
            preview.replace(link_id, {}, {"title": "New"})
        else:
            preview.delete(link_id)
    written = preview.write()
    for limit in (64_000, 4_000):
        preview.omise.journal.clear()

        report(
            capsys,
            *("--preview-file", written, "--markdown", "out.md", "--max-chars", str(limit)),
        )

        text = Path("out.md").read_text(encoding="utf-8")
        assert len(text.encode("utf-16-le")) // 2 <= limit
        assert len(text.encode()) <= 250_000
        assert "4,980 addresses die, 20 other links are replaced or deleted" in text
        shown = text.count("| **replace** |")
        left = 4_980 - shown + 20
        assert f"and {left:,} more: {left - 2_490:,} replace, 2,490 delete." in text or (
            f"and {left:,} more: 2,490 delete, {left - 2_490:,} replace." in text
        )
        assert preview.omise.journal.count() == 51


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "never paid"),
        ({"all_charges_seen": False}, "whether it was paid is not known"),
        ({"used": True, "used_at": "2026-11-02T00:00:00Z"}, "paid at least once"),
    ],
)
def test_never_paid_is_said_only_on_proof(changes: dict[str, Any], said: str) -> None:
    """Not of a link whose charges Omise does not show, nor of one that it calls used, even if it
    can be paid again."""
    inputs = make_inputs(multiple=True)
    link = AccountLink(id="link_test_1", inputs=inputs, created_at="", **changes)
    account = AccountFacts(scope=Scope("account_1"), live=False, links={link.id: link})
    held = ManagedLink(urn="urn:pulumi:dev::shop::T::a", id=link.id, whole=inputs)
    stacks = StackStates(states={"organization/shop/dev": StackState(links=(held,))})

    made = decide(ReportFacts(subject="shop/dev", stacks=stacks, account=account))

    assert made.describe_payments(made.links[0]).startswith(said)
