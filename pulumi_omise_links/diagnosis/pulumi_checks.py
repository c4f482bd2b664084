"""Checks of Pulumi, its backend and the stack."""

from __future__ import annotations

from ..errors import ProjectError
from ..safe_text import escape, pluralize
from ..stack.location import read_locks
from .finding import Finding, fail, fail_with, ok, skip, warn
from .setup import Setup

# From which version on, and until before which, a store that speaks the protocol of S3 and is not
# Amazon's may refuse writes. Older ones cannot be used anyway. The ends are those of the releases
# whose go.mod has a gocloud.dev with the repair.
_S3_TROUBLE = (
    ((3, 245), (3, 256), "answer every write with 403 (pulumi/pulumi#23764)"),
    ((3, 256), (3, 258), "answer every write with InvalidDigest (pulumi/pulumi#24219)"),
)
_FIRST_GOOD_WITH_S3 = "3.258"


def check_pulumi(setup: Setup) -> Finding:
    """Whether there is a Pulumi that is new enough."""
    return ok(f"Pulumi {_version(setup)} is new enough.")


def check_backend(setup: Setup) -> Finding:
    """Whether the backend can be read, and this Pulumi works with its kind."""
    _ = setup.backend
    try:
        where = f"The backend {setup.location} can be read"
    except ProjectError as error:
        return fail_with(error, "Log in with `pulumi login URL`, or set PULUMI_BACKEND_URL.")
    version = setup.backend.version[:2]
    for first, repaired, trouble in _S3_TROUBLE if setup.location.is_other_s3 else ():
        if first <= version < repaired:
            return warn(
                f"{where}, but with Pulumi {_version(setup)} some stores like it {trouble}.",
                f"Use Pulumi {_FIRST_GOOD_WITH_S3} or newer.",
            )
    return ok(f"{where}.")


def check_stack(setup: Setup) -> Finding:
    """Whether there is such a stack."""
    return ok(f"Stack {escape(setup.project.stack)} is there.")


def check_lock(setup: Setup) -> Finding:
    """Whether a run holds the stack."""
    stack = setup.project.stack
    if setup.location.folder is None:
        return skip(
            "Whether the stack is locked is not known: this backend tells only a run that writes."
        )
    locks = read_locks(setup.location.folder, stack)
    if not locks:
        return ok("No run holds the stack.")
    lock = locks[0]
    holder = f"The stack is locked by process {lock.process}"
    holder += f", since {lock.since}" if lock.since else ""
    if lock.running is False:
        return fail(
            f"{holder}, which has ended: `pulumi up` will refuse to run.",
            "Take the lock away with `pulumi cancel`, then run `omise-links recover`.",
        )
    return warn(
        f"{holder}: `pulumi up` will refuse to run.",
        "Wait until that run has ended; only if it was killed, run `pulumi cancel`.",
    )


def check_pending(setup: Setup) -> Finding:
    """Whether a killed run has left anything pending in the state."""
    state = setup.state
    if not state.pending and not state.deleting:
        return ok(f"No create or delete is pending; {pluralize(len(state.links), 'link')} managed.")
    parts = (
        (len(state.pending), "pending create"),
        (len(state.deleting), "interrupted delete"),
    )
    left = " and ".join(pluralize(number, noun) for number, noun in parts if number)
    return fail(
        f"A run that was killed, or that is under way, has {left} of links in the state.",
        "Run `omise-links recover` before the next `pulumi up`, which might make a link twice.",
    )


def check_secrets(setup: Setup) -> Finding:
    """Whether the secrets of the stack can be opened."""
    _ = setup.state
    try:
        _ = setup.secrets
    except ProjectError as error:
        return fail_with(
            error,
            "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the passphrase of"
            " this stack, or get access to its secrets provider.",
        )
    return ok("The secrets of the stack's config and state can be opened.")


def _version(setup: Setup) -> str:
    return ".".join(map(str, setup.backend.version))
