"""QR codes of the addresses of links: in a page, and as files for designers.

Importing this module raises ``ReportError`` where the packages of the extra ``report`` are missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ReportError
from ..safe_text import escape_path
from .model import ReportedLink, Status

try:
    import segno
except ImportError:
    raise ReportError.of_missing_package("segno") from None

_QUIET_ZONE = 4
"""Modules of white around a code: the standard's least."""
_OURS = "omise-links-qr"
"""The class of the root element of a file. Only files that have it are replaced or removed."""


def is_scannable(link: ReportedLink) -> bool:
    """Tell whether a code of this link may be handed out: it can be paid, as far as is known.

    A link whose address dies with the next ``pulumi up`` has none: somebody could print it.
    """
    payable = link.status in (Status.PAYABLE, Status.UNCHECKED)
    return payable and not link.dies and is_web_address(link.address)


def is_web_address(address: str | None) -> bool:
    """Tell whether a browser may open an address. It is foreign text, ``javascript:…`` too."""
    if not address or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def draw_code(address: str) -> str:
    """Return the code of an address as an ``svg`` element for a page, black on white."""
    return _draw(address, xmldecl=False, svgns=False, omitsize=True, svgclass=None, nl=False)


def write_codes(links: Sequence[ReportedLink], folder: Path) -> list[Path]:
    """Write an SVG file for each link that can be paid; return their paths.

    The file of a link that is used up or deleted is removed. Files that this function has not made
    are neither replaced nor removed.

    :raises ReportError: a file of somebody else is in the way, and nothing was written; or the
        folder cannot be written.
    """
    files = {folder / name: link for name, link in _name_files(links)}
    # 1 mm a module when a file is opened; it can be scaled at will.
    codes = {
        path: _draw(link.address, unit="mm", svgclass=_OURS, desc=link.address)
        for path, link in files.items()
        if link.address and is_scannable(link)
    }
    for path in codes:
        if path.exists() and not _is_ours(path):
            raise ReportError(
                f"{escape_path(str(path))} exists, and `omise-links report --qr` did not make it:"
                " move it, or name another folder. Nothing was written."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, code in codes.items():
            path.write_text(code, encoding="utf-8")
        for path, link in files.items():
            if link.status in (Status.USED, Status.DELETED) and _is_ours(path):
                path.unlink()
    except OSError as error:
        place = escape_path(str(error.filename or folder))
        raise ReportError(f"{place} cannot be written: {error.strerror}.") from None
    return sorted(codes)


def _draw(address: str, **options: Any) -> str:
    image = BytesIO()
    segno.make_qr(address, error="m", boost_error=False).save(
        image, kind="svg", border=_QUIET_ZONE, light="#fff", lineclass=None, **options
    )
    # Soft edges would show as fine white lines between the modules.
    return image.getvalue().decode().replace("<svg ", '<svg shape-rendering="crispEdges" ', 1)


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _OURS.encode() in file.read(400)
    except OSError:
        return False


def _name_files(links: Sequence[ReportedLink]) -> Iterator[tuple[str, ReportedLink]]:
    """Yield a file name for each link: ``NAME.svg``, and where two have one, ``NAME@STACK.svg``."""
    plain = Counter(_make_safe(link.name).casefold() for link in links)
    full = Counter(_name_in_full(link).casefold() for link in links)
    for link in links:
        name = _make_safe(link.name)
        if plain[name.casefold()] > 1:
            name = _name_in_full(link)
            if full[name.casefold()] > 1:
                name = f"{name}@{_make_safe(link.id or '')[-6:]}"
        yield f"{name}.svg", link


def _name_in_full(link: ReportedLink) -> str:
    return f"{_make_safe(link.name)}@{_make_safe(link.source)}"


def _make_safe(text: str) -> str:
    """Return a part of a file name: letters and digits of any script, ``-``, ``_`` and ``.``."""
    safe = re.sub(r"[^\w.-]+", "-", text).strip(".-").encode()[:100].decode(errors="ignore")
    return safe or "link"
