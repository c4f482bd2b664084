"""What one can rely on when manifests are read: what is taken, and every problem with its place."""

from __future__ import annotations

import os
import re
import resource
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_omise_links.errors import ManifestError
from pulumi_omise_links.manifest import source as yaml_source
from pulumi_omise_links.manifest.checking import MOST_PROBLEMS
from pulumi_omise_links.manifest.entries import Manifest
from pulumi_omise_links.manifest.reading import check, load
from pulumi_omise_links.omise.models import LinkInputs
from pulumi_omise_links.safe_text import escape

GOOD = """\
version: 1
defaults: {currency: THB, multiple: true}
links:
  spring-sale:
    title: Spring sale
    description: Two tickets
    amount: 150000
  new-year:
    id: link_test_5x1
    title: New year
    description: |
      Dinner
      for two
    amount: 490000
    currency: jpy
    multiple: false
"""
PARSERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_source, "LOADER", request.param)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def problems(content: str | bytes, **kw: bool) -> list[str]:
    """The lines of the error for one file, without the file's name and the code."""
    with pytest.raises(ManifestError) as caught:
        load(write("m.yaml", content), **kw)
    lines = str(caught.value).splitlines()
    return [re.sub(r" \[[a-z0-9-]+\]$", "", line).removeprefix("m.yaml:") for line in lines]


def link(line: str) -> str:
    """A whole manifest with one link; ``line``, which may replace another, is line 8."""
    whole = {
        "title": "title: Tea",
        "description": "description: Two cups",
        "currency": "currency: THB",
        "amount": "amount: 5000",
    }
    if whole.pop(line.partition(":")[0], None):
        whole["comment"] = "# One line less above."
    return "\n    ".join(["version: 1\nlinks:\n  tea:", *whole.values(), line]) + "\n"


def test_a_good_manifest_becomes_typed_entries(folder: Path) -> None:
    """Entries hold inputs with the defaults applied, ids, and where each value stands."""
    manifest = load(write("m.yaml", GOOD))
    spring, new_year = manifest.entries
    assert manifest.files == ("m.yaml",)
    assert (spring.name, spring.id) == ("spring-sale", None)
    assert spring.inputs == LinkInputs(
        amount=150_000,
        currency="THB",
        title="Spring sale",
        description="Two tickets",
        multiple=True,
    )
    assert str(spring.place) == "m.yaml:4:3"
    assert {name: str(place) for name, place in spring.places.items()} == {
        "currency": "m.yaml:2:22",
        "multiple": "m.yaml:2:37",
        "title": "m.yaml:5:12",
        "description": "m.yaml:6:18",
        "amount": "m.yaml:7:13",
    }
    assert new_year.id == "link_test_5x1"
    assert new_year.inputs == LinkInputs(
        amount=490_000,
        currency="jpy",
        title="New year",
        description="Dinner\nfor two\n",
        multiple=False,
    )
    assert isinstance(new_year.inputs.amount, int)


def test_a_path_object_and_several_files_are_taken(folder: Path) -> None:
    """One path or many, text or Path; a file that is given twice counts once."""
    one = Path(write("one.yaml", link("amount: 5000")))
    two = write("two.yaml", link("amount: 6000").replace("tea:", "coffee:"))
    assert [entry.name for entry in load(one).entries] == ["tea"]
    assert [entry.name for entry in load([one, two, one]).entries] == ["tea", "coffee"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        # Text that YAML takes for something else.
        ("title: 2024-01-01", '8:12: links.tea.title: must be text, and YAML can read 2024-01-01'
                              ' as a date: write "2024-01-01", in quotes'),
        ("title: 2024-01-01T10:00:00Z", "8:12: links.tea.title: must be text, and YAML can read"
                                        " 2024-01-01T10:00:00Z as a date: …"),
        ("title: no", "8:12: links.tea.title: must be text, and YAML can read no as true or…"),
        ("title: On", "8:12: links.tea.title: must be text, and YAML can read On as true or…"),
        ("title: true", "8:12: links.tea.title: must be text, and YAML can read true as true or…"),
        ("title: 2024", "8:12: links.tea.title: must be text, and YAML can read 2024 as a number…"),
        ("title: 1:30", "8:12: links.tea.title: must be text, and YAML can read 1:30 as a number in"
                        " base 60: …"),
        ("title: 0123", "8:12: links.tea.title: must be text, and YAML can read 0123 as an octal…"),
        ("title: 1e3", "8:12: links.tea.title: must be text, and YAML can read 1e3 as a number…"),
        ("title: 1_000", "8:12: links.tea.title: must be text, and YAML can read 1_000 as a…"),
        ("title: .inf", "8:12: links.tea.title: must be text, and YAML can read .inf as a number…"),
        ("title:", "8:5: links.tea.title: has no value: give it one, or leave the line out"),
        ("title: ~", "8:5: links.tea.title: has no value…"),
        ("title: [a]", "8:12: links.tea.title: must be text, not a list"),
        ("title: {a: b}", "8:12: links.tea.title: must be text, not a mapping"),
        ("title: ' '", "8:12: links.tea.title: must not be blank"),
        ('title: "a\\0b"', "8:12: links.tea.title: must not hold control characters…"),
        ('title: "\\e[31mred"', "8:12: links.tea.title: must not hold control characters…"),
        ("currency: no", "8:15: links.tea.currency: must be text, and YAML can read no as true…"),
        ("currency: THX", "8:15: links.tea.currency: is not one that Omise documents (did you mean"
                          " 'THB'?)"),
        # Numbers.
        ("amount: 0123", "8:13: links.tea.amount: must be a whole number without zeros in front:"
                         " YAML 1.1 reads it as octal"),
        ("amount: 1_000", "8:13: links.tea.amount: must be a whole number without separators…"),
        ("amount: 1,000", "8:13: links.tea.amount: must be a whole number without separators…"),
        ("amount: 1.000.000", "8:13: links.tea.amount: must be a whole number without separators…"),
        ("amount: 1:30", "8:13: links.tea.amount: must be a whole number: with a colon, YAML 1.1"
                         " reads it in base 60"),
        ("amount: 1e3", "8:13: links.tea.amount: must be a whole number: it counts the…"),
        ("amount: +5000", "8:13: links.tea.amount: must be a whole number: write digits alone,…"),
        ("amount: 0x1F4", "8:13: links.tea.amount: must be a whole number in decimal digits"),
        ("amount: .nan", "8:13: links.tea.amount: must be a whole number"),
        ("amount: 2024-01-01", "8:13: links.tea.amount: must be a whole number, not a date"),
        ("amount: yes", "8:13: links.tea.amount: must be a whole number, not true or false"),
        ("amount: true", "8:13: links.tea.amount: must be a whole number, not true or false"),
        ("amount: '5000'", "8:13: links.tea.amount: must be a whole number: take the quotes away"),
        ("amount: THB 50", "8:13: links.tea.amount: must be a whole number, not text"),
        ("amount: 50.25", "8:13: links.tea.amount: must be a whole number: it counts the…"),
        ("amount: -5000", "8:13: links.tea.amount: must be greater than zero"),
        ("amount: 100", "8:13: links.tea.amount: is less than 2000, the least charge in THB…"),
        ("amount: " + "9" * 5000, "8:13: links.tea.amount: is too large…"),
        ("amount:", "8:5: links.tea.amount: has no value…"),
        # True or false.
        ("multiple: no", "8:15: links.tea.multiple: must be true or false: not every YAML reads no"
                         " as false"),
        ("multiple: Yes", "8:15: links.tea.multiple: must be true or false: not every YAML reads"
                          " Yes as true"),
        ("multiple: 'true'", "8:15: links.tea.multiple: must be true or false: take the quotes…"),
        ("multiple: 1", "8:15: links.tea.multiple: must be true or false, not a number"),
        # Keys.
        ("titel: x", "8:5: links.tea.titel: is not an input of a link (did you mean 'title'?)"),
        ("adopt: link_1", "8:5: links.tea.adopt: is called id in a manifest"),
        ("payment_uri: x", "8:5: links.tea.payment_uri: is set by Omise and cannot be an input"),
        ("1: x", '8:5: links.tea.1: must be text, and YAML can read 1 as a number: write "1"…'),
        ("null: x", "8:5: links.tea.null: must be text, and YAML can read null as nothing…"),
        ("[a]: x", "8:5: links.tea: has a key that is not text"),
        ("<<: {title: x}", "8:5: links.tea.<<: cannot be in a manifest: put what links share under"
                           " defaults"),
        # Ids.
        ("id: spring", "8:9: links.tea.id: must be the id of a link, such as link_test_5x… or…"),
        ("id: 5", "8:9: links.tea.id: must be text, and YAML can read 5 as a number…"),
        ("id: LINK_5X", "8:9: links.tea.id: must be the id of a link…"),
        # YAML that a manifest has no use for.
        ("title: &a Tea", "8:12: &a is an anchor, which a manifest cannot have: put what links…"),
        ("title: *a", "8:12: *a is an alias, which a manifest cannot have: put what links share…"),
        ("title: !!str 5", "8:12: tag:yaml.org,2002:str is a tag, which a manifest cannot have…"),
        ("title: !!python/object/apply:os.system [ls]",
         "8:12: tag:yaml.org,2002:python/object/apply:os.system is a tag…"),
        ("title: !x Tea", "8:12: !x is a tag, which a manifest cannot have…"),
        ("title: Sale: half price", "8:16: a colon stands where none can: text with a colon…"),
        ("title: @home", "8:12: text that starts with @ needs quotes"),
        ("title: 'Tea", "8:12: this quote is not closed"),
        ("title: [Tea", "8:12: this [ is not closed, or a comma is missing in it"),
        ('title: "C:\\qux"', '8:*: is no escape that YAML knows; within " a backslash is written…'),
        ("title: Tea\n\tmultiple: true", "9:1: a tab cannot indent: use spaces"),
        ("title: Tea\n   multiple: true", "9:4: is not a key of the mapping above: check the…"),
        ("title: [[[[[[[[[[[[x]]]]]]]]]]]]", "8:19: is nested more than 10 levels deep"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("_parser", "folder")
def test_every_trap_has_its_sentence_and_its_place(line: str, problem: str) -> None:
    """A trap of YAML or a wrong input is named where it stands; an ellipsis stands for the rest."""
    matching = [told for told in problems(link(line)) if _fits(told, problem)]
    assert matching, problems(link(line))


def _fits(line: str, wanted: str) -> bool:
    if ":*:" in wanted:  # the two parsers point at different characters of an escape
        number, rest = wanted.split(":*:")
        return line.startswith(f"{number}:") and line.split(": ", 1)[1].startswith(rest[1:-1])
    return line.startswith(wanted[:-1]) if wanted.endswith("…") else line == wanted


@pytest.mark.parametrize("line", ["amount: 5000 # satang", "amount: 5000 #satang",
                                  "currency: thb", "title: '2024-01-01'", 'title: "no"',
                                  "title: ชาเย็น 🍵", "multiple: True", "multiple: FALSE",
                                  "title: |\n      1:30", "title: 1.2.3", "title: Tea for 2",
                                  'title: "\\U0001F375"'])  # fmt: skip
@pytest.mark.usefixtures("_parser", "folder")
def test_what_is_clear_is_taken(line: str) -> None:
    """Quotes and blocks make text; a comment beside a number is one."""
    assert len(load(write("m.yaml", link(line))).entries) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "1:1: the file is empty: start with `version: 1` and `links:`"),
        ("# nothing\n", "1:1: the file is empty…"),
        ("---\n", "2:1: must be a mapping: start with `version: 1` and `links:`, not nothing"),
        ("- a\n", "1:1: must be a mapping: start with `version: 1` and `links:`, not a list"),
        ("hello", "1:1: must be a mapping: start with `version: 1` and `links:`, not text"),
        ("links: {}\n", "1:1: version: is missing: put `version: 1` at the top"),
        ("links: {}\n", "1:8: links: is empty: put each link under it, by its name"),
        ("version: 1\n", "1:1: links: is missing: put each link under it, by its name"),
        ("version: 1\nlinks:\n", "2:1: links: must be a mapping of names to links, not nothing"),
        ("version: 1\nlinks: [a]\n", "2:8: links: must be a mapping of names to links, not a list"),
        ("version: 2\n", "1:10: version: is 2, and this omise-links knows version 1 alone…"),
        ("version: '1'\n", "1:10: version: must be the number 1, without quotes or a…"),
        ("version: one\n", "1:10: version: must be the number 1, without quotes or a point, not…"),
        ("version: 1\nlink: {}\n", "2:1: link: is not a key of a manifest (did you mean 'links'?)"),
        ("version: 1\nx: {}\n", "2:1: x: is not a key of a manifest; its keys are version,…"),
        ("version: 1\ndefaults: []\n", "2:11: defaults: must be a mapping of inputs, or be left…"),
        ("version: 1\nlinks:\n  tea:\n", "3:3: links.tea: must be a mapping of title,…"),
        ("version: 1\nlinks: {tea: 5}\n", "2:14: links.tea: must be a mapping of title,…"),
        ("version: 1\nversion: 1\n", "2:1: version: is there twice, first at m.yaml:1:1"),
        (GOOD + "---\n" + GOOD, "17:1: starts a second document: put it in a file of its own"),
        (GOOD.encode("utf-16"), "1:1: the file is UTF-16: save it as UTF-8"),
        (GOOD.encode("utf-32"), "1:1: the file is UTF-16: save it as UTF-8"),
        (GOOD.encode("utf-16-le"), "1:2: here is a character U+0000, which YAML does not allow: is"
                                   " the file UTF-16? Save it as UTF-8"),
        (link("title: Café").encode("latin-1"), "8:15: the file is not UTF-8: here is a byte 0xe9;"
                                                " save it as UTF-8"),
        (link("title: ชา").encode() + b"\xff", "9:1: the file is not UTF-8: here is a byte 0xff…"),
        (link("title: a\x07b"), "8:13: here is a character U+0007, which YAML does not allow: take"
                                " it out"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("_parser", "folder")
def test_a_wrong_file_is_explained(content: str | bytes, problem: str) -> None:
    """Whatever a file is instead of a manifest is said in one sentence, with what to do."""
    assert any(_fits(told, problem) for told in problems(content)), problems(content)


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_places_are_those_of_an_editor(folder: Path, breaks: str, start: str) -> None:
    """Any line break, a byte order mark and unusual characters leave lines and columns right."""
    more = '  two: {title: "ชา 🍵\u2028x", description: D, currency: THB, amount: x}\n'
    content = start + (link("amount: 5000\n    amount: 6000") + more).replace("\n", breaks)
    assert problems(content) == [
        "9:5: links.tea.amount: is there twice, first at m.yaml:8:5",
        "10:65: links.two.amount: must be a whole number, not text",
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("' '", '3:3: links." ": must not be blank: a link needs a name'),
        ("a::b", '3:3: links."a::b": must not hold :: or start with a colon…'),
        ('":a"', '3:3: links.":a": must not hold :: or start with a colon…'),
        ("' a'", '3:3: links." a": must not start or end with a space…'),
        ('"a\\tb"', '3:3: links.a\\tb: must not hold control, direction or invisible characters…'),
        ('"a\\u202eb"', "3:3: links.a\\u202eb: must not hold control, direction…"),
        ("x" * 201, "3:3: links." + "x" * 199 + "…: is too long a name: 201 characters, at most…"),
        ("2024", '3:3: links.2024: must be text, and YAML can read 2024 as a number: write…'),
        ("no", '3:3: links.no: must be text, and YAML can read no as true or false: write "no"…'),
    ],
)  # fmt: skip
def test_a_name_must_suit_pulumi(folder: Path, name: str, problem: str) -> None:
    """What Pulumi could not show or take apart again is no name."""
    found = problems(link("multiple: true").replace("tea:", f"{name}:"))
    assert any(_fits(told, problem) for told in found), found


@pytest.mark.parametrize("name", ["tea", "ชาเย็น", "spring sale", "a.b", "a:b", '"no"', "x" * 200])
def test_a_usable_name_is_kept(folder: Path, name: str) -> None:
    """Spaces, dots, single colons and any script are fine."""
    manifest = load(write("m.yaml", link("multiple: true").replace("tea:", f"{name}:")))
    assert [entry.name for entry in manifest.entries] == [name.strip('"')]


def test_problems_of_all_files_come_at_once_in_order(folder: Path) -> None:
    """One run shows everything: each file in turn, each from top to bottom."""
    write("a.yaml", "version: 1\nlinks:\n  tea: {amount: x, title: 5}\n")
    write("b.yaml", "links: {a: [1\n")
    with pytest.raises(ManifestError) as caught:
        load(["a.yaml", "none.yaml", "b.yaml"])
    lines = str(caught.value).splitlines()
    assert lines == [
        "a.yaml:3:3: links.tea.description: is missing. What the payment page says below the"
        " title. [missing-key]",
        "a.yaml:3:3: links.tea.currency: is missing. Three-letter ISO 4217 code, in either case:"
        " THB, JPY, SGD, MYR, … [missing-key]",
        "a.yaml:3:17: links.tea.amount: must be a whole number, not text [not-a-whole-number]",
        "a.yaml:3:27: links.tea.title: must be text, and YAML can read 5 as a number: write"
        ' "5", in quotes [not-text]',
        f"none.yaml: there is no such file: {folder}/none.yaml [no-such-file]",
        "b.yaml:1:12: this [ is not closed, or a comma is missing in it [invalid-yaml]",
    ]
    assert [problem.path for problem in caught.value.problems][2:4] == [
        "links.tea.amount",
        "links.tea.title",
    ]
    assert caught.value.exit_code == 2


def test_a_wrong_default_is_reported_once_and_where_it_stands(folder: Path) -> None:
    """Links that inherit a wrong default are not wrong themselves."""
    content = GOOD.replace("{currency: THB,", "{currency: XYZ, id: link_1, titel: x, amount: 0x1,")
    assert [problem.split(": ")[:2] for problem in problems(content)] == [
        ["2:22", "defaults.currency"],
        ["2:27", "defaults.id"],
        ["2:39", "defaults.titel"],
        ["2:57", "defaults.amount"],
    ]


def test_a_default_that_does_not_fit_a_link_is_named_at_both(folder: Path) -> None:
    """The same default amount can be right for one link and too small for another."""
    content = (
        "version: 1\ndefaults: {amount: 500, title: T, description: D}\nlinks:\n"
        "  yen: {currency: JPY}\n  baht: {currency: THB}\n"
    )
    (problem,) = problems(content)
    assert problem.startswith("5:3: links.baht.amount: is less than 2000, the least")
    assert problem.endswith("(it is the default at m.yaml:2:20)")


def test_limits_can_be_left_out(folder: Path) -> None:
    """Accounts with limits of their own are not bound by the documented ones."""
    content = link("amount: 100")
    assert load(write("m.yaml", content), amount_limits=False).entries[0].inputs.amount == 100
    assert len(problems(content)) == 1


def test_a_name_or_an_id_can_stand_once_only(folder: Path) -> None:
    """Twins are reported with both places, in one file and across files."""
    twins = GOOD.replace("amount: 150000", "amount: 150000\n    id: link_test_5x1")
    assert problems(twins) == [
        "10:9: links.new-year.id: is link_test_5x1, which links.spring-sale at m.yaml:8:9 has"
        " already"
    ]
    write("other.yaml", GOOD)
    write("m.yaml", GOOD)
    with pytest.raises(ManifestError) as caught:
        load(["m.yaml", "other.yaml"])
    assert str(caught.value).splitlines() == [
        "other.yaml:4:3: links.spring-sale: is there twice, first at m.yaml:4:3 [duplicate-name]",
        "other.yaml:8:3: links.new-year: is there twice, first at m.yaml:8:3 [duplicate-name]",
        "other.yaml:9:9: links.new-year.id: is link_test_5x1, which links.new-year at m.yaml:9:9"
        " has already [duplicate-id]",
    ]


def test_what_is_no_file_is_one_sentence(folder: Path) -> None:
    """Missing, a directory, unreadable: no place, no traceback."""
    Path("directory").mkdir()
    Path(write("locked.yaml", GOOD)).chmod(0)
    paths = ["none.yaml", "directory", *(["locked.yaml"] if os.geteuid() else []), "a\0b"]
    with pytest.raises(ManifestError) as caught:
        load(paths)
    assert [str(problem) for problem in caught.value.problems] == [
        f"none.yaml: there is no such file: {folder}/none.yaml [no-such-file]",
        "directory: is a directory: name the files in it [unreadable-file]",
        *(["locked.yaml: may not be read by this user [unreadable-file]"] if os.geteuid() else []),
        "a\\x00b: is not the name of a file [unreadable-file]",
    ]


def test_foreign_text_cannot_reach_a_terminal(folder: Path) -> None:
    """Escape sequences and direction marks from a file or its name are spelt out."""
    hostile = '"\\e[31m\\u202e\\u200b"'
    name = write(
        "\x1b[2J.yaml", f"version: 1\n{hostile}: 1\nlinks: {{{hostile}: {{{hostile}: 1}}}}"
    )
    with pytest.raises(ManifestError) as caught:
        load(name)
    assert str(caught.value).replace("\n", "").isprintable()
    assert "\\x1b[31m\\u202e\\u200b" in str(caught.value)


def test_a_huge_file_is_refused_without_being_read(folder: Path) -> None:
    """100 MB cost neither time nor memory; a device that never ends neither."""
    with Path("m.yaml").open("wb") as stream:
        stream.truncate(100_000_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    problem = "is larger than 5,000,000 bytes: is it a manifest? Split it if it is"
    for path in ("m.yaml", "/dev/zero"):
        with pytest.raises(ManifestError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: {problem} [file-too-large]"
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    "content",
    [
        "a: &a [x]\n" + "".join(f"b{i}: &a [*a,*a,*a,*a,*a,*a,*a,*a]\n" for i in range(50)),
        "[" * 200_000,
        "- " * 200_000,
        "{a: " * 100_000,
        "? " * 100_000,
        "version: 1\nlinks: {a: {amount: " + "9" * 200_000 + "}}",
        "version: 1\nlinks: {a: {amount: 1" + "_" * 200_000 + "x}}",
        "version: 1\nlinks: {a: {title: 1" + ":1" * 100_000 + "x}}",
        "version: 1\n'" + "x" * 200_000 + "': 1",
    ],
    ids=["bomb", "lists", "dashes", "mappings", "keys", "digits", "separators", "base 60", "key"],
)
def test_a_hostile_file_is_refused_quickly(folder: Path, content: str) -> None:
    """Bombs, depth and length cost no more than their bytes."""
    start = time.process_time()
    assert problems(content)
    assert time.process_time() - start < 2


def test_a_file_of_garbage_does_not_fill_the_terminal(folder: Path) -> None:
    """After a thousand problems the rest of a file is left alone, and that is said."""
    found = problems("version: 1\nlinks:\n" + "".join(f"  a{i}: 5\n" for i in range(3000)))
    assert found[0] == f" has more problems; these are the first {MOST_PROBLEMS:,}"
    assert len(found) == MOST_PROBLEMS + 1


PIECES = st.sampled_from(
    ["version: 1\n", "links:\n", "  tea:\n", "    title: x\n", "    amount: 5000\n", "defaults: ",
     "{", "}", "[", "]", "- ", "? ", ": ", "&a ", "*a", "!!str ", "!x ", "<<: ", "|\n", ">-\n", '"',
     "'", "\t", "\n", "\r", "---\n", "...\n", "%YAML 1.1\n", "#", "\\U00110000", "\\ud800", "\x85",
     "\u2028", "\ufeff", "\0", "ชา", "no", "1_0", "0x", "1:1", "1e3", "2024-01-01", "id: link_1\n"]
)  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS)
@given(content=st.binary() | st.text().map(_utf8 := lambda text: text.encode(errors="ignore"))
       | st.lists(PIECES, max_size=30).map("".join).map(_utf8))  # fmt: skip
@example(content=b'a: "\\U00110000"')
@example(content=b'a: "\\ud800"')
def test_any_bytes_are_a_manifest_or_have_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: type, content: bytes
) -> None:
    """Nothing else ever happens, and every problem has a place and a safe text."""
    monkeypatch.setattr(yaml_source, "LOADER", parser)
    file = tmp_path / "m.yaml"
    file.write_bytes(content)
    try:
        result: Manifest | ManifestError = load(file)
    except ManifestError as error:
        result = error
    if isinstance(result, ManifestError):
        assert result.problems
        for problem in result.problems:
            assert min(problem.line, problem.column) >= 1
            assert escape(str(problem), longest=10_000) == str(problem)


@given(st.text(), st.integers(2, 100))
def test_shown_text_is_one_harmless_line(text: str, longest: int) -> None:
    """Whatever the text was: no line break, no control, no direction mark; it can be encoded."""
    shown = escape(text, longest=longest)
    assert shown.replace("\u200c", "").replace("\u200d", "").isprintable()
    assert shown.encode().decode() == shown
    assert escape(shown, longest=10_000) == shown


def test_a_checked_file_counts_its_links(folder: Path) -> None:
    """``check`` tells of each file what it holds, without raising."""
    write("m.yaml", GOOD + "  third: {}\n")
    (checked,) = check("m.yaml")
    assert (checked.links, len(checked.entries), len(checked.problems)) == (3, 2, 3)
