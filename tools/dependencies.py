"""List all packages that the package needs at run time, with their licences.

    python tools/dependencies.py           # writes docs/dependencies.md
    python tools/dependencies.py --check   # ends with 1 if the list differs, or a licence is new

It reads what is installed beside this Python: the package with its extra `report`, what they need,
and what that needs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pythons import SUPPORTED

PACKAGE, EXTRA = "pulumi-omise-links", "report"
PAGE = Path(__file__).parents[1] / "docs" / "dependencies.md"
# Licences that ask of a user's own program nothing but to name them.
ALLOWED = {"Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MIT", "PSF-2.0"}
# Others, package by package, each with the reason why it is no obstacle.
EXCEPTIONS = {
    ("certifi", "MPL-2.0"): (
        "the list of certificates of Mozilla, in files of its own, which are used unchanged: the"
        " licence covers these files, not what is beside them"
    )
}
# How metadata of packages spell a licence, and its name in the list of SPDX.
SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
TEXT = """\
# What is installed with it

`pip install pulumi-omise-links[report]` installs these {count} packages beside it; without the
extra `report`, it leaves out those that only `{package}[{extra}]` needs.
[Few Python dependencies](decisions.md#few-python-dependencies-each-with-a-reason) has the reason
for each that the package itself needs, [compatibility](compatibility.md) the versions.

`python tools/dependencies.py` writes this page out of what the packages say of themselves, and
`make packages` checks it with the versions of [tests/newest.txt](../tests/newest.txt).

| package | licence | needed by |
|---|---|---|
{rows}

Licences that are allowed: {allowed}. A package with another one
fails the check, until someone has decided. So far for one:

{exceptions}
"""


class DependencyError(Exception):
    """The list cannot be made, and why: a sentence."""


def packages() -> dict[str, set[str]]:
    """Return the names of all packages, each with those that need it.

    :raises DependencyError: one is not installed.
    """
    needed: dict[str, set[str]] = {}
    waiting = [(PACKAGE, "", PACKAGE), (PACKAGE, EXTRA, f"{PACKAGE}[{EXTRA}]")]
    done = set()
    while waiting:
        name, extra, shown = waiting.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for requirement in map(Requirement, installed(name).requires or ()):
            # What is needed without an extra is needed with it, and listed there.
            plain = _applies(requirement, "")
            if plain if extra == "" else not plain and _applies(requirement, extra):
                found = canonicalize_name(requirement.name)
                needed.setdefault(found, set()).add(shown)
                waiting += [(found, more, found) for more in ("", *requirement.extras)]
    return needed


def _applies(requirement: Requirement, extra: str) -> bool:
    """Tell whether a requirement holds on any supported Python; so the list is one for all."""
    marker = requirement.marker
    return not marker or any(
        marker.evaluate(
            {"extra": extra, "python_version": version, "python_full_version": f"{version}.0"}
        )
        for version in SUPPORTED
    )


def installed(name: str) -> Distribution:
    """Return a package.

    :raises DependencyError: it is not installed.
    """
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise DependencyError(f"{name} is not installed here: run `make setup`.") from None


def licence(name: str) -> str:
    """Return the licence of a package, as it says itself; where it can, by its name in SPDX."""
    said = installed(name).metadata
    named = [said[field] for field in ("License-Expression", "License") if field in said]
    named += [
        classifier.rpartition(" :: ")[2]
        for classifier in said.get_all("Classifier") or []
        if classifier.startswith("License :: ")
    ]
    # Some put the whole text of the licence into the second field.
    found = next((name for name in named if name and "\n" not in name), "unknown")
    return SPELLINGS.get(found, found)


def is_allowed(name: str, found: str) -> bool:
    """Tell whether a package may be needed with this licence."""
    choices = [choice.split(" AND ") for choice in found.split(" OR ")]
    return (name, found) in EXCEPTIONS or any(ALLOWED.issuperset(choice) for choice in choices)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    try:
        needed = packages()
        licences = {name: licence(name) for name in sorted(needed)}
    except DependencyError as error:
        print(error, file=sys.stderr)
        return 1
    refused = [name for name, found in licences.items() if not is_allowed(name, found)]
    for name in refused:
        users = ", ".join(sorted(needed[name]))
        print(
            f"{name}, which {users} needs, has the licence {licences[name]}: decide whether it may"
            " be needed, and say so in tools/dependencies.py.",
            file=sys.stderr,
        )
    text = TEXT.format(
        count=len(needed),
        package=PACKAGE,
        extra=EXTRA,
        rows="\n".join(
            f"| `{name}` | {found} | {', '.join(f'`{user}`' for user in sorted(needed[name]))} |"
            for name, found in licences.items()
        ),
        allowed=", ".join(sorted(ALLOWED)),
        exceptions="\n".join(
            f"- `{name}`, {found}: {reason}." for (name, found), reason in EXCEPTIONS.items()
        ),
    )
    if not check and not refused:
        PAGE.write_text(text, encoding="utf-8")
    elif not refused and PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.name} is not what is installed: run tools/dependencies.py.", file=sys.stderr)
        return 1
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
