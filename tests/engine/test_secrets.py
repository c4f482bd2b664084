"""No key shows anywhere in a full life, and no hostile text does harm."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
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


class CollectedOutput:
    """What commands have printed and files hold, and the keys in it."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str]] = []

    def add_run(self, what: str, run: Run) -> Run:
        self._texts.append((what, run.out))
        return run

    def add(self, what: str, text: str) -> None:
        self._texts.append((what, text))

    def find_keys(self, files: list[Path]) -> list[str]:
        """Where a key shows: in plain, as the user of a Basic header, or alone in base64."""
        needles = [form for key in KEYS.values() for form in forms(key)]
        sources = [(what, ENGINE_OWN.sub("", text).encode()) for what, text in self._texts]
        sources += [(str(file), file.read_bytes()) for file in files]
        return [f"{what}: {form!r}" for what, text in sources for form in needles if form in text]

    def holds(self, text: str) -> bool:
        """Whether any text holds this, the engine's own lines included."""
        return any(text in collected for _, collected in self._texts)


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


def test_no_key_shows_in_a_whole_life(new_project: Callable[..., Project], omise: Emulator) -> None:
    """Keys from the environment, stack config and a provider; logs, states, errors, the journal."""
    project = new_project(secrets_provider="passphrase")
    for name in ("environment", "config", "rolled"):
        omise.add_key(KEYS[name])
    omise.add_key(KEYS["provider"], "jp")
    output = CollectedOutput()
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
    output.add_run("up", project.up(*LOUD)).ok()
    output.add_run(
        "config", project.pulumi("config", "set", "--secret", "omise:secretKey", KEYS["config"])
    )
    output.add_run("preview", project.pulumi("preview", "--json")).ok()
    output.add_run("up with stack config", project.up(*LOUD)).ok()
    assert len(omise.links(deleted=False)) == 2

    # A key that was revoked: a refresh still uses it, says so, and says what helps.
    output.add_run(
        "config", project.pulumi("config", "set", "--secret", "omise:secretKey", KEYS["rolled"])
    )
    omise.revoke(KEYS["config"])
    refused = output.add_run("refresh, revoked", project.refresh(*LOUD))
    assert refused.failed().code
    assert "--run-program" in refused.out
    helped = project.refresh("--run-program", "--expect-no-changes")
    output.add_run("refresh --run-program", helped).ok()

    # Lost answers, and answers with the key in them.
    omise.fault("lost_after", method="DELETE")
    omise.fault("502", method="DELETE")
    output.add_run("export", project.pulumi("stack", "export"))
    output.add_run("outputs", project.pulumi("stack", "output", "--json"))
    output.add_run("history", project.pulumi("stack", "history", "--json"))
    output.add_run("destroy", project.destroy("--run-program", *LOUD)).ok()
    assert omise.links(deleted=False) == []

    output.add("journal", json.dumps([request.as_dict() for request in omise.journal.entries]))
    own = [file for file in project.files() if file.name != "__main__.py"]
    assert own
    assert output.find_keys(own) == []
    assert not output.holds(KEYS["environment"])


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
