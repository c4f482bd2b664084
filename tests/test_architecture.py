"""The rooms of the package and the arrows between them, as the design draws them."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import pulumi_omise_links

PACKAGE = Path(pulumi_omise_links.__file__).parent
NAME = "pulumi_omise_links"

# The rooms: who may use whom. Arrows go one way.
ROOMS: dict[str, str] = {
    "__init__": "",
    "__main__": "cli",
    "_version": "",
    "program_errors": "",
    "errors": "program_errors",
    "inputs": "errors",
    "settings": "errors",
    "text_differences": "",
    "omise": "_version errors inputs settings text_differences",
    "output": "errors",
    "state_format": "omise inputs",
    "lookups": "errors omise settings",
    "provider": "errors settings state_format",
    "engine": "",
    "held_links": "errors state_format",
    "link_guard": "engine errors omise settings state_format",
    "link_provider": (
        "engine errors held_links inputs link_guard program_errors settings state_format"
    ),
    "program_inputs": "errors inputs",
    "link": "errors inputs program_inputs settings state_format",
    "manifest": "errors inputs omise output",
    "declare": "link manifest settings",
    "stack": "errors output settings state_format",
    "inventory": "errors inputs omise output settings stack",
    "adoption": (
        "errors inputs inventory manifest omise output settings stack state_format text_differences"
    ),
    "recovery": "adoption errors inventory omise output stack state_format",
    "cli": (
        "_version adoption emulator errors inputs inventory manifest omise output recovery settings"
        " stack"
    ),
    "emulator": "",
}
# Who alone may know what.
ONLY: dict[str, set[str]] = {
    "pulumi": {
        *("link", "program_inputs", "link_provider", "engine", "provider", "declare", "settings")
    },
    "requests": {"omise.connections", "omise.failures", "omise.route", "omise.transport"},
    "urllib3": {
        *("omise.connections", "omise.failures", "omise.retry", "omise.route", "omise.transport")
    },
    "socket": {"omise.connections", "omise.create_log", "omise.failures", "engine"},
    "ssl": {"omise.failures", "omise.route"},
    "http": set(),
    "urllib.request": set(),
    "asyncio": set(),
    "grpc": {"engine"},
    "dill": set(),
    "pickle": set(),
    "yaml": {"manifest.source", "manifest.values", "manifest.edit", "manifest.text"},
    "click": {"cli"},
    "jsonschema": {"manifest.validation"},
}


class Import:
    """One import in one module."""

    def __init__(self, module: str, target: str, *, typing_only: bool, in_function: bool) -> None:
        self.module = module
        self.target = target
        self.typing_only = typing_only
        self.in_function = in_function

    @property
    def room(self) -> str:
        return room_of(self.module)

    @property
    def own(self) -> str | None:
        """The room of ours that is imported, if it is one."""
        return room_of(self.target) if self.target.split(".")[0] == NAME else None

    def __repr__(self) -> str:
        return f"{self.module} -> {self.target}"


def room_of(module: str) -> str:
    return [*module.split("."), ""][1] or "__init__"


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join((NAME, *parts)).removesuffix(".__init__")
        found[name] = path
    return found


def walk(
    node: ast.AST, *, typing_only: bool = False, in_function: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, typing_only, in_function
        typing = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from walk(
            child, typing_only=typing_only or typing, in_function=in_function or function
        )


@cache
def imports() -> list[Import]:
    """Every import of the package, with the full name of what is imported."""
    known = modules()
    found = []
    for module, path in known.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node, typing_only, in_function in walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                up = package.split(".")[: len(package.split(".")) + 1 - node.level]
                base = ".".join([*(up if node.level else []), *filter(None, [node.module])])
                whole = [f"{base}.{alias.name}" for alias in node.names]
                targets = [name if name in known or not node.level else base for name in whole]
                targets = [name if name in known else base for name in targets]
            found += [
                Import(module, target, typing_only=typing_only, in_function=in_function)
                for target in dict.fromkeys(targets)
            ]
    return found


def run(program: str) -> str:
    """Run a program in a fresh interpreter, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_imports_are_seen() -> None:
    """The reading of imports below is no empty check: known arrows are found."""
    seen = {(imported.room, imported.own or imported.target) for imported in imports()}

    assert {("link_guard", "omise"), ("omise", "requests"), ("adoption", "stack")} <= seen
    assert ("link", "pulumi") in seen
    assert any(imported.own == "errors" and imported.room == "cli" for imported in imports())


def test_every_room_has_its_arrows() -> None:
    """No room is left out of the table of arrows."""
    assert {imported.room for imported in imports()} | {"_version"} == {*ROOMS}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_uses_only_what_is_below(room: str) -> None:
    """Each room uses the rooms that the design gives it, and no other."""
    used = {
        imported.own for imported in imports() if imported.room == room and not imported.typing_only
    }

    assert used - {room, None} <= {*ROOMS[room].split()}


@pytest.mark.parametrize("library", sorted(ONLY))
def test_who_knows_which_library(library: str) -> None:
    """Pulumi, the network, YAML and the terminal are each known to few places."""
    users = {
        imported.module.removeprefix(f"{NAME}.")
        for imported in imports()
        if f"{imported.target}.".startswith(f"{library}.") and imported.room != "emulator"
    }
    allowed = ONLY[library]

    assert {user for user in users if not {user, user.split(".")[0]} & allowed} == set()


def test_settings_load_pulumi_only_when_asked() -> None:
    """The command line reads settings without paying for Pulumi."""
    for imported in imports():
        if imported.room == "settings" and imported.target.startswith("pulumi."):
            assert imported.in_function


def test_the_emulator_stands_alone() -> None:
    """The local Omise uses the standard library and itself; only its command uses it."""
    for imported in imports():
        if imported.room == "emulator":
            top = imported.target.split(".")[0]
            assert imported.own == "emulator" or top in sys.stdlib_module_names, imported
        elif imported.own == "emulator":
            assert imported.module == f"{NAME}.cli.emulator", imported


def test_the_command_line_is_on_top() -> None:
    """No room but `python -m` uses the command line."""
    users = {
        imported.room for imported in imports() if imported.own == "cli" and imported.room != "cli"
    }

    assert users <= {"__main__"}


def test_nothing_needs_itself() -> None:
    """There is no circle: each module can be read after those it uses."""
    graph: dict[str, set[str]] = {}
    for imported in imports():
        if imported.own and not imported.typing_only:
            graph.setdefault(imported.module, set()).add(imported.target)
    try:
        [*TopologicalSorter(graph).static_order()]
    except CycleError as error:
        pytest.fail(f"these modules need each other: {' -> '.join(error.args[1])}")


def test_importing_the_package_loads_neither_pulumi_nor_the_network() -> None:
    """`import pulumi_omise_links` is free: every name is loaded when it is first used."""
    loaded = run(
        "import sys, pulumi_omise_links as p\n"
        "assert p.__version__\n"
        "print(*{each.split('.')[0] for each in sys.modules})"
    ).split()

    assert not {"pulumi", "grpc", "requests", "urllib3", "yaml", "click"} & {*loaded}


def test_declaring_a_link_does_not_load_the_network_client() -> None:
    """A program that only declares links does not pay for the client."""
    loaded = run(
        "import sys, pulumi\n"
        "class Mocks(pulumi.runtime.Mocks):\n"
        "    def new_resource(self, args): return ['id', args.inputs]\n"
        "    def call(self, args): return {}\n"
        "pulumi.runtime.set_mocks(Mocks())\n"
        "before = set(sys.modules)\n"
        "from pulumi_omise_links import Link\n"
        "Link('a', amount=1, currency='THB', title='t', description='d')\n"
        "print(*(set(sys.modules) - before))"
    ).split()

    assert f"{NAME}.link" in loaded
    assert not {"requests", f"{NAME}.omise.client", f"{NAME}.omise.transport"} & {*loaded}


def test_help_loads_neither_pulumi_nor_the_network() -> None:
    """`omise-links --help` answers at once."""
    printed = run(
        "import sys\n"
        f"from {NAME}.cli import run\n"
        "assert run(['--help']) == 0\n"
        "print('LOADED', *{each.split('.')[0] for each in sys.modules})"
    )
    loaded = printed.partition("LOADED")[2].split()

    assert "click" in loaded
    assert not {"pulumi", "grpc", "requests", "urllib3"} & {*loaded}


def test_the_names_a_program_imports() -> None:
    """What `__all__` promises can be had, is typed, and is all there is."""
    modules = pulumi_omise_links._MODULES
    assert sorted(pulumi_omise_links.__all__) == sorted(modules)
    for name, module_name in modules.items():
        module = importlib.import_module(f"{NAME}.{module_name}")
        assert getattr(pulumi_omise_links, name) is getattr(module, name)
    typed = {
        alias.name: node.module
        for node, typing_only, _ in walk(ast.parse((PACKAGE / "__init__.py").read_text()))
        if typing_only and isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == modules
    everything: dict[str, object] = {}
    exec(f"from {NAME} import *", everything)
    assert {*everything} - {"__builtins__"} == {*modules}


def test_an_unknown_name_is_an_ordinary_error() -> None:
    """A misspelt import fails the way Python users know."""
    with pytest.raises(AttributeError, match="has no attribute 'Lnik'"):
        pulumi_omise_links.Lnik  # noqa: B018  (looked up, for its error)
    with pytest.raises(ImportError):
        exec(f"from {NAME} import Lnik")
