"""GitLab on this machine: a bare repository, variables with scopes, and pipelines.

`gitlab-ci-local` reads `.gitlab-ci.yml`, decides which jobs an event has, and runs them by a shell,
each in a fresh copy of the commit.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import psutil
import third_party
import yaml
from harness import Run
from pulumi_project import descendants, kill
from recipes.recorder import Recorder
from recipes.runner import ROOT, Machine, clean_environment, must

EXAMPLE = ROOT / "examples/07-gitlab-ci"
# What the jobs that write extend: it puts their stack in order.
IN_ORDER = ".puts-its-stack-in-order"
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
        """Return self, or fail with the whole log."""
        self.run.ok()
        return self

    def artifact(self, job: str, name: str) -> Path:
        """A file of `artifacts:paths`."""
        return self.folder / ".gitlab-ci-local/artifacts" / job / name

    def report(self, job: str, name: str) -> Path:
        """A file of `artifacts:reports`, which gitlab-ci-local leaves where the job has run."""
        return self.folder / ".gitlab-ci-local/builds" / job / name


class GitLab:
    """A project at GitLab, with the example in it.

    ``variables``: those of the project, each a value or one for each scope of environments.
    """

    def __init__(
        self,
        folder: Path,
        *,
        engine: Path,
        machine: Machine,
        variables: Mapping[str, str | Mapping[str, str]],
    ) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        self.work = folder / "work"
        self.recorder = Recorder(folder / "recorder")
        self._checkouts = 0
        home = folder / "home"
        (home / ".gitlab-ci-local").mkdir(parents=True)
        scoped = {
            name: value if isinstance(value, str) else {"values": dict(value)}
            for name, value in variables.items()
        }
        (home / ".gitlab-ci-local/variables.yml").write_text(yaml.safe_dump({"global": scoped}))
        (folder / "gitconfig").write_text("[user]\nname = T\nemail = t@example.com\n")
        base = clean_environment(home)
        path = (
            self.recorder.wrap(machine.python / "omise-links"),
            self.recorder.wrap(engine / "pulumi"),
            machine.python,
            engine,
            base["PATH"],
            third_party.rsync(),
        )
        # What a job knows of keys, backend and settings comes from the variables alone.
        self.env = {
            **base,
            "PATH": os.pathsep.join(map(str, path)),
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        }
        shutil.copytree(EXAMPLE, self.work)
        self.git("init", "--quiet", "--initial-branch=main", at=self.work)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        self.git("remote", "add", "origin", str(self.origin), at=self.work)

    def git(self, *words: str, at: Path | None = None) -> None:
        must(["git", *words], cwd=at or self.folder, env=self.env)

    def shell(self, script: str, env: Mapping[str, str]) -> str:
        """Run a script as a person does in the folder of the repository."""
        command = ["bash", "-euo", "pipefail", "-c", script]
        return must(command, cwd=self.work, env={**self.env, **env})

    def commit(self, *refs: str) -> None:
        """Commit the work, and push it to these refs."""
        self.git("add", "--all", at=self.work)
        self.git("commit", "--quiet", "--allow-empty", "--message=A change", at=self.work)
        self.git("push", "--quiet", "origin", *(f"HEAD:{ref}" for ref in refs), at=self.work)

    def checkout(self, ref: str) -> Path:
        """A fresh clone of one commit."""
        self._checkouts += 1
        folder = self.folder / f"checkout-{self._checkouts}"
        self.git("init", "--quiet", str(folder))
        self.git("remote", "add", "origin", str(self.origin), at=folder)
        self.git("fetch", "--quiet", "origin", ref, at=folder)
        self.git("checkout", "--quiet", "-B", ref.replace("/", "-"), "FETCH_HEAD", at=folder)
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", at=folder)
        return folder

    def jobs(self, ref: str, event: Mapping[str, str]) -> dict[str, str]:
        """The jobs that a pipeline would have, and when each runs."""
        listed = self._pipeline(self.checkout(ref), event, "--list-csv").ok().stdout
        rows = listed[listed.index("name;stage") :].splitlines()
        return {row["name"]: row["when"] for row in csv.DictReader(rows, delimiter=";")}

    def pipeline(self, ref: str, event: Mapping[str, str], *jobs: str) -> Pipeline:
        """Run a pipeline, or only these jobs of it, without the `after_script` of those that write.

        gitlab-ci-local makes the job's folder anew for `after_script` and so loses its artifacts,
        while GitLab keeps both. :meth:`cancelled` runs it.
        """
        folder = self.checkout(ref)
        file = folder / ".gitlab-ci.yml"
        content = yaml.safe_load(file.read_text())
        del content[IN_ORDER]["after_script"]
        file.write_text(yaml.safe_dump(content, sort_keys=False))
        by_shell = ("--force-shell-executor", "--shell-isolation")
        return Pipeline(self._pipeline(folder, event, *by_shell, *jobs), folder)

    def _pipeline(self, folder: Path, event: Mapping[str, str], *words: str) -> Run:
        done = subprocess.run(
            [
                third_party.node() / "node",
                third_party.gitlab_ci_local() / "gitlab-ci-local",
                *("--home", self.folder / "home"),
                *_options(event),
                *words,
            ],
            cwd=folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def cancelled(self, ref: str, job: str, env: Mapping[str, str], moment: threading.Event) -> Run:
        """Run a job's script, cancel it at a moment, and run its `after_script`; what that did.

        gitlab-ci-local cannot cancel a job. The Docker executor of GitLab Runner sends SIGTERM to
        each process of the job, the youngest first, and ends after ten seconds what is left
        (https://gitlab.com/gitlab-org/gitlab-runner/-/merge_requests/4446).
        """
        folder = self.checkout(ref)
        pipeline = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())
        order = pipeline[IN_ORDER]
        given = {**pipeline["variables"], **order["variables"], **pipeline[job]["variables"]}
        of_event = {"CI_PROJECT_DIR": folder, "CI_MERGE_REQUEST_IID": "42"}
        variables = {name: Template(text).substitute(of_event) for name, text in given.items()}

        def start(lines: Sequence[str], status: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                # The last line keeps the shell from becoming the command before it.
                ["bash", "-eo", "pipefail", "-c", "\n".join([*lines, ":"])],
                cwd=folder,
                env={**self.env, **variables, **env, "CI_JOB_STATUS": status},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

        script = start(pipeline[job]["script"], "running")
        try:
            assert moment.wait(120), "the moment did not come"
            family = [*descendants(script.pid), psutil.Process(script.pid)]
            for process in sorted(family, key=lambda process: -process.pid):
                process.terminate()
            kill(psutil.wait_procs(family, timeout=10)[1])
        finally:
            script.kill()
            script.communicate()
        after = start(order["after_script"], "canceled")
        out, _ = after.communicate(timeout=300)
        return Run(after.returncode, out, "")


def _options(event: Mapping[str, str]) -> Iterator[str]:
    for name, value in event.items():
        yield from ("--variable", f"{name}={value}")
    yield from ("--ignore-predefined-vars", ",".join(event))
