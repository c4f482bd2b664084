"""The modules and packages of the product, and which of them may import which."""

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
from pulumi_omise_links.link_provider import LinkProvider

PACKAGE = Path(pulumi_omise_links.__file__).parent
NAME = "pulumi_omise_links"

# Each module or package at the top level, and those that it may import at run time.
MAY_IMPORT: dict[str, str] = {
    "__init__": "",
    "__main__": "cli",
    "_version": "",
    "program_errors": "",
    "errors": "program_errors",
    "inputs": "errors",
    "settings": "errors",
    "mark": "",
    "text_differences": "",
    "safe_text": "",
    "omise": "_version errors inputs settings text_differences",
    "output": "errors safe_text",
    "state_format": "omise inputs",
    "lookups": "errors omise settings",
    "provider": "errors settings state_format",
    "engine": "",
    "held_links": "errors settings state_format",
    "link_guard": "engine errors omise settings state_format",
    "link_provider": (
        "engine errors held_links inputs link_guard program_errors settings state_format"
    ),
    "native": (
        "_version engine errors inputs link_provider omise safe_text settings stack state_format"
    ),
    "program_inputs": "errors inputs mark",
    "call_stack": "",
    "link": "call_stack errors inputs program_inputs settings state_format",
    "manifest": "errors inputs omise safe_text",
    "declare": "errors inputs link manifest mark program_inputs settings",
    "stack": "errors inputs omise safe_text settings state_format",
    "inventory": "errors inputs manifest mark omise output safe_text settings stack state_format",
    "adoption": (
        "errors inputs inventory manifest omise safe_text settings stack state_format"
        " text_differences"
    ),
    "diagnosis": "_version errors inputs inventory manifest omise safe_text settings stack",
    "recovery": "adoption errors inventory omise output safe_text stack state_format",
    "reporting": "errors inputs inventory manifest omise output safe_text stack state_format",
    "teardown": "errors inputs inventory mark omise output recovery safe_text settings stack",
    "cli": (
        "_version adoption diagnosis emulator errors inputs inventory manifest mark omise output"
        " recovery reporting safe_text settings stack teardown"
    ),
    "emulator": "",
}
# The only modules that may import a library.
ONLY: dict[str, set[str]] = {
    "pulumi": {
        *("link", "program_inputs", "link_provider", "engine", "provider", "declare", "settings"),
        "native",
    },
    "requests": {"omise.connections", "omise.failures", "omise.route", "omise.transport"},
    "urllib3": {
        *("omise.connections", "omise.failures", "omise.retry", "omise.route", "omise.transport")
    },
    "socket": {"omise.connections", "omise.create_records", "omise.failures", "engine"},
    "ssl": {"omise.failures", "omise.route"},
    "http": set(),
    "urllib.request": set(),
    "asyncio": set(),
    "grpc": {"engine", "native"},
    "google": {"native"},
    "dill": set(),
    "pickle": set(),
    "yaml": {
        *("manifest.source", "manifest.values", "manifest.edit", "manifest.text"),
        "stack.project_files",
    },
    "click": {"cli"},
    "jsonschema": {"manifest.validation"},
    # Of an extra: whatever imports these modules does so inside a function.
    "jinja2": {"reporting.html"},
    "markupsafe": {"reporting.html"},
    "segno": {"reporting.qr"},
}


class Import:
    """One import in one module."""

    def __init__(self, module: str, target: str, *, typing_only: bool, in_function: bool) -> None:
        self.module = module
        self.target = target
        self.typing_only = typing_only
        self.in_function = in_function

    @property
    def part(self) -> str:
        return part_of(self.module)

    @property
    def own(self) -> str | None:
        """The part of this package that is imported, if it is one."""
        return part_of(self.target) if self.target.split(".")[0] == NAME else None

    def __repr__(self) -> str:
        return f"{self.module} -> {self.target}"


def part_of(module: str) -> str:
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
    """The search for imports finds known ones."""
    seen = {(imported.part, imported.own or imported.target) for imported in imports()}

    assert {("link_guard", "omise"), ("omise", "requests"), ("adoption", "stack")} <= seen
    assert ("link", "pulumi") in seen
    assert any(imported.own == "errors" and imported.part == "cli" for imported in imports())


def test_every_part_is_in_the_table() -> None:
    """No module or package is missing from the table."""
    assert {part_of(module) for module in modules()} == {*MAY_IMPORT}


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_a_part_imports_only_what_the_table_allows(part: str) -> None:
    """Each part imports the parts that the design gives it, and no other."""
    used = {
        imported.own for imported in imports() if imported.part == part and not imported.typing_only
    }

    assert used - {part, None} <= {*MAY_IMPORT[part].split()}


@pytest.mark.parametrize("library", sorted(ONLY))
def test_who_knows_which_library(library: str) -> None:
    """Pulumi, the network, YAML and the terminal are each known to few places."""
    users = {
        imported.module.removeprefix(f"{NAME}.")
        for imported in imports()
        if f"{imported.target}.".startswith(f"{library}.") and imported.part != "emulator"
    }
    allowed = ONLY[library]

    assert {user for user in users if not {user, user.split(".")[0]} & allowed} == set()


def test_settings_load_pulumi_only_when_asked() -> None:
    """The command line reads settings without paying for Pulumi."""
    for imported in imports():
        if imported.part == "settings" and imported.target.startswith("pulumi."):
            assert imported.in_function


def test_the_emulator_stands_alone() -> None:
    """The emulator uses the standard library and itself; only its command uses it."""
    for imported in imports():
        if imported.part == "emulator":
            top = imported.target.split(".")[0]
            assert imported.own == "emulator" or top in sys.stdlib_module_names, imported
        elif imported.own == "emulator":
            assert imported.module == f"{NAME}.cli.emulator", imported


def test_the_command_line_is_on_top() -> None:
    """Only `python -m` imports the command line."""
    users = {
        imported.part for imported in imports() if imported.own == "cli" and imported.part != "cli"
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
        "import asyncio, sys, pulumi\n"
        "asyncio.set_event_loop(asyncio.new_event_loop())\n"
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


def test_the_name_in_states_is_no_name_for_programs() -> None:
    """What the states of users name is found in the package, and no program is offered it."""
    assert pulumi_omise_links.LinkProvider is LinkProvider
    assert "LinkProvider" not in pulumi_omise_links.__all__


def test_an_unknown_name_is_an_ordinary_error() -> None:
    """A misspelt import fails the way Python users know."""
    with pytest.raises(AttributeError, match="has no attribute 'Lnik'"):
        pulumi_omise_links.Lnik  # noqa: B018  (looked up, for its error)
    with pytest.raises(ImportError):
        exec(f"from {NAME} import Lnik")
