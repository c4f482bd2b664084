"""Files of accepted findings: what is taken, every problem with its place, and additions."""

from __future__ import annotations

import json
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.cli import run
from pulumi_omise_links.errors import EditError, ManifestError, ProblemCode
from pulumi_omise_links.manifest.accepted import read_accepted
from pulumi_omise_links.manifest.accepted_edit import add_accepted
from pulumi_omise_links.manifest.entries import AcceptedLink, Place

SCHEMA: dict[str, Any] = json.loads(
    resources.files("pulumi_omise_links").joinpath("accepted.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD = """\
# yaml-language-server: $schema=accepted.schema.json
version: 1
accepted:
  - id: link_test_5x1
    reason: On the posters of 2024
    until: 2027-01-31    # then they are gone
  - {id: link_5x2, reason: "Paid by hand: see the wiki", until: "2028-02-29"}
  - id: link_test_5x3
    reason: 'The old campaign'
"""
FILE = "links.accepted.yaml"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_text(GOOD)


def line(link_id: str, reason: str = "R", until: date | None = None) -> AcceptedLink:
    return AcceptedLink(id=link_id, reason=reason, until=until, place=Place("", 0, 0))


def test_a_file_is_read() -> None:
    """Days with and without quotes, and lines in either style."""
    assert read_accepted([FILE]) == (
        line("link_test_5x1", "On the posters of 2024", date(2027, 1, 31)),
        line("link_5x2", "Paid by hand: see the wiki", date(2028, 2, 29)),
        line("link_test_5x3", "The old campaign"),
    )
    assert str(read_accepted([FILE])[0].place) == f"{FILE}:4:9"
    Path("empty.yaml").write_text("version: 1\naccepted: []\n")
    assert read_accepted(["empty.yaml"]) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2027-01-31 ", "2027-02-30 ", "6:12 accepted[0].until not-a-date"),
        ("2027-01-31 ", "soon ", "6:12 accepted[0].until not-a-date"),
        ("2027-01-31 ", "20270131 ", "6:12 accepted[0].until not-a-date"),
        ("2027-01-31 ", "2027-1-31 ", "6:12 accepted[0].until not-a-date"),
        ("2027-01-31 ", "2027-01-31 10:00:00 ", "6:12 accepted[0].until not-a-date"),
        ("2027-01-31 ", "", "6:5 accepted[0].until not-a-date"),
        ("link_test_5x1", "lnk_test_5x1", "4:9 accepted[0].id not-a-link-id"),
        ("link_test_5x1", "5", "4:9 accepted[0].id not-text"),
        ("link_test_5x3", "link_test_5x1", "8:9 accepted[2].id duplicate-id"),
        ("On the posters of 2024", "' '", "5:13 accepted[0].reason blank"),
        ("On the posters of 2024", "no", "5:13 accepted[0].reason not-text"),
        ("    reason: On the posters of 2024\n", "", "4:5 accepted[0].reason missing-key"),
        ("until: 2027", "til: 2027", "6:5 accepted[0].til unknown-key"),
        ("version: 1", "version: 2", "2:10 version unknown-version"),
        ("version: 1\n", "", "2:1 version missing-key"),
        ("accepted:", "acepted:", "3:1 acepted unknown-key"),
        ("accepted:\n", "accepted:\n  a: [\n", "5:3  invalid-yaml"),
    ],
)
def test_each_problem_has_its_place_and_its_code(old: str, new: str, problem: str) -> None:
    """As in a manifest; nothing of the file is used."""
    Path(FILE).write_text(GOOD.replace(old, new))

    with pytest.raises(ManifestError) as caught:
        read_accepted([FILE])

    problems = caught.value.problems
    found = [f"{one.line}:{one.column} {one.path} {one.code.value}" for one in problems]
    assert problem in found
    assert len(found) == (2 if "acepted" in problem else 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ProblemCode.EMPTY_FILE),
        ("version: 1\naccepted: link_test_5x1\n", ProblemCode.NOT_A_LIST),
        ("version: 1\naccepted: [link_test_5x1]\n", ProblemCode.NOT_A_MAPPING),
        ("- 1\n", ProblemCode.NOT_A_MAPPING),
    ],
)
def test_another_shape_is_refused(text: str, code: ProblemCode) -> None:
    """With a sentence that says which one is right."""
    Path(FILE).write_text(text)

    with pytest.raises(ManifestError) as caught:
        read_accepted([FILE])

    assert [problem.code for problem in caught.value.problems] == [code]


def test_an_id_occurs_once_in_all_files() -> None:
    """Which reason holds would not be clear."""
    Path("more.yaml").write_text("version: 1\naccepted: [{id: link_5x2, reason: R}]\n")

    with pytest.raises(ManifestError, match=rf"is link_5x2, which is accepted at {FILE}:7:10"):
        read_accepted([FILE, "more.yaml"])
    assert len(read_accepted([FILE, FILE])) == 3


def test_validate_knows_such_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """By its key, beside manifests; other commands take it for no manifest."""
    Path("links.yaml").write_text("version: 1\nlinks:\n  a: {amount: 1}\n")

    assert run(["validate", FILE]) == 0
    assert capsys.readouterr().out == f"{FILE}: 3 accepted links, no problems\n"
    Path(FILE).write_text(GOOD.replace("2027-01-31", "2027-01-32"))
    assert run(["validate", FILE, "links.yaml"]) == 2
    assert f"{FILE}:6:12: accepted[0].until: is 2027-01-32" in capsys.readouterr().out
    assert run(["generate", FILE]) == 2
    assert "accepted: is not a key of a manifest" in capsys.readouterr().err


def test_the_schema_is_closed_and_explained() -> None:
    """As an editor shows it; the copy in the package is the one of the repository."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    real = Path(__file__).parents[2] / "schema" / "accepted.schema.json"
    assert json.loads(real.read_text()) == SCHEMA
    line_schema = SCHEMA["properties"]["accepted"]["items"]
    for part in (SCHEMA, line_schema):
        assert part["additionalProperties"] is False
    for part in (*SCHEMA["properties"].values(), *line_schema["properties"].values()):
        assert part["title"]
        assert part["description"]
    assert VALIDATOR.is_valid(yaml.load(GOOD, Loader=yaml.BaseLoader) | {"version": 1})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (GOOD, GOOD + "  - id: link_test_9\n    reason: R\n    until: 2027-01-31\n"),
        (
            "version: 1\naccepted:\n- id: link_5x2\n  reason: R\n  # mine\n\n# all\n",
            "version: 1\naccepted:\n- id: link_5x2\n  reason: R\n  # mine\n"
            "- id: link_test_9\n  reason: R\n  until: 2027-01-31\n\n# all\n",
        ),
        (
            "version: 1\r\naccepted:\r\n  - id: link_5x2\r\n    reason: R",
            "version: 1\r\naccepted:\r\n  - id: link_5x2\r\n    reason: R\r\n"
            "  - id: link_test_9\r\n    reason: R\r\n    until: 2027-01-31\r\n",
        ),
        (
            "accepted: []  # none yet\nversion: 1\n",
            'accepted: [{id: link_test_9, reason: "R", until: 2027-01-31}]  # none yet\n'
            "version: 1\n",
        ),
        (
            "{version: 1, accepted: [{id: link_5x2, reason: R}]}",
            "{version: 1, accepted: [{id: link_5x2, reason: R},"
            ' {id: link_test_9, reason: "R", until: 2027-01-31}]}',
        ),
    ],
)
def test_a_line_is_added_and_all_else_stays(before: str, after: str) -> None:
    """Comments, line ends and layout."""
    Path(FILE).write_bytes(before.encode())
    known = read_accepted([FILE])

    add_accepted(FILE, [line("link_test_9", until=date(2027, 1, 31))])

    assert Path(FILE).read_bytes().decode() == after
    assert read_accepted([FILE]) == (*known, line("link_test_9", until=date(2027, 1, 31)))


def test_a_layout_that_cannot_be_added_to_is_left_alone() -> None:
    """The sentence says so."""
    text = "version: 1\n? accepted\n: - id: link_5x2\n    reason: R\n"
    Path(FILE).write_text(text)

    with pytest.raises(EditError, match="laid out in a way"):
        add_accepted(FILE, [line("link_test_9")])

    assert Path(FILE).read_text() == text


@given(reason=st.text(min_size=1).filter(str.strip))
def test_any_reason_comes_back(tmp_path: Path, reason: str) -> None:
    """A new file is made with its schema beside it, and has what was meant."""
    file = tmp_path / "new.yaml"
    file.unlink(missing_ok=True)
    lines = [line("link_test_9", reason)]

    add_accepted(str(file), lines)

    assert read_accepted([str(file)]) == tuple(lines)
    assert file.read_text().startswith("# yaml-language-server: $schema=accepted.schema.json\n")
    assert (tmp_path / "accepted.schema.json").exists()
