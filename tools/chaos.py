"""Inject faults: many links through the real engine while the emulator misbehaves.

    python tools/chaos.py --links 1000 --seed 1
    python tools/chaos.py --links 300 --seed 1 --native      # links of the native plugin
    python tools/chaos.py --pipelines 10 --links 100 --limit 20

The first way goes through up, refresh, a replacement of every tenth link, and destroy, under
time-outs, server faults, 429s and lost connections. After every command it puts side by side what
the program declares, what the state holds and what lives in the account. A command that fails is
run again, after what its output asks for was done: `omise-links recover` finds out whether a link
that it named as perhaps made exists.

The second way runs many pipelines at once, each with its own project, in one account whose rate
limiter lets so many requests a second through.

Broken promises are named, and end it with exit code 1. Everything stays in a temporary folder and
on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine
from links_project import Links, LinksProject, ManagedLink, compare, diagnostics
from pulumi_project import Run, say

from pulumi_omise_links.emulator import Behaviour, Emulator

# Statuses of the pages that firewalls, proxies and login pages send in place of an answer.
PAGES = (
    *(103, 200, 202, 302, 303, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 429, 451),
    *(500, 502, 503, 504, 520, 599),
)
# What share of all requests is struck, and how. Half of the time-outs and pages, and some of the
# server errors, come although the request is carried out.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "timeout", "rate": 0.05},
    {"kind": "timeout", "rate": 0.045, "commit": True},
    {"kind": "500", "rate": 0.015},
    {"kind": "503", "rate": 0.01},
    {"kind": "503", "rate": 0.005, "html": True, "retry_after": 1},
    {"kind": "500", "rate": 0.01, "commit": True},
    {"kind": "502", "rate": 0.01, "commit": True},
    {"kind": "429", "rate": 0.005},
    {"kind": "429", "rate": 0.01, "retry_after": 1},
    {"kind": "429", "rate": 0.005, "html": True},
    {"kind": "lost_after", "rate": 0.01},
    *(
        {
            "kind": "page",
            "status": status,
            "commit": commit,
            "rate": 0.001,
            **({"location": "https://login.example/"} if 300 <= status < 400 else {}),
        }
        for status in PAGES
        for commit in (False, True)
    ),
)
# The worst of these time-outs: the request is carried out so many seconds after the client has
# given up, when it no longer looks for its link.
LATE_RATE, LATE = 0.005, 6.0
MOST_TRIES = 12
MOST_IN_FLIGHT = 10  # of one process
# An error that says a link may have been made though no state holds it.
MAYBE_MADE = "The answer to the create of this link was lost"
# One that refuses to make a link beside such a one.
REFUSED = "A create of a link with the same inputs was begun"


@dataclass
class Tally:
    """What a run came to."""

    broken: list[str] = field(default_factory=list)
    duplicates: int = 0
    unreported_orphans: int = 0
    reported_orphans: int = 0
    lost_from_state: int = 0
    in_flight: int = 0
    requests: int = 0
    struck: int = 0
    limited: int = 0
    repeated: int = 0
    tries: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def add_journal(self, omise: Emulator) -> None:
        """Take over what the emulator has counted."""
        counters = omise.journal.counters()
        self.in_flight = counters["max_in_flight"]
        self.requests = counters["requests"]
        self.struck = sum(counters["faults"].values())
        self.limited = counters["statuses"].get("429", 0)

    def table(self) -> str:
        """Return the tally as a Markdown table."""
        rows: list[tuple[str, object]] = [
            ("commands until success", ", ".join(f"{k} {v}" for k, v in self.tries.items())),
            ("duplicates", self.duplicates),
            ("orphans that no output named", self.unreported_orphans),
            (
                "orphans that an output named, then taken into the state or deleted",
                self.reported_orphans,
            ),
            ("links lost from the state", self.lost_from_state),
            ("most requests in flight", self.in_flight),
            ("requests", f"{self.requests:,}"),
            ("of them struck by a fault or refused by the limiter", f"{self.struck:,}"),
            ("429 answers", f"{self.limited:,}"),
            ("requests repeated by the client", f"{self.repeated:,}"),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        return "\n".join(["| | |", "|---|---|", *(f"| {name} | {what} |" for name, what in rows)])


class ChaosRun:
    """One project under faults, and the user who does what the outputs ask for."""

    def __init__(self, project: LinksProject, omise: Emulator) -> None:
        self.tally = Tally()
        self._project = project
        self._omise = omise
        self._named: set[str] = set()
        self._before: dict[str, ManagedLink] = {}

    def run(self, count: int) -> Tally:
        """Go through the phases."""
        started = time.monotonic()
        self._project.links = make_links(count)
        self._phase("up", self._project.links, "up", "--continue-on-error")
        self._phase("refresh", self._project.links, "refresh")
        for inputs in list(self._project.links.values())[::10]:
            inputs["amount"] += 1_000_000
        self._phase("replace", self._project.links, "up", "--continue-on-error")
        self._phase("destroy", {}, "destroy", "--continue-on-error")
        self.tally.seconds = time.monotonic() - started
        self.tally.add_journal(self._omise)
        self.tally.repeated = repeated(self._omise)
        if self.tally.in_flight > MOST_IN_FLIGHT:
            self._break(f"{self.tally.in_flight} requests were in flight at once")
        return self.tally

    def _phase(self, phase: str, target: Links, verb: str, *more: str) -> None:
        """Run a command until it succeeds; look at the three sets after every try."""
        for number in range(1, MOST_TRIES + 1):
            began = time.monotonic()
            run = self._project.pulumi(verb, *more)
            said = f"{phase}, try {number}: exit code {run.code}, {time.monotonic() - began:.0f} s"
            say(f"{said}, {self._look(phase, target, run)}")
            if run.code == 0:
                self.tally.tries[phase] = number
                return
        self._break(f"{phase} did not succeed in {MOST_TRIES} tries: {run.out[-2000:]}")

    def _look(self, phase: str, target: Links, run: Run) -> str:
        diagnosed = diagnostics(run)
        maybe = {name for name, text in diagnosed.items() if MAYBE_MADE in text}
        self._named |= maybe
        if maybe:
            # Whoever opens the dashboard after such an error needs longer than this.
            time.sleep(LATE)
        managed = self._project.managed()
        found = compare(target, managed, self._omise)
        if "Traceback" in run.out:
            self._break(f"{phase} showed a traceback: {run.out[-2000:]}")
        for orphan in found.unmanaged:
            if orphan["title"].partition(":")[0] not in self._named:
                self.tally.unreported_orphans += 1
                self._break(f"{phase}: {orphan['id']} is in no state, and no output named it")
        self._check_losses(phase, managed)
        if run.code == 0:
            self.tally.duplicates += len(found.twins)
            if not found.equal:
                self._break(f"{phase} succeeded, but the sets differ: {found}")
        else:
            unsettled = {*found.missing, *found.surplus} - set(diagnosed)
            # What depends on nothing is tried in any case, so each must be spoken of.
            if unsettled and verb_goes_on(phase):
                self._break(f"{phase} failed without naming {', '.join(sorted(unsettled))}")
        self._settle(phase, run, found.unmanaged)
        return f"{len(diagnosed) - (run.code != 0)} named, {len(maybe)} of them perhaps made"

    def _check_losses(self, phase: str, managed: list[ManagedLink]) -> None:
        """No link may leave the state while it exists."""
        kept = {link.id for link in managed}
        alive = {link["id"] for link in self._omise.links("th", deleted=False)}
        for link in self._before.values():
            if link.id in alive and link.id not in kept:
                self.tally.lost_from_state += 1
                self._break(f"{phase}: {link.id} ({link.name}) exists, but left the state")
        self._before = {link.id: link for link in managed}

    def _settle(self, phase: str, run: Run, unmanaged: list[dict[str, Any]]) -> None:
        """Do as the errors say: let `recover` find out which links were made after all."""
        self.tally.reported_orphans += len(unmanaged)
        open_ = any(word in run.out for word in (MAYBE_MADE, REFUSED))
        if phase in {"up", "replace"} and (unmanaged or open_):
            self._project.run("omise-links", "recover", "--yes", "--settle", f"{LATE:g}", limit=600)
        managed = {link.id for link in self._project.managed()}
        for orphan in unmanaged:
            # What `recover` leaves to a person, a person deletes in the dashboard.
            if orphan["id"] not in managed:
                self._omise.delete(orphan["id"])

    def _break(self, what: str) -> None:
        self.tally.broken.append(what)
        say(f"BROKEN: {what}")


def verb_goes_on(phase: str) -> bool:
    """Whether the engine goes on after an error; a refresh stops at the first."""
    return phase != "refresh"


def make_links(count: int, prefix: str = "") -> Links:
    """Declare so many links; the title starts with the name, so that a link tells whose it is."""
    return {
        f"{prefix}link-{number:04}": {
            "amount": 10_000 + number,
            "currency": "THB",
            "title": f"{prefix}link-{number:04}: Spring sale",
            "description": "Two tickets",
            "multiple": number % 2 == 0,
        }
        for number in range(count)
    }


def repeated(omise: Emulator) -> int:
    """Count the requests that repeat one without a usable answer.

    A create is repeated only after a 429, and then always; another request shows by its address.
    """
    open_ones: dict[tuple[str, str, str], int] = {}
    count = 0
    for entry in omise.journal.entries:
        address = (entry.method, entry.path, entry.query)
        if entry.method == "POST":
            count += entry.status == 429
            continue
        if open_ones.get(address, 0):
            open_ones[address] -= 1
            count += 1
        if entry.status != 200:
            open_ones[address] = open_ones.get(address, 0) + 1
    return count


def run_chaos(
    pulumi: Path, folder: Path, *, links: int, seed: int, seconds: float, native: bool = False
) -> Tally:
    """Run one project under faults."""
    with Emulator(seed=seed) as omise:
        for fault in FAULTS:
            omise.fault(**fault)
        omise.fault("slow", rate=LATE_RATE, seconds=seconds + LATE)
        project = LinksProject(folder, pulumi, omise, seconds=seconds, native=native)
        return ChaosRun(project, omise).run(links)


def pipelines(
    pulumi: Path, folder: Path, *, count: int, links: int, limit: float, seed: int
) -> Tally:
    """Run many pipelines at once against a limiter; each gets one `pulumi up`."""
    tally = Tally()
    behaviour = Behaviour(requests_per_second=limit, burst=max(1, int(limit)))
    with Emulator(seed=seed, behaviour=behaviour) as omise:
        projects = []
        for number in range(count):
            name = f"pipeline-{number}"
            # The wait for an answer is the default one: nothing is lost here, only refused.
            project = LinksProject(folder / name, pulumi, omise, name=name, seconds=30)
            project.links = make_links(links, prefix=f"p{number}-")
            projects.append(project)
        started = time.monotonic()
        together = threading.Barrier(count)

        def run(project: LinksProject) -> Run:
            together.wait()
            done = project.pulumi("up")
            after = f"{time.monotonic() - started:.0f} s"
            say(f"{project.name}: exit code {done.code} after {after}")
            return done

        with ThreadPoolExecutor(count) as pool:
            runs = list(pool.map(run, projects))
        tally.seconds = time.monotonic() - started
        tally.tries["up"] = 1
        managed = [project.managed() for project in projects]
        for number, (project, mine, done) in enumerate(zip(projects, managed, runs, strict=True)):
            found = compare(project.links, mine, omise, prefix=f"p{number}-")
            tally.duplicates += len(found.twins)
            tally.unreported_orphans += len(found.unmanaged)
            if done.code or not found.equal:
                tally.broken.append(f"{project.name}: {found}; {done.out[-2000:]}")
        tally.add_journal(omise)
        tally.repeated = repeated(omise)
        if tally.in_flight > count * MOST_IN_FLIGHT:
            tally.broken.append(f"{tally.in_flight} requests were in flight at once")
    return tally


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--links", type=int, default=60, help="how many (of each pipeline)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    parser.add_argument("--timeout", type=float, default=1.5, help="seconds to wait for an answer")
    parser.add_argument("--native", action="store_true", help="links of the native plugin")
    parser.add_argument("--pipelines", type=int, help="run so many at once, without faults")
    parser.add_argument("--limit", type=float, default=20, help="requests a second, for pipelines")
    given = parser.parse_args()
    # So that folders and processes go, whoever ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    engine.heed_interrupts()
    say(f"$ python tools/chaos.py {shlex.join(sys.argv[1:])}    (seed {given.seed})")
    pulumi = engine.find_or_get()
    with tempfile.TemporaryDirectory(prefix="omise-links-chaos-") as name:
        folder = Path(name)
        if given.pipelines:
            tally = pipelines(
                pulumi,
                folder,
                count=given.pipelines,
                links=given.links,
                limit=given.limit,
                seed=given.seed,
            )
        else:
            tally = run_chaos(
                pulumi,
                folder,
                links=given.links,
                seed=given.seed,
                seconds=given.timeout,
                native=given.native,
            )
    say(f"\n{tally.table()}\n")
    for what in tally.broken:
        say(f"BROKEN: {what}")
    say("All promises held." if not tally.broken else f"{len(tally.broken)} promises broken.")
    sys.exit(1 if tally.broken else 0)


if __name__ == "__main__":
    main()
