"""A project on GitLab, imitated: a bare repository, variables with scopes, and pipelines.

`gitlab-ci-local` reads `.gitlab-ci.yml`, decides which jobs an event has, and runs them by a shell,
each in a fresh copy of the commit.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import psutil
import recipe_tools
import yaml
from harness import Run
from pulumi_project import descendants, kill

EXAMPLE = Path(__file__).parents[1] / "examples/07-gitlab-ci"
PUSH = {"CI_PIPELINE_SOURCE": "push"}
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule"}


def merge_request(number: int, *, fork: bool = False) -> dict[str, str]:
    """The variables of a merge request's pipeline."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": str(number),
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2" if fork else "1",
    }


def head(number: int) -> str:
    """The ref of a merge request's commit, which outlives its branch."""
    return f"refs/merge-requests/{number}/head"


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that has ended, and the folder with what its jobs have left."""

    run: Run
    folder: Path

    def ok(self) -> Pipeline:
        self.run.ok()
        return self

    def artifact(self, job: str, name: str) -> Path:
        return self.folder / ".gitlab-ci-local/artifacts" / job / name

    def report(self, job: str, name: str) -> Path:
        """A file of `artifacts:reports`, which gitlab-ci-local leaves where the job has run."""
        return self.folder / ".gitlab-ci-local/builds" / job / name


class GitLab:
    """One project. ``folder`` is empty; ``env`` is what the machine of the jobs has."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        self.work = folder / "work"
        self._command = (
            str(recipe_tools.node() / "node"),
            str(recipe_tools.gitlab_ci_local() / "gitlab-ci-local"),
        )
        # What a job knows of keys, backend and settings comes from the project's variables alone.
        self.env = {
            **{k: v for k, v in env.items() if not k.startswith(("OMISE_", "PULUMI_", "CI_"))},
            "PATH": os.pathsep.join([env["PATH"], str(recipe_tools.rsync())]),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **{
                f"GIT_{who}_{what}": value
                for who in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "A"), ("EMAIL", "a@example.com"))
            },
        }
        self._count = 0
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        shutil.copytree(EXAMPLE, self.work)
        self.git("init", "--quiet", "--initial-branch=main", at=self.work)
        self.git("remote", "add", "origin", str(self.origin), at=self.work)

    def git(self, *args: str, at: Path | None = None) -> None:
        self._run("git", *args, at=at or self.folder).ok()

    def variables(self, values: Mapping[str, str | Mapping[str, str]]) -> None:
        """Set the project's variables: a value, or one for each scope of environments."""
        given = {
            name: value if isinstance(value, str) else {"values": dict(value)}
            for name, value in values.items()
        }
        file = self.folder / "home/.gitlab-ci-local/variables.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump({"global": given}))

    def commit(self, *refs: str) -> None:
        """Commit the work, and push it to these refs."""
        self.git("add", "--all", at=self.work)
        self.git("commit", "--quiet", "--message=A change", at=self.work)
        self.git("push", "--quiet", "origin", *(f"HEAD:{ref}" for ref in refs), at=self.work)

    def checkout(self, ref: str) -> Path:
        """A fresh clone of one commit."""
        self._count += 1
        folder = self.folder / f"checkout-{self._count}"
        self.git("init", "--quiet", str(folder))
        self.git("remote", "add", "origin", str(self.origin), at=folder)
        self.git("fetch", "--quiet", "origin", ref, at=folder)
        # Of what is no branch, GitLab checks out the commit.
        self.git("checkout", "--quiet", "-B", ref.replace("/", "-"), "FETCH_HEAD", at=folder)
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", at=folder)
        return folder

    def jobs(self, ref: str, event: Mapping[str, str]) -> dict[str, str]:
        """The jobs that a pipeline would have, and when each runs."""
        listed = self._local("--list-csv", *_options(event), at=self.checkout(ref)).ok().stdout
        rows = listed[listed.index("name;stage") :].splitlines()
        return {row["name"]: row["when"] for row in csv.DictReader(rows, delimiter=";")}

    def pipeline(self, ref: str, event: Mapping[str, str], *jobs: str) -> Pipeline:
        """Run a pipeline, or only these jobs of it."""
        folder = self.checkout(ref)
        options = ("--force-shell-executor", "--shell-isolation", *_options(event))
        return Pipeline(self._local(*options, *jobs, at=folder), folder)

    def _local(self, *args: str, at: Path) -> Run:
        return self._run(*self._command, "--home", str(self.folder / "home"), *args, at=at)

    def _run(self, *command: str, at: Path) -> Run:
        done = subprocess.run(
            command,
            cwd=at,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)


def _options(event: Mapping[str, str]) -> Iterable[str]:
    for name, value in event.items():
        yield from ("--variable", f"{name}={value}")
    yield from ("--ignore-predefined-vars", ",".join(event))


def cancelled(
    shop: GitLab, ref: str, job: str, env: Mapping[str, str], moment: threading.Event
) -> Run:
    """Run a job's script, cancel it at a moment, then run its `after_script`; return what that did.

    gitlab-ci-local cannot cancel a job. GitLab Runner's Docker executor sends SIGTERM to every process
    of the job, the youngest first, and ends what is left after ten seconds
    (https://gitlab.com/gitlab-org/gitlab-runner/-/merge_requests/4446).
    """
    folder = shop.checkout(ref)
    pipeline = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())
    variables = {**pipeline["variables"], **pipeline[job]["variables"]}
    here = {"CI_PROJECT_DIR": str(folder)}
    given = {
        **shop.env,
        **here,
        **{name: Template(text).safe_substitute(here) for name, text in variables.items()},
        **env,
    }

    def start(lines: Sequence[str], status: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-eo", "pipefail", "-c", "\n".join([*lines, ":"])],
            cwd=folder,
            env={**given, "CI_JOB_STATUS": status},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    script = start(pipeline[job]["script"], "running")
    assert moment.wait(120)
    family = [*descendants(script.pid), psutil.Process(script.pid)]
    for process in sorted(family, key=lambda process: -process.pid):
        process.terminate()
    kill(psutil.wait_procs(family, timeout=10)[1])
    script.communicate()
    after = start(pipeline[job]["after_script"], "canceled")
    out, _ = after.communicate(timeout=300)
    return Run(after.returncode, out, "")
