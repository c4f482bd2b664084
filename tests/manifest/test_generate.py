"""What one can rely on from ``omise-links generate``."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_texts import INPUTS, ODD_TEXTS

from pulumi_omise_links.cli import run
from pulumi_omise_links.manifest.entries import Entry, Manifest, Place
from pulumi_omise_links.manifest.generate import program
from pulumi_omise_links.manifest.reading import load
from pulumi_omise_links.omise.models import LinkInputs

LONG = "One ticket for each of you. " * 8
MANIFEST = f"""\
version: 1
defaults: {{currency: THB}}
links:
  spring-sale: {{title: Spring sale, description: 'Say "hi"', amount: 150000, multiple: true}}
  ปีใหม่: {{title: It's new, description: D, amount: 490, currency: jpy, id: link_test_5x1}}
  long: {{title: L, description: "{LONG}\\nand more", amount: 5000}}
"""
PROGRAM = """\
# Made by `omise-links generate` from links.yaml.

from pulumi_omise_links import Link

Link(
    "spring-sale",
    title="Spring sale",
    description='Say "hi"',
    amount=150_000,  # THB 1,500.00
    currency="THB",
    multiple=True,
)

Link(
    "ปีใหม่",
    title="It's new",
    description="D",
    amount=490,  # JPY 490
    currency="jpy",
    adopt="link_test_5x1",
)

Link(
    "long",
    title="L",
    description=(
        "One ticket for each of you. One ticket for each of you. One ticket for each of you. One "
        "ticket for each of you. One ticket for each of you. One ticket for each of you. One "
        "ticket for each of you. One ticket for each of you. \\n"
        "and more"
    ),
    amount=5_000,  # THB 50.00
    currency="THB",
)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("links.yaml").write_text(MANIFEST)


def declared(text: str) -> list[tuple[str, LinkInputs, str | None]]:
    """What a program declares, read without running it."""
    calls = [
        statement.value for statement in ast.parse(text).body if isinstance(statement, ast.Expr)
    ]
    found = []
    for call in calls:
        assert isinstance(call, ast.Call)
        values = {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        adopt = values.pop("adopt", None)
        (name,) = map(ast.literal_eval, call.args)
        found.append((name, LinkInputs(**{"multiple": False, **values}), adopt))
    return found


def formatted(text: str) -> str:
    """What the formatter of this project makes of a program."""
    command = ["ruff", "format", "--isolated", "--line-length=100", "-"]
    done = subprocess.run(
        [sys.executable, "-m", *command], input=text.encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def test_a_program_that_people_would_write(capsys: pytest.CaptureFixture[str]) -> None:
    """No default repeated, amounts with separators, long texts over several lines."""
    assert run(["generate", "links.yaml"]) == 0

    assert capsys.readouterr() == (PROGRAM, "")
    assert declared(PROGRAM) == [(e.name, e.inputs, e.id) for e in load("links.yaml").entries]
    assert formatted(PROGRAM) == PROGRAM


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The envelope of all commands."""
    assert run(["generate", "links.yaml", "--json"]) == 0

    result = json.loads(capsys.readouterr().out)
    assert (result["command"], result["summary"], result["program"]) == (
        "generate",
        {"links": 3},
        PROGRAM,
    )


def test_problems_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """And no half of a program is printed."""
    Path("links.yaml").write_text(MANIFEST.replace("490,", "0490,"))

    assert run(["generate", "links.yaml"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "links.ปีใหม่.amount" in err


NAMES = st.text(min_size=1, max_size=30)


def manifest_with(links: Sequence[tuple[str, LinkInputs, str | None]]) -> Manifest:
    place = Place("m", 1, 1)
    return Manifest(
        ("m\n#.yaml",),
        tuple(
            Entry(name=name, inputs=inputs, id=of, place=place, places={})
            for name, inputs, of in links
        ),
    )


@given(
    st.lists(st.tuples(NAMES, INPUTS, st.none() | st.just("link_test_1")), min_size=1, max_size=4)
)
def test_any_text_compiles_to_itself(links: list[tuple[str, LinkInputs, str | None]]) -> None:
    """Quotes, backslashes, line breaks, direction marks: the same text, and visible."""
    text = program(manifest_with(links))

    assert declared(text) == links
    assert all(character.isprintable() or character in "\n\u200c\u200d" for character in text)


def test_hostile_text_is_laid_out_as_formatters_do() -> None:
    """The formatter has nothing to change."""
    words = ["ราคา", "price", "値段", 'say "so"', "it's", "\\", "🌸"]
    texts = [
        *ODD_TEXTS,
        *(" ".join(words * n) for n in range(1, 9)),
        *(f"'{x}'\n" * 30 for x in "ab"),
    ]
    links = [
        (
            f"n{n}",
            LinkInputs(
                amount=10**n % 999_999_999,
                currency="THB",
                title=long_text,
                description=long_text * 2,
                multiple=True,
            ),
            None,
        )
        for n, long_text in enumerate(texts)
        if "\ud800" not in long_text
    ]

    text = program(manifest_with(links))

    assert declared(text) == links
    assert formatted(text) == text


def test_it_loads_neither_pulumi_nor_the_network(tmp_path: Path) -> None:
    """A program is printed without paying for what only other commands need."""
    file = tmp_path / "links.yaml"
    file.write_text(MANIFEST, encoding="utf-8")
    code = (
        "import sys; from pulumi_omise_links.cli import run;"
        f" code = run(['generate', {str(file)!r}]);"
        " heavy = {'pulumi', 'requests', 'grpc', 'rich'} & {*sys.modules};"
        " sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
