"""One result in every format: what people and programs can rely on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import ID, make_result
from rich.cells import cell_len
from rich.console import Console

from pulumi_omise_links.errors import ExitCode
from pulumi_omise_links.output import FORMATS, Account, Failure, Result, Row
from pulumi_omise_links.output.json import write_failure, write_json
from pulumi_omise_links.output.table import write_table
from pulumi_omise_links.output.text import write_text
from pulumi_omise_links.safe_text import escape


def table(result: Result, width: int, *, color: bool = False) -> str:
    console = Console(
        width=width, force_terminal=color, color_system="standard" if color else None, no_color=None
    )
    return write_table(result, console)


def test_text_is_whole_and_aligned() -> None:
    """For pipes: nothing is cut, and reasons stand below their row."""
    assert write_text(make_result()) == (
        "Account account_1 (TH, test mode), read with the key in KEY.\n"
        f"import   spring-sale  {ID}  THB 1,500.00  Spring sale\n"
        "blocked  tea                                         THB 50.00     Tea\n"
        "          Nobody knows this link.\n"
        "          It is paid.\n"
        "A note.\n"
        "1 to import, 1 blocked."
    )


def test_wide_characters_are_aligned_too() -> None:
    """Thai vowels above a letter take no column, Japanese letters take two."""
    lines = write_text(make_result(name="お茶-น้ำชา")).splitlines()[1:3]

    assert cell_len(lines[0].partition("THB")[0]) == cell_len(lines[1].partition("THB")[0])


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("spring-sale", "Spring sale"),
        ("a-rather-long-name-of-a-link", "A title that is long: " + "x" * 60),
        ("お茶とケーキの長い名前です", "春のセールと夏のセールと秋のセールと冬のセール"),
        ("งานเลี้ยงปีใหม่", "บัตรเข้างานเลี้ยงปีใหม่สองท่าน พร้อมอาหารค่ำ"),
    ],
)
def test_a_row_is_one_line_on_any_usual_terminal(width: int, name: str, title: str) -> None:
    """At 60 columns the name may go on below; the link is always whole, and nothing is wider."""
    lines = table(make_result(name, title, accounts=[]), width).splitlines()

    assert all(cell_len(line) <= width for line in lines)
    assert sum(ID in line for line in lines) == 1
    rows = lines[: next(i for i, line in enumerate(lines) if line.startswith("blocked"))]
    folded = width == 60 and cell_len(name) > 17
    assert len(rows) == (3 if folded else 2)
    if width == 120 and cell_len(title) <= 40:
        assert title in rows[1]


@pytest.mark.parametrize("width", [60, 80])
def test_sentences_are_broken_between_words(width: int) -> None:
    """Those about the accounts, the notes and the ending; a path that is too long stays whole."""
    path = "/srv/" + "x" * 90
    sentence = f"Three of the links are in {path}, and the others are in no file that was given."
    accounts = [
        Account(
            id="account_test_5xabcdefghijklmnopq",
            country="TH",
            live=False,
            sub_merchant=None,
            key_source="the environment variable OMISE_SECRET_KEY",
        )
    ]
    result = make_result(accounts=accounts, rows=[], notes=[sentence], ending=sentence)

    lines = table(result, width).splitlines()

    assert all(cell_len(line) <= width or path in line for line in lines)
    assert len(lines) > 3
    assert " ".join(lines).split() == write_text(result).split()


def test_a_urn_in_a_reason_stays_whole() -> None:
    """It can be copied out of a terminal that is narrower; the other words of the reason are
    broken into lines as usual."""
    urn = f"urn:pulumi:prod::shop::{'x' * 90}"
    reason = f"Nothing was deleted, because somebody protects this one: {urn} and that is wanted."
    row = Row(cells=("refused", "tea", ID, "", ""), reasons=[reason])

    lines = table(make_result(accounts=[], rows=[row], notes=[], ending=""), 60).splitlines()[2:]

    assert f"    {urn}" in lines
    assert len(lines) == 3
    assert " ".join(lines).split() == reason.split()


def test_a_terminal_shows_what_a_pipe_shows() -> None:
    """The table has the same sentences in the same order as the text."""
    shown = table(make_result(), 120).splitlines()

    assert [line.strip() for line in shown if line.startswith("action")] == [
        f"action   name         {'link':{len(ID)}}  amount        title"
    ]
    text = write_text(make_result()).splitlines()
    assert [line.split() for line in shown if not line.startswith("action")] == [
        line.split() for line in text
    ]


def test_colour_is_for_terminals_and_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR takes the colours away (https://no-color.org)."""
    assert "\x1b[32m" in table(make_result(), 80, color=True)

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in table(make_result(), 80, color=True)


def test_markup_in_a_title_is_text() -> None:
    """Square brackets are no styles."""
    assert "[red]" in table(make_result(title="[red]x[/red]"), 120)


@given(st.text(max_size=50), st.text(max_size=80), st.sampled_from([40, 60, 80, 120]))
def test_any_text_passes_every_writer(name: str, title: str, width: int) -> None:
    """No writer fails or lets a control character through, whatever a link is called."""
    result = make_result(escape(name), escape(title))

    for text in (*(write(result) for write in FORMATS.values()), table(result, width)):
        assert all(character.isprintable() or character in "\n\u200c\u200d" for character in text)


def test_json_has_the_envelope_of_all_commands() -> None:
    """Version, command, summary, accounts, details, stats; no sentences for people."""
    assert json.loads(write_json(make_result())) == {
        "format_version": "1.0",
        "command": "plan",
        "summary": {"import": 1, "blocked": 1},
        "accounts": [{"id": "account_1", "country": "TH", "mode": "test", "sub_merchant": None}],
        "links": [{"name": "spring-sale"}],
        "stats": {"requests": 2, "retries": 0, "writes": 0},
    }
    offline = json.loads(write_json(Result(command="validate", summary={"files": 1})))
    assert {*offline} == {"format_version", "command", "summary"}


def test_json_is_readable_and_harmless() -> None:
    """Any script stays as it is; what could steer a terminal is escaped and reads back alike."""
    text = "ชา 🍵 \x1b[31m \x7f \x9b \u202e \u200b \U000e0041 \ud800"
    result = Result(command="validate", details={"name": text})
    failure = Failure(command=None, type="E", message=text, exit_code=ExitCode.ERROR)

    for printed in (write_json(result), write_failure(failure)):
        assert json.loads(printed).get("name", text) == text
        assert printed.replace("\n", "").isprintable()
        assert "ชา 🍵" in printed


def test_a_failure_has_the_same_envelope() -> None:
    """Type, message and exit code, with details beside them."""
    failure = Failure(
        command="match",
        type="ApiError",
        message="No.",
        exit_code=ExitCode.REFUSED,
        details={"status": 400},
    )

    assert json.loads(write_failure(failure)) == {
        "format_version": "1.0",
        "command": "match",
        "error": {"type": "ApiError", "message": "No.", "exit_code": 4, "status": 400},
    }
