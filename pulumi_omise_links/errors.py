"""The errors of this package, as a tree. The base is never raised itself.

::

    OmiseLinksError
    ├── ArgumentError          a program calls the package with what it cannot take
    ├── SettingsError          a setting is missing or wrong
    ├── AuthenticationError    no key, or a key that Omise refuses
    ├── LiveModeError          a live key would write without consent
    ├── ApiError               Omise refused: code, message, status, request id
    │   ├── NotFoundError      404
    │   ├── RateLimitedError   429, for longer than the client waits
    │   └── DeleteRefusedError a link that Pulumi was to delete; it still stands
    ├── OmiseUnavailableError  no usable answer: unreachable, timed out, cut, or a 5xx
    ├── UncertainCreateError   a create whose answer was lost: the link may exist
    ├── UnfinishedCreateError  an equal create that was cut off may have made a link
    ├── CreateLogError         the record of a create under way cannot be kept or read
    ├── MismatchedCreateError  the link that was made is not the one that was asked for
    ├── WrongAccountError      the link belongs to another account, or to the other mode
    ├── AdoptError             the link to adopt is not what the resource declares
    ├── LinkConflictError      which resource a link belongs to is not clear
    ├── LinkGoneError          the link was deleted
    ├── LinkIdError            a text that is not the id of a link
    ├── ManifestError          manifests with problems: all of them, with their places
    ├── SweepRefusedError      which links are managed is not certain, so none is deleted
    ├── EditError              a manifest could not be written
    ├── ReportError            a page or QR codes cannot be made
    └── ProjectError           the Pulumi project cannot be used, or Pulumi refused
        ├── StackNotFoundError no such stack, or none is selected
        │   └── UnmatchedStackError  none has this name, or fits this pattern
        └── StackLockedError   another run holds the stack

Each message is whole sentences: what is wrong, where, what to do. None ever holds a key.
``exit_code`` is what the command line ends with; the numbers are Pulumi's own
(https://www.pulumi.com/docs/iac/cli/exit-codes/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum, IntEnum
from typing import ClassVar

from .program_errors import ExpectedError


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    ERROR = 1
    WRONG_USE = 2
    """An option, a setting or a file cannot be used."""
    AUTHENTICATION = 3
    REFUSED = 4
    """Omise answered and refused."""
    NO_STACK = 6
    CHANGES = 7
    """There are changes, and none were expected."""
    CANCELLED = 8
    BUG = 255


class OmiseLinksError(ExpectedError):
    """The base of all errors of this package. Catch it to catch them all."""

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def details(self) -> Mapping[str, object]:
        """Return what a program needs beside the message; ``--json`` prints it."""
        return {}


class ArgumentError(OmiseLinksError):
    """A program calls a function or class of this package with what it cannot take."""

    exit_code = ExitCode.WRONG_USE


class SettingsError(OmiseLinksError):
    """A setting is missing or wrong. The message names it and both ways to set it."""

    exit_code = ExitCode.WRONG_USE


class AuthenticationError(OmiseLinksError):
    """There is no key, it is not a secret key, or Omise does not accept it."""

    exit_code = ExitCode.AUTHENTICATION


# An import and an adoption change no link, but the stack may do so afterwards.
MANAGES_LIVE_LINKS = "this stack could replace and delete real payment links from then on"


class LiveModeError(OmiseLinksError):
    """A live key would have written, and the stack does not allow that."""

    def __init__(
        self,
        action: str,
        key_source: str,
        consequence: str = "this would change real payment links",
    ) -> None:
        super().__init__(
            f"Refused to {action}: the key in {key_source} is a live key, so {consequence}. If that"
            " is what you want, say so once for this stack: `pulumi config set omise:allowLive"
            " true` (or set OMISE_ALLOW_LIVE=true; a Provider takes allow_live=True)."
        )


class ApiError(OmiseLinksError):
    """Omise answered and refused.

    ``code`` is Omise's error code (https://docs.omise.co/api-errors), ``message`` its English text,
    ``status`` the HTTP status, ``request_id`` the ``X-Request-Id`` that Omise's support asks for.
    """

    exit_code = ExitCode.REFUSED

    def __init__(
        self, operation: str, *, status: int, code: str, message: str, request_id: str | None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        reference = f", request {request_id}" if request_id else ""
        super().__init__(f"Omise refused to {operation}: {message} ({status} {code}{reference}).")

    def details(self) -> Mapping[str, object]:
        """Return Omise's code, the HTTP status and the id of the request."""
        return {"status": self.status, "code": self.code, "request_id": self.request_id}


class NotFoundError(ApiError):
    """Omise has no such object in the account and mode of the key."""


class RateLimitedError(ApiError):
    """Omise kept answering 429 until the time for this call was used up."""


class DeleteRefusedError(ApiError):
    """Omise refused to delete a link that Pulumi was to delete; the link still stands."""

    def __init__(self, link_id: str, refused: ApiError) -> None:
        """:param refused: Omise's refusal."""
        vars(self).update(vars(refused))
        Exception.__init__(
            self,
            f"{refused} The link still stands. To have Pulumi forget it and leave it at Omise, run"
            f" the same command once more with OMISE_KEEP_LINKS={link_id} in the environment. Next"
            " time, set retain_on_delete=True on such a link in an `up` of its own before you"
            " change or remove it.",
        )


class OmiseUnavailableError(OmiseLinksError):
    """No usable answer came: unreachable, timed out, cut off, not JSON, or a server fault.

    ``sent`` tells whether the request may have reached Omise. If so, Omise may have carried out a
    write although no answer came.
    """

    def __init__(self, operation: str, problem: str, *, sent: bool) -> None:
        self.problem = problem
        self.sent = sent
        super().__init__(f"Could not {operation}: {problem}")


class UncertainCreateError(OmiseLinksError):
    """Omise's answer to a create was lost, and whether it made a link is not certain.

    ``candidates`` are the ids of links that are equal in all inputs and could be the one; empty if
    none is listed yet. ``similar`` are the ids of links that Omise may have made with another
    spelling of the inputs, or that cannot be read. ``since``: it was made then or later by Omise's
    clock, if at all.
    """

    def __init__(
        self,
        problem: str,
        candidates: Sequence[str],
        since: str = "",
        *,
        similar: Sequence[str] = (),
    ) -> None:
        self.candidates = tuple(candidates)
        self.similar = tuple(similar)
        self.since = since
        start = f"The answer to the create of this link was lost: {problem} "
        adopt = 'adopt="<its id>" on the resource (in a manifest: id)'
        native = " With the native plugin, `pulumi import` takes it in place of adopt."
        if self.candidates:
            several = len(self.candidates) > 1
            found = (
                ("More than one link could be it" if several else "One link could be it, unproved")
                + f": {', '.join(self.candidates)}. Look in the dashboard; adopt the right one with"
                f" {adopt} and delete what is too much, then run `pulumi up` again.{native}"
            )
        else:
            found = (
                "No such link was found, and Omise has no way to ask whether one will be. Look"
                " in the dashboard before you run `pulumi up` again: if the link is there"
                + (f" (made at {since} or later)" if since else "")
                + f", put {adopt}, so that no second one is made.{native}"
            )
        if self.similar:
            found += (
                f" Look at {', '.join(self.similar)} too: it differs in spelling only, or cannot be"
                " read."
            )
        super().__init__(start + found)

    def details(self) -> Mapping[str, object]:
        """Return the candidates, and the earliest time at which the link was made."""
        return {"candidates": list(self.candidates), "since": self.since or None}


class UnfinishedCreateError(OmiseLinksError):
    """A create that was cut off or given up may have made this very link.

    ``candidates`` are the ids of links that could be the one; empty if none is listed yet.
    """

    def __init__(
        self,
        process: str,
        folder: str,
        since: str,
        candidates: Sequence[str],
        *,
        given_up: bool = False,
    ) -> None:
        """:param given_up: the answer was lost, while the process ran on."""
        self.candidates = tuple(candidates)
        when = f" at {since}" if since else ""
        end = (
            "its answer was lost" if given_up else "it was cut off before Omise's answer was saved"
        )
        fits = f" Links that could be it: {', '.join(self.candidates)}." if candidates else ""
        super().__init__(
            f"A create of a link with the same inputs was begun{when} (process {process}, in"
            f" {folder}), and {end}, so the link may exist already.{fits} Nothing was sent. Run"
            " `omise-links recover` there, which finds out, then `pulumi up` again."
        )


class CreateLogError(OmiseLinksError):
    """The record of a create under way cannot be kept or read. Nothing was sent to Omise."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{problem} Without a record of each create under way, a process that dies could leave"
            " a link that nobody knows of, so nothing was sent. Set PULUMI_HOME to a folder of"
            " yours that can be read and written."
        )


class MismatchedCreateError(OmiseLinksError):
    """Omise made a link that is not the one that was asked for. The link exists."""

    def __init__(self, link_id: str, difference: str) -> None:
        self.link_id = link_id
        super().__init__(
            f"Omise made link {link_id}, but {difference}. The link exists and can be paid, and no"
            " resource manages it: delete it in the dashboard, and ask Omise's support before you"
            " run `pulumi up` again."
        )


class WrongAccountError(OmiseLinksError):
    """The key belongs to another account, or to the other mode, than the link."""


class AdoptError(OmiseLinksError):
    """The link named by ``adopt`` differs from what the resource declares."""

    def __init__(
        self,
        link_id: str,
        differing: Sequence[str],
        instead: str = "leave out adopt (in a manifest: id; as a resource option: import)",
    ) -> None:
        """:param differing: the inputs, from ``LinkInputs.describe_differences``.

        :param instead: what to do to get a new link.
        """
        # No values: an input may be a secret, and errors are not scrubbed.
        differ = "differs" if len(differing) == 1 else "differ"
        super().__init__(
            f"Link {link_id} cannot be adopted: its {', '.join(differing)} {differ} from what this"
            " resource declares. Links are immutable: declare what the link is (ignore_changes does"
            " not apply to an adoption, only to later changes). Only if you want a"
            f" new link, with a new address, {instead}. Nothing was changed."
        )


class LinkConflictError(OmiseLinksError):
    """Which resource of the program an existing link belongs to is not clear."""


class LinkGoneError(OmiseLinksError):
    """A link that was to be read or adopted has been deleted."""

    def __init__(self, link_id: str, deleted_at: str | None) -> None:
        when = f" at {deleted_at}" if deleted_at else ""
        super().__init__(
            f"Link {link_id} was deleted{when}; a deleted link cannot come back. Leave out its id"
            " to make a new link, with a new address."
        )


class LinkIdError(OmiseLinksError):
    """What should be the id of a link is not one."""

    exit_code = ExitCode.WRONG_USE

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is not the id of a link: those look like link_test_5x… (test) or"
            " link_5x… (live)."
        )


class ProblemCode(str, Enum):
    """Which rule a manifest or an input breaks. Programs may rely on the values."""

    # The file
    NO_SUCH_FILE = "no-such-file"
    UNREADABLE_FILE = "unreadable-file"
    FILE_TOO_LARGE = "file-too-large"
    NOT_UTF_8 = "not-utf-8"
    FORBIDDEN_CHARACTER = "forbidden-character"
    MERGE_CONFLICT = "merge-conflict"
    INVALID_YAML = "invalid-yaml"
    TOO_DEEP = "too-deep"
    SECOND_DOCUMENT = "second-document"
    EMPTY_FILE = "empty-file"
    TOO_MANY_PROBLEMS = "too-many-problems"
    # What YAML allows and a manifest does not
    ALIAS = "alias"
    TAG = "tag"
    MERGE_KEY = "merge-key"
    CUT_BY_COMMENT = "cut-by-comment"
    DUPLICATE_KEY = "duplicate-key"
    KEY_NOT_TEXT = "key-not-text"
    # The shape of the document
    UNKNOWN_VERSION = "unknown-version"
    NOT_A_MAPPING = "not-a-mapping"
    NOT_A_LIST = "not-a-list"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    NO_VALUE = "no-value"
    NO_LINKS = "no-links"
    SET_BY_OMISE = "set-by-omise"
    ADOPT_IN_MANIFEST = "adopt-in-manifest"
    ID_IN_DEFAULTS = "id-in-defaults"
    WRONG_NAME = "wrong-name"
    NOT_A_LINK_ID = "not-a-link-id"
    NOT_A_STACK = "not-a-stack"
    NOT_A_DATE = "not-a-date"
    # Inputs
    NOT_TEXT = "not-text"
    NOT_A_WHOLE_NUMBER = "not-a-whole-number"
    NOT_IN_SMALLEST_UNIT = "not-in-smallest-unit"
    NOT_TRUE_OR_FALSE = "not-true-or-false"
    NUMBER_TOO_LARGE = "number-too-large"
    NOT_POSITIVE = "not-positive"
    BLANK = "blank"
    CONTROL_CHARACTER = "control-character"
    LONE_SURROGATE = "lone-surrogate"
    TEXT_TOO_LONG = "text-too-long"
    NOT_A_CURRENCY = "not-a-currency"
    UNKNOWN_CURRENCY = "unknown-currency"
    UNSUPPORTED_CURRENCY = "unsupported-currency"
    AMOUNT_TOO_SMALL = "amount-too-small"
    AMOUNT_TOO_LARGE = "amount-too-large"
    COMMENT_DISAGREES = "comment-disagrees"
    # Across entries and files
    DUPLICATE_NAME = "duplicate-name"
    DUPLICATE_ID = "duplicate-id"
    DUPLICATE_STACK = "duplicate-stack"


@dataclass(frozen=True, kw_only=True)
class ManifestProblem:
    """One thing wrong with a manifest.

    ``line`` and ``column`` count from 1, in characters; both are 0 if the file could not be
    opened. ``path`` is where in the document, such as ``links.spring-sale.amount``, or empty.
    ``problem`` completes the sentence "<path> …". ``code`` names the rule that is broken. All is
    safe to print.
    """

    file: str
    line: int
    column: int
    path: str
    problem: str
    code: ProblemCode

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        sentence = ": ".join(part for part in (place, self.path, self.problem) if part)
        return f"{sentence} [{self.code.value}]"


class ManifestError(OmiseLinksError):
    """Manifests have problems. The message is all of them, a line each; ``problems`` is typed."""

    exit_code = ExitCode.WRONG_USE

    def __init__(self, problems: Sequence[ManifestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def details(self) -> Mapping[str, object]:
        """Return the problems with their places and codes."""
        return {"problems": [asdict(problem) for problem in self.problems]}


class ReportError(OmiseLinksError):
    """A page or QR codes cannot be made: a package is missing, or a file is in the way."""

    @classmethod
    def of_missing_package(cls, package: str) -> ReportError:
        """Return the error for a package of the extra ``report`` that is not installed."""
        return cls(
            f"The Python package {package} is missing, which pages and QR codes need: install it"
            " with `pip install 'pulumi-omise-links[report]'`. Nothing was written."
        )


class ProjectError(OmiseLinksError):
    """The Pulumi project cannot be used, or Pulumi refused; the message says why."""


class StackNotFoundError(ProjectError):
    """There is no such stack, or none is selected."""

    exit_code = ExitCode.NO_STACK

    def __init__(self, output: str) -> None:
        super().__init__(
            f"There is no such stack. Pulumi says:\n{output}\nName one with --stack (`pulumi stack"
            " ls --all` lists them), or select one with `pulumi stack select`."
        )


class UnmatchedStackError(StackNotFoundError):
    """No stack has the name, or fits the pattern, that was given."""

    def __init__(self, name: str, where: str) -> None:
        """:param where: whose stacks were looked through, such as ``the backend``."""
        ProjectError.__init__(
            self,
            f"No stack of {where} has the name, or fits the pattern, {name}. A name without / is"
            " that of a stack of the project in the folder; `pulumi stack ls --all` lists all.",
        )


class StackLockedError(ProjectError):
    """Another run holds the lock of the stack, or a killed run never released it."""

    def __init__(self, output: str) -> None:
        super().__init__(
            f"The stack is locked by another run. Pulumi says:\n{output}\nWait until that run has"
            " ended. If it was killed, `pulumi cancel` takes its lock away. The stack was not"
            " changed."
        )


class SweepRefusedError(OmiseLinksError):
    """Which links are managed, or which account is swept, is not certain. Nothing was deleted."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """:param reasons: all that is not certain, as parts of a sentence."""
        self.reasons = tuple(reasons)
        super().__init__(
            "Refused to sweep, as it is not certain which links no stack manages:"
            f" {'; '.join(self.reasons)}. Nothing was deleted."
        )

    def details(self) -> Mapping[str, object]:
        """Return the reasons."""
        return {"reasons": list(self.reasons)}


class EditError(OmiseLinksError):
    """A manifest could not be written. Nothing of it was changed."""
