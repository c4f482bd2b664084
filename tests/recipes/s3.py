"""S3 servers on this machine, with a bucket for states that docs/gitops.md sets up."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import third_party
from pulumi_project import end
from recipes.runner import ROOT, clean_environment, must

BUCKET, REGION = "links-state", "ap-southeast-1"
# Two users beside the administrator, by what they may do.
DEPLOYER, READER = "deployer", "reader"
_SECRET = "a secret key of forty characters, or less"


@dataclass(frozen=True)
class Store:
    """A server with a bucket."""

    url: str
    folder: Path

    @property
    def backend(self) -> str:
        """The backend, by the line of the guide."""
        found = re.search(r"export PULUMI_BACKEND_URL='(s3://.*endpoint.*)'", section())
        assert found
        return found[1].replace("https://s3.example.com", self.url)

    def credentials(self, user: str) -> dict[str, str]:
        """The variables of a user, and of the backend."""
        return {
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": REGION,
            # No file and no server of the machine's own is asked for others.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PULUMI_BACKEND_URL": self.backend,
        }

    def aws(self, script: str, *, user: str = "admin", check: bool = True) -> str:
        """Run a script of `aws` commands against this server."""
        base = clean_environment(self.folder)
        env = {
            **base,
            **self.credentials(user),
            "PATH": f"{third_party.aws()}{os.pathsep}{base['PATH']}",
            "AWS_ENDPOINT_URL": self.url,
        }
        command = ["bash", "-euo", "pipefail", "-c", script]
        if check:
            return must(command, env=env)
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def log(self, user: str) -> list[tuple[str, str, int]]:
        """What a user has asked for: operation, key, status of the answer."""
        rows = [line.split() for line in (self.folder / "access.log").read_text().splitlines()]
        return [
            (row[7].removeprefix("s3_"), row[8], int(row[10])) for row in rows if row[5] == user
        ]


def section() -> str:
    """The guide's section about these stores."""
    guide = (ROOT / "docs/gitops.md").read_text()
    return guide.split("\n## S3-compatible backend\n", 1)[1].split("\n## ", 1)[0]


@contextmanager
def versitygw(folder: Path) -> Iterator[Store]:
    """A server of versitygw, with the bucket and the rights of the guide."""
    for name in ("data", "versions", "iam"):
        (folder / name).mkdir(parents=True)
    url = f"http://127.0.0.1:{_free_port()}"
    command = third_party.versitygw() / "versitygw"
    admin = {"ROOT_ACCESS_KEY_ID": "admin", "ROOT_SECRET_ACCESS_KEY": _SECRET}
    serve: list[str | Path] = [command, "--port", url.removeprefix("http://"), "--quiet"]
    serve += ["--region", REGION]
    serve += ["--iam-dir", folder / "iam", "--access-log", folder / "access.log"]
    serve += ["posix", "--versioning-dir", folder / "versions", folder / "data"]
    with _running(serve, env={**os.environ, **admin}, url=url):
        for user in (DEPLOYER, READER):
            # A user of it has no right but those of the bucket's policy.
            create: list[str | Path] = [command, "admin", "--endpoint-url", url]
            create += ["--region", REGION, "create-user"]
            create += ["--access", user, "--secret", _SECRET, "--role", "user"]
            admin = {"ADMIN_ACCESS_KEY_ID": "admin", "ADMIN_SECRET_ACCESS_KEY": _SECRET}
            must(create, env=admin)
        store = Store(url, folder)
        store.aws(_commands())
        (folder / "policy.json").write_text(json.dumps(_policy()))
        store.aws(
            f"aws s3api put-bucket-policy --bucket {BUCKET} --policy file://{folder}/policy.json"
        )
        yield store


@contextmanager
def moto(folder: Path) -> Iterator[Store]:
    """A server of moto, with the bucket; it asks nobody for rights."""
    folder.mkdir()
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    serve = (third_party.moto() / "moto_server", "--host", "127.0.0.1", "--port", str(port))
    with _running(serve, env=dict(os.environ), url=url):
        store = Store(url, folder)
        store.aws(_commands())
        yield store


def _commands() -> str:
    """The commands of the guide that make the bucket."""
    (commands,) = re.findall(r"^```sh\n(aws .*?)^```", section(), re.M | re.S)
    return str(commands)


def _policy() -> dict[str, Any]:
    """The policies of the guide, as one of the bucket: each statement names who it is about."""
    reader, deployer = re.findall(r"^```json\n(.*?)^```", section(), re.M | re.S)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**statement, "Principal": {"AWS": [user]}}
            for user, policy in ((READER, reader), (DEPLOYER, deployer))
            for statement in json.loads(policy)["Statement"]
        ],
    }


@contextmanager
def _running(command: Sequence[str | Path], *, env: dict[str, str], url: str) -> Iterator[None]:
    child = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        host, port = url.removeprefix("http://").split(":")
        for _ in range(600):
            assert child.poll() is None, f"{command[0]} has ended"
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    break
            threading.Event().wait(0.1)
        else:
            raise AssertionError(f"{command[0]} does not answer at {url}")
        yield
    finally:
        end(child)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
