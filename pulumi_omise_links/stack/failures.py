"""A run of ``pulumi`` that failed -> one error with Pulumi's own reasons, and what to do."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ProjectError, StackLockedError, StackNotFoundError
from ..safe_text import escape
from ..state_format import LINK_TYPES
from .model import name_of, type_of
from .stdout_json import parse_json

_LOCKED = re.compile(r"currently locked by|another update is (currently )?in progress", re.I)
_NO_STACK = re.compile(r"no stack (named|selected)", re.I)
_NO_PROJECT = re.compile(
    r"no Pulumi\.yaml project file found|using the --stack flag, pass the fully qualified name",
    re.I,
)
# On a file backend, a kill can leave the small file of headers beside a state empty; it is read
# before the state is, and by `stack ls` for all stacks (without the words about the checkpoint).
_EMPTY_SIDE_FILE = re.compile(r"failed to load checkpoint: EOF$|^\s*EOF$", re.M)
_CUT_OFF_STATE = re.compile(r"unexpected end of JSON input")
# What a bucket says that refuses a request, and Pulumi's own word for it (gocloud.dev/gcerrors).
_NO_RIGHT = re.compile(r"\b(AccessDenied|PermissionDenied)\b")
# Up to Pulumi 3.255; later ones import such a provider.
_NO_PARENT = re.compile(r"is a provider and may not have a parent")
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.M)
# What a run without --json says about one resource, below its heading "Diagnostics:".
_ABOUT_RESOURCE = re.compile(
    r"^  (?P<type>\S+) \((?P<name>.+)\):\n(?P<text>(?:    .*\n|\n(?=    ))+)", re.M
)
# What the engine adds to an error that it has reported already.
_NO_REASON = re.compile(
    r"program exited with non-zero exit code|^\s*(preview|update|import|refresh) failed\.?$"
)
# Pulumi shows the URL of a database with its password.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/]+@")
_MOST_LINES = 40


def explain_failure(
    args: Sequence[str], *, exit_code: int, stdout: bytes, stderr: bytes, folder: Path
) -> ProjectError:
    """Return the error for a run that failed; ``args`` are those of ``pulumi``."""
    reasons = _reasons(stdout, stderr, folder)
    text = "\n".join(reasons)
    where = escape(str(folder.resolve()), longest=500)
    if _LOCKED.search(text):
        return StackLockedError(text)
    if exit_code == StackNotFoundError.exit_code or _NO_STACK.search(text):
        return StackNotFoundError(text)
    if _NO_PROJECT.search(text):
        return ProjectError(f"There is no Pulumi project in {where}: name its folder with --cwd.")
    output = text or f"  nothing (exit code {exit_code})"
    return ProjectError("\n".join([f"Pulumi failed, and says:\n{output}", *_advice(args, reasons)]))


def _advice(args: Sequence[str], reasons: Sequence[str]) -> list[str]:
    text = "\n".join(reasons)
    if _EMPTY_SIDE_FILE.search(text):
        return [
            "If the backend is a folder, a killed run has left an empty file beside a state that is"
            " whole: delete the empty `.pulumi/stacks/<project>/<stack>.json.attrs` there, and try"
            " again."
        ]
    if _CUT_OFF_STATE.search(text):
        return [
            "If the backend is a folder, the file of a state has been cut off"
            " (`.pulumi/stacks/<project>/<stack>.json`), as a full disk does. The newest"
            " `.pulumi/history/<project>/<stack>/*.checkpoint.json` is a copy from the end of an"
            " earlier run: docs/reliability.md says how to go back to it."
        ]
    if _NO_RIGHT.search(text):
        return [
            "The backend refuses this to the credentials of this run: docs/gitops.md lists the"
            " rights that each command needs."
        ]
    if _NO_PARENT.search(text):
        return ["Pulumi 3.256 or newer imports it: update the `pulumi` command, and try again."]
    if all(_NO_REASON.search(line) for line in reasons):
        return [
            f"It gives no reason here. `pulumi {args[0]}` in this folder shows what has failed,"
            " such as a mandatory policy."
        ]
    return []


def _reasons(stdout: bytes, stderr: bytes, folder: Path) -> list[str]:
    """Return the engine's own error lines, without tracebacks and repetitions."""
    messages = _diagnostics(stdout) or _diagnostics_of_text(stdout)
    if not messages:
        text = stderr.decode("utf-8", "replace").strip()
        messages = [text or stdout.decode("utf-8", "replace").strip()]
    lines = [line for message in messages for line in _without_traceback(message, folder)]
    telling = [line for line in dict.fromkeys(lines) if not _NO_REASON.search(line)]
    shown = [_CREDENTIALS.sub("[hidden]@", line) for line in telling or dict.fromkeys(lines)]
    return [escape(line, longest=1000) for line in shown][:_MOST_LINES]


def _diagnostics(stdout: bytes) -> list[str]:
    """Return the errors in what ``--json`` prints."""
    try:
        document: Mapping[str, Any] = parse_json(stdout, dict, "")
    except ProjectError:
        return []
    diagnostics = document.get("diagnostics")
    return [
        _link_prefix(diagnostic) + str(diagnostic.get("message") or "")
        for diagnostic in (diagnostics if isinstance(diagnostics, list) else ())
        if isinstance(diagnostic, Mapping) and diagnostic.get("severity") == "error"
    ]


def _diagnostics_of_text(stdout: bytes) -> list[str]:
    """Return the errors in what a run without ``--json`` prints, with what is said beside them."""
    _, _, listed = stdout.decode("utf-8", "replace").partition("\nDiagnostics:\n")
    return [
        (f"{about['name']}: " if about["type"] in LINK_TYPES else "")
        + re.sub(r"^\s*error: ", "", textwrap.dedent(about["text"]))
        for about in _ABOUT_RESOURCE.finditer(listed)
        if re.search(r"^\s*error: ", about["text"], re.M)
    ]


def _link_prefix(diagnostic: Mapping[str, Any]) -> str:
    """Name the link that a message is about."""
    urn = str(diagnostic.get("urn") or "")
    return f"{name_of(urn)}: " if type_of(urn) in LINK_TYPES else ""


def _without_traceback(message: str, folder: Path) -> list[str]:
    """Return a message as lines; of a traceback, its last line and where in the program it was."""
    lines = [re.sub(r"^\s*error: ", "  ", line).rstrip() for line in message.splitlines()]
    lines = [line if line.startswith(" ") else f"  {line}" for line in lines if line.strip()]
    frames = list(_FRAME.finditer(message))
    if not frames or not lines:
        return lines
    ours = [
        f"{Path(frame['file']).name}:{frame['line']}"
        for frame in frames
        if Path(frame["file"]).resolve().is_relative_to(folder.resolve())
        and "site-packages" not in frame["file"]
    ]
    return [lines[-1] + (f" ({ours[-1]})" if ours else "")]
