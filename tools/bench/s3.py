"""An S3 server on this machine, which keeps its bucket in a folder and logs what it is asked."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path

import third_party

from .server import Server

BUCKET = "states"
# Key, request, status, error, bytes of the answer, bytes of the object.
_SENT = re.compile(r"s3_PutObject \S+ \S+ \d+ \S+ \d+ (\d+) ")


class S3(Server):
    """A server of its own for one stack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "bucket"
        (self._folder / BUCKET).mkdir(parents=True)
        self._log = folder / "s3.log"
        self._address = ("127.0.0.1", _free_port())
        key = {"ROOT_ACCESS_KEY": "bench", "ROOT_SECRET_KEY": "bench-secret"}
        self.env = {
            "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint=http://127.0.0.1:{self._address[1]}"
            "&s3ForcePathStyle=true&region=us-east-1",
            "AWS_ACCESS_KEY_ID": key["ROOT_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": key["ROOT_SECRET_KEY"],
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [third_party.versitygw() / "versitygw", "--quiet", "--access-log", self._log]
        listen = ["--port", f"127.0.0.1:{self._address[1]}", "posix", "--nometa", self._folder]
        self._process = subprocess.Popen(
            [str(part) for part in (*command, *listen)],
            env=key,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait()

    def forget_traffic(self) -> None:
        """Begin to count again."""
        self._log.write_text("")

    def traffic(self) -> tuple[int, int]:
        """How many requests came since, and how many bytes they stored."""
        log = self._log.read_text()
        return log.count("\n"), sum(map(int, _SENT.findall(log)))

    def _wait(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as tried:
                if tried.connect_ex(self._address) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("the S3 server did not start")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
