"""A report as one HTML page for people, with QR codes. It has no script and requests nothing.

Importing this module raises ``ReportError`` where the packages of the extra ``report`` are missing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from ..errors import ReportError
from ..safe_text import pluralize
from .model import Change, Report, ReportedLink, Status
from .qr import draw_code, is_scannable, is_web_address
from .result import explain_change, write_alerts

try:
    import jinja2
    from markupsafe import Markup, escape
except ImportError:
    raise ReportError.of_missing_package("jinja2") from None

_INDEX_ABOVE = 12
_LONGEST_DESCRIPTION = 280
_LONGEST_MARGIN_TITLE = 70
_STATUS_TONES = {
    Status.PAYABLE: "good",
    Status.USED: "warn",
    Status.DELETED: "bad",
    Status.PLANNED: "calm",
    Status.UNCHECKED: "plain",
}
_KIND_WORDS = {
    Change.REPLACE: "replaced",
    Change.DELETE: "deleted",
    Change.BLOCKED: "refused",
    Change.CREATE: "new",
    Change.ADOPT: "adopted",
    Change.UPDATE: "changed in Pulumi alone",
}
_KIND_TONES = {
    Change.REPLACE: "bad",
    Change.DELETE: "bad",
    Change.BLOCKED: "warn",
    Change.CREATE: "good",
}


@dataclass(frozen=True)
class _Figure:
    """A number of the summary; ``tone`` is the class that gives it its colour."""

    number: int
    words: str
    tone: str


def write_html(report: Report, *, title: str = "") -> str:
    """Return a report as a page.

    :param title: the heading; without it, the subject of the report.
    """
    template = _load_template()
    heading = title or report.subject
    style = _read("page.css") + _write_margins(heading, report.minute(report.made_at))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    links = sorted(report.links, key=lambda link: (link.source, link.name.casefold(), link.name))
    by_source = groupby(links, lambda link: link.source)
    return template.render(
        policy=(
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ),
        style=Markup(style),  # noqa: S704  (its own; the foreign title in it is digits and letters)
        heading=heading,
        report=report,
        alerts=[*write_alerts(report)],
        figures=[*_count_changes(report)] if report.is_preview else [*_count_states(report)],
        groups=[(source, list(group)) for source, group in by_source],
        numbers={id(link): number for number, link in enumerate(links, 1)},
        has_index=len(links) > _INDEX_ABOVE,
    )


@cache
def _load_template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.globals["Status"] = Status
    environment.tests |= {
        "scannable": is_scannable,
        "openable": lambda link: is_web_address(link.address),
    }
    environment.filters |= {
        "break_last": lambda address: Markup("/<wbr>").join(address.rsplit("/", 1)),
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "code": _mark_code,
        "count_of": pluralize,
        "draw_code": lambda address: Markup(draw_code(address)),  # noqa: S704  (segno's own)
        "explain_change": explain_change,
        "explain_missing_code": _explain_missing_code,
        "key": id,
        "kind_tone": lambda kind: _KIND_TONES.get(kind, "calm"),
        "shorten": _shorten,
        "split_price": _split_price,
        "status_tone": _STATUS_TONES.__getitem__,
    }
    return environment.from_string(_read("page.html.jinja"))


@cache
def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _write_margins(heading: str, made_at: str) -> str:
    """Return the rules that print heading, date and page numbers in the margins of paper."""
    return (
        "@page { size: A4; margin: 18mm 12mm 15mm; font: 8pt system-ui, sans-serif; color: #5d594f;"
        f" @top-left {{ content: {_quote(_shorten(heading, _LONGEST_MARGIN_TITLE))} }}"
        f" @top-right {{ content: {_quote(made_at)} }}"
        ' @bottom-right { content: counter(page) " / " counter(pages) } }\n'
    )


def _quote(text: str) -> str:
    """Return a text as a string of CSS. All but ASCII letters and digits are numbers: it is foreign
    text inside of a ``style`` element.
    """
    return '"' + re.sub("[^a-zA-Z0-9]", lambda found: f"\\{ord(found[0]):x} ", text) + '"'


def _count_states(report: Report) -> Iterator[_Figure]:
    for status, tone in _STATUS_TONES.items():
        if number := sum(link.status is status for link in report.links):
            yield _Figure(number, status.value, tone)


def _count_changes(report: Report) -> Iterator[_Figure]:
    if dying := len(report.dying):
        yield _Figure(dying, "address dies" if dying == 1 else "addresses die", "bad")
    for kind, words in _KIND_WORDS.items():
        # Those whose address dies are counted above.
        if number := sum(link.kind is kind and not link.dies for link in report.changes):
            yield _Figure(number, words, _KIND_TONES.get(kind, "plain"))
    if report.same_is_known and (number := len(report.unchanged) - len(report.changed_outside)):
        yield _Figure(number, "stays" if number == 1 else "stay", "plain")
    if number := len(report.changed_outside):
        yield _Figure(number, "deleted at Omise", "bad")


def _shorten(text: str, longest: int = _LONGEST_DESCRIPTION) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _split_price(price: str) -> tuple[str, str]:
    """Return the currency, empty if there is none, and the rest."""
    found = re.fullmatch("([A-Z]{3}) (-?[0-9.,]+)", price)
    return (found[1], found[2]) if found else ("", price)


def _mark_code(text: str) -> Markup:
    """Escape a text of this package, and make what is between back quotes code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped)


def _explain_missing_code(report: Report, link: ReportedLink) -> str:
    """Return what stands in place of the code of a link that has none."""
    if link.status is Status.USED:
        when = f" on {report.day(link.used_at)}" if link.used_at else ""
        return f"Paid{when}. It was for one payment and cannot be paid again."
    if link.status is Status.DELETED:
        when = f" on {report.day(link.deleted_at)}" if link.deleted_at else ""
        return f"Deleted{when}. Nobody can pay it, and it cannot come back."
    if link.status is Status.PLANNED:
        return "There is no link yet. `pulumi up` makes it, and its address."
    if link.dies:
        return "Its address dies with the next `pulumi up`. Do not print it."
    if link.address is None:
        return "Its address is not on this page."
    return "Its address is not one of a web page."
