"""Show the main job on the real Pulumi engine and the emulator of Omise.

Everything happens in a temporary folder and on 127.0.0.1. The folder is removed at the end, also
after Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import engine
from pulumi_project import CommandError, PulumiProject, repository

from pulumi_omise_links.emulator import Emulator

ROOT = repository()


class Demo:
    """A copy of an example at a time, each with a stack of its own."""

    def __init__(self, folder: Path, pulumi: Path, omise: Emulator) -> None:
        self._folder = folder
        self._pulumi = pulumi
        self._omise = omise
        self._project: PulumiProject | None = None

    def enter(self, example: str) -> None:
        """Go into a fresh copy of an example, with a stack of its own."""
        env = {"OMISE_API_URL": self._omise.url, "OMISE_SECRET_KEY": self._omise.key("th")}
        self._project = PulumiProject(self._folder / example, self._pulumi, env)
        if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
            del self._project.env["NO_COLOR"]
        self._project.make(ROOT / "examples" / example)

    def run(self, *command: str) -> None:
        """Show a command as a person would type it, and run it."""
        assert self._project, "enter an example first"
        print(f"\n$ {' '.join(command)}", flush=True)
        done = self._project.run(*command, stdout=None, stderr=None)
        if done.code:
            raise SystemExit(f"The demo stops: that command ended with code {done.code}.")

    def links(self) -> list[str]:
        """Ask the emulator which links can be paid."""
        return [link["id"] for link in self._omise.links(deleted=False)]


def main() -> None:
    """Run the demo."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    folder = Path(tempfile.mkdtemp(prefix="omise-links-demo-"))
    with _without_traces(folder), Emulator() as omise:
        demo = Demo(folder, engine.find_or_get(), omise)
        _campaign(demo, omise)
        _adoption(demo, omise)
    heading("End of the demo")
    print(
        "Next: docs/guides/first-link.md makes a first link by hand; examples/ has more projects;\n"
        "`omise-links emulator` starts the emulator of this demo for your own projects."
    )


def _campaign(demo: Demo, omise: Emulator) -> None:
    heading("A campaign of three links, declared in Python (examples/02-campaign)")
    demo.enter("02-campaign")
    demo.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("A pull request changes the price: the preview names what is replaced, and why")
    demo.run("pulumi", "config", "set", "price", "160000")
    demo.run("pulumi", "preview", "--diff", "--suppress-progress")
    demo.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("Somebody deletes a link in the dashboard: refresh notices it, up creates it again")
    victim = demo.links()[0]
    omise.delete(victim)
    print(f"(the emulator deletes {victim})")
    demo.run("pulumi", "refresh", "--yes", "--skip-preview", "--suppress-progress")
    demo.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("The campaign is over: destroy deletes the links")
    _end(demo)


def _adoption(demo: Demo, omise: Emulator) -> None:
    heading("Three links exist already, made by hand (examples/03-adopt-existing-links)")
    demo.enter("03-adopt-existing-links")
    demo.run("python", "make_links.py")
    demo.run("omise-links", "match", "links.yaml", "--write")

    heading("They are imported: a plan first, then the import, then a preview without changes")
    writes = len(omise.journal.writes)
    demo.run("omise-links", "plan", "links.yaml")
    demo.run("omise-links", "import", "links.yaml", "--yes")
    demo.run("omise-links", "plan", "links.yaml")
    print(f"\nThe emulator counted {len(omise.journal.writes) - writes} writes meanwhile.")

    heading("Now they are code: up creates the fourth link, destroy deletes all four")
    demo.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")
    print("\nThe manifest names this stack, so its links are protected until you say otherwise:")
    demo.run("pulumi", "state", "unprotect", "--all", "--yes")
    _end(demo)


def _end(demo: Demo) -> None:
    demo.run("pulumi", "destroy", "--yes", "--skip-preview", "--suppress-progress")
    left = demo.links()
    print(f"\nThe emulator is asked for links that can still be paid: {left or 'none'}.")
    if left:
        raise SystemExit("The demo failed: links are left.")


def heading(text: str) -> None:
    """Print a heading that stands out from Pulumi's output."""
    line = "─" * min(len(text), 78)
    print(f"\n{line}\n{text}\n{line}", flush=True)


@contextlib.contextmanager
def _without_traces(folder: Path) -> Iterator[None]:
    """End the demo with one line whatever happens, and remove the folder."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left behind.")
        sys.exit(130)
    except (engine.EngineError, CommandError) as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
