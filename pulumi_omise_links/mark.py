"""The mark: an end of a title that says which stack made the link, such as `` · pr-42``.

A link at Omise has no place for such a note but its texts. A mark tells the links of a stack whose
state is lost from equal links of other stacks. Only this module makes and recognises it.
"""

from __future__ import annotations

_SIGN = "·"
# As long as the name of a stack can be (sdk/go/common/tokens/stack.go of pulumi/pulumi).
LONGEST_MARK = 100


def mark_problem(mark: object) -> str | None:
    """Return what is wrong with a mark, to complete the sentence "mark …"; None if nothing is."""
    if not isinstance(mark, str):
        return f"must be text, not {type(mark).__name__}"
    rules = {
        "must not be blank": bool(mark.strip()),
        "must have no space at its start or end": mark == mark.strip(),
        # Python's word for all but the categories Other and Separator of Unicode.
        "must not hold control characters, line breaks or invisible characters": (
            mark.isprintable()
        ),
        # A title with the mark "a · b" would have the mark "b" as well.
        f"must not hold {_SIGN!r}, which stands between a title and its mark": _SIGN not in mark,
        f"is too long: {len(mark)} characters, at most {LONGEST_MARK}": len(mark) <= LONGEST_MARK,
    }
    return next((problem for problem, is_kept in rules.items() if not is_kept), None)


def add_mark(title: str, mark: str) -> str:
    """Return the title with the mark; a title that has it stays as it is."""
    return title if has_mark(title, mark) else title + _end(mark)


def has_mark(title: str, mark: str) -> bool:
    """Whether a title ends with this mark. A title has one mark at most, and spelling counts.

    :param mark: one in which ``mark_problem`` finds nothing.
    """
    return title.endswith(_end(mark))


def _end(mark: str) -> str:
    return f" {_SIGN} {mark}"
