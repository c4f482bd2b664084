"""`omise-links report --html` and `--qr`: pages and QR codes of a preview."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from previews import PreviewFile

from pulumi_omise_links.cli import run

PREVIEW = ["report", "--preview-file", "preview.json", "--timezone", "Asia/Bangkok"]


@pytest.fixture
def campaign(preview: PreviewFile, keyed: None) -> PreviewFile:
    """A preview with an address that dies, one that was paid, and links that stay."""
    preview.replace(preview.link("spring", paid=3), {}, {"title": "New"})
    preview.same(preview.link("gala", title="Gala <b>&</b>"))
    preview.same(preview.link("table", paid=1, multiple=False))
    preview.create("summer")
    preview.write()
    return preview


@pytest.mark.usefixtures("campaign")
def test_a_preview_becomes_a_page(
    capsys: pytest.CaptureFixture[str], matches: Callable[[str, str], None]
) -> None:
    """All that stands in it, but for the style and the modules of the codes."""
    assert run([*PREVIEW, "--html", "page.html", "--title", "Spring 2027"]) == 0

    page = Path("page.html").read_text(encoding="utf-8")
    page = re.sub("<style>.*</style>|sha256-[^ ]*|<svg.*</svg>", "…", page, flags=re.DOTALL)
    page = re.sub('<time datetime="[^"]+">[^<]* \\(', '<time datetime="…">… (', page)
    matches("page.html", page.replace("/<wbr>", "/"))
    assert "1 address dies" in capsys.readouterr().out


@pytest.mark.usefixtures("campaign")
def test_codes_are_written_for_links_that_can_be_paid(capsys: pytest.CaptureFixture[str]) -> None:
    """Not for an address that dies, nor for a spent one; and it says how many there are."""
    assert run([*PREVIEW, "--qr", "codes"]) == 0

    assert [file.name for file in Path("codes").iterdir()] == ["gala.svg"]
    assert "1 QR code written to codes." in capsys.readouterr().out


@pytest.mark.usefixtures("campaign")
def test_what_cannot_be_written_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A foreign file in the way, a folder that cannot be made, a title without a page."""
    Path("codes").mkdir()
    Path("codes/gala.svg").write_text("<svg>drawn by hand</svg>")
    Path("file").write_text("")

    assert run([*PREVIEW, "--qr", "codes", "--html", "page.html"]) == 1
    assert "codes/gala.svg exists" in capsys.readouterr().err
    assert not Path("page.html").exists()
    assert run([*PREVIEW, "--qr", "file/codes"]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert run([*PREVIEW, "--title", "Spring"]) == 2
    assert "--title needs --html." in capsys.readouterr().err
