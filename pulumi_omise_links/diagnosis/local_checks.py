"""Checks of what is on this machine: Pythons, manifests, creates that were cut off, the job."""

from __future__ import annotations

from pathlib import Path

from .._version import __version__
from ..errors import OmiseLinksError
from ..manifest.reading import check
from ..omise.create_log import CreateLog
from ..safe_text import escape, escape_path, pluralize
from ..settings import amount_limits
from ..stack.pythons import (
    NATIVE_PLUGIN,
    PYTHON,
    PythonFacts,
    find_plugin_python,
    finds_native_plugin,
)
from .finding import Finding, fail, ok, skip, warn
from .setup import Setup

# See docs/decisions.md, "Few Python dependencies".
_OLDEST_SDK = (3, 216)
_MANIFEST = "links.yaml"
_PLUGIN = "omise-links"
_NO_DOWNLOAD = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


def check_program(setup: Setup) -> Finding:
    """Whether the Python of the program has the package."""
    python = setup.program_python
    if python.language != PYTHON:
        return ok(
            f"The program is written for {python.language}: its links are those of the native"
            " plugin."
        )
    facts = setup.ask_python(python.command)
    if python.listing_problem is not None:
        return fail(
            f"Pulumi cannot list the packages of {facts.command}, as it does before each run:"
            f" {python.listing_problem}",
            "" if facts.pip else f"Install pip there: `{facts.command} -m ensurepip`.",
        )
    return _judge("The program", facts)


def check_plugin(setup: Setup) -> Finding:
    """Whether the Python of the plugin has the package, or there is the native plugin."""
    _ = setup.backend
    if not setup.is_in_python:
        return _check_native_plugin(setup)
    command = find_plugin_python(setup.folder, setup.environ)
    return _judge("The plugin", setup.ask_python(command))


def _check_native_plugin(setup: Setup) -> Finding:
    if finds_native_plugin(setup.backend, setup.environ):
        return ok(f"Pulumi finds the native plugin, {NATIVE_PLUGIN}.")
    return fail(
        f"Pulumi does not find the native plugin: {NATIVE_PLUGIN} is neither installed nor on the"
        " PATH.",
        f"With this package installed: `pulumi plugin install resource omise {__version__} --file"
        f' "$(which {NATIVE_PLUGIN})"`.',
    )


def check_plugin_file(setup: Setup) -> Finding:
    """Whether Pulumi sees that there is no plugin to download."""
    python = setup.program_python
    if python.listing_problem is not None:
        return skip("Pulumi cannot list the packages of the program, so it is not known.")
    if _PLUGIN not in python.plugins:
        return ok("Pulumi tries to download no plugin for the Python package.")
    if setup.environ.get(_NO_DOWNLOAD, "").lower() in {"true", "1"}:
        return ok(f"Pulumi downloads no plugin: {_NO_DOWNLOAD} is set.")
    return warn(
        "Pulumi does not find the file pulumi-plugin.json of this package, which is installed from"
        " a checkout, so it looks for a plugin to download that does not exist, and goes on.",
        f"Install the package without --editable, or set {_NO_DOWNLOAD}=true to save the wait.",
    )


def _judge(what: str, facts: PythonFacts) -> Finding:
    where = f"{what} is run by {facts.command} (Python {facts.python})"
    if facts.problem is not None:
        return fail(
            f"{where}, which cannot import pulumi_omise_links: {facts.problem}.",
            f"Install it there (`{facts.command} -m pip install …`), or have Pulumi use the Python"
            " that has it: activate its environment, or name it as `virtualenv` in Pulumi.yaml.",
        )
    if _numbers(facts.sdk) < _OLDEST_SDK:
        needed = ".".join(map(str, _OLDEST_SDK))
        return fail(
            f"{where}, with the package pulumi {facts.sdk}, which is too old.",
            f"Install pulumi {needed} or newer there.",
        )
    found = f"{where}: pulumi-omise-links {facts.package}, pulumi {facts.sdk}."
    if facts.package != __version__:
        return warn(
            f"{found} This command is version {__version__}.",
            "Run the omise-links that is installed there, or install the same version.",
        )
    return ok(found)


def _numbers(version: str | None) -> tuple[int, ...]:
    parts = (version or "").split(".")[:2]
    return tuple(int(part) if part.isdecimal() else 0 for part in parts)


def check_manifest(setup: Setup) -> Finding:
    """Whether the manifests are valid."""
    files = list(setup.files)
    default = setup.folder / _MANIFEST
    if not files and not default.is_file():
        return skip(f"There is no {_MANIFEST} here. Name the manifests, if there are any.")
    try:
        limits = setup.settings.amount_limits
    except OmiseLinksError:
        limits = amount_limits()
    checked = check(files or [default], amount_limits=limits)
    names = ", ".join(escape_path(file.file) for file in checked)
    if problems := [problem for file in checked for problem in file.problems]:
        return fail(
            f"{names}: {pluralize(len(problems), 'problem')}, of which the first is: {problems[0]}",
            "`omise-links validate` shows all of them.",
        )
    return ok(f"{names}: {pluralize(sum(file.links for file in checked), 'link')}, no problem.")


def check_creates(setup: Setup) -> Finding:
    """Whether a create on this machine was cut off."""
    records, problems = CreateLog().read()
    if problems:
        return fail(
            f"A record of a create cannot be read: {problems[0]}",
            "As long as that is so, no link is made. Set PULUMI_HOME to a folder of yours.",
        )
    if left := [record for record in records if not record.running]:
        folders = ", ".join(dict.fromkeys(escape_path(record.folder) for record in left))
        here = any(_is_below(setup.folder.resolve(), Path(record.folder)) for record in left)
        # A create of another project can be no link of this one.
        finding = fail if here else warn
        return finding(
            f"{pluralize(len(left), 'create')} of links {'was' if len(left) == 1 else 'were'} cut"
            f" off on this machine and may have made links, in {folders}.",
            "Run `omise-links recover` there before the next `pulumi up`.",
        )
    if under_way := [record for record in records if record.under_way]:
        return ok(f"{pluralize(len(under_way), 'create')} under way on this machine, none cut off.")
    return ok("No create on this machine was cut off.")


def _is_below(one: Path, other: Path) -> bool:
    """Whether one of two folders is the other one, or in it."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def check_ci(setup: Setup) -> Finding:
    """Which pipeline this is, and whether changes from a fork get a key."""
    pipeline = setup.pipeline
    if pipeline is None:
        return ok("This is no job of a pipeline.")
    job = f"This is a job of {pipeline.forge}"
    if pipeline.of_fork is None:
        return ok(f"{job}; whether it is about a fork is not known.")
    if not pipeline.of_fork:
        return ok(f"{job}, not about a fork.")
    job += ", about changes from a fork, which nobody has approved yet"
    try:
        key = setup.key
    except OmiseLinksError:
        return ok(f"{job}. It has no key.")
    finding = fail if key.live else warn
    return finding(
        f"{job}, and it has the {'live' if key.live else 'test'} key in {escape(key.source)}.",
        "Take the key from this job; a preview needs none. Replace the key if such a job has run.",
    )
