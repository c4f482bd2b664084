"""Make the state that a later build must still understand, with the release at hand.

    python tools/release_state.py            # for a version that has none yet
    python tools/release_state.py --replace  # before its release only

tests/releases/VERSION holds a program, the state that the version made of it, its config, and
the links that were at Omise then. Once a version is released, its folder never changes: users have
such states. For the next version, copy the newest folder without what this script writes, let the
program use what is new, and run this.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import engine
from pulumi_project import NO_QUESTIONS, STACK, CommandError, PulumiProject, repository

from pulumi_omise_links import __version__
from pulumi_omise_links.emulator import Emulator

RELEASES = repository() / "tests" / "releases"
STATE, CONFIG, LINKS = "state.json", f"Pulumi.{STACK}.yaml", "links.json"
# 2026-09-21; so nothing depends on the day of the test.
_MADE_AT = 1_790_000_000.0
# What seeding a link needs of a stored one, beside its inputs.
_OWNER = ("account", "live", "sub_merchant")
_INPUTS = ("amount", "currency", "title", "description", "multiple")


class Moment:
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.now = _MADE_AT

    def __call__(self) -> float:
        return self.now


def state_file(project: PulumiProject) -> Path:
    """The file of the backend that holds the project's state."""
    return project.backend / ".pulumi" / "stacks" / project.name / f"{STACK}.json"


def environment(omise: Emulator) -> dict[str, str]:
    """What the programs need in their environment."""
    return {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}


def restore(links: Sequence[Mapping[str, Any]], omise: Emulator, clock: Moment) -> dict[str, str]:
    """Make the links of a release's time in an emulator.

    :return: what each id and address of that time is now: an emulator makes ids of its own.
    """
    now: dict[str, str] = {}
    for then in links:
        # A text may hold the address of an older link.
        link = json.loads(translate(json.dumps(then, ensure_ascii=False), now))
        clock.now = float(link["created_at"])
        (made,) = omise.seed(**{name: link[name] for name in (*_OWNER, *_INPUTS)})
        if link["used_at"] is not None:
            clock.now = float(link["used_at"])
            omise.pay(made)
        now |= {link["payment_uri"]: omise.link(made)["payment_uri"], link["id"]: made}
    clock.now = _MADE_AT + 86_400
    return now


def translate(text: str, now: Mapping[str, str]) -> str:
    """Put the ids and addresses of today in the place of those of a release's time."""
    for old, new in now.items():
        text = text.replace(old, new)
    return text


def make(folder: Path, pulumi: Path, work: Path) -> None:
    """Run the program of a release, and keep its state.

    :raises CommandError: a command of Pulumi failed.
    """
    clock = Moment()
    with Emulator(clock=clock) as omise:
        omise.switch(stored_text="trimmed")
        (adopted,) = omise.seed(title="There before", description="d", amount=5_000)
        (looked_up,) = omise.seed(title="Of somebody else", description="d", amount=5_000)
        project = PulumiProject(work, pulumi, environment(omise))
        project.make(folder)
        secrets = {"title": "For members", "jpKey": omise.key("jp")}
        for key, value in {"adopted": adopted, "looked-up": looked_up, **secrets}.items():
            secret = ("--secret",) if key in secrets else ()
            project.run("pulumi", "config", "set", key, value, *secret).must("pulumi config set")
        clock.now += 60
        project.run("pulumi", "up", *NO_QUESTIONS).must("pulumi up")
        clock.now += 60
        (once,) = (link["id"] for link in omise.links() if link["title"] == "Once")
        omise.pay(once)
        project.run("pulumi", "refresh", *NO_QUESTIONS).must("pulumi refresh")
        links = json.dumps(omise.links(), indent=2, ensure_ascii=False)
        (folder / LINKS).write_text(links + "\n", encoding="utf-8")
        (folder / STATE).write_text(_without_paths(state_file(project)), encoding="utf-8")
        (folder / CONFIG).write_bytes((project.folder / CONFIG).read_bytes())


def _without_paths(state: Path) -> str:
    """Return a state without what the engine notes of files on this machine, for people to read."""
    document = json.loads(state.read_text(encoding="utf-8"))
    for resource in document["checkpoint"]["latest"]["resources"]:
        for note in ("sourcePosition", "stackTrace"):
            resource.pop(note, None)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replace", action="store_true", help="make it anew")
    replace = parser.parse_args(arguments).replace
    folder = RELEASES / __version__
    if not (folder / "__main__.py").exists():
        print(f"There is no program in {folder}; see --help.", file=sys.stderr)
        return 2
    made = [folder / name for name in (STATE, CONFIG, LINKS)]
    if any(file.exists() for file in made) and not replace:
        print(f"{folder} has a state, and a released one never changes.", file=sys.stderr)
        return 2
    for file in made:
        file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:
        try:
            make(folder, engine.find_or_get(), Path(work))
        except CommandError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"Made {', '.join(file.name for file in made)} in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
