"""What is missing before a release is named, all at once."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "check_release.py"
CHANGES = """\
# Changelog

## 0.2.0 - 2027-01-31

### Added

- A thing.

## 0.1.0 - 2026-12-01

### Added

- Everything.
"""


class Checkout:
    """A repository with what the tool reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "tests/releases/0.2.0/python/state.json"
        for file, text in {
            "pulumi_omise_links/_version.py": '"""It."""\n\n__version__ = "0.2.0"\n',
            "CHANGELOG.md": CHANGES,
            "README.md": "# Links\n",
            "docs/gitops.md": "# Pipelines\n",
            "tests/releases/0.2.0/python/Pulumi.yaml": "name: shop\n",
            "tests/releases/0.2.0/python/state.json": "{}",
        }.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        (root / "tools").mkdir()
        shutil.copy(TOOL, root / "tools")

    def check(self, *arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "tools/check_release.py", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def build(self, wheel: str, sdist: str) -> None:
        """Put a wheel and an sdist into dist/ that say this of themselves."""
        (self.root / "dist").mkdir(exist_ok=True)
        name = "pulumi_omise_links-0.2.0"
        with zipfile.ZipFile(self.root / f"dist/{name}-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}.dist-info/METADATA", wheel)
        with tarfile.open(self.root / f"dist/{name}.tar.gz", "w:gz") as packed:
            entry = tarfile.TarInfo(f"{name}/PKG-INFO")
            entry.size = len(sdist)
            packed.addfile(entry, io.BytesIO(sdist.encode()))

    def change(self, old: str, new: str) -> None:
        file = self.root / "CHANGELOG.md"
        file.write_text(file.read_text().replace(old, new))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_version_with_everything_can_be_released(checkout: Checkout) -> None:
    """The tag is that of the version, the changes have a day, a state is kept."""
    assert checkout.check("v0.2.0") == (0, "v0.2.0 can be released.\n", "")


def test_all_that_is_missing_is_named_at_once(checkout: Checkout) -> None:
    """Each in a sentence that says what to do."""
    checkout.change("## 0.2.0 - 2027-01-31", "## Unreleased")
    checkout.state.unlink()

    code, _, errors = checkout.check("v0.3.0")

    assert code == 1
    assert errors.splitlines() == [
        "The tag is v0.3.0, and _version.py says 0.2.0: they must be the same.",
        "CHANGELOG.md has no heading `## 0.2.0 - YYYY-MM-DD`: give it the day.",
        "tests/releases/0.2.0/python has no state of this version: run tools/release_state.py.",
    ]


def test_a_version_without_changes_is_refused(checkout: Checkout) -> None:
    """The changes of an older version are not taken for its own."""
    checkout.change("- A thing.", "")

    code, _, errors = checkout.check("v0.2.0")

    assert code == 1
    assert "CHANGELOG.md says nothing below 0.2.0" in errors


def test_no_page_denies_that_the_package_is_published(checkout: Checkout) -> None:
    """README is shown on the index, where "on no package index yet" would be wrong."""
    (checkout.root / "README.md").write_text("The package is on no package index yet.\n")

    code, _, errors = checkout.check("v0.2.0")

    assert code == 1
    assert errors == (
        "README.md says that the package is on no package index yet: say how to install it.\n"
    )


def test_only_wheel_and_sdist_of_the_version_are_published(checkout: Checkout) -> None:
    """A folder with anything else is refused, and the sentence says what is in it."""
    dist = checkout.root / "dist"
    dist.mkdir()
    (dist / "pulumi_omise_links-0.1.0.tar.gz").touch()

    code, _, errors = checkout.check("v0.2.0", "dist")

    assert code == 1
    assert errors == (
        "dist must hold pulumi_omise_links-0.2.0-py3-none-any.whl and"
        " pulumi_omise_links-0.2.0.tar.gz, and holds pulumi_omise_links-0.1.0.tar.gz.\n"
    )


SAID = "Version: 0.2.0\nProject-URL: Homepage, https://code.example/team/links\n\nIt.\n"
DIFFER = "Wheel and sdist say different things of themselves"
WHEEL, SDIST = "pulumi_omise_links-0.2.0-py3-none-any.whl", "pulumi_omise_links-0.2.0.tar.gz"


def test_what_was_built_right_can_be_published(checkout: Checkout) -> None:
    """Wheel and sdist say the version of the tag, and where its repository is."""
    checkout.build(SAID, SAID)

    assert checkout.check("v0.2.0", "dist") == (0, "v0.2.0 can be released.\n", "")


@pytest.mark.parametrize(
    ("wheel", "sdist", "sentences"),
    [
        (
            SAID.replace("0.2.0", "0.1.0"),
            SAID,
            [f"{WHEEL} says that it is 0.1.0, not 0.2.0", DIFFER],
        ),
        (
            SAID,
            SAID.replace("0.2.0", "0.3.0"),
            [f"{SDIST} says that it is 0.3.0, not 0.2.0", DIFFER],
        ),
        (
            SAID,
            SAID.replace("Project-URL", "X"),
            [f"{SDIST} has no address of its repository", DIFFER],
        ),
        (SAID, SAID + "More.", [DIFFER]),
        (*(SAID + "<this repository>",) * 2, [f"{name} has no address" for name in (WHEEL, SDIST)]),
    ],
)
def test_what_was_built_wrong_is_refused(
    checkout: Checkout, wheel: str, sdist: str, sentences: list[str]
) -> None:
    """Another version inside than outside, no address in one of the two, two that differ."""
    checkout.build(wheel, sdist)

    code, _, errors = checkout.check("v0.2.0", "dist")

    assert code == 1
    assert len(errors.splitlines()) == len(sentences)
    for line, sentence in zip(errors.splitlines(), sentences, strict=True):
        assert sentence in line


@pytest.mark.parametrize("name", [WHEEL, SDIST])
@pytest.mark.parametrize("length", [0, 100])
def test_a_damaged_file_is_refused(checkout: Checkout, name: str, length: int) -> None:
    """An upload or a disk that was cut off is named in a sentence."""
    checkout.build(SAID, SAID)
    file = checkout.root / "dist" / name
    file.write_bytes(file.read_bytes()[:length])

    code, _, errors = checkout.check("v0.2.0", "dist")

    assert code == 1
    assert f"{name} is damaged" in errors
