"""The job of a pipeline in which this command runs, by the variables that its forge sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pipeline:
    """A job. ``of_fork``: it is about changes from a fork; None if that cannot be told."""

    forge: str
    of_fork: bool | None


def find_pipeline(environ: Mapping[str, str]) -> Pipeline | None:
    """Return the job, or None if this is none."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Pipeline("GitHub Actions", _is_github_fork(environ.get("GITHUB_EVENT_PATH")))
    if environ.get("GITLAB_CI") == "true":
        # https://docs.gitlab.com/ci/variables/predefined_variables: both are there in pipelines of
        # merge requests only.
        source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
        return Pipeline("GitLab CI", source != environ.get("CI_MERGE_REQUEST_PROJECT_ID"))
    if environ.get("CI", "").lower() in {"true", "1"}:
        return Pipeline("a pipeline", None)
    return None


def _is_github_fork(event_file: str | None) -> bool | None:
    try:
        event = json.loads(Path(event_file or "").read_bytes())
        pull_request = event.get("pull_request")
        if pull_request is None:
            return False
        # Of a fork that was deleted there is no repository any more.
        head = pull_request["head"]["repo"] or {}
        return bool(head.get("full_name") != pull_request["base"]["repo"]["full_name"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
