"""`make parity`: an API's answers against those that Omise gives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from parity.__main__ import main
from parity.compare import Difference, compare, compare_headers, compare_layout
from parity.run import exchanges

from pulumi_omise_links.emulator import Emulator

HEADERS = {
    "Cache-Control": "no-cache, no-store",
    "Content-Type": "application/json; charset=utf-8",
    "Server": "nginx",
    "Status": "404 Not Found",
    "X-Request-Id": "0b21b7a4-8b7e-4a52-9f0b-3c3f1d1f0f5e",
    "X-Runtime": "0.012345",
}


@pytest.fixture
def as_omise(omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator that stands for Omise, with a test key in the environment."""
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    return omise


def differences(text: str) -> dict[str, list[str]]:
    """What was printed: the lines under each exchange that is different."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("DIFFERENT  "):
            found[line.removeprefix("DIFFERENT  ").partition(" (")[0]] = lines = []
        elif line.startswith("    "):
            lines.append(line.strip())
    return found


def test_the_emulator_answers_as_omise_was_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    """Each status, header, attribute, order and line of the emulator is the recorded one."""
    assert main([]) == 0
    said = capsys.readouterr().out
    assert differences(said) == {}
    assert said.count("\nsame ") == len(exchanges())


@pytest.mark.parametrize("account", ["jp", "sg", "my"])
def test_accounts_of_all_countries_can_be_compared(
    as_omise: Emulator, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amounts and currency are those of the account, and no link is left."""
    monkeypatch.setenv("OMISE_SECRET_KEY", as_omise.key(account))
    assert main(["--omise"]) == 0
    assert len(as_omise.links()) == 2
    assert as_omise.links(deleted=False) == []


def test_every_difference_is_a_path_and_both_values(
    as_omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """An answer that differs is shown by attribute, with what it stands on and its switch."""
    as_omise.switch(get_deleted="not_found")
    changes: dict[str, Any] = {"amount": 1500.5, "surprise": ["new"]}
    as_omise.fault("changed_answer", method="POST", path="/links", times=1, changes=changes)

    assert main(["--omise"]) == 1
    said = capsys.readouterr().out
    assert (
        "DIFFERENT  read the deleted link (inferred; switch of the emulator: get_deleted)" in said
    )
    found = differences(said)
    assert found["make a link"] == [
        "amount: 150000 -> 1500.5",
        'surprise: "(absent)" -> ["new"]',
    ]
    deleted = found["read the deleted link"]
    assert deleted[0] == "status: 200 -> 404"
    assert 'object: "link" -> "error"' in deleted
    assert 'code: "(absent)" -> "not_found"' in deleted
    assert set(found) == {"make a link", "read the deleted link"}


def test_a_live_key_is_refused_before_anything_is_sent(
    as_omise: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A live key is told by itself, and never shown."""
    monkeypatch.setenv("OMISE_SECRET_KEY", as_omise.key("th", live=True))
    monkeypatch.setenv("OMISE_ALLOW_LIVE", "true")
    assert main(["--omise"]) == 2
    said = capsys.readouterr().err
    assert "OMISE_SECRET_KEY is live." in said
    assert "skey_emulator" not in said
    assert as_omise.journal.count() == 0


@pytest.mark.parametrize("case", ["live account", "no account"])
def test_an_account_that_is_not_proved_to_be_in_test_mode_is_only_read(
    as_omise: Emulator,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A key that looks like a test key is no proof: the account has to say it before any write."""
    if case == "no account":
        as_omise.switch(account_readable="forbidden")
    else:
        as_omise.add_key("skey_test_disguised", "th", live=True)
        monkeypatch.setenv("OMISE_SECRET_KEY", "skey_test_disguised")
    assert main(["--omise"]) == 2
    said = capsys.readouterr().err
    assert ("livemode: True" if case == "live account" else "status 403") in said
    assert said.endswith("Nothing was written.\n")
    assert [entry.method for entry in as_omise.journal.entries] == ["GET"]


def test_links_are_deleted_also_after_a_failure(
    as_omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that breaks off deletes what it made, and names what it could not delete."""
    as_omise.fault("lost_before", method="GET", path="/search", times=1)
    assert main(["--omise"]) == 2
    assert "gave no answer" in capsys.readouterr().err
    assert len(as_omise.links()) == 1
    assert as_omise.links(deleted=False) == []

    as_omise.fault("lost_before", method="GET", path="/search", times=1)
    as_omise.fault("refused_deletion", method="DELETE")
    assert main(["--omise"]) == 2
    (left,) = as_omise.links(deleted=False)
    assert f"Not deleted: {left['id']}." in capsys.readouterr().err


def test_a_link_that_omise_should_have_refused_is_deleted_too(as_omise: Emulator) -> None:
    """An API that takes an empty description leaves no link behind."""
    as_omise.switch(empty_description="accept")
    assert main(["--omise"]) == 1
    assert len(as_omise.links()) == 3
    assert as_omise.links(deleted=False) == []


def test_a_link_that_cannot_be_made_is_a_difference_and_no_crash(
    as_omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requests about a link that was not made are not sent, and said to be so."""
    as_omise.fault("500", method="POST", path="/links", times=2)
    assert main(["--omise"]) == 1
    found = differences(capsys.readouterr().out)
    assert found["make a link"][0] == "status: 200 -> 500"
    assert found["read it"] == ['request: "a value of \'link\'" -> "no such link was made"']
    assert as_omise.links() == []


@pytest.mark.parametrize(
    ("expected", "found", "paths"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, []),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": 1}, {"a": 1.0}, ["a"]),
        ({"a": None}, {"a": ""}, ["a"]),
        ({"a": [1]}, {"a": []}, ["a (length)"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["body (order of names)"]),
        ({"a": 1}, "page", ["body"]),
        ({"a": "<any>"}, {}, ["a"]),
        ({"a": "<any>"}, {"a": None}, []),
        ({"a": "<time>"}, {"a": "2026-01-01T00:00:00.5Z"}, ["a"]),
        ({"a": "/links/link_test_<id>"}, {"a": "/links/link_5no1t4tnemucod0e51m"}, ["a"]),
        ({"a": "(<number> subunits)"}, {"a": "(20 subunits)"}, []),
        ({"a": "<number>"}, {"a": "20"}, ["a"]),
        ({"a": "<boolean>"}, {"a": 1}, ["a"]),
        ({"a": "<texts>"}, {"a": ["THB", 1]}, ["a"]),
    ],
)
def test_values_types_and_order_all_count(expected: Any, found: Any, paths: list[str]) -> None:
    """A number is no text, true is not 1, null is not empty, and names have an order."""
    assert [one.path for one in compare(expected, found)] == paths


def test_the_layout_of_a_body_counts() -> None:
    """An empty array takes three lines at Omise; a body that is laid out otherwise is reported."""
    value = {"data": [], "filters": {}, "title": "[]", "more": [{"a": []}]}
    text = '{\n  "data": [\n\n  ],\n  "filters": {\n  },\n  "title": "[]",\n  "more": [\n    {\n'
    text += '      "a": [\n\n      ]\n    }\n  ]\n}\n'
    assert compare_layout(text, value) == []
    (plain,) = compare_layout(json.dumps(value, indent=2), value)
    assert plain == Difference("line 2 of the text", '  "data": [', '  "data": [],')


def test_headers_that_are_missing_wrong_or_unknown_are_reported() -> None:
    """An error has no version of the API, and a header that nobody knows is news."""
    assert compare_headers(HEADERS, success=False, version="2019-05-29") == []
    changed = {**HEADERS, "Retry-After": "5", "Server": "cloud", "Date": "now"}
    del changed["X-Runtime"]
    found = compare_headers(changed, success=False, version="2019-05-29")
    assert [(one.path, one.found) for one in found] == [
        ("header Server", "cloud"),
        ("header X-Runtime", None),
        ("header Retry-After", "5"),
    ]
    missing = compare_headers(HEADERS, success=True, version="2019-05-29")
    assert [re.sub("header ", "", one.path) for one in missing] == [
        *("Strict-Transport-Security", "Vary", "Omise-Version")
    ]
