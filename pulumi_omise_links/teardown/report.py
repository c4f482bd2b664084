"""A teardown as what a command ends with. Nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..errors import ExitCode
from ..output import Column, Result, Row
from ..recovery.decide import Action
from ..safe_text import escape, pluralize
from ..stack.model import name_of
from .facts import Ending, Fate, MarkedLinks, Outcome, StackFacts

_COLUMNS = (Column("action"), Column("stack", narrow="fold"), Column("holds", narrow="fold"))


def make_plan(
    stacks: Sequence[StackFacts], refused: Mapping[str, Sequence[str]], unknowns: Sequence[str]
) -> Result:
    """Return what is to be done with each stack.

    :param refused: the reasons, by stack.
    :param unknowns: what is not known of other stacks, in sentences.
    """
    return Result(
        command="teardown",
        columns=_COLUMNS,
        rows=[_make_row(facts, refused.get(facts.name, ())) for facts in stacks],
        notes=[
            f"{escape(sentence, longest=1000)} What is there may manage one of the links as well."
            for sentence in unknowns
        ],
    )


def make_result(
    outcomes: Sequence[Outcome],
    *,
    unmatched: Mapping[str, str],
    unfit: Sequence[str],
    marked: MarkedLinks | None = None,
) -> Result:
    """Return what has become of each stack.

    :param unmatched: why stacks that fit a pattern were left out.
    :param unfit: patterns that fit no stack.
    :param marked: links with the mark of a stack, if they were looked for.
    """
    leftovers = marked.links if marked else ()
    counts = Counter(link.fate for outcome in outcomes for link in outcome.links)
    certain = marked is None or not (marked.links or marked.problems)
    safe = all(outcome.safe for outcome in outcomes) and certain
    return Result(
        command="teardown",
        summary={
            "stacks": len(outcomes),
            "deleted": counts[Fate.DELETED],
            "payable": counts[Fate.PAYABLE] + len(leftovers),
            "unknown": counts[Fate.UNKNOWN],
        },
        notes=[
            *(f"No stack fits {escape(pattern, longest=300)}." for pattern in unfit),
            *(
                f"{escape(name, longest=300)} was left out: {reason}."
                for name, reason in unmatched.items()
            ),
            *(line for outcome in outcomes for line in _describe(outcome)),
            *(_describe_marked(marked) if marked else ()),
        ],
        ending=_make_ending(outcomes, safe=safe),
        details={
            "stacks": [
                {
                    "name": outcome.name,
                    "state": outcome.ending.value,
                    "deleted": len(outcome.of(Fate.DELETED)),
                    "payable": len(outcome.of(Fate.PAYABLE)),
                    "unknown": len(outcome.of(Fate.UNKNOWN)),
                    "links": [
                        {"id": link.id, "urn": link.urn, "state": link.fate.value}
                        for link in outcome.links
                    ],
                    "reasons": list(outcome.reasons),
                }
                for outcome in outcomes
            ],
            "left_out": [{"name": name, "reason": reason} for name, reason in unmatched.items()],
            "marked": [{"id": link.id, "payment_uri": link.payment_uri} for link in leftovers],
        },
        exit_code=ExitCode.DONE if safe else ExitCode.ERROR,
    )


def _make_row(facts: StackFacts, refused: Sequence[str]) -> Row:
    fates = Counter(map(Fate.of, facts.found.values()))
    holds = [pluralize(len(facts.state.links), "link")]
    if fates[Fate.USED]:
        holds.append(f"{fates[Fate.USED]} of them used up")
    if facts.state.others:
        holds.append(f"{pluralize(len(facts.state.others), 'other resource')}")
    reasons = list(refused)
    if not refused:
        types = Counter(facts.state.others.values())
        reasons += [
            f"It destroys {number} of {escape(type_, longest=200)} as well."
            for type_, number in sorted(types.items())
        ]
        reasons += [
            f"A killed run has made link {escape(decision.name)}, {decision.link.id}: it is"
            " deleted as well."
            for decision in facts.decisions
            if decision.action is Action.ADOPT and decision.link
        ]
    return Row(
        cells=(
            "refused" if refused else "tear down",
            escape(facts.name, longest=300),
            ", ".join(holds),
        ),
        reasons=reasons,
        tone="problem" if refused else "new",
    )


def _describe(outcome: Outcome) -> list[str]:
    """Return what has become of a stack in a sentence, and why in further lines."""
    name = escape(outcome.name, longest=300)
    if outcome.ending is Ending.GONE:
        return [f"{name}: there is no such stack.", *_reasons(outcome)]
    if outcome.ending in {Ending.REFUSED, Ending.UNTOUCHED}:
        return []  # the plan has said it
    deleted = pluralize(len(outcome.of(Fate.DELETED)), "link")
    parts = [f"{deleted} deleted and read back" if outcome.links else "no links in it"]
    if used := outcome.of(Fate.USED):
        parts.append(f"{pluralize(len(used), 'used link')} left at Omise")
    parts += {
        Ending.REMOVED: ["stack removed"],
        Ending.KEPT: ["empty stack kept"],
        Ending.FAILED: ["stack not removed"],
    }[outcome.ending]
    proof = " Nothing of it can be paid." if outcome.safe else ""
    return [
        f"{name}: {', '.join(parts)}.{proof}",
        *(f"  {link.id} ({_name(link.urn)}) can be paid." for link in outcome.of(Fate.PAYABLE)),
        *(
            f"  Whether {link.id} ({_name(link.urn)}) can be paid is not known:"
            f" {escape(link.problem, longest=1000)}"
            for link in outcome.of(Fate.UNKNOWN)
        ),
        *_reasons(outcome),
    ]


def _reasons(outcome: Outcome) -> list[str]:
    return [f"  {escape(line, longest=1000)}" for line in outcome.reasons]


def _describe_marked(marked: MarkedLinks) -> list[str]:
    mark = escape(marked.mark)
    sentences = [escape(problem, longest=1000) for problem in marked.problems]
    if not (marked.links or marked.problems):
        where = " and ".join(escape(account, longest=300) for account in marked.where)
        return [f"No link with the mark {mark} can be paid outside of a stack, in {where}."]
    if marked.links:
        links = pluralize(len(marked.links), "link")
        sentences.append(f"In no stack, with the mark {mark}, and can be paid: {links}.")
    return [
        *sentences,
        *(f"  {link.id}  made {link.created_at}  {escape(link.title)}" for link in marked.links),
    ]


def _make_ending(outcomes: Sequence[Outcome], *, safe: bool) -> str:
    endings = Counter(outcome.ending for outcome in outcomes)
    if endings[Ending.REFUSED]:
        return "Nothing was touched."
    if not safe:
        return "Not everything is torn down. Put right what is said above, and run this again."
    done = endings[Ending.REMOVED] + endings[Ending.KEPT]
    return f"{pluralize(done, 'stack')} torn down." if done else "Nothing was done."


def _name(urn: str) -> str:
    return escape(name_of(urn), longest=200)
