"""What one can rely on about the spelling of values: no text and no amount changes its meaning."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_omise_links.errors import ManifestError, ProblemCode
from pulumi_omise_links.inputs import NOT_IN_SMALLEST_UNIT
from pulumi_omise_links.manifest import source as yaml_source
from pulumi_omise_links.manifest.reading import load

PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__, autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_source, "LOADER", request.param)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def amount_of(text: str) -> int | ManifestError:
    """The amount of the only link of a manifest, or what is wrong with the manifest."""
    Path("m.yaml").write_text(text, encoding="utf-8")
    try:
        (entry,) = load("m.yaml", amount_limits=False).entries
    except ManifestError as error:
        return error
    return entry.inputs.amount


def problem(text: str) -> tuple[str, str, ProblemCode]:
    """Place, sentence and code of the only problem of a manifest."""
    Path("m.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load("m.yaml", amount_limits=False)
    (found,) = caught.value.problems
    return f"{found.line}:{found.column}", found.problem, found.code


LAYOUTS = {
    "block": "version: 1\nlinks:\n  a:\n    title: T\n    description: D\n"
    "    currency: {currency}\n    amount: {amount}\n",
    "flow": "version: 1\nlinks: {{a: {{title: T, description: D, currency: {currency},"
    " amount: {amount}}}}}\n",
    "default": "version: 1\ndefaults: {{amount: {amount}, currency: {currency}}}\nlinks:\n"
    "  a: {{title: T, description: D}}\n",
    "json": '{{"version": 1, "links": {{"a": {{"title": "T", "description": "D", "currency":'
    ' "{currency}", "amount": {amount}}}}}}}',
}
DECIMALS = ["4900.00", "2500.", "2500.0", "25e2", "2.5e3", "1E3", "15.50", ".5", "-4900.00", "+1.0",
            "1_000.00", "007.00", "0.0", "2500.00000"]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("currency", ["THB", "JPY"])
def test_an_amount_with_a_point_or_an_exponent_is_refused(layout: str, currency: str) -> None:
    """Who writes 4900.00 means 4,900 baht, and 4900 are 49.00: nothing is guessed."""
    for spelling in (*DECIMALS, *(f'"{decimal}"' for decimal in DECIMALS), '"2,500.00"'):
        _, said, code = problem(LAYOUTS[layout].format(amount=spelling, currency=currency))

        assert (code, said) == (ProblemCode.NOT_IN_SMALLEST_UNIT, NOT_IN_SMALLEST_UNIT), spelling


SPELLINGS = st.one_of(
    st.from_regex(r"[-+]?[0-9_,.' ]{1,9}([eE][-+]?[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"0[xob][0-9a-f_]{1,6}", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}:[0-9]{1,2}(:[0-9]{1,2})?", fullmatch=True),
    st.sampled_from([".nan", ".inf", "-.inf", "NaN", "Infinity", "٤٩٠٠", "４９００", "4900 THB",
                     "฿49", "1 000", "1\u00a0000", "0", "-0", "00", "1e3", "0o7", "4900-"]),
    st.integers(1, 10**18).map(str),
)  # fmt: skip


@given(
    spelling=SPELLINGS,
    quotes=st.sampled_from(["", "", "", '"', "'"]),
    layout=st.sampled_from(list(LAYOUTS)),
)
@example(spelling="1_000", quotes="", layout="block")
@example(spelling="0100", quotes="", layout="flow")
@example(spelling="1:30", quotes="", layout="json")
@example(spelling="1,", quotes="", layout="flow")
@example(spelling="1,", quotes="", layout="default")
@example(spelling="1,,", quotes="", layout="json")
def test_an_amount_is_taken_only_if_its_digits_mean_it(
    spelling: str, quotes: str, layout: str
) -> None:
    """Plain decimal digits mean their number. Every other spelling of a number is refused."""
    found = amount_of(LAYOUTS[layout].format(amount=f"{quotes}{spelling}{quotes}", currency="THB"))

    digits = spelling.strip(" ")
    if layout in ("flow", "json"):  # a comma after the last value of a mapping means nothing there
        digits = digits.removesuffix(",").rstrip(" ")
    plain = re.fullmatch("[1-9][0-9]*", digits) and not quotes
    if plain and int(digits) <= 2**53 - 1:
        assert found == int(digits)
    else:
        assert isinstance(found, ManifestError)


ENTRY = "version: 1\ndefaults: {{description: D, amount: 5000, currency: THB}}\nlinks:\n  {}\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ENTRY.format("a:\n    title: Table #5"), "5:18"),
        (ENTRY.format("a:\n    title: Table   #5\n    multiple: true"), "5:20"),
        (ENTRY.format("a:\n    title: T\n    description: Seat #12, row B"), "6:23"),
        (ENTRY.format("a:\n    title: two\n      lines #5"), "6:13"),
        (ENTRY.format("a:\n    title: Ball ##5"), "5:17"),
        (ENTRY.format("a:\n    title: #1 Ball"), "5:12"),
        (ENTRY.format("a: {title: Table #5, multiple: true}"), "4:20"),
        (ENTRY.format("a: {title: Table #5,\n    multiple: true}"), "4:20"),
        (ENTRY.format("a: {multiple: true, title: Table #5\n    }"), "4:36"),
        (ENTRY.format("Table #5: {title: T}"), "4:9"),
        (ENTRY.format("Table #5:\n    title: T"), "4:9"),
        (ENTRY.format("a: {title: T}").replace("D, amount", "Row #3\n  , amount"), "2:29"),
        (ENTRY.format("a: {title: T}").replace("links", "stacks: [pr #7\n  ]\nlinks"), "3:13"),
    ],
)  # fmt: skip
def test_a_text_that_a_comment_cuts_off_is_told(text: str, place: str) -> None:
    """`Table #5` would be the link "Table": what follows the # tells that it is no comment."""
    found, said, code = problem(text)

    assert (found, code) == (place, ProblemCode.CUT_BY_COMMENT)
    assert "quotes" in said


@pytest.mark.parametrize(
    "line",
    [
        "title: Ball # annual",
        "title: Ball #",
        "title: Ball ###",
        "title: Ball ### old ###",
        'title: "Table #5"',
        "title: 'Table #5' #of ten",
        "title: Table#5",
        "title: T\n    amount: 500000 # THB 5,000.00",
        "title: T\n    amount: 500000 #satang",
        "title: T\n    multiple: true #always",
        "title: T\n    #description: no longer",
        "title: T\n#description: no longer",
        "title: |- #five\n      Table #5",
        "title: T #\n    multiple: true",
    ],
)
def test_a_comment_is_a_comment(line: str) -> None:
    """With a space after its #, beside quotes, numbers and blocks, or on a line of its own."""
    assert amount_of(ENTRY.format(f"a:\n    {line}")) in {5000, 500_000}


@pytest.mark.parametrize("title", ["Surf 🌊", "ชา 🍵🍰", "👨\u200d👩\u200d👧", "\U0010ffff"])
def test_what_json_writes_by_default_is_taken(title: str) -> None:
    """`json.dumps` writes an emoji as a pair of escapes, which is one character."""
    link = {"title": title, "description": "D", "amount": 5000, "currency": "THB"}
    text = json.dumps({"version": 1, "links": {title.replace(" ", "-"): link}}, indent=2)
    assert "\\ud" in text.lower()
    Path("m.json").write_text(text)

    (entry,) = load("m.json").entries

    assert (entry.inputs.title, entry.name) == (title, title.replace(" ", "-"))
    assert str(entry.places["title"]) == "m.json:5:16"


@pytest.mark.parametrize("half", ["\\ud83c", "\\udf0a", "\\udf0a\\ud83c", "\\ud83c \\udf0a"])
def test_half_of_a_pair_is_refused_with_advice_that_fits(half: str) -> None:
    """It is no character, and no text can hold it."""
    place, said, code = problem(ENTRY.format(f'a: {{title: "Surf {half}"}}'))

    assert (place, code) == ("4:14", ProblemCode.LONE_SURROGATE)
    assert "write the whole character" in said


def test_a_name_with_half_of_a_pair_is_refused() -> None:
    """Neither Pulumi nor a terminal could take it."""
    place, _, code = problem(ENTRY.format('"a\\ud83c": {title: T}'))

    assert (place, code) == ("4:3", ProblemCode.LONE_SURROGATE)


PRICE = (
    "version: 1\nlinks:\n  a:\n    title: T\n    description: D\n    currency: {}\n    amount: {}\n"
)


@pytest.mark.parametrize(
    ("currency", "amount", "agrees"),
    [
        ("THB", "150000  # THB 1,500.00", True),
        ("thb", "150000 # THB 1500.00", True),
        ("THB", "150000  # THB 1,500.00 each", True),
        ("JPY", "1500  # JPY 1,500", True),
        ("THB", "150000  # about THB 1,600", True),
        ("THB", "150000  # THB 1,600", True),
        ("THB", "150000  # USD is dearer", True),
        ("THB", "160000  # THB 1,500.00", False),
        ("THB", "150000  # THB 1,500.00, VAT included", True),
        ("THB", "160000 #THB 1,500.00", False),
        ("JPY", "150000  # THB 1,500.00", False),
        ("USD", "150000  # THB 1,500.00", False),
        ("THB", "1500  # JPY 1,500", False),
        ("JPY", "15000  # JPY 1,500", False),
        ("THB", "15000  # THB 1,500.00 each", False),
    ],
)  # fmt: skip
def test_a_comment_of_our_own_form_must_be_true(currency: str, amount: str, agrees: bool) -> None:
    """Reviewers read `# THB 1,500.00`, which discover writes; after an edit it must not lie."""
    text = PRICE.format(currency, amount)
    if agrees:
        assert isinstance(amount_of(text), int)
        return
    place, said, code = problem(text)
    assert (place, code) == ("7:13", ProblemCode.COMMENT_DISAGREES)
    assert "correct the one that is wrong" in said


def test_the_comment_of_a_default_is_judged_for_each_link_that_it_is_for() -> None:
    """Once at the default if its currency is beside it, else at the link with another currency."""
    text = (
        "version: 1\ndefaults:\n  currency: THB\n  amount: 5000  # THB {}\nlinks:\n"
        "  a: {{title: T, description: D}}\n  b: {{title: U, description: D, currency: {}}}\n"
    )
    assert problem(text.format("60.00", "thb"))[0] == "4:11"
    place, said, _ = problem(text.format("50.00", "JPY"))
    assert place == "7:3"
    assert said.endswith("(it is the default at m.yaml:4:11)")


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| 1a2b"])
@pytest.mark.parametrize("above", ["", "links:\n", "links:\n  a:\n    title: T\n"])
def test_an_unresolved_merge_conflict_is_called_so(marker: str, above: str) -> None:
    """Each kind of line that git leaves is named, where it is."""
    lines = above.count("\n") + 2
    place, said, code = problem(f"version: 1\n{above}{marker}\nmore: x\n")

    assert (place, code) == (f"{lines}:1", ProblemCode.MERGE_CONFLICT)
    assert marker in said


def test_a_merge_conflict_within_a_text_is_one_too() -> None:
    """It would be printed on the payment page."""
    text = ENTRY.format('a:\n    title: "T\n<<<<<<< HEAD\n    x\n=======\n    y\n>>>>>>> b\n    "')
    assert problem(text)[2] is ProblemCode.MERGE_CONFLICT
    assert isinstance(amount_of(ENTRY.format('a: {title: "T\n=======\n"}')), int)


def test_a_missing_file_is_looked_for_in_the_whole_path(tmp_path: Path) -> None:
    """A relative path starts at the current directory, which may be another one than meant."""
    with pytest.raises(ManifestError, match=re.escape(f"no such file: {tmp_path}/links.yaml")):
        load("links.yaml")


def test_a_comma_in_an_amount_is_told(tmp_path: Path) -> None:
    """In flow style a comma ends the amount, and the sentence says so."""
    file = tmp_path / "links.yaml"
    file.write_text(
        "version: 1\nlinks: {tea: {title: T, description: d, currency: THB, amount: 2,500}}\n"
    )
    with pytest.raises(ManifestError, match="write an amount without commas, such as 2500"):
        load(file)
