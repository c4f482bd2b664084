"""What any page names is there: commands, their options, settings, variables, lines of output."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path

import click
import pytest
from test_docs import TEXTS, code, table

import pulumi_omise_links
from pulumi_omise_links import Provider, settings
from pulumi_omise_links.adoption import import_plan, matching
from pulumi_omise_links.cli import COMMANDS, commands
from pulumi_omise_links.diagnosis.examine import CHECKS
from pulumi_omise_links.emulator import DEFAULT_ACCOUNTS
from pulumi_omise_links.emulator.control import ControlAction
from pulumi_omise_links.emulator.routes import ROUTES
from pulumi_omise_links.errors import ExitCode
from pulumi_omise_links.inputs import check_inputs
from pulumi_omise_links.inventory import sweep_apply
from pulumi_omise_links.recovery.decide import Action

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pulumi_omise_links"
# The history is true of its time, and decisions name what was rejected.
PAGES = [page for page in TEXTS if page.name not in {"CHANGELOG.md", "decisions.md"}]
# A command in a span of code or in a block, up to its end or to the next command.
COMMAND = re.compile(r"omise-links ((?:-\w )?[a-z]+)\b((?:[^`\n|&;)]|\\\n)*)")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def each_page() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def options_of(name: str) -> set[str]:
    """The options of a command, long and short."""
    command = commands.get_command(click.Context(commands), name)
    assert command
    return {"--help", "-h"} | {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


@each_page()
def test_commands_and_their_options_exist(page: Path) -> None:
    """A command line that a page shows is not refused."""
    for name, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
        if name in COMMANDS:
            assert {*OPTION.findall(rest)} <= options_of(name), f"omise-links {name} {rest}"


@each_page()
def test_settings_and_variables_exist(page: Path) -> None:
    """Each `omise:…` in a stack's config, and each variable `OMISE_…`."""
    text = page.read_text(encoding="utf-8")
    folders = (PACKAGE, ROOT / "tools", ROOT / "tests")
    own = "".join(file.read_text() for folder in folders for file in folder.rglob("*.py"))
    names = {*re.findall(r"config set (?:--\w+ )*omise:(\w+)", text)}

    assert names <= {*settings.CONFIG_KEYS}
    for variable in re.findall(r"\bOMISE_[A-Z_]+[A-Z]\b", text):
        # A page may make a variable of its own for a key.
        known = variable in own or re.search(
            rf"{variable}=|[\"']{variable}[\"']|secretKeyEnv {variable}", text
        )
        assert known, variable


@each_page()
def test_targets_of_make_exist(page: Path) -> None:
    """Whoever types one gets what the page says."""
    targets = {*re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)}

    assert {*re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text(encoding="utf-8"))} <= targets


def test_the_sentence_of_exit_codes_is_complete() -> None:
    """`omise-links --help` has each exit code."""
    assert commands.help
    sentence = commands.help.partition("Exit codes are Pulumi's:")[2]

    assert [int(number) for number in re.findall(r"\b\d+\b", sentence)] == sorted(ExitCode)


def test_the_arguments_of_a_provider_are_the_settings() -> None:
    """Each setting of a stack's config can be given to a `Provider`, in Python's spelling."""
    spelt = [re.sub(r"([A-Z])", r"_\1", name).lower() for name in settings.CONFIG_KEYS]
    arguments = [*inspect.signature(Provider).parameters]

    assert arguments == ["resource_name", *spelt, "opts"]


def test_the_checks_of_doctor_are_listed() -> None:
    """In the order in which they are reported."""
    rows = table(read("docs/command-line.md"), "| check | fails, or warns, if |")

    assert [code(row[0])[0] for row in rows] == [*CHECKS]


@pytest.mark.parametrize(
    ("page", "heading", "values"),
    [
        ("docs/adoption.md", "| action | meaning |", import_plan.Action),
        ("docs/manifest.md", "| outcome | |", matching.Outcome),
        ("docs/sweep.md", "| `fate` | meaning |", sweep_apply.Fate),
    ],
    ids=lambda value: value if isinstance(value, str) and ".md" in value else "",
)
def test_the_words_of_results_are_listed(page: str, heading: str, values: type[Enum]) -> None:
    """None is missing, none invented."""
    rows = table(read(page), heading)

    assert [code(row[0])[0] for row in rows] == [value.value for value in values]


def test_what_recover_does_is_what_it_can_do() -> None:
    """The column of docs/adoption.md begins with actions of `recover`."""
    rows = table(read("docs/adoption.md"), "| case | what was found | what `recover` does |")
    words = {word for row in rows for word in re.findall(r"^[\w, ]+", row[2])[0].split(", ")}

    assert words == {action.value for action in Action}


def test_the_keys_of_a_manifest_are_listed() -> None:
    """Those of the document, and `id` of an entry; its inputs are those of the resource."""
    schema = json.loads(read("schema/links.schema.json"))
    rows = table(read("docs/manifest.md"), "| key | |")

    assert {code(row[0])[0] for row in rows} == {*schema["properties"], "id"}


def test_the_accounts_of_the_emulator_are_listed() -> None:
    """With country, both secret keys and currency."""
    rows = table(read("docs/emulator.md"), "| name | country | test key | live key | currencies |")

    assert [[code(row[0])[0], *code(row[2]), *code(row[3]), row[4][:3]] for row in rows] == [
        [account.name, account.secret_key, account.live_secret_key, account.currency]
        for account in DEFAULT_ACCOUNTS
    ]


def test_the_control_plane_is_listed() -> None:
    """Each request that `GET /_emulator` lists, and no other."""
    listed = set()
    for row in table(read("docs/emulator.md"), "| request | what it does |"):
        texts = [text.partition("?")[0] for text in code(row[0])]
        # `GET`, `PATCH /a` are two requests of one path; `POST /a/pay`, `…/delete` too.
        path = texts[-1].split()[-1]
        first = texts[0].rpartition("/")[0]
        listed |= {
            text.replace("…", first) if "…" in text else text if "/" in text else f"{text} {path}"
            for text in texts
        }

    assert listed == {name for name, action in ROUTES.items() if isinstance(action, ControlAction)}


# Each is wrong in one way; the last account takes Thai baht alone.
WRONG_INPUTS: list[tuple[dict[str, object], tuple[str, ...] | None]] = [
    ({"amount": 1.5}, None),
    ({"amount": 1}, None),
    ({"amount": 10**12}, None),
    ({"currency": "ABC"}, None),
    ({"title": " "}, None),
    ({"title": "\a"}, None),
    ({"title": "x" * 20_000}, None),
    ({"colour": "red"}, None),
    ({"used": True}, None),
    ({"adopt": "x"}, None),
    ({"currency": "JPY"}, ("THB",)),
]


def shown_as(pattern: str, text: str) -> bool:
    """Whether a text is what a page shows with `…` in the place of some words."""
    parts = map(re.escape, re.split(" *… *", pattern))
    return bool(re.fullmatch(".*".join(parts), text, re.DOTALL))


def test_the_problems_of_a_resource_are_printed_so() -> None:
    """Whoever searches docs/errors.md for what a preview says of an input finds it."""
    right = {"amount": 5_000, "currency": "THB", "title": "T", "description": "D"}
    found = [
        f"{problem.name} {problem.problem}"
        for wrong, currencies in WRONG_INPUTS
        for problem in check_inputs(
            {**right, **wrong}, also_known=["adopt"], supported_currencies=currencies
        ).problems
    ]
    rows = table(read("docs/errors.md"), "| sentence | what to do |")
    shown = [sentence for row in rows for sentence in code(row[0])]

    # The provider alone says what is wrong with `adopt`.
    found += texts_of_the_package().splitlines()
    unknown = [text for text in shown if not any(shown_as(text, line) for line in found)]
    assert unknown == []


@cache
def texts_of_the_package() -> str:
    """All texts of the package, a line each; what an f-string puts in is `…`."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.JoinedStr, ast.Constant)):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node]
                texts = [part.value if isinstance(part, ast.Constant) else "…" for part in parts]
                found.append("".join(text for text in texts if isinstance(text, str)))
    return "\n".join(found)


def test_the_lines_of_a_preview_are_printed_so() -> None:
    """Whoever searches docs/errors.md for a line of a preview finds it."""
    rows = table(read("docs/errors.md"), "| line | meaning |")
    parts = [part for row in rows for part in code(row[0])[0].split("…") if len(part.split()) > 1]

    assert [part for part in parts if part.strip() not in texts_of_the_package()] == []


def functions() -> Iterator[tuple[str, Callable[..., object], str]]:
    """Each function, class and method of the package that documents a parameter."""
    for info in pkgutil.walk_packages(pulumi_omise_links.__path__, "pulumi_omise_links."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") != info.name:
                continue
            members = vars(value).items() if inspect.isclass(value) else ()
            for full, found in ((name, value), *((f"{name}.{key}", item) for key, item in members)):
                plain = getattr(found, "__func__", found)
                if callable(plain) and ":param " in (plain.__doc__ or ""):
                    yield f"{info.name}.{full}", plain, plain.__doc__ or ""


def test_documented_parameters_exist() -> None:
    """In the documentation of each function, public or not; the reference is made of it."""
    wrong = [
        f"{name}: {parameter}"
        for name, found, doc in functions()
        for parameter in re.findall(r":param (\w+):", doc)
        if parameter not in inspect.signature(found).parameters
    ]

    assert wrong == []
