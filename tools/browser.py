"""Find a Chromium for the browser tests and the screenshots, or install one.

    python tools/browser.py

Prints one line, the command of the browser; what it does meanwhile goes to standard error.
It takes the first of these:

1. the command that OMISE_LINKS_BROWSER names;
2. Chromium or Chrome on PATH, or Playwright's own, if it is new enough;
3. Debian's package, if this is Debian and the user is root;
4. Playwright's download, into Playwright's cache folder.

From Python: `find()` does 1 and 2 and may return None, `find_or_install()` does all four;
`launch()` starts it so that it talks to this machine alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

# From 131 on, what a style sheet puts into the margins of paper is printed.
OLDEST = 131
VARIABLE = "OMISE_LINKS_BROWSER"
COMMANDS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# No name is looked up, so that neither a page nor the browser itself reaches another machine.
OPTIONS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--disable-sync",
)
HINT = (
    f"Install Chromium {OLDEST} or newer (Debian: `apt-get install chromium`; others: `python -m"
    f" playwright install --with-deps chromium`), or name one in {VARIABLE}."
)


class BrowserError(Exception):
    """No browser, and why: one sentence for the user."""


def find() -> Path | None:
    """Return the command of a browser that is there already, or None.

    :raises BrowserError: the one that the environment names cannot be used.
    """
    if named := os.environ.get(VARIABLE):
        if not _usable(named):
            raise BrowserError(f"{VARIABLE} names {named}, which cannot be used. {HINT}")
        return Path(named)
    for command in filter(None, map(shutil.which, COMMANDS)):
        if _usable(command):
            return Path(command)
    own = _playwrights_own()
    return own if own.exists() and _usable(str(own)) else None


def find_or_install() -> Path:
    """Return the command of a browser, installing one if none is there.

    :raises BrowserError: there is none, and none can be installed.
    """
    if found := find():
        return found
    failures = []
    for install in (_install_from_debian, _install_with_playwright):
        if failure := install():
            failures.append(failure)
        elif found := find():
            return found
    raise BrowserError("\n".join([*failures, f"There is no Chromium. {HINT}"]))


@contextmanager
def launch(command: Path) -> Iterator[Browser]:
    """Start a browser without a window; it ends with the block.

    No two may run in one thread, nor an asyncio loop beside one.
    """
    with sync_playwright() as playwright:
        # Milliseconds; a machine with much else to do is slow.
        browser = playwright.chromium.launch(executable_path=command, args=OPTIONS, timeout=120_000)
        try:
            yield browser
        finally:
            browser.close()


def _install_from_debian() -> str:
    """Install Debian's package; return why it did not work, and nothing if it did or may not."""
    if not _may_install_packages():
        return ""
    _say("Installing Debian's Chromium (one or two minutes, once).")
    # Another apt-get may be at work, and a mirror may fail once.
    options = ("-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=600", "--quiet", "--yes")
    _run("apt-get", "update", *options)
    return _run("apt-get", "install", *options, "--no-install-recommends", "chromium")


def _may_install_packages() -> bool:
    """Tell whether this is Debian, and the user is root. Ubuntu's package of that name is none."""
    release = Path("/etc/os-release")
    system = release.read_text(encoding="utf-8") if release.exists() else ""
    return re.search("^ID=debian$", system, re.MULTILINE) is not None and os.geteuid() == 0


def _install_with_playwright() -> str:
    _say("Downloading Playwright's Chromium (a minute or two, once).")
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _run(*command: str) -> str:
    """Run a command; return its last lines if it fails, and nothing if it works."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=1200,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"`{' '.join(command)}` failed: {error}"
    tail = "\n".join(done.stdout.splitlines()[-8:])
    return f"{tail}\n`{' '.join(command)}` failed." if done.returncode else ""


def _usable(command: str) -> bool:
    """Tell whether this browser will do; if not, say why in one sentence."""
    version = _version(command)
    if not version:
        _say(f"{command} does not run; looking further.")
    elif version < OLDEST:
        _say(f"{command} is version {version}, and {OLDEST} is needed; looking further.")
    return version >= OLDEST


def _version(command: str) -> int:
    """Ask a browser for its main version; 0 if it does not run."""
    try:
        output = subprocess.check_output(
            [command, "--version"], stderr=subprocess.DEVNULL, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)\.\d+", output)
    return int(found[1]) if found else 0


def _playwrights_own() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args(arguments)
    try:
        print(find_or_install())
    except KeyboardInterrupt:
        return 130
    except BrowserError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
