"""Check that a version may be released.

    python tools/check_release.py v0.1.0        # before the tag is pushed
    python tools/check_release.py v0.1.0 dist   # also what is to be published

It names everything that is missing, and ends with 1 then. docs/releasing.md has the steps.
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def missing(tag: str) -> Iterator[str]:
    """Yield a sentence for each thing that the checkout lacks."""
    source = (ROOT / "pulumi_omise_links/_version.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if tag != f"v{version}":
        yield f"The tag is {tag}, and _version.py says {version}: they must be the same."
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)",
        changes,
        re.MULTILINE | re.DOTALL,
    )
    if not section:
        yield f"CHANGELOG.md has no heading `## {version} - YYYY-MM-DD`: give it the day."
    elif "\n- " not in section[1]:
        yield f"CHANGELOG.md says nothing below {version}: say what has changed."
    # An index shows README on the page of the package itself.
    for page in ("README.md", "docs/gitops.md"):
        if "on no package index yet" in (ROOT / page).read_text(encoding="utf-8"):
            yield f"{page} says that the package is on no package index yet: say how to install it."
    programs = [file.parent for file in (ROOT / "tests/releases" / version).glob("*/Pulumi.yaml")]
    if not programs:
        yield f"tests/releases/{version} has no programs: see `tools/release_state.py --help`."
    for program in programs:
        if not (program / "state.json").exists():
            place = program.relative_to(ROOT)
            yield f"{place} has no state of this version: run tools/release_state.py."


def missing_in(folder: Path, tag: str) -> Iterator[str]:
    """Yield a sentence for each thing that the distributions in a folder lack."""
    version = tag.removeprefix("v")
    wheel = folder / f"pulumi_omise_links-{version}-py3-none-any.whl"
    expected = {wheel.name, f"pulumi_omise_links-{version}.tar.gz"}
    files = {file.name for file in folder.glob("*") if not file.name.startswith(".")}
    if files != expected:
        found = ", ".join(sorted(files)) or "nothing"
        yield f"{folder} must hold {' and '.join(sorted(expected))}, and holds {found}."
    said = {file: _said_by(folder / file) for file in sorted(expected & files)}
    for name, text in said.items():
        about = Parser().parsestr(text or "")
        if text is None:
            yield f"{name} is damaged, or says nothing of itself: build again."
        elif about["Version"] != version:
            yield f"{name} says that it is {about['Version']}, not {version}: build again."
        elif not about.get_all("Project-URL") or "<this repository>" in text:
            yield (
                f"{name} has no address of its repository: set OMISE_LINKS_REPOSITORY to it,"
                " and build again."
            )
    if len({*said.values()}) > 1:
        yield "Wheel and sdist say different things of themselves: build both at once."


def _said_by(file: Path) -> str | None:
    """Return the metadata of a wheel or an sdist; None if it has none."""
    try:
        if file.suffix == ".whl":
            with zipfile.ZipFile(file) as wheel:
                about = f"{file.name.removesuffix('-py3-none-any.whl')}.dist-info/METADATA"
                return wheel.read(about).decode() if wheel.testzip() is None else None
        with tarfile.open(file) as sdist:
            content = sdist.extractfile(f"{file.name.removesuffix('.tar.gz')}/PKG-INFO")
            return content.read().decode() if content else None
    except (OSError, EOFError, KeyError, ValueError, zlib.error, zipfile.error, tarfile.TarError):
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tag", help="v and the version, such as v0.1.0")
    parser.add_argument("folder", nargs="?", type=Path, help="with the wheel and the sdist")
    given = parser.parse_args(arguments)
    found = [*missing(given.tag), *(missing_in(given.folder, given.tag) if given.folder else ())]
    for sentence in found:
        print(sentence, file=sys.stderr)
    if not found:
        print(f"{given.tag} can be released.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
