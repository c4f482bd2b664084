"""What a drift over many stacks costs: list calls, seconds beyond the exports, memory, writes.

In ``tools``: ``python -m bench.drift [--links 50000] [--stacks 100]``.
Takes a few minutes, on this machine alone. The states are copies of one that Pulumi has written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import engine
from pulumi_project import NO_QUESTIONS, PulumiProject

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.state_format import TYPE_TOKEN

PROGRAM = """\
from pulumi_omise_links import Link

Link("link", amount=10_000, currency="THB", title="Link", description="d", multiple=True)
"""
# VmHWM, as ru_maxrss begins with the memory of the process that has started this one.
MEASURED = """
import re, sys, time
from pathlib import Path
import pulumi_omise_links.cli.drift
from pulumi_omise_links.cli import run
from pulumi_omise_links.inventory import drift_gather

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

spent = 0.0
really_read = drift_gather.read_stacks

def read_stacks(*args):
    global spent
    began = time.monotonic()
    try:
        return really_read(*args)
    finally:
        spent += time.monotonic() - began

drift_gather.read_stacks = read_stacks
before = peak()
began, used = time.monotonic(), time.process_time()
code = run(["drift", *sys.argv[1:]])
seconds = time.monotonic() - began
print(f"exit code {code}, {seconds:.1f} s, of these {spent:.1f} s for the exports and"
      f" {seconds - spent:.1f} s beyond; our own processor time {time.process_time() - used:.1f} s")
print(f"memory: {before:.0f} MB at the start, {peak():.0f} MB at most,"
      f" {peak() - before:.0f} MB beyond the start")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=50_000)
    parser.add_argument("--stacks", type=int, default=100)
    given, options = parser.parse_known_args()
    folder = engine.find()
    if folder is None:
        sys.exit("no engine: run tools/engine.py first")
    print(f"-- {given.links:,} links in {given.stacks:,} stacks")
    with tempfile.TemporaryDirectory() as temporary, Emulator() as omise:
        measure(Path(temporary), Path(folder), omise, given.links, given.stacks, options)


def measure(
    temporary: Path,
    folder: Path,
    omise: Emulator,
    links: int,
    stacks: int,
    options: Sequence[str],
) -> None:
    """Compare the stacks with an account that holds their links and no others."""
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key()}
    project = PulumiProject(temporary, folder, env)
    project.make()
    (project.folder / "__main__.py").write_text(PROGRAM)
    project.run("pulumi", "up", *NO_QUESTIONS).must("pulumi up")
    omise.reset(data=True)
    ids = omise.seed(
        links, title="Link {n}", description="A campaign of this year, {n}", multiple=True
    )
    for number in range(stacks):
        write_state(project, f"s{number:03}", ids[number::stacks], omise)
    project.run("pulumi", "stack", "rm", "--yes", "--force", "dev", "--non-interactive").must("rm")
    omise.journal.clear()
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, "--backend", "--expect-no-changes", *options],
        cwd=project.folder,
        env={name: value for name, value in project.env.items() if name != "PULUMI_STACK"},
        check=False,
        capture_output=True,
        text=True,
    )
    print(run.stdout[-2000:], run.stderr[-2000:], sep="", end="")
    print(f"list calls {omise.journal.count('GET', '/links')}, writes {len(omise.journal.writes)}")


def write_state(project: PulumiProject, stack: str, ids: Sequence[str], omise: Emulator) -> None:
    """Write the state of a stack with these links, as Pulumi has written that of ``dev``."""
    states = project.backend / ".pulumi/stacks/shop"
    state = json.loads((states / "dev.json").read_text().replace("dev", stack))
    latest = state["checkpoint"]["latest"]
    (model,) = (one for one in latest["resources"] if one["type"] == TYPE_TOKEN)
    latest["resources"].remove(model)
    for link_id in ids:
        link = omise.link(link_id)
        values = {name: link[name] for name in ("title", "description", "amount", "currency")}
        latest["resources"].append(
            {
                **model,
                "urn": f"{model['urn']}-{link_id[-6:]}",
                "id": link_id,
                "inputs": {**model["inputs"], **values},
                "outputs": {
                    **model["outputs"],
                    **values,
                    "created_at": link["created_at"],
                    "payment_uri": link["payment_uri"],
                },
            }
        )
    (states / f"{stack}.json").write_text(json.dumps(state))


if __name__ == "__main__":
    main()
