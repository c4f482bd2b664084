"""Plans and recoveries -> text, table or JSON. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..output.terminal import count, human_amount, show, to_json
from ..stack.pulumi_json import name_of

if TYPE_CHECKING:
    from rich.table import Table

    from ..omise.models import OmiseLink
    from ..omise.transport import RequestStats
    from ..recovery.recovery import Found, Verdict
    from .plan import Plan, Planned

_STYLES = {"import": "green", "managed": "dim", "create": "cyan", "blocked": "red"}
_WHOLE_NAME = 28
_WORDS = {"import": "to import", "managed": "managed already", "create": "to create"}


def format_stats(cost: RequestStats) -> str:
    """Return what talking to Omise has cost: ``12 requests, 0 retries, 0 writes.``."""
    parts = ((cost.requests, "request"), (cost.retries, "retry"), (cost.writes, "write"))
    return ", ".join(count(number, noun, zero="0") for number, noun in parts) + "."


def plan_text(plan: Plan) -> str:
    """Return a plan as plain lines: one for each entry, and one below it for each reason."""
    name_width = _widest_name(plan)
    lines = []
    for each in plan.entries:
        cells = [f"{each.action.value:<8}", f"{show(each.name):<{name_width}}", each.id or "no id"]
        lines.append("  ".join([*cells, *_inputs(plan, each)]).rstrip())
        lines += [f"          {reason}" for reason in each.reasons]
    return "\n".join([*lines, *_ending(plan)])


def _widest_name(plan: Plan) -> int:
    return max((len(show(each.name)) for each in plan.entries), default=0)


def plan_table(plan: Plan) -> Table:
    """Return the same as a table for a terminal, without the ending."""
    from rich.table import Table  # noqa: PLC0415  (only for a person who watches)
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    # What is to be copied stays whole, as long as the rest has room on a line of 80.
    whole = {"link", "name"} if _widest_name(plan) <= _WHOLE_NAME else {"link"}
    for heading in ("", "name", "link", "amount", "title"):
        table.add_column(heading, overflow="fold", no_wrap=heading in whole)
    for each in plan.entries:
        style = _STYLES[each.action.value]
        amount, title = _inputs(plan, each)
        texts = (each.action.value, show(each.name), each.id or "", amount, title)
        table.add_row(*(Text(text, style=style) for text in texts))
    return table


def plan_ending(plan: Plan) -> str:
    """Return what stands below the table: reasons, notes and counts."""
    reasons = [f"{show(each.name)}: {one}" for each in plan.entries for one in each.reasons]
    return "\n".join([*reasons, *_ending(plan)])


def plan_json(command: str, plan: Plan, cost: RequestStats, **more: object) -> str:
    """Return a plan for programs."""
    return to_json(
        command,
        plan.summary,
        links=[
            {
                "name": each.name,
                "action": each.action.value,
                "id": each.id,
                "urn": each.urn,
                "reasons": list(each.reasons),
            }
            for each in plan.entries
        ],
        notes=list(plan.notes),
        **more,
        cost=vars(cost),
    )


def proof_text(adopted: int, changed: Mapping[str, str]) -> str:
    """Return what the preview after an import showed."""
    if not changed:
        return f"Proof: a preview shows no change to any of the {count(adopted, 'link')}."
    lines = [f"  {show(name)}: {problem}" for name, problem in changed.items()]
    return "\n".join(
        [f"NOT PROVED: the next `pulumi up` would change {count(len(changed), 'link')}:", *lines]
    )


def recovery_text(found: Found, verdicts: Sequence[Verdict]) -> str:
    """Return what is to be done about each pending create and delete, and why."""
    lines = [f"Looked in {each}." for each in sorted({*map(str, found.scopes.values())})]
    lines += [f"look    {show(name_of(urn))}" for urn in sorted(found.state.deleting)]
    for each in verdicts:
        link = f"  {each.link.id}" if each.link else ""
        lines.append(f"{each.action.value:<6}  {show(each.name)}{link}")
        if each.replaces:
            lines.append(
                f"        It replaces {each.replaces}, which the next `pulumi up` deletes."
            )
        lines += [f"        {reason}" for reason in each.reasons]
        if not each.link and each.candidates:
            lines += ["        Links that fit:", *map(_candidate, each.candidates)]
    return "\n".join(lines)


def recovery_json(
    found: Found, verdicts: Sequence[Verdict], *, done: bool, cost: RequestStats
) -> str:
    """Return the same for programs."""
    words = ("adopt", "clear", "leave")
    summary = {word: sum(each.action.value == word for each in verdicts) for word in words}
    return to_json(
        "recover",
        {**summary, "look": len(found.state.deleting)},
        done=done,
        deleting=sorted(found.state.deleting),
        pending=[
            {
                "name": each.name,
                "urn": each.urn,
                "action": each.action.value,
                "id": each.link.id if each.link else None,
                "replaces": each.replaces,
                "candidates": [link.id for link in each.candidates],
                "links": [
                    {
                        "id": link.id,
                        "created_at": link.created_at,
                        "payment_uri": link.payment_uri,
                    }
                    for link in each.candidates
                ],
                "reasons": list(each.reasons),
            }
            for each in verdicts
        ],
        cost=vars(cost),
    )


def _candidate(link: OmiseLink) -> str:
    """Show what tells links of equal inputs apart."""
    return f"          {link.id}  made {link.created_at}  {link.payment_uri}"


def _inputs(plan: Plan, each: Planned) -> tuple[str, str]:
    """Return amount and title as people read them; what is a secret in the program stays one."""
    secrets = plan.secrets.get(each.name, frozenset())
    inputs = each.link.inputs if each.link else each.entry.inputs
    hidden = "[secret]"
    amount = f"{human_amount(inputs.amount, inputs.currency)} ({inputs.amount})"
    return (
        hidden if {"amount", "currency"} & secrets else amount,
        hidden if "title" in secrets else show(inputs.title, longest=40),
    )


def _ending(plan: Plan) -> list[str]:
    counts = [f"{n:,} {_WORDS.get(word, word)}" for word, n in plan.summary.items()]
    return [*plan.notes, ", ".join(counts) + "."]
