"""Kill a run in the middle of its work, again and again, and put things in order afterwards.

    python tools/kill.py --trials 200 --seed 1
    python tools/kill.py --trials 60 --seed 1 --native    # links of the native plugin
    python tools/kill.py --seed 1 --trial 17              # that one again

Each trial has a project, a stack and an emulator of its own. During `pulumi up` or
`pulumi destroy` one of these gets SIGKILL at a random moment: `pulumi` with all the processes
that it has started, `pulumi` alone, the plugin that talks to Omise alone, or the program alone.
Then comes what the documents ask for: `pulumi cancel` if the stack is still locked,
`omise-links recover`, and `pulumi up`. The account must then hold exactly what the
program declares, and the state the same. A trial that ends otherwise is shown, and ends the run
with exit code 1.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import engine
import psutil
from links_project import Links, LinksProject, compare
from pulumi_project import (
    NATIVE_PLUGIN,
    NO_QUESTIONS,
    PLUGIN,
    PROGRAM,
    CommandError,
    Run,
    delete_empty_side_files,
    descendants,
    end,
    kill,
    running,
    say,
)

from pulumi_omise_links.emulator import Emulator

# More than twice what an answer may take here: the killed run's last requests may be that far from
# its last write to the state.
SETTLE = "5"
MOST_RECOVERIES = 4


class Victim(Enum):
    """Which processes get SIGKILL."""

    ALL = "pulumi and all its processes"
    PULUMI = "pulumi alone"
    PLUGIN = "the plugin alone"
    PROGRAM = "the program alone"


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """What a trial does. ``after``: so many writes, or None for a time after the start."""

    operation: str
    links: int
    victim: Victim
    after: int | None
    delay: float
    latency: float
    ending: str
    native: bool = False

    @classmethod
    def draw(cls, seed: int, number: int, *, native: bool = False) -> TrialPlan:
        """Draw the plan of a trial; the same for the same numbers."""
        dice = random.Random(f"{seed}/{number}")
        operation = dice.choices(["create", "change", "destroy"], [5, 3, 2])[0]
        links = dice.randint(2, 6)
        at_a_write = dice.random() < 0.8
        return cls(
            operation=operation,
            links=links,
            victim=dice.choices(list(Victim), [3, 3, 3, 1])[0],
            after=dice.randrange(links) if at_a_write else None,
            delay=dice.uniform(0, 0.3) if at_a_write else dice.uniform(0.5, 3.5),
            latency=dice.uniform(0.03, 0.25),
            ending="destroy" if operation == "destroy" and dice.random() < 0.5 else "up",
            native=native,
        )

    def __str__(self) -> str:
        moment = f"{self.delay:.2f} s after " + (
            "the start" if self.after is None else f"write {self.after}"
        )
        links = f"{self.links} {'native ' if self.native else ''}links"
        return f"{self.operation} {links}, {self.victim.value} killed {moment}"


@dataclass
class Outcome:
    """What a trial came to."""

    plan: TrialPlan
    broken: str = ""
    facts: Counter[str] = field(default_factory=Counter)


class Trial:
    """One project, one kill, and the way back."""

    def __init__(self, folder: Path, pulumi: Path, omise: Emulator, plan: TrialPlan) -> None:
        self._omise = omise
        self._plan = plan
        self._left: list[psutil.Process] = []
        self._project = LinksProject(folder, pulumi, omise, seconds=5, native=plan.native)
        self.outcome = Outcome(plan)

    def run(self) -> Outcome:
        """Go through the trial."""
        try:
            self._prepare()
            self._killed_run()
            self._recover()
            self._finish()
        except CommandError as error:
            self.outcome.broken = str(error)
        finally:
            kill(self._left)
        return self.outcome

    def _prepare(self) -> None:
        project, plan = self._project, self._plan
        project.links = declare(range(plan.links))
        if plan.operation == "create":
            return
        project.pulumi("up").must("the first up")
        if plan.operation == "change":
            # Every second link is replaced, the last one goes, and two are new.
            for inputs in list(project.links.values())[::2]:
                inputs["amount"] += 1_000
            project.links.popitem()
            project.links |= declare(range(plan.links, plan.links + 2))

    def _killed_run(self) -> None:
        """Start, wait for the moment, kill."""
        plan, journal = self._plan, self._omise.journal
        self._omise.latency = plan.latency
        journal.clear()
        verb = "destroy" if plan.operation == "destroy" else "up"
        child = self._project.start("pulumi", verb, *NO_QUESTIONS)

        def has_come() -> bool:
            if plan.after is None:
                return True
            return len(journal.writes) >= plan.after if plan.after else len(journal) > 0

        try:
            while child.poll() is None and not has_come():
                time.sleep(0.002)
            time.sleep(plan.delay)
            family = descendants(child.pid)
            struck = self._strike(child, family)
            # What is under way takes its time; what comes after need not.
            self._omise.latency = 0
            # Its output may stay open in the hands of processes that outlive it.
            child.wait(120)
        except BaseException:
            end(child)
            raise
        finally:
            for stream in (child.stdout, child.stderr):
                if stream:
                    stream.close()
        self._left = [] if plan.victim is Victim.ALL else family
        self.outcome.facts[f"killed: {plan.victim.value}"] += struck
        self.outcome.facts["killed: nothing, the victim had ended"] += not struck

    def _strike(self, child: subprocess.Popen[str], family: list[psutil.Process]) -> bool:
        """Kill the victim; return whether it still ran."""
        if child.poll() is not None:
            return False
        pulumi = psutil.Process(child.pid)
        victims = {
            Victim.ALL: [pulumi, *family],
            Victim.PULUMI: [pulumi],
            Victim.PLUGIN: running(NATIVE_PLUGIN if self._plan.native else PLUGIN, family),
            Victim.PROGRAM: running(PROGRAM, family),
        }[self._plan.victim]
        kill(victims)
        return bool(victims)

    def _recover(self) -> None:
        """Do what the texts ask for until `recover` is content."""
        facts = self.outcome.facts
        for _ in range(MOST_RECOVERIES):
            run = self._project.run(
                "omise-links", "recover", "--yes", "--settle", SETTLE, limit=300
            )
            if "Traceback" in run.out:
                raise CommandError(f"recover showed a traceback: {run.out}")
            if run.code == 0:
                break
            if self._unlock(run) or self._mend(run):
                continue
            orphans = self._orphans()
            named = [link for link in orphans if link["id"] in run.out]
            if not named:
                raise CommandError(f"recover gave up and named no link: {run.out}")
            # A person reads which links nobody needs, and deletes them in the dashboard.
            for link in named:
                self._omise.delete(link["id"])
            facts["links that recover left to a person"] += len(named)
        else:
            raise CommandError(f"recover was not content after {MOST_RECOVERIES} times: {run.out}")
        facts["links that recover took into the state"] += _count("taken", run.out)
        facts["of them in the place of the link they replace"] += run.out.count("It replaces")

    def _finish(self) -> None:
        verb, plan = self._plan.ending, self._plan
        target: Links = {} if verb == "destroy" else self._project.links
        run = self._project.pulumi(verb)
        if self._unlock(run):
            run = self._project.pulumi(verb)
        run.must(f"the last {verb}")
        deployment = self._project.deployment()
        found = compare(target, self._project.managed(deployment), self._omise)
        if not found.equal:
            raise CommandError(f"the sets differ: {found}")
        if deployment.get("pending_operations"):
            raise CommandError(f"operations are pending: {deployment['pending_operations']}")
        made = len(self._omise.links())
        least = plan.links if plan.operation == "create" else 0
        if made < least:
            raise CommandError(f"only {made} links were ever made")

    def _unlock(self, run: Run) -> bool:
        """Run `pulumi cancel` if a command said that it would help."""
        if not (run.code and "pulumi cancel" in run.out):
            return False
        self.outcome.facts["still locked: pulumi cancel"] += 1
        self._project.run("pulumi", "cancel", "--yes").must("pulumi cancel")
        return True

    def _mend(self, run: Run) -> bool:
        """Delete the side file that keeps Pulumi from reading the state, if it says so."""
        if "failed to load checkpoint: EOF" not in run.out:
            return False
        deleted = delete_empty_side_files(self._project.backend)
        self.outcome.facts["unreadable until an empty .attrs file was deleted"] += bool(deleted)
        return bool(deleted)

    def _orphans(self) -> list[dict[str, Any]]:
        return compare({}, self._project.managed(), self._omise).unmanaged


def declare(numbers: range) -> Links:
    """Declare links that differ in everything a person would look at."""
    return {
        f"link-{number}": {
            "amount": 10_000 + number,
            "currency": "THB",
            "title": f"Link {number}",
            "description": f"Ticket {number}",
            "multiple": number % 2 == 0,
        }
        for number in numbers
    }


def try_once(pulumi: Path, plan: TrialPlan) -> Outcome:
    """Run a trial in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="omise-links-kill-", ignore_cleanup_errors=True) as name,
        Emulator() as omise,
    ):
        return Trial(Path(name, "trial"), pulumi, omise, plan).run()


def interrupted(pulumi: Path, folder: Path, links: int) -> tuple[int, str, int]:
    """Send one SIGINT in the middle of an up; return its exit code, what differs, what pends.

    What differs are links that live in the account and are in no state.
    """
    # After the second write, the links are still some answers away from their end.
    with Emulator(latency=1.5) as omise:
        project = LinksProject(folder, pulumi, omise, seconds=5)
        project.links = declare(range(links))
        child = project.start("pulumi", "up", *NO_QUESTIONS)
        try:
            while child.poll() is None and len(omise.journal.writes) < 2:
                time.sleep(0.002)
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=120)
        except BaseException:
            end(child)
            raise
        deployment = project.deployment()
        found = compare({}, project.managed(deployment), omise)
        lost = ", ".join(link["id"] for link in found.unmanaged)
        return child.returncode, lost, len(deployment.get("pending_operations") or ())


def _count(words: str, text: str) -> int:
    number = text.partition(words)[0].split()[-2:-1]
    return int(number[0]) if number and number[0].isdecimal() else 0


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trial", type=int, help="only the trial of this number")
    parser.add_argument("--jobs", type=int, default=2, help="trials at the same time")
    parser.add_argument("--native", action="store_true", help="links of the native plugin")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    pulumi = engine.find_or_get()
    numbers = range(given.trials) if given.trial is None else [given.trial]
    facts: Counter[str] = Counter()
    broken = 0
    started = time.monotonic()
    pool = ThreadPoolExecutor(given.jobs)
    try:
        running = {
            pool.submit(
                try_once, pulumi, TrialPlan.draw(given.seed, number, native=given.native)
            ): number
            for number in numbers
        }
        for done in as_completed(running):
            outcome = done.result()
            facts += outcome.facts
            broken += bool(outcome.broken)
            result = f"BROKEN: {outcome.broken}" if outcome.broken else "as declared"
            say(f"trial {running[done]}: {outcome.plan}: {result}")
            if outcome.broken:
                again = f"--seed {given.seed} --trial {running[done]}{' --native' * given.native}"
                say(f"again: python tools/kill.py {again}")
    finally:
        pool.shutdown(cancel_futures=True)
    say(f"\n| | |\n|---|---|\n| trials | {len(numbers)} |")
    say(f"| ended as declared | {len(numbers) - broken} |")
    for name, count in sorted(facts.items()):
        say(f"| {name} | {count} |")
    say(f"| seconds | {time.monotonic() - started:.0f} |")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
