"""What one can rely on about the file of ``omise-links discover``: it reads back, and is kept."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from odd_texts import INPUTS, ODD_TEXTS

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import EditError
from pulumi_omise_links.manifest import source as manifest_source
from pulumi_omise_links.manifest.edit import ManifestEdits, entries_by_name
from pulumi_omise_links.manifest.names import Namer
from pulumi_omise_links.manifest.reading import check, load
from pulumi_omise_links.manifest.text import NewEntry, flow_entry, manifest_of
from pulumi_omise_links.omise.models import LinkInputs


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, omise: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    monkeypatch.setenv("OMISE_SECRET_KEY", omise.key("th"))


@given(st.lists(INPUTS, min_size=1, max_size=5))
def test_what_is_written_reads_as_it_was(tmp_path: Path, found: list[LinkInputs]) -> None:
    """Whatever a title holds: exactly the link's inputs, in lines and between braces."""
    namer = Namer()
    entries = [
        NewEntry(namer.name(inputs.title, f"link_test_{n}"), f"link_test_{n}", inputs)
        for n, inputs in enumerate(found)
    ]
    braces = ", ".join(map(flow_entry, entries))
    for text in (manifest_of(entries), f"{{version: 1, links: {{{braces}}}}}"):
        file = tmp_path / "m.yaml"
        file.write_bytes(text.encode())

        manifest = load(file)

        assert [NewEntry(e.name, e.id or "", e.inputs) for e in manifest.entries] == entries
        assert all(character.isprintable() or character in "\n\u200c\u200d" for character in text)


def test_links_of_an_account_survive_the_way(omise: Emulator) -> None:
    """The same through Omise and the file."""
    for text in ODD_TEXTS:
        omise.seed(title=text, description=text)
    alive = omise.links()

    assert run(["discover", "-o", "links.yaml"]) == 0

    assert {(e.id, e.inputs.title, e.inputs.description) for e in load("links.yaml").entries} == {
        (link["id"], link["title"], link["description"]) for link in alive
    }


FIRST = """\
# Our links; ask Ann.
version: 1
defaults: { currency: thb,   multiple: true }   # most are

links:
    poster:        # on the wall since May
        # not the name of its title
        id: "%s"
        title:   'Link 1'
        description: "A seeded link"
        amount:  100000
        multiple: false
        # amount: 90000 until June

    # cake:
    #     title: not yet

# The end.
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_second_run_adds_only_what_is_new(omise: Emulator, end: str, mark: bytes) -> None:
    """Every byte of the file stays: comments, order, layout, names, line ends."""
    (first,) = omise.seed(title="Link 1")
    before = mark + (FIRST % first).replace("\n", end).encode()
    Path("links.yaml").write_bytes(before)
    assert run(["discover", "-o", "links.yaml"]) == 0
    assert Path("links.yaml").read_bytes() == before
    (second,) = omise.seed(title="Link 1", multiple=True)
    (third,) = omise.seed(title="Tea")

    assert run(["discover", "-o", "links.yaml"]) == 0

    added = f"""
    link-1-{second[-6:]}:
        id: {second}
        title: Link 1
        description: A seeded link
        amount: 100000  # THB 1,000.00
        currency: THB
        multiple: true

    tea:
        id: {third}
        title: Tea
        description: A seeded link
        amount: 100000  # THB 1,000.00
        currency: THB
        multiple: false
"""
    start, note = before.split(f"{end}# The end.".encode())
    assert Path("links.yaml").read_bytes() == (
        start + added.replace("\n", end).encode() + f"{end}# The end.".encode() + note
    )
    assert run(["validate", "links.yaml"]) == 0


ENTRY = "title: Old, description: D, amount: 5000, currency: THB"
LINES = "title: Old\n    description: D\n    amount: 5000\n    currency: THB"


@pytest.mark.parametrize(
    "text",
    [
        f"version: 1\nlinks:\n  old:\n    {LINES}\n",
        f"version: 1\nlinks:\n  old:\n    {LINES}",
        f"version: 1\nlinks:\n  old: {{{ENTRY}}}\n",
        f"version: 1\nlinks: {{old: {{{ENTRY}}}}}\n",
        f"version: 1\nlinks: {{\n  old: {{{ENTRY}}},\n}}\n",
        f"{{version: 1, links: {{old: {{{ENTRY}}}}}}}",
        f"links:\n  old:\n    {LINES}\nversion: 1\n",
        f"links:\n  old:\n    {LINES}\n\n\n# below\nversion: 1\n",
        f"links:\n  old:\n    {LINES}\n    # its own\n# of the version\nversion: 1\n",
        "version: 1\nlinks:\n  old:\n    title: Old\n    amount: 5000\n    currency: THB\n"
        "    description: |\n      a\n      b\n\n",
        "version: 1\nlinks:\n  old:\n    title: Old\n    amount: 5000\n    currency: THB\n"
        "    description: |+\n      a\n\n\n# below\n",
        "version: 1\nlinks:\n  old:\n    title: Old\n    amount: 5000\n    currency: THB\n"
        "    description: >-\n      a\n      b",
        "version: 1\nlinks:\n  old:\n    title: Old\n    amount: 5000\n    currency: THB\n"
        "    description: a\n      b\n      c # end\n",
        f"defaults: {{{ENTRY}}}\nversion: 1\nlinks:\n  old: {{}}\n",
        f"---\nversion: 1\nlinks:\n  old:\n    {LINES}\n...\n",
        f"  version: 1\n  links:\n   old:\n    {LINES}\n  # the end\n",
        f"version: 1\nlinks:\n  ? old\n  : {LINES}\n",
        f"version: 1\nlinks:\n  a: {{{ENTRY}}}\n  'b': {{{ENTRY}}}\n",
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", None)])
def test_any_layout_is_added_to(
    omise: Emulator, text: str, loader: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks, braces, long texts, other keys below: what was there stays, in its order."""
    monkeypatch.setattr(manifest_source, "LOADER", loader or yaml.SafeLoader)
    Path("links.yaml").write_bytes(text.encode())
    before = load("links.yaml").entries
    new = omise.seed(2, title="New {n}", multiple=True)

    assert run(["discover", "-o", "links.yaml"]) == 0

    after = load("links.yaml").entries
    assert [(e.name, e.inputs, e.id) for e in after[: len(before)]] == [
        (e.name, e.inputs, e.id) for e in before
    ]
    assert [(e.name, e.id) for e in after[len(before) :]] == [("new-1", new[0]), ("new-2", new[1])]
    characters = iter(Path("links.yaml").read_bytes())
    assert all(character in characters for character in text.encode())


def test_the_file_keeps_its_mode_and_place(omise: Emulator) -> None:
    """Also behind a symbolic link; and no other file is left behind."""
    omise.seed()
    Path("real.yaml").write_text(f"version: 1\nlinks:\n  old: {{{ENTRY}}}\n")
    Path("real.yaml").chmod(0o640)
    Path("links.yaml").symlink_to("real.yaml")

    assert run(["discover", "-o", "links.yaml"]) == 0

    assert Path("links.yaml").is_symlink()
    assert stat.S_IMODE(Path("real.yaml").stat().st_mode) == 0o640
    assert sorted(map(str, Path().iterdir())) == ["links.yaml", "real.yaml"]


def test_what_somebody_else_has_written_meanwhile_stays() -> None:
    """The file is compared once more before it is replaced."""
    file = Path("links.yaml")
    file.write_text(f"version: 1\nlinks:\n  old: {{{ENTRY}}}\n")
    edits = ManifestEdits("links.yaml")
    edits.add_ids({"old": "link_test_1"})
    ((inputs, _),) = (entries_by_name(check("links.yaml")[0]) or {}).values()
    file.write_text(f"version: 1\nlinks:\n  other: {{{ENTRY}}}\n")

    with pytest.raises(EditError, match="was changed by somebody else meanwhile"):
        edits.save({"old": (inputs, "link_test_1")}, amount_limits=True)

    assert "other" in file.read_text()
    assert list(Path().iterdir()) == [file]


def test_the_file_for_pulumi_import_names_links_as_a_manifest_does(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Type, name and id of each link, and nothing else; what a manifest could not hold is left out
    and named."""
    for text in ODD_TEXTS:
        omise.seed(title=text, description=text)
    omise.seed(title="Spring sale", description=" ")
    assert run(["discover", "-o", "links.yaml"]) == 0

    assert run(["discover", "--pulumi-import", "import.json"]) == 0

    file = json.loads(Path("import.json").read_text(encoding="utf-8"))
    assert file == {
        "resources": [
            {"type": "omise:index:Link", "name": entry.name, "id": entry.id}
            for entry in load("links.yaml").entries
        ]
    }
    said = capsys.readouterr()
    assert "`pulumi import --file import.json`" in said.out + said.err
    assert "its description must not be blank" in said.out + said.err


def test_a_file_for_pulumi_import_is_replaced_only_on_request(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names in it may have been changed by hand. Without --overwrite, Omise is not even asked;
    without a new link, no file comes to be."""
    assert run(["discover", "--pulumi-import", "none.json"]) == 0
    assert not Path("none.json").exists()
    omise.seed()
    omise.journal.clear()
    file = Path("import.json")
    file.write_text("mine")

    assert run(["discover", "--pulumi-import", "import.json"]) == 1

    assert file.read_text() == "mine"
    assert len(omise.journal) == 0
    assert "import.json is there already" in capsys.readouterr().err
    assert run(["discover", "--pulumi-import", "import.json", "--overwrite"]) == 0
    assert "omise:index:Link" in file.read_text()
