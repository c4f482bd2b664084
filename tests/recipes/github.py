"""GitHub on this machine: a repository with pull requests, and `act`, which runs its workflows.

`act` knows no environments. So each job gets the secrets and variables of the environment that it
names, and no others, and a token with the rights that its `permissions` name: in the file that
`act` reads, the names of secrets and variables begin with the job's.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine as engine_tool
import third_party
import yaml
from pulumi_project import end
from recipes.forge import REPOSITORY, Forge
from recipes.recorder import Recorder
from recipes.runner import ROOT, Machine, clean_environment, must

EXAMPLE = ROOT / "examples/06-github-actions"
WORKFLOWS = EXAMPLE / ".github/workflows"
# The step that puts a stack in order.
CUT_OFF = "After a run that was cut off"
STANDINS = Path(__file__).parent / "standins"
# Which stand-in takes the place of an action.
ACTIONS = {
    "actions/checkout": "checkout",
    "actions/setup-python": "setup-python",
    "pulumi/actions": "pulumi",
    "actions/upload-artifact": "upload-artifact",
    "actions/download-artifact": "download-artifact",
    "actions/github-script": "github-script",
}


@dataclass(frozen=True)
class Environment:
    """Secrets and variables that a job gets if it names this environment."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobRun:
    """What became of a job: the result of each step by its name, and what it showed."""

    code: int
    steps: dict[str, str]
    summary: str
    log: str

    def ok(self) -> JobRun:
        """Return self, or fail with the whole log."""
        assert self.code == 0, self.log
        return self


class GitHub:
    """A repository at GitHub, with the example in it."""

    def __init__(
        self,
        folder: Path,
        *,
        engine: Path,
        machine: Machine,
        forge: Forge,
        omise_url: str,
        environments: Mapping[str, Environment],
    ) -> None:
        self.folder = folder
        self.forge = forge
        self.recorder = Recorder(folder / "recorder")
        self.environments = environments
        self.artifacts = folder / "artifacts"
        self.work = folder / "work"
        self.origin = folder / "origin.git"
        self.done: list[JobRun] = []
        self.artifacts.mkdir(parents=True)
        home = folder / "home"
        home.mkdir()
        python = [self.recorder.wrap(machine.python / "omise-links"), machine.python]
        pulumi = [self.recorder.wrap(engine / "pulumi"), engine]
        base = clean_environment(home)
        self.env = {
            **base,
            "PATH": f"{third_party.node()}:{base['PATH']}",
            "STANDIN_ORIGIN": str(self.origin),
            "STANDIN_PYTHON": ":".join(map(str, reversed(python))),
            "STANDIN_PULUMI": ":".join(map(str, reversed(pulumi))),
            "STANDIN_PULUMI_VERSION": ".".join(map(str, engine_tool.VERSION)),
            "STANDIN_ARTIFACTS": str(self.artifacts),
            "STANDIN_MODULES": str(third_party.github_client()),
            "OMISE_API_URL": omise_url,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        }
        self.shell_env = {
            **self.env,
            "PATH": ":".join([*map(str, python), *map(str, pulumi), self.env["PATH"]]),
        }
        (folder / "gitconfig").write_text(
            "[user]\nname = T\nemail = t@example.com\n[init]\ndefaultBranch = main\n"
            "[safe]\ndirectory = *\n[advice]\ndetachedHead = false\n"
        )
        shutil.copytree(EXAMPLE, self.work)
        shutil.copy(machine.requirements, self.work / "requirements.txt")
        self.git("init", "--quiet", ".")
        self.commit("The shop")
        must(["git", "clone", "--quiet", "--bare", self.work, self.origin], env=self.env)
        self.git("remote", "add", "origin", str(self.origin))

    def git(self, *words: str) -> str:
        """Run git in the folder of the person who works on the repository."""
        return must(["git", *words], cwd=self.work, env=self.env).strip()

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def shell(self, script: str, env: Mapping[str, str]) -> str:
        """Run a script as a person does in the folder of the repository."""
        command = ["bash", "-euo", "pipefail", "-c", script]
        return must(command, cwd=self.work, env={**self.shell_env, **env})

    def push(self) -> dict[str, Any]:
        """Push `main`; return the event."""
        self.git("push", "--quiet", "origin", "HEAD:main")
        sha = self.git("rev-parse", "HEAD")
        return {"ref": "refs/heads/main", "after": sha, "deleted": False, **self._repository()}

    def pull_request(
        self, number: int, action: str, *, fork: bool = False, conflicts: bool = False
    ) -> dict[str, Any]:
        """Push the commit at hand as the head of a pull request; return the event."""
        head, main = self.git("rev-parse", "HEAD"), self.git("rev-parse", "origin/main")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/head")
        if not conflicts:  # otherwise there is no such commit
            self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")
        owner = "somebody/links" if fork else REPOSITORY
        return {
            "action": action,
            "number": number,
            "pull_request": {
                "number": number,
                "head": {"ref": "change", "sha": head, "repo": {"full_name": owner}},
                "base": {"ref": "main", "sha": main, "repo": {"full_name": REPOSITORY}},
            },
            **self._repository(),
        }

    def scheduled(self) -> dict[str, Any]:
        """The event of a schedule."""
        return self._repository()

    def run(self, workflow: str, job: str, event: str, payload: Mapping[str, Any]) -> JobRun:
        """Run a job of a workflow, and those that it needs, for an event; the file is that of the
        event's commit."""
        number = len(self.done) + 1
        place = self.folder / f"run-{number}"
        target = "main" if event != "pull_request" else f"refs/pull/{payload['number']}/merge"
        must(["git", "init", "--quiet", place / "repository"], env=self.env)
        for words in (
            ("fetch", "--quiet", str(self.origin), target),
            ("checkout", "--quiet", "--detach", "FETCH_HEAD"),
        ):
            must(["git", *words], cwd=place / "repository", env=self.env)
        (place / "event.json").write_text(json.dumps(payload))
        file = place / "repository" / ".github/workflows" / f"{workflow}.yml"
        secrets, variables = self._apart(file, f"token-of-run-{number}")
        options = {
            "--secret": secrets,
            "--var": variables,
            "--local-repository": local_repositories(file),
            "--env": {
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_API_URL": self.forge.url,
                "GITHUB_RUN_ID": str(number),
            },
        }
        command: list[str | Path] = [third_party.act() / "act", event, "--job", job, "--json"]
        command += ["--platform", "ubuntu-24.04=-self-hosted", "--no-skip-checkout"]
        command += ["--no-cache-server"]
        command += ["--workflows", file, "--eventpath", place / "event.json"]
        command += ["--action-cache-path", place / "cache", "--defaultbranch", "main"]
        for option, values in options.items():
            for name, value in values.items():
                command += [option, f"{name}={value}"]
        child = subprocess.Popen(
            command,
            cwd=place / "repository",
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            log, _ = child.communicate(timeout=300)
        except BaseException:
            end(child)
            raise
        self.done.append(job_run(child.returncode, log))
        return self.done[-1]

    def _apart(self, file: Path, token: str) -> tuple[dict[str, str], dict[str, str]]:
        """Give each job of a workflow names of its own; return their secrets and variables."""
        workflow = yaml.safe_load(file.read_text())
        workflow["on"] = workflow.pop(True)  # what YAML 1.1 makes of that word
        secrets = {"GITHUB_TOKEN": "of-no-job"}
        variables: dict[str, str] = {}
        for name, original in workflow["jobs"].items():
            environment = self.environments.get(original.get("environment"), Environment())
            secrets |= {f"{name}_{key}": value for key, value in environment.secrets.items()}
            variables |= {f"{name}_{key}": value for key, value in environment.variables.items()}
            text = re.sub(r"\b(secrets|vars)\.", rf"\1.{name}_", json.dumps(original))
            job = workflow["jobs"][name] = json.loads(text)
            job.setdefault("env", {})["STANDIN_TOKEN"] = f"{token}-{name}"
            self.forge.tokens[f"{token}-{name}"] = job["permissions"]
        file.write_text(yaml.safe_dump(workflow, sort_keys=False))
        return secrets, variables

    def _repository(self) -> dict[str, Any]:
        owner, _, name = REPOSITORY.partition("/")
        repository = {"full_name": REPOSITORY, "name": name, "owner": {"login": owner}}
        return {"repository": {**repository, "default_branch": "main"}}


def steps(workflow: Path) -> list[dict[str, Any]]:
    """The steps of all jobs of a workflow."""
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def local_repositories(workflow: Path) -> dict[str, str]:
    """The stand-in for each action of a workflow, by what `uses:` says."""
    used = {step["uses"] for step in steps(workflow) if "uses" in step}
    return {action: str(STANDINS / ACTIONS[action.partition("@")[0]]) for action in used}


def job_run(code: int, output: str) -> JobRun:
    """Read what `act --json` prints."""
    steps, summary, log = {}, "", []
    for line in output.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            log.append(line)
            continue
        log.append(entry["msg"].rstrip("\n"))
        if entry.get("command") == "summary":
            summary += entry["content"]
        if "stepResult" in entry and entry.get("stage") == "Main":
            steps[entry["step"]] = entry["stepResult"]
    return JobRun(code, steps, summary, "\n".join(log))
