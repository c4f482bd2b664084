"""Find a Pulumi engine for the demo and the tests, or get one.

    ENGINE=$(python tools/engine.py) && PATH="$ENGINE:$PATH" pulumi version

Prints one line, the folder to put on PATH; what it does meanwhile goes to standard error.
It takes the first of these:

1. `pulumi` in the folder PULUMI_CLI names, then on PATH, if it is new enough and the Python
   language host is with it;
2. the engine an earlier run left in the cache folder, $OMISE_LINKS_ENGINE_CACHE or
   ~/.cache/pulumi-omise-links/engine;
3. Pulumi's official download, where the network lets it through;
4. a build from Go modules, for networks that only let package proxies through.

With --oldest it takes the oldest supported version, and no other: 2, 3 or 4.

From Python: `find()` does 1 and 2 and may return None, `find_or_get()` does all four;
`environment()` keeps a Pulumi to one folder.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

if sys.platform != "win32":
    import fcntl

# From 3.254.0 an import file may carry the inputs and outputs of a resource. Without them a
# dynamic resource, as every Link is one, cannot be adopted.
OLDEST = (3, 254, 0)
VERSION = (3, 276, 0)
OLDEST_GO = (1, 26, 6)  # what the go.mod of Pulumi 3.276.0 asks for

# The command itself, what starts Python programs, what that starts them with, and what runs
# dynamic providers.
HOST = "pulumi-language-python"
PARTS = ("pulumi", HOST, "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
# For tests alone; the archive has them.
OTHER_HOSTS = ("pulumi-language-yaml", "pulumi-language-nodejs", "pulumi-language-go")

INSTALL = "https://www.pulumi.com/docs/install/"
DOWNLOAD = "https://get.pulumi.com/releases/sdk/pulumi-v{version}-{system}.tar.gz"

# Two modules, because they need different versions of `sdk/v3`: after v3.79.0 the language host
# left it for a module of its own that has no version tags, so v3.79.0 is the last to be had from
# a module proxy. Engine and host talk over a stable protocol: this old host runs the new engine
# and today's Python SDK without trouble. The replacement is that of Pulumi's own go.mod, for Go
# heeds replacements in the main module only.
PULUMI = "github.com/pulumi/pulumi"
HOST_VERSION = "3.79.0"
CLIPBOARD = (
    "github.com/atotto/clipboard => "
    "github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e"
)
ENGINE_MOD = f"""\
module engine
go {{go}}
require {{pulumi}}/pkg/v3 v{{version}}
require {{pulumi}}/sdk/v3 v{{version}}
replace {CLIPBOARD}
tool {{pulumi}}/pkg/v3/cmd/pulumi
"""
HOST_MOD = """\
module host
go {go}
require {pulumi}/sdk/v3 v{version}
tool {pulumi}/sdk/v3/python/cmd/pulumi-language-python
"""


class EngineError(Exception):
    """No engine, and why: one sentence for the user."""


def find() -> Path | None:
    """Return the folder of an engine that is there already, or None."""
    named = os.environ.get("PULUMI_CLI")
    for place in (named, os.environ.get("PATH", os.defpath)):
        command = shutil.which("pulumi", path=place) if place else None
        if command and _usable(Path(command)):
            return Path(command).parent.absolute()
        if place and place is named and not command:
            _say(f"PULUMI_CLI is {place}, where no pulumi is; looking further.")
    target = _target(VERSION)
    return target if _is_whole(VERSION, target) else None


def find_or_get() -> Path:
    """Return the folder of an engine, getting one if none is there; EngineError if it cannot."""
    return find() or get_version(VERSION)


def get_version(version: tuple[int, ...]) -> Path:
    """Return the folder of this very version, getting it if it is not in the cache.

    :raises EngineError: it cannot be had.
    """
    target = _target(version)
    is_whole = partial(_is_whole, version)
    ways = (partial(_download, version), partial(_build, version))
    return target if is_whole(target) else get(target, is_whole, *ways)


def heed_interrupts() -> None:
    """Undo that a shell has a background job ignore SIGINT, which all that it starts would inherit.

    Pulumi ends the host of a program by that signal, and waits five seconds for each that ignores
    it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(pulumi: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a Pulumi that keeps to `folder`: nothing of the user's own is used.

    It uses this Python, so that programs find what is installed beside it.
    """
    backend = folder / "backend"
    backend.mkdir(parents=True, exist_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMISE_", "PULUMI_"))}
    return {
        **clean,
        "PATH": os.pathsep.join(
            [str(pulumi), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
    }


def get(target: Path, is_whole: Callable[[Path], bool], *ways: Callable[[Path], None]) -> Path:
    """Return `target` with programs in it, made by the first way that works; one process at a time.

    :raises EngineError: none does.
    """
    if sys.platform == "win32":
        raise EngineError(f"No Pulumi found: install it from {INSTALL}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{target}.lock").open("w") as lock:  # freed however this process ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another run is getting Pulumi just now; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(target):
            return target
        _log().unlink(missing_ok=True)
        for left_over in target.parent.glob(f"{target.name}.part-*"):  # of a killed run
            shutil.rmtree(left_over, ignore_errors=True)
        *others, last = ways
        for way in others:
            try:
                _put(target, way, is_whole)
            except EngineError as error:
                _say(f"{error} Building it with Go instead.")
            else:
                return target
        _put(target, last, is_whole)
    return target


def _put(target: Path, way: Callable[[Path], None], is_whole: Callable[[Path], bool]) -> None:
    """Make programs beside `target`, try them, and move them there only if they work."""
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.part-", dir=target.parent) as part:
        folder = Path(part, "bin")
        folder.mkdir()
        way(folder)
        for file in folder.iterdir():
            file.chmod(0o755)
        if not is_whole(folder):
            raise EngineError(f"What came out is not a working Pulumi {target.name}.")
        shutil.rmtree(target, ignore_errors=True)  # there only if someone damaged it
        folder.rename(target)


def _download(version: tuple[int, ...], folder: Path) -> None:
    system = "-".join(_system())
    url = DOWNLOAD.format(version=dotted(version), system=system)
    _say(f"Downloading Pulumi {dotted(version)} from {url} (about a minute, once).")
    try:
        with (
            urllib.request.urlopen(url, timeout=5) as response,
            tarfile.open(fileobj=response, mode="r|gz") as archive,
        ):
            for member in archive:
                # Only the last part of a name counts, so no entry can land outside the folder;
                # and what no test here needs, most of the archive, stays out.
                name = PurePosixPath(member.name).name
                content = archive.extractfile(member) if name in {*PARTS, *OTHER_HOSTS} else None
                if content:
                    with (folder / name).open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (OSError, http.client.HTTPException, tarfile.TarError, EOFError) as error:
        raise EngineError(f"The download failed ({error}).") from None


@contextmanager
def go_workshop() -> Iterator[Path]:
    """Give a folder to build modules in, which goes afterwards.

    :raises EngineError: there is no Go, or one that is too old.
    """
    oldest = dotted(OLDEST_GO)
    wanted = f"install Go {oldest} or later, or Pulumi from {INSTALL}, and run this again."
    if not shutil.which("go"):
        raise EngineError(f"There is no Go to build Pulumi with: {wanted}")
    place = os.environ.get("GOTMPDIR") or None
    with tempfile.TemporaryDirectory(prefix="pulumi-engine-", dir=place) as work:
        found = _go(Path(work), "env", "GOVERSION")
        if _numbers(found) < OLDEST_GO:
            raise EngineError(f"{found or 'This Go'} is too old to build Pulumi: {wanted}")
        yield Path(work)


def _build(version: tuple[int, ...], folder: Path) -> None:
    with go_workshop() as work:
        _say("Building Pulumi with Go. Once built, it is kept and found at once from then on.")
        _say("1 of 2: the engine, some 4 to 7 minutes on 2 cores (seconds if Go did it before).")
        engine = build_module(work / "engine", ENGINE_MOD, dotted(version), folder)
        sdk = Path(_go(engine, "list", "-m", "-f", "{{.Dir}}", f"{PULUMI}/sdk/v3"), "python")
        for script in (sdk / "cmd" / PARTS[2], sdk / "dist" / PARTS[3]):
            shutil.copyfile(script, folder / script.name)
        _say("2 of 2: the Python language host, less than a minute.")
        build_module(work / "host", HOST_MOD, HOST_VERSION, folder)


def build_module(
    at: Path, text: str, version: str, folder: Path, *, source: Path | None = None
) -> Path:
    """Make a module of one go.mod in `at` and build its tool into `folder`.

    :param source: the program, if it is none of another module.
    """
    at.mkdir()
    if source:
        shutil.copy(source, at)
    values = {"go": dotted(OLDEST_GO), "pulumi": PULUMI, "version": version}
    (at / "go.mod").write_text(text.format(**values))
    _go(at, "mod", "tidy")
    # Only -X tells Pulumi which version it is; with none, every check of its version fails.
    # -s -w and grpcnotrace make it smaller; osusergo goes with a build without a C compiler.
    flags = f"-s -w -X {PULUMI}/sdk/v3/go/common/version.Version=v{version}"
    tags = "osusergo,grpcnotrace"
    _go(at, "build", "-tags", tags, "-ldflags", flags, "-o", f"{folder}{os.sep}", "tool")
    return at


def _go(at: Path, *arguments: str) -> str:
    """Run one go command in the folder `at` and return the last line it printed."""
    own = {
        "GOTOOLCHAIN": "local",  # never fetch another Go; if this one is too old, say so
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        "GOTMPDIR": str(at),  # so that its temporary files go when `at` does, however it ends
    }
    log = at / "log"
    process = None
    # A Ctrl-C while Popen is at work would leave a child that nobody knows of: it waits.
    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["go", *arguments],
                cwd=at,
                env={**os.environ, **own},  # GOFLAGS, GOPROXY and all else are the user's
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, to end with all its compilers
            )
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = process.wait()
    except BaseException:
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)  # Go's caches are made to stand this
            process.wait()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    lines = log.read_text(errors="replace").splitlines()
    if code:
        kept = shutil.copyfile(log, _log())
        tail = "\n".join(lines[-15:])
        raise EngineError(f"{tail}\n`go {arguments[0]}` failed; the full log is {kept}.")
    return lines[-1] if lines else ""


def _usable(command: Path) -> bool:
    """Tell whether this pulumi will do; if not, say why in one sentence."""
    version = _version(command)
    beside = (command.parent, command.resolve().parent, os.environ.get("PATH", os.defpath))
    if not version:
        _say(f"{command} does not run; looking further.")
    elif version < OLDEST:
        have, need = dotted(version), dotted(OLDEST)
        _say(f"{command} is Pulumi {have}, and {need} or later is needed; looking further.")
    elif not shutil.which(HOST, path=os.pathsep.join(map(str, beside))):
        _say(f"{command} comes without {HOST}; looking further.")
    else:
        return True
    return False


def _version(command: Path) -> tuple[int, ...]:
    """Ask a pulumi for its version; () if it does not run."""
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}  # no call to the network
    try:
        output = subprocess.check_output(
            [command, "version"], env=quiet, stderr=subprocess.DEVNULL, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return _numbers(output)


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as text: 3.259.0."""
    return ".".join(map(str, version))


def _complete(folder: Path) -> bool:
    return all(os.access(folder / part, os.X_OK) for part in PARTS)


def _is_whole(version: tuple[int, ...], folder: Path) -> bool:
    return _complete(folder) and _version(folder / "pulumi") == version


def _system() -> tuple[str, str]:
    """Return system and processor by the names of Pulumi's archives."""
    machine = platform.machine().lower()
    names = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
    return platform.system().lower(), names.get(machine, machine)


def _target(version: tuple[int, ...]) -> Path:
    return cache_folder(dotted(version))


def _log() -> Path:
    """Of the last build that failed."""
    return Path(f"{cache_folder('go-build')}.log")


def cache_folder(version: str) -> Path:
    """Return the cache folder of this very version, system and processor."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = os.environ.get("OMISE_LINKS_ENGINE_CACHE") or caches / "pulumi-omise-links" / "engine"
    return Path(folder).absolute() / "-".join((version, *_system()))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--oldest", action="store_true", help="the oldest supported version")
    oldest = parser.parse_args().oldest
    if sys.platform != "win32":
        for ending in (signal.SIGTERM, signal.SIGHUP):  # tidy up as after Ctrl-C
            if signal.getsignal(ending) is signal.SIG_DFL:
                signal.signal(ending, signal.default_int_handler)
    try:
        print(get_version(OLDEST) if oldest else find_or_get())
    except KeyboardInterrupt:
        _say("Stopped; nothing half-made is left.")
        return 130
    except (EngineError, OSError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
