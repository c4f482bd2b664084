"""Where the files of a Pulumi project are.

Source: sdk/go/common/workspace/paths.go and project.go of pulumi/pulumi 3.276.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..errors import ProjectError
from ..safe_text import escape_path

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def find_project_file(folder: Path) -> Path | None:
    """Return the file of the project that this folder is in; None if it is in none."""
    places = (folder.resolve(), *folder.resolve().parents)
    files = (place / name for place in places for name in PROJECT_FILES)
    return next((file for file in files if file.is_file()), None)


def read_project_file(file: Path) -> Mapping[str, Any]:
    """Return what a project file says.

    :raises ProjectError: it cannot be read.
    """
    try:
        document = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError):
        document = None
    if not isinstance(document, dict):
        raise ProjectError(f"{escape_path(str(file))} cannot be read as YAML.")
    return document


def stack_config_file(project_file: Path, project: Mapping[str, Any], stack: str) -> Path:
    """Return where Pulumi keeps the config of a stack, if it was told of no other file.

    :param stack: its name, alone or with organization and project.
    """
    folder = project.get("stackConfigDir")
    if folder is None and isinstance(project.get("config"), str):  # the older name of that setting
        folder = project["config"]
    name = f"Pulumi.{stack.rpartition('/')[2]}{project_file.suffix}"
    return project_file.parent / str(folder or "") / name
