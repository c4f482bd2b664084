"""Make the SDK of a language for the native plugin, from schema/omise.pulumi.json.

    python tools/make_sdk.py nodejs examples/10-typescript/sdks/omise

LANGUAGE is nodejs (TypeScript), go or python. The folder is made anew. It gets the files that
`pulumi package add` makes with the hosts of Pulumi's own download: the generator is a small program
around the same code (tools/sdk_generator), built with Go once and kept in the engine's cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import engine

TOOLS = Path(__file__).resolve().parent
SCHEMA = TOOLS.parent / "schema" / "omise.pulumi.json"
SOURCE = TOOLS / "sdk_generator" / "main.go"
LANGUAGES = ("nodejs", "go", "python")
COMMAND = "generator"
# The version of the engine, so that both are compiled once.
MODULE = f"""\
module {COMMAND}
go {{go}}
require {{pulumi}}/pkg/v3 v{{version}}
require {{pulumi}}/sdk/v3 v{{version}}
replace {engine.CLIPBOARD}
tool {COMMAND}
"""


def make_sdk(language: str, folder: Path) -> None:
    """Write the SDK of a language.

    :raises engine.EngineError: the generator is not there and cannot be built.
    """
    command = find_or_get_generator() / COMMAND
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([command, language, SCHEMA, folder], check=True)


def find_or_get_generator() -> Path:
    """Return the folder of the generator, and build it if it is not there.

    :raises engine.EngineError: that is not possible.
    """
    # Its own text is part of its version.
    digest = sha256(SOURCE.read_bytes() + MODULE.encode()).hexdigest()[:8]
    target = engine.cache_folder(f"sdk-generator-{digest}-{engine.dotted(engine.VERSION)}")
    return target if _is_whole(target) else engine.get(target, _is_whole, _build)


def _build(folder: Path) -> None:
    with engine.go_workshop() as work:
        print("Building the generator of SDKs with Go, some minutes.", file=sys.stderr)
        version = engine.dotted(engine.VERSION)
        engine.build_module(work / COMMAND, MODULE, version, folder, source=SOURCE)


def _is_whole(folder: Path) -> bool:
    return os.access(folder / COMMAND, os.X_OK)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one SDK."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        make_sdk(options.language, options.folder)
    except (engine.EngineError, OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
