"""What one can rely on when `tools/browser.py` finds or installs a browser.

Nothing is installed and no network is used: the browsers and `apt-get` are small scripts.
"""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fakes are shell scripts")


def script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The one folder in which commands are found."""
    folder = tmp_path / "path"
    folder.mkdir()
    return folder


@pytest.fixture
def tool(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool on a computer without a browser, whose user may install nothing."""
    found = importlib.import_module("browser")
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(found, "_playwrights_own", lambda: path / "none")
    monkeypatch.setattr(found, "_may_install_packages", lambda: False)
    monkeypatch.setattr(found, "_install_with_playwright", lambda: "The download failed.")
    return found


def test_a_browser_on_the_path_is_used(
    tool: ModuleType, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard output, its command; one that is too old or broken is passed over."""
    script(path / "chromium", "echo Chromium 120.0.1")
    script(path / "chromium-browser", "exit 1")
    chrome = script(path / "google-chrome", "echo Google Chrome 140.0.7339.80")

    assert tool.main([]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{chrome}\n"
    assert "chromium is version 120, and 131 is needed; looking further." in printed.err
    assert "chromium-browser does not run; looking further." in printed.err


def test_the_browser_that_the_environment_names_comes_first(
    tool: ModuleType, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it cannot be used, that is an error: no other one is taken in its place."""
    script(path / "chromium", "echo Chromium 150.0")
    own = script(tmp_path / "own", "echo Chromium 149.0")
    monkeypatch.setenv(tool.VARIABLE, str(own))
    assert tool.find() == own

    monkeypatch.setenv(tool.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(tool.BrowserError, match=r"names .*none, which cannot be used"):
        tool.find()


def test_without_a_browser_it_says_what_to_install(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was tried, why it failed, and what a person can do; and exit code 1."""
    assert tool.find() is None
    assert tool.main([]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "The download failed." in printed.err
    assert "Debian: `apt-get install chromium`" in printed.err
    assert "or name one in OMISE_LINKS_BROWSER." in printed.err


def test_on_debian_root_gets_the_package(
    tool: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for another apt-get, asks nothing, and the browser is found at once then."""
    monkeypatch.setattr(tool, "_may_install_packages", lambda: True)
    chromium = shlex.quote(str(path / "chromium"))
    calls = path.parent / "calls"
    script(
        path / "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >> {shlex.quote(str(calls))}\n'
        f'if [ "$1" = install ]; then printf "#!/bin/sh\\necho Chromium 156.0\\n" > {chromium}; '
        f"/bin/chmod +x {chromium}; fi",
    )

    assert tool.find_or_install() == path / "chromium"
    update, install = calls.read_text().splitlines()
    assert update.startswith("noninteractive update ")
    assert install.endswith("--no-install-recommends chromium")
    assert "DPkg::Lock::Timeout=600" in install
    assert "--yes" in install


def test_a_package_that_cannot_be_installed_shows_why(
    tool: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last lines of `apt-get` are in the message, and the next way is tried."""
    monkeypatch.setattr(tool, "_may_install_packages", lambda: True)
    script(path / "apt-get", "echo E: Unable to locate package chromium; exit 100")
    with pytest.raises(tool.BrowserError, match=r"(?s)Unable to locate.*The download failed\."):
        tool.find_or_install()
