"""Where the files of a Pulumi project are.

Source: paths.go and project.go in sdk/go/common/workspace of pulumi/pulumi 3.276, and marshal.go in
sdk/go/common/encoding.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..errors import ProjectError
from ..safe_text import escape_path

_PROJECT_FILES = ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml")  # Pulumi takes the first one


class _TextLoader(yaml.BaseLoader):
    """Every value is a text, but for null.

    Pulumi reads YAML 1.2 and heeds no tags. PyYAML reads YAML 1.1, in which 2026-02-30 is a wrong
    date, and refuses a tag that it does not know: it would refuse projects that Pulumi runs.
    """


_NULL = "tag:yaml.org,2002:null"
_TextLoader.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_TextLoader.add_constructor(_NULL, lambda _loader, _node: None)


def find_project_file(folder: Path) -> Path | None:
    """Return the file of the project that this folder is in; None if it is in none."""
    places = (folder.resolve(), *folder.resolve().parents)
    files = (place / name for place in places for name in _PROJECT_FILES)
    # Path.is_file() raises where a folder may not be looked into; Pulumi goes on above it.
    return next((file for file in files if os.path.isfile(file)), None)  # noqa: PTH113


def require_project_file(folder: Path) -> Path:
    """Return the file of the project that this folder is in.

    :raises ProjectError: it is in none.
    """
    file = find_project_file(folder)
    if file is None:
        raise ProjectError(f"There is no Pulumi.yaml in {escape_path(str(folder.resolve()))}.")
    return file


def read_project_file(file: Path) -> Mapping[str, Any]:
    """Return what a project file says; of YAML, each value is a text or None.

    :raises ProjectError: it cannot be read.
    """
    kind = "JSON" if file.suffix == ".json" else "YAML"
    try:
        content = file.read_bytes()
        # JSON may be indented by tabs, which PyYAML refuses. The loader makes texts only.
        document = json.loads(content) if kind == "JSON" else yaml.load(content, _TextLoader)  # noqa: S506
    except OSError as error:
        raise ProjectError(f"{escape_path(str(file))} cannot be read: {error.strerror}.") from None
    except (ValueError, yaml.YAMLError):
        document = None
    if not isinstance(document, dict):
        raise ProjectError(f"{escape_path(str(file))} cannot be read as {kind}.")
    return document


def stack_config_file(project_file: Path, project: Mapping[str, Any], stack: str) -> Path:
    """Return where Pulumi keeps the config of a stack, if it was told of no other file.

    :param stack: its name, alone or with organization and project.
    """
    folder = project.get("stackConfigDir")
    if folder is None and isinstance(project.get("config"), str):  # the older name of that setting
        folder = project["config"]
    name = f"Pulumi.{stack.rpartition('/')[2]}{project_file.suffix}"
    # Pulumi takes an absolute folder for one below the project, too.
    return project_file.parent / str(folder or "").lstrip("/") / name
