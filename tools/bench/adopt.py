"""What adopting 1,000 links costs: list calls, writes, seconds, and memory beside 50,000 links.

In ``tools``: ``python -m bench.adopt [--links 1000] [--account 50000]``.
Takes a few minutes, on this machine alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import engine
from pulumi_project import PulumiProject

from pulumi_omise_links.emulator import Emulator

PROGRAM = "from pulumi_omise_links import declare_links\n\ndeclare_links('links.yaml')\n"
MEASURED = """
import resource, time
import pulumi_omise_links.stack.backend as backend_module
from pulumi_omise_links.inventory.accounts import Accounts
from pulumi_omise_links.adoption.gather import gather_facts
from pulumi_omise_links.adoption.import_plan import make_import_plan
from pulumi_omise_links.stack.project import Project
from pulumi_omise_links.manifest.reading import load

spent = {}
really_run = backend_module.run_pulumi

def run(args, *rest, **more):
    began = time.monotonic()
    try:
        return really_run(args, *rest, **more)
    finally:
        spent[args[0]] = spent.get(args[0], 0) + time.monotonic() - began

backend_module.run_pulumi = run
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began, used = time.monotonic(), time.process_time()
project = Project()
entries = load("links.yaml").entries
with Accounts(project.settings()) as accounts:
    result = make_import_plan(entries, gather_facts(project, entries, accounts))
    cost = vars(accounts.stats)
seconds = time.monotonic() - began
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(result.summary, cost)
print(f"plan {seconds:.1f} s, beyond the preview {seconds - spent['preview']:.1f} s,")
print("seconds in pulumi:", {name: round(seconds, 1) for name, seconds in spent.items()},
      f"our own processor time {time.process_time() - used:.1f} s")
print(f"memory: {before / 1024:.0f} MB at the start, {after / 1024:.0f} MB at most")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=1_000)
    parser.add_argument("--account", type=int, default=50_000)
    given = parser.parse_args()
    folder = engine.find()
    if folder is None:
        sys.exit("no engine: run tools/engine.py first")
    for others in (0, given.account - given.links):
        print(f"\n-- {given.links:,} links of the manifest among {given.links + others:,}")
        with tempfile.TemporaryDirectory() as temporary, Emulator() as omise:
            measure(Path(temporary), Path(folder), omise, given.links, others)


def measure(temporary: Path, folder: Path, omise: Emulator, links: int, others: int) -> None:
    """Adopt the links in an account that holds others too."""
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    omise.seed(others // 2, title="Other {n}")
    ids = omise.seed(links, title="Link {n}", description="d", amount=10_000)
    omise.seed(others - others // 2, title="Later {n}")
    env = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key()}
    project = PulumiProject(temporary, folder, env)
    project.make()
    (project.folder / "__main__.py").write_text(PROGRAM)
    lines = [
        f"  link-{n}: {{id: {link_id}, title: Link {n}}}" for n, link_id in enumerate(ids, start=1)
    ]
    start = ["version: 1", "defaults: {amount: 10000, currency: THB, description: d}", "links:"]
    (project.folder / "links.yaml").write_text("\n".join([*start, *lines]))

    run = subprocess.run(
        [sys.executable, "-c", MEASURED],
        cwd=project.folder,
        env=project.env,
        check=True,
        capture_output=True,
        text=True,
    )
    print(run.stdout, end="")
    print(f"list calls {omise.journal.count('GET', '/links')}, writes {len(omise.journal.writes)}")
    if others:
        return
    omise.journal.clear()
    began = time.monotonic()
    command = [sys.executable, "-m", "pulumi_omise_links", "import", "links.yaml", "--yes"]
    subprocess.run(
        command, cwd=project.folder, env=project.env, check=True, stdout=subprocess.DEVNULL
    )
    print(f"import, all in all {time.monotonic() - began:.1f} s")
    print(f"requests {len(omise.journal)}, writes {len(omise.journal.writes)}")
    preview = ["pulumi", "preview", "--expect-no-changes", "--non-interactive"]
    subprocess.run(
        preview, cwd=project.folder, env=project.env, check=True, stdout=subprocess.DEVNULL
    )
    print("pulumi preview --expect-no-changes agrees")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"greatest child (pulumi) {peak / 1024:.0f} MB")


if __name__ == "__main__":
    main()
