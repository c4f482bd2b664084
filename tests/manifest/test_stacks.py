"""What one can rely on about `stacks:`, which says for which stacks the ids of a manifest are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pulumi_omise_links.cli import run
from pulumi_omise_links.errors import EditError, ManifestError, ProblemCode
from pulumi_omise_links.manifest.edit import ManifestEdits, entries_by_name
from pulumi_omise_links.manifest.entries import entries_for_stack
from pulumi_omise_links.manifest.reading import check, load
from pulumi_omise_links.manifest.text import NewEntry, manifest_of

LINK = "{title: T, description: D, amount: 5000, currency: THB, id: link_test_1}"
MANIFEST = f"version: 1\nstacks: [prod, stage]\nlinks:\n  a: {LINK}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(MANIFEST)


@pytest.mark.parametrize(
    ("stack", "link_id"),
    [
        ("prod", "link_test_1"),
        ("stage", "link_test_1"),
        ("org/shop/prod", "link_test_1"),
        ("pr-17", None),
        ("prod2", None),
        ("prod/shop/dev", None),
    ],
)
def test_ids_are_left_out_in_other_stacks(stack: str, link_id: str | None) -> None:
    """The short name counts, whole; inputs and names are the same everywhere."""
    loaded = load("links.yaml").entries
    (entry,) = entries_for_stack(loaded, stack)
    assert entry.id == link_id
    assert (entry.name, entry.inputs) == (loaded[0].name, loaded[0].inputs)


def test_without_the_key_ids_hold_everywhere() -> None:
    """A manifest of one environment needs no word of it."""
    Path("links.yaml").write_text(MANIFEST.replace("stacks: [prod, stage]\n", ""))
    entries = load("links.yaml").entries
    assert entries_for_stack(entries, "any") == list(entries)


def test_each_of_several_files_has_stacks_of_its_own() -> None:
    """Entries know the stacks of their file."""
    Path("more.yaml").write_text(
        MANIFEST.replace("prod, stage", "dev").replace("  a:", "  b:").replace("_1", "_2")
    )
    entries = load(["links.yaml", "more.yaml"]).entries
    assert [entry.id for entry in entries_for_stack(entries, "dev")] == [None, "link_test_2"]


@pytest.mark.parametrize(
    ("stacks", "code"),
    [
        ("prod", ProblemCode.NOT_A_LIST),
        ("{prod: 1}", ProblemCode.NOT_A_LIST),
        ("", ProblemCode.NOT_A_LIST),
        ("[]", ProblemCode.NO_VALUE),
        ("[prod, prod]", ProblemCode.DUPLICATE_STACK),
        ("[org/shop/prod]", ProblemCode.NOT_A_STACK),
        ("['pr-*']", ProblemCode.NOT_A_STACK),
        ("[1]", ProblemCode.NOT_TEXT),
        ("[{a: 1}]", ProblemCode.NOT_TEXT),
        ("[~]", ProblemCode.NO_VALUE),
    ],
)
def test_what_names_no_stack_is_refused(stacks: str, code: ProblemCode) -> None:
    """Never read as "all stacks": that would adopt production's links."""
    Path("links.yaml").write_text(MANIFEST.replace("[prod, stage]", stacks))
    with pytest.raises(ManifestError) as caught:
        load("links.yaml")
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.problems[0].line == 2


@pytest.mark.parametrize(
    "text",
    [
        f"version: 1\nlinks:\n  a: {LINK}\n",
        f"# head\nversion: 1   # one\n\n# of the links\nlinks:   # all\n  a: {LINK}\n",
        f"links:\n  a: {LINK}\nversion: 1\n",
        f"  version: 1\n  links:\n    a: {LINK}\n",
        f"version: 1\r\nlinks:\r\n  a: {LINK}\r\n",
        f"{{version: 1, links: {{a: {LINK}}}}}\n",
        f'{{\n  "version": 1,\n  "links": {{a: {LINK}}}\n}}\n',
    ],
)
def test_the_key_is_added_and_all_else_stays(text: str) -> None:
    """In every layout, to the byte."""
    Path("links.yaml").write_bytes(text.encode())
    expected = entries_by_name(check("links.yaml")[0])
    assert expected
    edits = ManifestEdits("links.yaml")
    edits.add_stacks(["prod"])
    edits.save(expected, amount_limits=True)

    (checked,) = check("links.yaml")
    assert checked.stacks == ("prod",)
    written = Path("links.yaml").read_bytes().decode()
    added = next(part for part in ("stacks: [prod]\r\n", "stacks: [prod]\n", "stacks: [prod], ")
                 if part in written)  # fmt: skip
    rest = written.replace(added, "", 1)
    assert rest.replace(" ", "") == text.replace(" ", "")


def test_a_manifest_of_other_stacks_is_left_alone() -> None:
    """A link belongs to one stack, so ids of two are not mixed."""
    edits = ManifestEdits("links.yaml")
    edits.add_stacks(["prod"])
    assert edits.text == MANIFEST
    with pytest.raises(EditError, match="its ids are for prod, stage, not for dev"):
        edits.add_stacks(["dev"])


def test_a_new_manifest_says_it_first() -> None:
    """Before the links, where a reader sees it."""
    (entry,) = load("links.yaml").entries
    text = manifest_of([NewEntry("a", "link_test_1", entry.inputs)], stacks=["prod", "1"])
    assert text.startswith('version: 1\nstacks: [prod, "1"]\nlinks:\n  a:\n')
    Path("links.yaml").write_text(text)
    assert load("links.yaml").entries[0].stacks == ("prod", "1")


def test_a_program_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    """`generate` adopts and protects in the named stacks alone, as declare_links does."""
    assert run(["generate", "links.yaml"]) == 0

    program = capsys.readouterr().out
    assert 'owner = pulumi.get_stack() in ["prod", "stage"]\n' in program
    assert '    adopt="link_test_1" if owner else None,\n' in program
    assert "    opts=pulumi.ResourceOptions(protect=owner or None),\n" in program
    assert ast.parse(program)
