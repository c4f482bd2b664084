"""What the backend costs: `up` with the state in a folder or in an S3 bucket, plain or compressed.

In ``tools``: ``python -m bench.backends [--links 500] [--rounds 3]``. They take turns; no call of
the emulator takes time. Prints a table of Markdown.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .omise import Omise
from .project import COMMANDS, Project
from .report import table
from .run import OURS
from .s3 import S3
from .turns import begin

PLAIN, ZSTD, GZIP = "plain", "zstd", "gzip"
_COMPRESSION = {
    PLAIN: {},
    ZSTD: {"PULUMI_DIY_BACKEND_ZSTD": "true"},
    GZIP: {"PULUMI_DIY_BACKEND_GZIP": "true"},
}
_STATES = {"dev.json", "dev.json.zst", "dev.json.gz"}


@dataclass(frozen=True)
class Done:
    """One `up`."""

    seconds: float
    cpu_seconds: float
    stored: int
    """Bytes of the state."""
    requests: int | None
    """To the bucket; None for a folder."""
    sent: int | None


def main() -> int:
    """Measure and print."""
    pulumi, options = begin("bench.backends", __doc__)
    cases = [(where, how) for where in ("folder", "S3") for how in _COMPRESSION]
    done: dict[tuple[str, str], list[Done]] = {case: [] for case in cases}
    for _ in range(options.rounds):
        for case, found in done.items():
            found.append(_up(pulumi, options.links, *case))
            print(*case, found[-1], file=sys.stderr, flush=True)
    print(_table(done, options.links))
    return 0


def _up(pulumi: Path, links: int, where: str, how: str) -> Done:
    with (
        tempfile.TemporaryDirectory(prefix="omise-links-bench-") as name,
        Omise(0.0) as omise,
        ExitStack() as opened,
    ):
        folder = Path(name)
        s3 = opened.enter_context(S3(folder)) if where == "S3" else None
        key = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key}
        env = {**key, **_COMPRESSION[how], **(s3.env if s3 else {})}
        project = Project(folder, pulumi, OURS, links, env)
        if s3:
            s3.forget_traffic()
        run = project.measure(*COMMANDS["up"]).must("up")
        state = next(file for file in folder.rglob("dev.json*") if file.name in _STATES)
        requests, sent = s3.traffic() if s3 else (None, None)
        return Done(run.seconds, run.cpu_seconds, state.stat().st_size, requests, sent)


def _table(done: dict[tuple[str, str], list[Done]], links: int) -> str:
    rows = []
    for (where, how), runs in done.items():
        plain = done[where, PLAIN]
        pairs = [run.seconds / base.seconds for run, base in zip(runs, plain, strict=True)]
        rows.append(
            [
                f"{where}, {how}",
                f"{median(run.seconds for run in runs):.1f}",
                f"{median(run.cpu_seconds for run in runs):.1f}",
                f"{median(pairs):.2f}",
                f"{median(run.stored for run in runs) / 1000:,.0f}",
                _per_link(runs[0].requests, links),
                "–" if runs[0].sent is None else f"{runs[0].sent / 1e6:,.1f}",
            ]
        )
    head = ["state in", "s", "CPU s", "time, to plain", "state, KB"]
    return table([*head, "requests per link", "MB sent"], rows)


def _per_link(requests: int | None, links: int) -> str:
    return "–" if requests is None else f"{requests / links:.1f}"


if __name__ == "__main__":
    sys.exit(main())
