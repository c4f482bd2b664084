"""A report as what a command ends with. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import ExitCode
from ..inputs import INPUT_NAMES
from ..output import Column, Result, Row, Section, Tone
from ..safe_text import SECRET, escape, pluralize
from .model import LATER, Change, Difference, Fate, Report, ReportedLink, Status

_CHANGES = (
    Column("change"),
    Column("name", narrow="fold", foreign=True),
    Column("amount", narrow="optional"),
    Column("title", narrow="optional", foreign=True),
)
_LINKS = (
    Column("state"),
    Column("name", narrow="fold", foreign=True),
    Column("amount", narrow="optional"),
    Column("title", narrow="optional", foreign=True),
    Column("address", foreign=True),
    Column("paid", narrow="fold"),
)
_OTHERS = (
    Column("change"),
    Column("name", narrow="fold", foreign=True),
    Column("type", narrow="fold", foreign=True),
)
# Only where there are several stacks or files.
_SOURCE = Column("source", narrow="fold", foreign=True)
_TONES: dict[Change, Tone] = {
    Change.BLOCKED: "problem",
    Change.CREATE: "new",
    Change.ADOPT: "ready",
    Change.SAME: "done",
}
_NOT_KNOWN = "how often it was paid is not known here"
_ADDRESS_DIES = (
    "An address that dies cannot come back: posters, mails and QR codes that carry it stop working."
)
_REFUSED = "Pulumi refuses the whole update as long as it would replace or delete a protected link."


def make_result(
    report: Report, *, expect_no_changes: bool = False, complete: bool = True
) -> Result:
    """Return the report for people and for programs.

    :param expect_no_changes: whether it is to end with 7 if the preview changes anything.
    :param complete: whether all that was asked for could be read; it ends with 1 otherwise.
    """
    exit_code = ExitCode.DONE
    if not complete:
        exit_code = ExitCode.ERROR
    elif expect_no_changes and (report.changes or report.others):
        exit_code = ExitCode.CHANGES
    if report.is_preview:
        columns, rows = _table(report, report.changes, _CHANGES, _write_change)
    else:
        columns, rows = _table(report, report.links, _LINKS, _write_link)
    return Result(
        command="report",
        title="Payment links",
        subject=escape(report.subject, longest=200),
        summary=_summary(report),
        columns=columns,
        rows=rows,
        sections=list(_sections(report)) if report.is_preview else [],
        alert=" ".join(write_alerts(report)),
        notes=[*report.unknowns, *_origin(report)],
        ending=_ending(report),
        details=_details(report),
        exit_code=exit_code,
    )


# -- tables


def _table(
    report: Report,
    links: Sequence[ReportedLink],
    columns: tuple[Column, ...],
    write: Callable[[Report, ReportedLink], Row],
) -> tuple[tuple[Column, ...], list[Row]]:
    """Return a table of links; it says which stack each is of where there are several."""
    rows = [write(report, link) for link in links]
    if len({link.source for link in report.links}) < 2:
        return columns, rows
    with_source = [
        Row(
            cells=(row.cells[0], escape(link.source), *row.cells[1:]),
            reasons=row.reasons,
            tone=row.tone,
        )
        for link, row in zip(links, rows, strict=True)
    ]
    return (columns[0], _SOURCE, *columns[1:]), with_source


def _write_change(report: Report, link: ReportedLink) -> Row:
    return Row(
        cells=(
            link.kind.value,
            escape(link.name),
            escape(link.inputs.price),
            escape(link.inputs.title, longest=60),
        ),
        reasons=list(_explain(report, link)),
        tone="problem" if link.dies else _TONES.get(link.kind, "plain"),
    )


def _write_link(report: Report, link: ReportedLink) -> Row:
    problem = link.status is Status.DELETED
    return Row(
        cells=(
            link.status.value,
            escape(link.name),
            escape(link.inputs.price),
            escape(link.inputs.title, longest=60),
            _address(link) if link.address else "",
            report.describe_payments(link),
        ),
        reasons=[_say_deleted(report, link)] if problem else [],
        tone="problem" if problem else "plain",
    )


def _sections(report: Report) -> Iterator[Section]:
    if outside := report.changed_outside:
        columns, rows = _table(report, outside, _LINKS, _write_link)
        yield Section(heading="Not from this change", columns=columns, rows=rows)
    if unchanged := [link for link in report.unchanged if not link.changed_outside]:
        columns, rows = _table(report, unchanged, _LINKS, _write_link)
        stay = "stays" if len(unchanged) == 1 else "stay"
        yield Section(
            heading=f"{pluralize(len(unchanged), 'link')} {stay}",
            columns=columns,
            rows=rows,
            folded=True,
        )
    if others := report.others:
        yield Section(
            heading=_count_others(report),
            columns=_OTHERS,
            rows=[
                Row(cells=(escape(other.step), escape(other.name), escape(other.type)))
                for other in others
            ],
            folded=True,
        )


# -- sentences


def _explain(report: Report, link: ReportedLink) -> Iterator[str]:
    if link.change is not None:
        yield from map(_write_difference, link.change.differences)
    yield from explain_change(report, link)


def explain_change(report: Report, link: ReportedLink) -> Iterator[str]:
    """Say why a link changes, but for its inputs, and what that costs; nothing if it does not."""
    change = link.change
    if change is None:
        return
    if change.step is Change.REPLACE and not change.differences:
        yield "It is replaced for another reason than its inputs."
    if change.step is Change.DELETE and not change.notes:
        yield "The program no longer has it."
    yield _FATES[change.fate](report, link)
    yield from change.notes


def _write_difference(difference: Difference) -> str:
    texts = [
        f'"{escape(text, longest=60)}"'
        if difference.name in {"title", "description"} and text not in {SECRET, LATER}
        else escape(text)
        for text in (difference.before, difference.after)
    ]
    return f"{difference.name}: {texts[0]} → {texts[1]}"


def _address(link: ReportedLink) -> str:
    """Return the address as people know it; of a link that has none we know, its id."""
    if link.address:
        return escape(link.address.removeprefix("https://"), longest=200)
    return escape(link.id or "The address")


def _paid(report: Report, link: ReportedLink) -> str:
    return report.describe_payments(link) or _NOT_KNOWN


def _say_refused(_report: Report, link: ReportedLink) -> str:
    wanted = link.change.step.value if link.change else ""
    return f"{_address(link)} stays: the link is protected, so Pulumi refuses to {wanted} it."


def _say_stays(report: Report, link: ReportedLink) -> str:
    if link.kind is not Change.ADOPT:
        return f"{_address(link)} stays; only what Pulumi knows of it changes."
    paid = report.describe_payments(link)
    return f"{_address(link)} comes into the stack as it is{f'; {paid}' if paid else ''}."


def _say_deleted(report: Report, link: ReportedLink) -> str:
    when = f"on {report.day(link.deleted_at)}" if link.deleted_at else "at a time not known"
    if not link.change:
        return f"Deleted at Omise {when}."
    return (
        f"Deleted at Omise {when}. The next `pulumi refresh` drops it from the stack, and the"
        " `pulumi up` after that makes a new link."
    )


_FATES: dict[Fate, Callable[[Report, ReportedLink], str]] = {
    Fate.DIES: lambda report, link: f"{_address(link)} dies; {_paid(report, link)}.",
    Fate.REFUSED: _say_refused,
    Fate.RETAINED: lambda report, link: (
        f"{_address(link)} stays payable, unmanaged (retain_on_delete); {_paid(report, link)}."
    ),
    Fate.TAKEN: lambda _report, link: (
        f"{_address(link)} stays: another resource of the program takes the link."
    ),
    Fate.SPENT: lambda report, link: (
        f"{_address(link)} was spent anyway: {report.describe_payments(link) or 'paid once'}."
    ),
    Fate.GONE: lambda report, link: f"{_address(link)}: {_say_gone(report, link)}.",
    Fate.STAYS: _say_stays,
    Fate.COMES: lambda _report, link: (
        f"Payable {escape(link.inputs.times)}; its address comes with `pulumi up`."
    ),
}


def _say_gone(report: Report, link: ReportedLink) -> str:
    when = f", on {report.day(link.deleted_at)}" if link.deleted_at else ""
    return f"it was deleted at Omise already{when}"


def write_alerts(report: Report) -> Iterator[str]:
    """Say what a reader must know before all else."""
    if report.dying:
        yield _ADDRESS_DIES
    if report.count(Change.BLOCKED):
        yield _REFUSED


def _origin(report: Report) -> Iterator[str]:
    if report.made_at:
        commit = f", for commit {report.commit[:7]}" if report.commit else ""
        yield f"Made on {report.minute(report.made_at)}{commit}."


def _ending(report: Report) -> str:
    start, counted = "", _count_changes(report)
    if not report.is_preview:
        start, counted = pluralize(len(report.links), "link", zero="No"), _count_states(report)
    of = ": " if report.links and start else ""
    mode = f" {report.mode.capitalize()}." if report.mode else ""
    return f"{start}{of}{', '.join(counted)}.{mode}"


def _count_states(report: Report) -> Iterator[str]:
    for status in Status:
        number = sum(link.status is status for link in report.links)
        yield from _count(number, status.value, status.value)


def _count_changes(report: Report) -> Iterator[str]:
    """Count what a preview changes, the dangerous changes first."""
    going = report.count(Change.REPLACE) + report.count(Change.DELETE) - len(report.dying)
    outside = len(report.changed_outside)
    if not report.changes:
        yield "No link changes"
    yield from _count(len(report.dying), "address dies", "addresses die")
    yield from _count(report.count(Change.BLOCKED), "change is refused", "changes are refused")
    yield from _count(
        going, "other link is replaced or deleted", "other links are replaced or deleted"
    )
    yield from _count(report.count(Change.CREATE), "link is new", "links are new")
    yield from _count(report.count(Change.ADOPT), "link is adopted", "links are adopted")
    yield from _count(
        report.count(Change.UPDATE), "link changes in Pulumi alone", "links change in Pulumi alone"
    )
    if report.same_is_known:
        yield from _count(len(report.unchanged) - outside, "link stays", "links stay")
    yield from _count(
        outside, "link was deleted at Omise meanwhile", "links were deleted at Omise meanwhile"
    )
    if report.others:
        yield _count_others(report)


def _count_others(report: Report) -> str:
    return next(_count(len(report.others), "other resource changes", "other resources change"), "")


def _count(number: int, one: str, several: str) -> Iterator[str]:
    """Yield a number and its words, unless it is none."""
    if number:
        yield f"{number:,} {one if number == 1 else several}"


# -- for programs


def _summary(report: Report) -> dict[str, object]:
    changed = [link for link in report.links if link.change]
    counts: dict[str, object] = {
        kind.value: sum(link.kind is kind for link in changed) for kind in Change
    }
    if not report.same_is_known:
        counts[Change.SAME.value] = None
    return {
        **counts,
        "dies": len(report.dying),
        "deleted_outside": len(report.changed_outside) if report.is_preview else 0,
        "links": len(report.links),
    }


def _details(report: Report) -> dict[str, Any]:
    return {
        "subject": report.subject,
        "preview": report.is_preview,
        "made_at": report.made_at,
        "commit": report.commit,
        "links": list(map(_describe, report.links)),
        "others": list(map(vars, report.others)),
        "unknown": list(report.unknowns),
    }


def _describe(link: ReportedLink) -> dict[str, Any]:
    """Return a link for programs; an input that is a secret or not known yet is null."""
    payments, change = link.payments, link.change
    return {
        "name": link.name,
        "source": link.source,
        "id": link.id,
        "state": link.status.value,
        "address": link.address,
        **{name: link.inputs.known.get(name) for name in INPUT_NAMES},
        "created_at": link.created_at,
        "used_at": link.used_at,
        "deleted_at": link.deleted_at,
        "paid": payments.count if payments else None,
        "paid_exact": payments.exact if payments else None,
        "paid_at": payments.last_at if payments else None,
        "protect": link.protect,
        "retain_on_delete": link.retain_on_delete,
        "change": change.kind.value if change else None,
        "wanted": change.step.value if change else None,
        "fate": change.fate.name.lower() if change else None,
        "differences": list(map(vars, change.differences)) if change else [],
    }


def count_for_gitlab(report: Report) -> dict[str, int]:
    """Return what GitLab shows of a preview in a merge request; a replacement counts twice.

    ``update`` are links that are adopted, or of which only what Pulumi knows changes.
    """
    steps = [link.change.step for link in report.changes if link.change]
    return {
        "create": steps.count(Change.CREATE) + steps.count(Change.REPLACE),
        "update": steps.count(Change.ADOPT) + steps.count(Change.UPDATE),
        "delete": steps.count(Change.DELETE) + steps.count(Change.REPLACE),
    }
