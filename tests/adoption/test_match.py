"""What one can rely on from ``omise-links match``."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client_setup import client_for
from hypothesis import given
from hypothesis import strategies as st
from samples import ACCOUNT_LINE

from pulumi_omise_links.adoption.matching import Outcome, describe_near, match_entries
from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.manifest.entries import Entry, Place
from pulumi_omise_links.manifest.reading import load
from pulumi_omise_links.omise.models import LinkInputs, OmiseLink

TEA = {"title": "Tea", "description": "Two cups", "amount": 5000}
CAKE = {"title": "Cake", "description": "A piece", "amount": 9000}
MANIFEST = """\
# Ann keeps this.
version: 1
defaults: { currency: thb,   multiple: false }

links:
    tea:            # hot
        # Who drinks it?
        title:  'Tea'
        description: Two cups
        amount: 5000    # fifty

    cake: {title: Cake, description: A piece, amount: 9000}
    new: { title: New, description: "Not there yet", amount: 8000 }
# The end.
"""


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))
    Path("links.yaml").write_text(MANIFEST)


@pytest.fixture
def matched(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run `match --json` and return its links by name."""

    def matched(*args: str, code: int = 0) -> dict[str, Any]:
        assert run(["match", "links.yaml", "--json", *args]) == code
        return {link["name"]: link for link in json.loads(capsys.readouterr().out)["links"]}

    return matched


def seed(omise: Emulator, given: dict[str, Any], **changes: Any) -> str:
    return omise.seed(**{**given, **changes})[0]


def test_it_shows_what_it_would_write(omise: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    """A line an entry, near misses, and how to go on; the file stays."""
    tea, near = seed(omise, TEA), seed(omise, CAKE, amount=9500)

    assert run(["match", "links.yaml"]) == 0

    out, err = capsys.readouterr()
    assert ACCOUNT_LINE.match(out)
    assert ACCOUNT_LINE.sub("", out) == (
        f"""\
matched    tea   {tea}  THB 50.00  Tea
unmatched  cake                                 THB 90.00  Cake
          {near} has this title, but its amount is 9500 (THB 95.00) and the entry's\
 9000 (THB 90.00).
unmatched  new                                  THB 80.00  New
1 matched, 2 unmatched; --write puts the ids into the file.
"""
    )
    assert err == "2 requests, 0 retries, 0 writes.\n"
    assert Path("links.yaml").read_text() == MANIFEST


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_write_adds_the_ids_and_nothing_else(omise: Emulator, end: str) -> None:
    """Comments, order, layout and line ends stay; a second run has nothing to do."""
    before = MANIFEST.replace("\n", end).encode()
    Path("links.yaml").write_bytes(before)
    tea, cake = seed(omise, TEA), seed(omise, CAKE)

    assert run(["match", "links.yaml", "--write"]) == 0

    after = Path("links.yaml").read_bytes()
    old, new = before.decode().split(end), after.decode().split(end)
    assert [line for line in difflib.ndiff(old, new) if line[0] in "+-"] == [
        f"+         id: {tea}",
        "-     cake: {title: Cake, description: A piece, amount: 9000}",
        f"+     cake: {{id: {cake}, title: Cake, description: A piece, amount: 9000}}",
    ]
    assert {entry.name: entry.id for entry in load("links.yaml").entries} == {
        "tea": tea,
        "cake": cake,
        "new": None,
    }
    assert run(["match", "links.yaml", "--write"]) == 0
    assert Path("links.yaml").read_bytes() == after


def test_the_ids_go_into_their_files(omise: Emulator) -> None:
    """Several files at once; one that gets nothing is not touched."""
    Path("more.yaml").write_text(MANIFEST.replace("tea:", "tee:").replace("'Tea'", "Tee"))
    text = MANIFEST.replace("cake: {", "kuchen: {").replace("new:", "neu:")
    Path("more.yaml").write_text(
        text.replace("tea:", "tee:").replace("'Tea'", "Tee").replace("Cake", "Kuchen")
    )
    touched = Path("links.yaml").stat().st_mtime_ns
    tee = seed(omise, TEA, title="Tee")

    assert run(["match", "links.yaml", "more.yaml", "--write"]) == 0

    assert [entry.id for entry in load("more.yaml").entries] == [tee, None, None]
    assert Path("links.yaml").stat().st_mtime_ns == touched


@pytest.mark.parametrize(
    "change",
    [
        {"title": "tea"},
        {"description": "Two  cups"},
        {"amount": 5001},
        {"currency": "JPY"},
        {"multiple": True},
    ],
)
def test_nothing_is_fuzzy(
    omise: Emulator, matched: Callable[..., dict[str, Any]], change: dict[str, Any]
) -> None:
    """One input that differs is no match; with the same title it is a hint."""
    link = seed(omise, TEA, **change)

    tea = matched()["tea"]

    assert (tea["outcome"], tea["id"], tea["candidates"]) == ("unmatched", None, [])
    expected = [] if "title" in change else [(link, list(change))]
    assert [(near["id"], near["differs"]) for near in tea["near"]] == expected


@pytest.mark.parametrize(
    ("title", "link_title", "said"),
    [
        (
            "Café",
            "Cafe\u0301",
            r'Unicode composition only (link: "Cafe\u0301", entry: "Caf\u00e9")',
        ),
        ("Ball", "Ball ", r'spaces or line breaks only (link: "Ball\u0020", entry: "Ball")'),
        ("Tea Party", "Tea\u00a0Party", r'(link: "Tea\u00a0Party", entry: "Tea\u0020Party")'),
        ("Zerowidth", "Zero\u200bwidth", r'invisible characters only (link: "Zero\u200bwidth"'),
    ],
)
def test_a_link_that_looks_the_same_is_named_and_not_taken(
    omise: Emulator,
    matched: Callable[..., dict[str, Any]],
    title: str,
    link_title: str,
    said: str,
) -> None:
    """Equal for the eye, different by bytes: the entry stays unmatched, and a line says in what
    they differ, with the characters spelt out."""
    link = seed(omise, {**TEA, "title": link_title}, description="Two cups ")
    manifest = {
        "version": 1,
        "defaults": {"currency": "THB", "multiple": False},
        "links": {"tea": {**TEA, "title": title}},
    }
    Path("links.yaml").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")

    tea = matched()["tea"]

    assert (tea["outcome"], tea["id"]) == ("unmatched", None)
    (near,) = tea["near"]
    assert (near["id"], near["differs"]) == (link, ["title", "description"])
    (entry,) = load("links.yaml").entries
    with client_for(omise) as client:
        (match,) = match_entries([entry], client.iter_links())
    sentence = describe_near(entry, match.near[0])
    assert said in sentence
    assert r'(link: "Two cups\u0020", entry: "Two cups")' in sentence


def test_a_deleted_link_matches_nothing(
    omise: Emulator, matched: Callable[..., dict[str, Any]]
) -> None:
    """It cannot come back."""
    omise.delete(seed(omise, TEA))

    assert matched()["tea"]["outcome"] == "unmatched"


def test_two_links_for_an_entry_are_left_to_a_person(
    omise: Emulator, matched: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """All candidates are named, nothing is written for it, the others are; the end is 1."""
    first, second, cake = seed(omise, TEA), seed(omise, TEA), seed(omise, CAKE)

    found = matched("--write", code=1)

    assert found["tea"]["outcome"] == "ambiguous"
    assert found["tea"]["candidates"] == [first, second]
    assert [entry.id for entry in load("links.yaml").entries] == [None, cake, None]
    assert run(["match", "links.yaml"]) == 1
    assert f"  2 links fit: {first}, {second}.\n" in capsys.readouterr().out


def test_two_entries_for_a_link_are_left_to_a_person(
    omise: Emulator, matched: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Until one of them is given the id by hand; then the other is a link to come."""
    twin = "    twin: {title: Tea, description: Two cups, amount: 5000, currency: THB%s}\n"
    Path("links.yaml").write_text(MANIFEST + twin % "")
    link = seed(omise, TEA)

    found = matched("--write", code=1)

    assert (found["tea"]["rivals"], found["twin"]["rivals"]) == (["twin"], ["tea"])
    assert Path("links.yaml").read_text() == MANIFEST + twin % ""
    assert run(["match", "links.yaml"]) == 1
    assert f"{link} fits twin as well.\n" in capsys.readouterr().out

    Path("links.yaml").write_text(MANIFEST + twin % f", id: {link}")
    assert matched()["tea"]["outcome"] == "claimed"
    assert matched()["tea"]["claimed"] == {link: "twin"}

    second = seed(omise, TEA)
    assert matched()["tea"]["id"] == second


def test_a_file_without_open_entries_asks_nobody(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """No request, so no cost."""
    Path("links.yaml").write_text(
        "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB,"
        " id: link_test_1}\n"
    )

    assert run(["match", "links.yaml"]) == 0

    assert capsys.readouterr() == ("All entries have an id.\n", "")
    assert len(omise.journal) == 0


def test_problems_are_told_before_omise_is_asked(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them, and nothing else happens."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "0500"))

    assert run(["match", "links.yaml", "--write"]) == 2

    assert "links.yaml:10:17: links.tea.amount" in capsys.readouterr().err
    assert len(omise.journal) == 0


def test_a_file_of_another_account_is_refused(
    omise: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entries would be given ids of links that the key of the others cannot read."""
    known = seed(omise, CAKE)
    Path("links.yaml").write_text(MANIFEST.replace("cake: {", f"cake: {{id: {known}, "))
    before = Path("links.yaml").read_text()
    monkeypatch.setenv("SECOND", omise.key("jp"))
    seed(omise, TEA, account="jp", currency="THB")

    assert run(["match", "links.yaml", "--write", "--key-env", "SECOND"]) == 1

    err = capsys.readouterr().err
    assert "links.yaml was left as it is: it is about another account, as none of its links" in err
    assert known in err
    assert Path("links.yaml").read_text() == before


FIELDS = "title: Tea, description: Two cups, amount: 5000, currency: THB"
LINES = "title: Tea\n    description: Two cups\n    amount: 5000\n    currency: THB"


@pytest.mark.parametrize(
    "text",
    [
        f"version: 1\nlinks:\n  tea:\n    {LINES}",
        f"version: 1\nlinks:\n  tea:\n\n    # c\n\n    {LINES}\n",
        f"version: 1\nlinks:\n  tea: {{ {FIELDS} }}\n",
        f"version: 1\nlinks:\n  tea: {{\n    {FIELDS},\n  }}\n",
        f"{{version: 1, links: {{tea: {{{FIELDS}}}}}}}",
        f"version: 1\nlinks:\n  ? tea\n  : {LINES}\n",
        f"version: 1\nlinks:\n  ? tea\n  :\n    {LINES}\n",
        f'version: 1\nlinks:\n  "tea" :\n    {LINES}\n',
        f"defaults: {{{FIELDS}}}\nversion: 1\nlinks:\n  tea: {{}}\n",
        f"defaults: {{{FIELDS}}}\nversion: 1\nlinks:\n  tea: {{ }}\n",
        f"\ufeffversion: 1\nlinks:\n  tea:\n    {LINES}\n",
    ],
)
def test_any_layout_takes_an_id(omise: Emulator, text: str) -> None:
    """What was there stays, in its order."""
    Path("links.yaml").write_bytes(text.encode())
    link = seed(omise, TEA)

    assert run(["match", "links.yaml", "--write"]) == 0

    assert [entry.id for entry in load("links.yaml").entries] == [link]
    characters = iter(Path("links.yaml").read_bytes())
    assert all(character in characters for character in text.encode())


def test_three_hundred_links_are_four_calls(
    omise: Emulator, matched: Callable[..., dict[str, Any]]
) -> None:
    """One for the account, three for the links, and no write, also with --write."""
    ids = omise.seed(300, title="T{n}", amount=5000)
    entries = [
        f"  n{n}: {{title: T{n}, description: A seeded link, amount: 5000, currency: thb}}"
        for n in range(1, 301)
    ]
    Path("links.yaml").write_text("\n".join(["version: 1", "links:", *entries]))

    assert [value["id"] for value in matched("--write").values()] == ids

    assert [entry.id for entry in load("links.yaml").entries] == ids
    assert len(omise.journal) == 4
    assert omise.journal.writes == []


INPUTS = st.builds(
    LinkInputs,
    amount=st.sampled_from([5000, 9000]),
    currency=st.sampled_from(["THB", "thb", "JPY"]),
    title=st.sampled_from(["Tea", "Cake"]),
    description=st.just("D"),
    multiple=st.booleans(),
)


@given(
    st.lists(st.tuples(INPUTS, st.none() | st.integers(0, 5)), max_size=6),
    st.lists(st.tuples(INPUTS, st.booleans()), max_size=6),
)
def test_only_what_is_certain_is_matched(
    wanted: list[tuple[LinkInputs, int | None]], there: list[tuple[LinkInputs, bool]]
) -> None:
    """A match is the only living, unclaimed link of its inputs, for the only such entry."""
    taken: set[int] = set()
    entries = []
    for n, (inputs, claim) in enumerate(wanted):
        link_id = None if claim is None or claim in taken else f"link_test_{claim}"
        taken |= set() if claim is None else {claim}
        entries.append(
            Entry(name=f"e{n}", inputs=inputs, id=link_id, place=Place("m", 1, 1), places={})
        )
    links = [
        OmiseLink(
            **vars(i.folded()),
            id=f"link_test_{n}", livemode=False, used=False, deleted=deleted,
            payment_uri="https://x", created_at="2026-01-01T00:00:00Z",
        )
        for n, (i, deleted) in enumerate(there)
    ]  # fmt: skip
    claimed = {entry.id for entry in entries if entry.id}

    found = match_entries(entries, links)

    assert [match.entry for match in found] == [entry for entry in entries if entry.id is None]
    for match in found:
        fit = [
            link.id
            for link in links
            if not match.entry.inputs.differences(link.inputs)
            and not link.deleted
            and link.id not in claimed
        ]
        rivals = [
            other
            for other in entries
            if other.id is None and not other.inputs.differences(match.entry.inputs)
        ]
        certain = len(fit) == len(rivals) == 1
        assert match.id == (fit[0] if certain else None)
        assert (match.outcome is Outcome.AMBIGUOUS) == (bool(fit) and not certain)
        assert [link.id for link in match.candidates] == fit
    ids = [match.id for match in found if match.id]
    assert len(ids) == len(set(ids))
