"""Find what runs programs in Pulumi YAML, TypeScript and Go for the tests, or build it.

    PATH="$(python tools/language_hosts.py nodejs):$PATH" pulumi up

Prints one line for each language, the folder to put on PATH; with no language named, for all. It
takes the first of these: the host beside the engine or on PATH; what an earlier run left in the
cache folder of the engine; a build from its Go module. Pulumi's own download has the hosts beside
the engine, so most people have them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import engine


@dataclass(frozen=True)
class Host:
    """A language host and where its source is."""

    version: str
    module: str
    """The Go module, as in go.mod; the version is that of the tag."""
    package: str


# v3.66.0 is the last version of `sdk/v3` with these two; later ones are in modules of their own
# without version tags, as with the host of Python (engine.py). They start programs of today's SDKs;
# what they lack is the generation of SDKs, for which there is make_sdk.py.
_LAST_TOGETHER = "3.66.0"
_SDK = f"{engine.PULUMI}/sdk/v3"
HOSTS = {
    "yaml": Host(
        "1.25.0",
        "github.com/pulumi/pulumi-yaml",
        "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ),
    "nodejs": Host(_LAST_TOGETHER, _SDK, f"{_SDK}/nodejs/cmd/pulumi-language-nodejs"),
    "go": Host(_LAST_TOGETHER, _SDK, f"{_SDK}/go/pulumi-language-go"),
}
MODULE = """\
module host
go {go}
require %s v{version}
tool %s
"""


def find(language: str) -> Path | None:
    """Return the folder of a host that is there already, or None."""
    beside = engine.find()
    places = [str(beside or ""), os.environ.get("PATH", os.defpath), str(_target(language))]
    command = shutil.which(_command(language), path=os.pathsep.join(filter(None, places)))
    return Path(command).parent.absolute() if command else None


def find_or_get(language: str) -> Path:
    """Return the folder of a host, building one if none is there.

    :raises engine.EngineError: that is not possible.
    """
    return find(language) or engine.get(
        _target(language), partial(_is_whole, language), partial(_build, language)
    )


def _build(language: str, folder: Path) -> None:
    host = HOSTS[language]
    with engine.go_workshop() as work:
        print(f"Building {_command(language)} with Go, some two minutes.", file=sys.stderr)
        text = MODULE % (host.module, host.package)
        engine.build_module(work / "host", text, host.version, folder)


def _is_whole(language: str, folder: Path) -> bool:
    return os.access(folder / _command(language), os.X_OK)


def _command(language: str) -> str:
    return f"pulumi-language-{language}"


def _target(language: str) -> Path:
    return engine.cache_folder(f"{language}-{HOSTS[language].version}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the folders of the hosts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("language", nargs="*", choices=[[], *HOSTS], help="only these")
    try:
        for language in parser.parse_args(arguments).language or HOSTS:
            print(find_or_get(language))
    except (engine.EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
