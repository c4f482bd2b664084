"""QR codes as files for designers: their names, and what happens to files that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from odd_texts import ODD_TEXTS
from sample_report import CONCERT, DELETED, PREVIEW, STATES, THAI, USED, make_link

from pulumi_omise_links.errors import ReportError
from pulumi_omise_links.reporting.qr import write_codes

BY_HAND = "<svg>drawn by hand</svg>"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_each_link_that_can_be_paid_has_a_file(tmp_path: Path) -> None:
    """It has the link's name. Used, deleted and planned links have none, nor addresses that die."""
    folder = tmp_path / "new" / "codes"
    written = write_codes(STATES.links, folder)

    assert written == sorted(folder.iterdir())
    assert names(folder) == [
        "a-table-in-the-corner-with-a-view-of-the-river-and-of-the-stage.svg",
        *("gala.svg", "sakura.svg", "songkran.svg", "spring-concert.svg"),
    ]
    write_codes(PREVIEW.links, tmp_path / "preview")
    assert {*names(folder)} - {*names(tmp_path / "preview")} == {"gala.svg", "spring-concert.svg"}


def test_a_link_that_was_paid_or_deleted_loses_its_file(tmp_path: Path) -> None:
    """So nobody prints it any more. A file that the command did not make stays."""
    before = [replace(link, status=CONCERT.status) for link in (USED, DELETED)]
    write_codes([*before, CONCERT], tmp_path)
    (tmp_path / "notes.txt").write_text("keep")
    write_codes([USED, DELETED, CONCERT], tmp_path)
    assert names(tmp_path) == ["notes.txt", "spring-concert.svg"]

    (tmp_path / "table-7.svg").write_text(BY_HAND)
    write_codes([USED, CONCERT], tmp_path)
    assert (tmp_path / "table-7.svg").read_text() == BY_HAND


def test_a_link_that_is_not_in_the_report_keeps_its_file(tmp_path: Path) -> None:
    """Reports of two stacks can share a folder."""
    write_codes([CONCERT], tmp_path)
    write_codes([THAI], tmp_path)

    assert names(tmp_path) == ["songkran.svg", "spring-concert.svg"]


def test_a_file_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    """Nothing is written at all then, and the sentence names the file."""
    (tmp_path / "spring-concert.svg").write_text(BY_HAND)
    with pytest.raises(ReportError, match=r"spring-concert\.svg exists, and"):
        write_codes([THAI, CONCERT], tmp_path)

    assert names(tmp_path) == ["spring-concert.svg"]
    assert (tmp_path / "spring-concert.svg").read_text() == BY_HAND


def test_a_changed_address_replaces_the_file(tmp_path: Path) -> None:
    """After a replacement, the file of a link has the new address."""
    (file,) = write_codes([CONCERT], tmp_path)
    before = file.read_text()
    write_codes([replace(CONCERT, address="https://link.omise.co/NEW")], tmp_path)

    assert "<desc>https://link.omise.co/NEW</desc>" in file.read_text()
    assert file.read_text() != before


def test_links_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    """The stack follows a name that two stacks have, then the end of the id."""
    links = [
        make_link("Table", "a", "a", source="shop/prod"),
        make_link("table", "b", "b", source="shop/test"),
        make_link("gala", "c", "c"),
        make_link("a/b", "d", "d", id="link_test_5x1"),
        make_link("a b", "e", "e", id="link_test_5x2"),
    ]
    write_codes(links, tmp_path)

    assert names(tmp_path) == [
        "Table@shop-prod.svg",
        "a-b@shop-prod@st_5x1.svg",
        "a-b@shop-prod@st_5x2.svg",
        "gala.svg",
        "table@shop-test.svg",
    ]


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "..", "a\0b", "con\\x", "x" * 300, "ตั๋ว" * 90, *ODD_TEXTS]
)
def test_no_name_leaves_the_folder(tmp_path: Path, name: str) -> None:
    """Whatever a link is called, its file can be made, and is in the folder."""
    (written,) = write_codes([make_link(name, "t", "d", source=name)], tmp_path / "codes")

    assert written.parent == tmp_path / "codes"
    assert written.suffix == ".svg"
    assert names(tmp_path) == ["codes"]
    assert names(tmp_path / "codes") == [written.name]
