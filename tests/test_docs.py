"""What README and docs list is what the code has: nothing missing, nothing invented."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest
from test_architecture import imports

import pulumi_omise_links
from pulumi_omise_links import errors, settings
from pulumi_omise_links.cli import COMMANDS
from pulumi_omise_links.errors import ExitCode, OmiseLinksError
from pulumi_omise_links.inputs import INPUTS, OMISE_ATTRIBUTES
from pulumi_omise_links.state_format import ADOPT, STORED_OUTPUTS

ROOT = Path(__file__).parents[1]
NAME = "pulumi_omise_links"
PACKAGE = ROOT / NAME
COMMAND_LINE = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
RESOURCE = (ROOT / "docs/resource.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
TEXTS = [
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "examples").glob("*/README.md"),
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
]
ERROR_CLASSES = [
    error
    for error in vars(errors).values()
    if inspect.isclass(error)
    and issubclass(error, OmiseLinksError)
    and error is not OmiseLinksError
]


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the table with this heading, row by row."""
    body = text.split(f"{heading}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in body.splitlines()[1:]]


def code(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


def sections(text: str, level: str) -> dict[str, str]:
    """The texts below the headings of a level."""
    parts = re.split(rf"^{level} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_settings_are_those_of_the_code() -> None:
    """The table of settings has every one: its stack config, its variable, its default."""
    rows = table(SETTINGS, "| stack config | environment | default | |")
    config = [name for row in rows for name in code(row[0])]
    variables = {name for row in rows for name in code(row[1])}
    source = inspect.getsource(settings)

    assert config == [f"{settings.NAMESPACE}:{name}" for name in settings.CONFIG_KEYS]
    assert variables == {*re.findall(r'"(OMISE_(?!LINKS_)[A-Z_]+)"', source)} - {
        settings.DEFAULT_KEY_VARIABLE
    }
    defaults = {name for row in rows for name in code(row[2])}
    assert {settings.DEFAULT_KEY_VARIABLE, settings.DEFAULT_API_URL} <= defaults
    assert f"{settings.DEFAULT_TIMEOUT:.0f}" in defaults


def test_the_commands_are_those_of_the_command_line() -> None:
    """The table of commands has every command and no other."""
    rows = table(COMMAND_LINE, "| command | what it does | writes |")

    assert {code(row[0])[0].split()[0] for row in rows} == {*COMMANDS}


def test_the_inputs_are_those_of_the_resource() -> None:
    """The table of inputs has every input with its type, and `adopt`."""
    rows = table(RESOURCE, "| input | type | |")

    types = {known.name: known.type.__name__ for known in INPUTS}
    assert {code(row[0])[0]: row[1] for row in rows} == {**types, ADOPT: "str"}


def test_the_outputs_are_those_of_the_resource() -> None:
    """The table of outputs has every attribute of a link but its charges; each can be read."""
    rows = table(RESOURCE, "| output | type | |")
    outputs = {name for row in rows for name in code(row[0])}

    # `created` is how older versions of the API call `created_at`.
    assert outputs == {*OMISE_ATTRIBUTES} - {"charges", "created"}
    assert outputs >= {*STORED_OUTPUTS}
    assert all(name == "id" or hasattr(pulumi_omise_links.Link, name) for name in outputs)


@pytest.mark.parametrize("error", ERROR_CLASSES, ids=lambda error: error.__name__)
def test_each_error_has_its_section(error: type[OmiseLinksError]) -> None:
    """It says with which code the command line ends, and what to do."""
    text = sections(ERRORS, "###")[error.__name__]

    assert text.strip().startswith(f"Exit code {error.exit_code.value}. ")
    assert "*What to do*: " in text


def test_no_error_is_invented() -> None:
    """A section without a class would be of an error that nobody can meet."""
    assert {*sections(ERRORS, "###")} == {error.__name__ for error in ERROR_CLASSES}


def test_each_exit_code_names_its_errors() -> None:
    """Those that end with it, for all codes but 1, which is that of all others."""
    rows = table(ERRORS, "| exit code | meaning | errors |")
    named = {int(row[0]): {*code(row[2])} for row in rows}

    assert [*named] == sorted(ExitCode)
    for exit_code in ExitCode:
        classes = {error.__name__ for error in ERROR_CLASSES if error.exit_code is exit_code}
        if exit_code is not ExitCode.ERROR:
            assert {name for name in named[exit_code] if name.endswith("Error")} == classes


def test_each_dependency_has_its_reason() -> None:
    """docs/decisions.md names every package of pyproject.toml, those for development too."""
    project = (
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[0]
    )
    names = "dependencies|report|dev|docs|bench"
    lists = re.findall(rf"^(?:{names}) = \[\n(.*?)^\]", project, re.M | re.S)
    packages = re.findall(r'^  "([\w-]+)', "".join(lists), re.M)
    section = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    section = section.split("### Few Python dependencies", 1)[1].split("\n### ", 1)[0]

    assert len(lists) == 5
    assert [name for name in packages if f"`{name}`" not in section] == []


def test_the_layout_has_every_module() -> None:
    """And no other: each can be found in one of the tables of docs/architecture.md."""
    layout = ARCHITECTURE.split("## Layout", 1)[1].split("Beside the package", 1)[0]
    listed = set()
    package = ""
    for row in re.findall(r"^\|(.*)\|$", layout, re.MULTILINE):
        *place, _ = row.split("|")
        if len(place) == 2:
            # An empty cell stands for the package above.
            package = f"{code(place[0])[0]}." if code(place[0]) else package
        listed |= {f"{package}{module}" for module in code(place[-1])}
    modules = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
    }

    assert listed == {
        module for module in modules - {"__main__", "_version"} if not module.endswith(".__init__")
    }


def test_imports_go_down_the_list() -> None:
    """Each module imports only what is below it in the list of docs/architecture.md."""
    text = ARCHITECTURE.split("## Allowed imports", 1)[1].split("\n- ", 1)[0]
    levels = {
        name: int(level)
        for level, names in re.findall(r"^(\d+)\. (.+)$", text, re.MULTILINE)
        for name in code(names)
    }
    used = own_imports()

    assert {name for name, _ in used} - {*levels} <= {"__init__", "__main__", "emulator"}
    assert [(a, b) for a, b in used if a in levels and levels[a] >= levels.get(b, 99)] == []


def test_the_arrows_of_the_picture_are_imports() -> None:
    """Between two parts of the package, an arrow is an import that there is."""
    picture = (ROOT / "docs/images/architecture.svg").read_text(encoding="utf-8")
    arrows = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", picture)
    own = {name for arrow in own_imports() for name in arrow}

    source = (ROOT / "docs/images/architecture.dot").read_text(encoding="utf-8")
    assert sorted(arrows) == sorted(re.findall(r"^  (\w+) -> (\w+)$", source, re.MULTILINE))
    assert {arrow for arrow in arrows if {*arrow} <= own} <= own_imports()
    assert len(arrows) > 15


def own_imports() -> set[tuple[str, str]]:
    """Which module or package of ours imports which other one, beside those for types alone."""
    pairs = {
        (f"{found.module}.__init__".split(".")[1], f"{found.target}.__init__".split(".")[1])
        for found in imports()
        if not found.typing_only and found.target.split(".")[0] == NAME
    }
    return {(a, b) for a, b in pairs if b not in {a, "_version"}}


def steps() -> list[tuple[str, str]]:
    """The steps of the two paths of docs/architecture.md, each with the path it is of."""
    paths = ARCHITECTURE.split("## Two paths to read", 1)[1].split("\n## ", 1)[0]
    return [
        (path, step)
        for path, text in sections(paths, "###").items()
        for step in re.findall(r"^\d+\. `([\w.]+)`", text, re.MULTILINE)
    ]


@pytest.mark.parametrize(("path", "step"), steps())
def test_the_paths_can_be_read(path: str, step: str) -> None:
    """Each step is a function, a class or a method of the package, where the page says it is."""
    parts = step.split(".")
    end = next(n for n in (1, 2) if PACKAGE.joinpath(*parts[:n]).with_suffix(".py").exists())
    found: object = importlib.import_module(f"{NAME}.{'.'.join(parts[:end])}")
    for name in parts[end:]:
        found = getattr(found, name)

    assert callable(found), path


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as code hosts make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    """Each link to a file of the repository, and to a heading in it, as a code host makes its
    anchor; `make docs` follows them on the site."""
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
        if target.startswith(("https:", "http:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (file.parent / path).resolve() if path else file
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target
