"""Walk a person through the main job: the real Pulumi engine, and a local Omise.

Everything happens in a temporary folder and on 127.0.0.1; nothing is left behind, whether the walk
ends by itself or with Ctrl-C.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import engine

from pulumi_omise_links.emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent


class Walk:
    """One walk: a copy of an example, a stack of its own, and the environment Pulumi needs."""

    def __init__(self, folder: Path, pulumi: Path, omise: Emulator) -> None:
        self._omise = omise
        self._folder = folder
        self._project = folder
        self._env = {
            **engine.environment(pulumi, folder),
            "OMISE_API_URL": omise.url,
            "OMISE_SECRET_KEY": omise.key("th"),
        }

    def enter(self, example: str, stack: str) -> None:
        """Go into a fresh copy of an example, with a stack of its own."""
        self._project = self._folder / example
        shutil.copytree(ROOT / "examples" / example, self._project)
        self.run("pulumi", "stack", "init", stack, quiet=True)

    def run(self, *command: str, quiet: bool = False, expect: int = 0) -> None:
        """Show a command as a person would type it, and run it."""
        if not quiet:
            print(f"\n$ {' '.join(command)}", flush=True)
        child = subprocess.Popen(
            command,
            cwd=self._project,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            # Ctrl-C is for us alone: Pulumi ends its plugins only if it is asked once.
            start_new_session=True,
        )
        try:
            code = child.wait()
        except BaseException:
            child.send_signal(signal.SIGINT)
            child.wait(60)
            raise
        if code != expect:
            raise SystemExit(f"The demo stops: that command ended with code {code}.")

    def live(self) -> list[str]:
        """Ask the local Omise which links can be paid."""
        return [each["id"] for each in self._omise.links(deleted=False)]


def main() -> None:
    """Run the walk."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    folder = Path(tempfile.mkdtemp(prefix="omise-links-demo-"))
    with _without_traces(folder), Emulator() as omise:
        walk = Walk(folder, engine.find_or_get(), omise)
        _campaign(walk, omise)
        _adoption(walk, omise)
    heading("That was it")
    print(
        "Next: README.md, from nothing to a link of your own; examples/, each with a README;\n"
        "`omise-links emulator` is the local Omise of this walk, for your own projects and tests."
    )


def _campaign(walk: Walk, omise: Emulator) -> None:
    heading("A campaign of three links, declared in Python (examples/02-campaign)")
    walk.enter("02-campaign", "spring")
    walk.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("A pull request changes the price: the preview says what is replaced, and why")
    walk.run("pulumi", "config", "set", "price", "160000")
    walk.run("pulumi", "preview", "--diff", "--suppress-progress")
    walk.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("Somebody deletes a link in the dashboard: refresh notices, up heals")
    victim = walk.live()[0]
    omise.delete(victim)
    print(f"(the local Omise deletes {victim})")
    walk.run("pulumi", "refresh", "--yes", "--skip-preview", "--suppress-progress")
    walk.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")

    heading("The campaign is over: destroy deletes the links")
    _end(walk)


def _adoption(walk: Walk, omise: Emulator) -> None:
    heading("Three links exist already, made by hand (examples/03-adopt-existing-links)")
    walk.enter("03-adopt-existing-links", "posters")
    walk.run("python", "make_links.py")
    walk.run("omise-links", "match", "links.yaml", "--write")

    heading("They come under management: planned, imported, and proved by an empty preview")
    writes = len(omise.journal.writes)
    walk.run("omise-links", "plan", "links.yaml")
    walk.run("omise-links", "import", "links.yaml", "--yes")
    walk.run("omise-links", "plan", "links.yaml")
    print(f"\nThe local Omise counted {len(omise.journal.writes) - writes} writes meanwhile.")

    heading("From now on they are code: the fourth is made, and all are torn down")
    walk.run("pulumi", "up", "--yes", "--skip-preview", "--suppress-progress")
    _end(walk)


def _end(walk: Walk) -> None:
    walk.run("pulumi", "destroy", "--yes", "--skip-preview", "--suppress-progress")
    left = walk.live()
    print(f"\nThe local Omise is asked for links that can still be paid: {left or 'none'}.")
    if left:
        raise SystemExit("The demo failed: links are left.")


def heading(text: str) -> None:
    """Print a heading that stands out from Pulumi's output."""
    line = "─" * min(len(text), 78)
    print(f"\n{line}\n{text}\n{line}", flush=True)


@contextlib.contextmanager
def _without_traces(folder: Path) -> Iterator[None]:
    """End the walk in one line whatever happens, and take the folder away."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left behind.")
        sys.exit(130)
    except engine.EngineError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
