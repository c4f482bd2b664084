"""No key shows anywhere in a full life, and no hostile text does harm."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from harness import Project, Run

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

LOUD = ("-v=9", "--logtostderr", "--logflow")
# Not like the keys of the emulator, so that nothing but this test knows them.
KEYS = {
    "environment": "skey_test_5xkenvironment0",
    "config": "skey_test_5xkstackconfig0",
    "provider": "skey_test_5xkproviderjp00",
    "rolled": "skey_test_5xkrolledkey000",
}
OUTSIDE = "".join(
    (
        "\x1b]0;owned\x07\x1b[2J",  # sets a terminal's title, clears it
        "<script>alert(1)</script> [x](javascript:alert(1)) | `| ---",
        "\u202egnp.exe\u2066",  # turns the direction of what follows
    )
)
# What is text, however strange, must arrive byte for byte.
STRANGE = (
    "<b>50% off</b> | `a` [b](c) \u202eevil\u202c \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 🎉\n\tx"
)


# At -v=9 the engine writes down what it sends to and gets from any provider, secrets included. No
# package can change that; a key that is only named in the configuration (`omise:secretKeyEnv`, or
# none at all) never passes there.
ENGINE_OWN = re.compile(r"^.*arshaling property for RPC\[.*$", re.MULTILINE)


class Witness:
    """Keeps everything that was said, and looks for keys in it."""

    def __init__(self) -> None:
        self._said: list[tuple[str, str]] = []

    def hear(self, what: str, run: Run) -> Run:
        self._said.append((what, run.out))
        return run

    def note(self, what: str, text: str) -> None:
        self._said.append((what, text))

    def find(self, files: list[Path]) -> list[str]:
        """Where a key shows: in plain, as the user of a Basic header, or alone in base64."""
        needles = [form for key in KEYS.values() for form in forms(key)]
        sources = [(what, ENGINE_OWN.sub("", text).encode()) for what, text in self._said]
        sources += [(str(file), file.read_bytes()) for file in files]
        return [f"{what}: {form!r}" for what, text in sources for form in needles if form in text]

    def heard(self, text: str) -> bool:
        """Whether anything said holds this, the engine's own lines included."""
        return any(text in said for _, said in self._said)


def forms(key: str) -> list[bytes]:
    """A key as it could show: the end of it alone is telling enough."""
    plain = key.encode()
    return [
        plain,
        plain[len("skey_test_") :],
        base64.b64encode(plain + b":"),
        # Wherever it starts in a longer text, three ways to cut it into groups of three.
        *(base64.b64encode(plain[skip:])[4:-4] for skip in range(3)),
    ]


def test_no_key_shows_in_a_whole_life(project: Project, omise: Emulator) -> None:
    """Keys from the environment, stack config and a provider; logs, states, errors, the journal."""
    for name in ("environment", "config", "rolled"):
        omise.add_key(KEYS[name])
    omise.add_key(KEYS["provider"], "jp")
    seen = Witness()
    project.env |= {"OMISE_SECRET_KEY": KEYS["environment"], "OMISE_JP_KEY": KEYS["provider"]}
    project.program(
        """
from pulumi import ResourceOptions
jp = Provider("jp", secret_key=pulumi.Output.secret(__import__("os").environ["OMISE_JP_KEY"]))
Link("a", amount=5_000, currency="THB", title="A", description="d")
Link("b", amount=5_000, currency="JPY", title="B", description="d",
     opts=ResourceOptions(provider=jp))
"""
    )
    seen.hear("up", project.up(*LOUD)).ok()
    seen.hear(
        "config", project.pulumi("config", "set", "--secret", "omise:secretKey", KEYS["config"])
    )
    seen.hear("preview", project.pulumi("preview", "--json")).ok()
    seen.hear("up with stack config", project.up(*LOUD)).ok()
    assert len(omise.links(deleted=False)) == 2

    # A key that was revoked: a refresh still uses it, says so, and says what helps.
    seen.hear(
        "config", project.pulumi("config", "set", "--secret", "omise:secretKey", KEYS["rolled"])
    )
    omise.revoke(KEYS["config"])
    refused = seen.hear("refresh, revoked", project.refresh(*LOUD))
    assert refused.failed().code
    assert "--run-program" in refused.out
    helped = project.refresh("--run-program", "--expect-no-changes")
    seen.hear("refresh --run-program", helped).ok()

    # Lost answers, and answers with the key in them.
    omise.fault("lost_after", method="DELETE")
    omise.fault("502", method="DELETE")
    seen.hear("export", project.pulumi("stack", "export"))
    seen.hear("outputs", project.pulumi("stack", "output", "--json"))
    seen.hear("history", project.pulumi("stack", "history", "--json"))
    seen.hear("destroy", project.destroy("--run-program", *LOUD)).ok()
    assert omise.links(deleted=False) == []

    seen.note("journal", json.dumps([request.as_dict() for request in omise.journal.entries]))
    own = [file for file in project.files() if file.name != "__main__.py"]
    assert own
    assert seen.find(own) == []
    assert not seen.heard(KEYS["environment"])


def test_strange_titles_are_kept_whole(project: Project, omise: Emulator) -> None:
    """Markup, direction marks, emoji: the API and the state have what the program says."""
    project.program(
        f"link = Link('a', amount=5_000, currency='THB', title={STRANGE[:200]!r},"
        f" description={STRANGE * 100!r})\n"
    )

    project.up().ok()

    (link,) = omise.links()
    assert (link["title"], link["description"]) == (STRANGE[:200], STRANGE * 100)
    held = project.links()["a"]["outputs"]
    assert (held["title"], held["description"]) == (STRANGE[:200], STRANGE * 100)
    project.unchanged()
    project.refresh("--expect-no-changes").ok()


def test_harmful_titles_are_refused_at_preview(project: Project, omise: Emulator) -> None:
    """Terminal sequences and a pasted file of 10 MB: a sentence, without the text itself."""
    (project.folder / "huge.txt").write_text("ten megabytes " * 750_000)
    project.program(
        f"""
from pathlib import Path
Link("a", amount=5_000, currency="THB", title={OUTSIDE!r},
     description=Path("huge.txt").read_text())
"""
    )

    run = project.pulumi("preview").failed()

    assert "title must not hold control characters" in run.out
    assert "description is too long: 10,500,000 bytes" in run.out
    assert "owned" not in run.out
    assert "ten megabytes" not in run.out
    assert len(run.out) < 10_000
    assert omise.journal.writes == []
