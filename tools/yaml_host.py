"""Find what runs Pulumi YAML programs for the tests, or build it.

    PATH="$(python tools/yaml_host.py):$PATH" pulumi up

Prints one line, the folder to put on PATH. It takes the first of these: `pulumi-language-yaml`
beside the engine or on PATH; what an earlier run left in the cache folder of the engine; a build
from its Go module. Pulumi's own download has it beside the engine, so most people have it.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import engine

VERSION = "1.25.0"
MODULE = """\
module yaml
go {go}
require github.com/pulumi/pulumi-yaml v{version}
tool github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml
"""


def find() -> Path | None:
    """Return the folder of a host that is there already, or None."""
    beside = engine.find()
    places = [str(beside or ""), os.environ.get("PATH", os.defpath), str(_target())]
    command = shutil.which(engine.YAML_HOST, path=os.pathsep.join(filter(None, places)))
    return Path(command).parent.absolute() if command else None


def find_or_get() -> Path:
    """Return the folder of a host, building one if none is there.

    :raises engine.EngineError: that is not possible.
    """
    return find() or engine.get(_target(), _is_whole, _build)


def _build(folder: Path) -> None:
    with engine.go_workshop() as work:
        print("Building the host of Pulumi YAML with Go, some two minutes.", file=sys.stderr)
        engine.build_module(work / "yaml", MODULE, VERSION, folder)


def _is_whole(folder: Path) -> bool:
    return os.access(folder / engine.YAML_HOST, os.X_OK)


def _target() -> Path:
    return engine.cache_folder(f"yaml-{VERSION}")


def main() -> int:
    """Print the folder of the host."""
    try:
        print(find_or_get())
    except (engine.EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
