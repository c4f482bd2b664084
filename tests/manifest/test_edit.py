"""What one can rely on when manifests are written: what cannot be done is told beforehand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pulumi_omise_links.errors import EditError
from pulumi_omise_links.manifest import edit
from pulumi_omise_links.manifest.edit import (
    ManifestEdits,
    entries_by_name,
    require_writable,
    write_schema_beside,
)
from pulumi_omise_links.manifest.reading import check

MANIFEST = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(MANIFEST)


@pytest.mark.parametrize("name", ["links.yaml", "with space.yaml"])
def test_a_file_that_is_mounted_by_itself_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No new file can take its place; the sentence says what to mount."""
    Path(name).write_text(MANIFEST)
    mounts = tmp_path / "mountinfo"
    point = str(tmp_path / name).replace(" ", "\\040")
    mounts.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda rw\n36 22 8:1 /x {point} rw - ext4 x rw\n")
    monkeypatch.setattr(edit, "MOUNTS", mounts)

    with pytest.raises(EditError, match=f"mounted by itself.*mount the folder {tmp_path} instead"):
        require_writable([name])
    mounts.unlink()
    require_writable([name])


def test_a_file_with_other_hard_links_is_refused() -> None:
    """They would keep the old text without a word."""
    os.link("links.yaml", "same.yaml")
    with pytest.raises(EditError, match="has other hard links"):
        require_writable(["links.yaml"])
    Path("same.yaml").unlink()
    require_writable(["links.yaml"])


def test_standard_input_cannot_be_written() -> None:
    """A command that edits needs a file."""
    with pytest.raises(EditError, match="name a file"):
        require_writable(["-"])


def test_the_schema_is_put_beside_a_manifest_once(tmp_path: Path) -> None:
    """One that is there stays; where none can be written, no manifest names one."""
    schema = tmp_path / "links.schema.json"
    assert write_schema_beside("links.yaml") == "links.schema.json"
    assert json.loads(schema.read_text())["title"] == "Manifest of pulumi-omise-links"
    schema.write_text("{}")
    assert write_schema_beside("links.yaml") == "links.schema.json"
    assert schema.read_text() == "{}"
    assert write_schema_beside("no/such/folder/links.yaml") is None


def test_a_manifest_with_escaped_emoji_is_edited() -> None:
    """As one that `json.dumps` has written is."""
    Path("links.yaml").write_text(MANIFEST.replace("title: T", '"title": "\\ud83c\\udf0a"'))
    expected = entries_by_name(check("links.yaml")[0])
    assert expected
    edits = ManifestEdits("links.yaml")
    edits.add_ids({"a": "link_test_1"})
    edits.save({"a": (expected["a"][0], "link_test_1")}, amount_limits=True)
    assert '{id: link_test_1, "title": "\\ud83c\\udf0a"' in Path("links.yaml").read_text()
