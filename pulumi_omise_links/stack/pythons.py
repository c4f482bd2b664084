"""The Pythons that Pulumi starts for a project, and what is installed in them.

There are two, and they may differ: the language host runs the program, and a script of Pulumi's
(``pulumi-resource-pulumi-python``) runs the plugin, in which the provider of a link lives.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ProjectError
from ..safe_text import escape, escape_path
from ..state_format import NATIVE_PACKAGE
from .backend import Backend
from .project_files import read_project_file, require_project_file
from .stdout_json import parse_json

PYTHON = "python"
NATIVE_PLUGIN = f"pulumi-resource-{NATIVE_PACKAGE}"
_LONGEST_START = 120.0  # seconds until a Python counts as hanging
# It must import what the engine imports, and find the versions also where that fails.
_QUESTION = """\
import importlib.util, json, sys
from importlib import metadata

def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

answer = {
    "python": ".".join(map(str, sys.version_info[:3])),
    "sdk": version("pulumi"),
    "package": version("pulumi-omise-links"),
    "pip": importlib.util.find_spec("pip") is not None,
    "problem": None,
}
try:
    import pulumi.dynamic
    import pulumi_omise_links.link, pulumi_omise_links.link_provider
    answer["package"] = pulumi_omise_links.__version__
except BaseException as error:
    answer["problem"] = f"{type(error).__name__}: {error}"
print()
print(json.dumps(answer))
"""


@dataclass(frozen=True, kw_only=True)
class PythonFacts:
    """What a Python has. Versions are None where there is no such package.

    ``problem`` says why it cannot import this package; None if it can. All is safe to print.
    """

    command: str
    python: str
    sdk: str | None
    package: str | None
    pip: bool
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class ProgramPython:
    """The Python that runs the program; ``command`` is empty for one in another ``language``.

    ``listing_problem`` says why Pulumi cannot list its packages, which it does before each run;
    None if it can. ``plugins`` are the packages whose plugins Pulumi would look for.
    """

    command: str
    listing_problem: str | None
    plugins: tuple[str, ...]
    language: str = PYTHON


def find_program_python(backend: Backend) -> ProgramPython:
    """Ask Pulumi for the Python that runs the program of a project.

    :raises ProjectError: Pulumi does not know one.
    """
    about = parse_json(backend.run("about", "--json").stdout, dict, "about")
    runtime = about.get("runtime") or {}
    problems = [" ".join(str(problem).split()) for problem in about.get("errors") or ()]
    language = runtime.get("language") or PYTHON
    if language != PYTHON:
        return ProgramPython(
            command="", listing_problem=None, plugins=(), language=escape(str(language))
        )
    if not runtime.get("executable"):
        why = escape(problems[0], longest=500) if problems else "Pulumi gives no reason."
        raise ProjectError(f"Pulumi finds no Python for the program of this project: {why}")
    plugins = about.get("plugins")
    listing_problem = None
    if plugins is None:
        # The engine stops there: "failed to discover package requirements".
        listing_problem = escape(problems[0] if problems else "no reason given", longest=500)
    return ProgramPython(
        command=str(runtime["executable"]),
        listing_problem=listing_problem,
        plugins=tuple(
            str(plugin.get("name")) for plugin in plugins or () if plugin.get("kind") == "resource"
        ),
    )


def finds_native_plugin(backend: Backend, environ: Mapping[str, str]) -> bool:
    """Whether Pulumi has the native plugin: installed, or on the PATH."""
    if shutil.which(NATIVE_PLUGIN, path=environ.get("PATH", os.defpath)):
        return True
    listed = parse_json(backend.run("plugin", "ls", "--json").stdout, list, "plugin ls")
    return any(
        (plugin.get("kind"), plugin.get("name")) == ("resource", NATIVE_PACKAGE)
        for plugin in listed
    )


def find_plugin_python(folder: Path, environ: Mapping[str, str]) -> str:
    """Return the Python that runs the plugin, found as Pulumi's script finds it.

    :param folder: a folder of the project.
    :raises ProjectError: there is none, or it cannot be told which.
    """
    project = _read_project_file(folder)
    options = project.options
    environment = options.get("virtualenv") or ""
    if not environment and options.get("toolchain") == "uv":
        environment = ".venv"
    elif not environment and options.get("toolchain") == "poetry":
        environment = _poetry_environment(project.program)
    if environment:
        python = project.program / environment / "bin" / "python"
        if not python.is_file():
            raise ProjectError(
                f"The plugin needs {escape_path(str(python))}, which is not there: {project.file}"
                f" names the virtual environment {escape(environment)}, and the plugin looks for it"
                f" in the folder of the program. Make it there, or name it by its whole path."
            )
        return str(python)
    command = environ.get("PULUMI_PYTHON_CMD") or "python3"
    found = shutil.which(command, path=environ.get("PATH"))
    if found is None:
        raise ProjectError(
            f"There is no {escape(command)} on the PATH, which Pulumi would run the plugin with."
            " Activate the virtual environment of the program, or set PULUMI_PYTHON_CMD to its"
            " Python."
        )
    return found


def ask_python(command: str, folder: Path) -> PythonFacts:
    """Run a Python as Pulumi would, and ask what it has. It writes no bytecode.

    :raises ProjectError: it does not run.
    """
    shown = escape_path(command)
    try:
        done = subprocess.run(  # noqa: S603  (a list, never a shell)
            [command, "-B", "-c", _QUESTION],
            cwd=folder,
            capture_output=True,
            timeout=_LONGEST_START,
            check=True,
        )
        answer: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return PythonFacts(
            command=shown,
            python=escape(answer["python"]),
            sdk=_version(answer["sdk"]),
            package=_version(answer["package"]),
            pip=bool(answer["pip"]),
            problem=answer["problem"] and escape(answer["problem"], longest=300),
        )
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        why = escape(str(error), longest=200) if isinstance(error, OSError) else ""
        raise ProjectError(
            f"{shown}, which Pulumi starts for this project, does not run as a Python should"
            f"{f': {why}' if why else ''}. Try `{shown} -c 'import pulumi'` in this folder."
        ) from None


@dataclass(frozen=True, kw_only=True)
class _ProjectFile:
    """``file`` is its name, safe to print; ``program`` is the folder of the program."""

    file: str
    program: Path
    options: Mapping[str, str]


def _read_project_file(folder: Path) -> _ProjectFile:
    file = require_project_file(folder)
    document = read_project_file(file)
    runtime = document.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    main = file.parent / str(document.get("main") or "")
    return _ProjectFile(
        file=file.name,
        program=main.parent if main.is_file() else main,
        options={
            str(name): str(value)
            for name, value in (options if isinstance(options, dict) else {}).items()
            if value is not None
        },
    )


def _poetry_environment(folder: Path) -> str:
    try:
        done = subprocess.run(
            ["poetry", "env", "info", "--path"],  # noqa: S607  (as Pulumi's script does)
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_LONGEST_START,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise ProjectError(
            "`poetry env info --path` names no virtual environment, and Pulumi would run the plugin"
            " with the one that it names. Run `poetry install`."
        ) from None
    return done.stdout.strip()


def _version(text: object) -> str | None:
    return None if text is None else escape(str(text))
