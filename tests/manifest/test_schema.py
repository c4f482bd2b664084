"""What one can rely on in an editor: the schema says what the command line says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import make_schema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.cli import run
from pulumi_omise_links.errors import ManifestError, ProblemCode
from pulumi_omise_links.inputs import GREATEST_NUMBER, INPUT_NAMES, INPUTS
from pulumi_omise_links.manifest.reading import load
from pulumi_omise_links.omise.models import LinkInputs

SCHEMA: dict[str, Any] = json.loads(
    resources.files("pulumi_omise_links").joinpath("links.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYS = tuple(SCHEMA["properties"])
GOOD = {
    "version": 1,
    "stacks": ["prod"],
    "defaults": {"currency": "THB", "multiple": True},
    "links": {
        "spring-sale": {"title": "Spring", "description": "Two tickets", "amount": 150_000},
        "ชา": {"title": "T", "description": "D", "amount": 490_000, "id": "link_test_5x1"},
    },
}


def loads(document: object, folder: Path) -> bool:
    """Whether ``load`` takes a document; limits are a setting, so no schema can know them."""
    file = folder / "m.yaml"
    # JSON is YAML, but for what its quotes may hold.
    text = re.sub(
        r"[^\x20-\x7e]",
        lambda found: f"\\U{ord(found.group()):08x}",
        json.dumps(document, ensure_ascii=False),
    )
    file.write_text(text)
    try:
        load(file, amount_limits=False)
    except ManifestError:
        return False
    return True


def test_the_schema_is_valid_and_is_what_the_package_holds() -> None:
    """Draft 2020-12, one real copy, reached through the package."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    real = Path(__file__).parents[2] / "schema" / "links.schema.json"
    assert json.loads(real.read_text()) == SCHEMA
    link = real.parents[1] / "pulumi_omise_links" / "links.schema.json"
    assert link.is_symlink()
    assert link.resolve() == real


def test_the_schema_is_made_from_the_table_of_inputs() -> None:
    """The committed file is what the tool writes; every input has its place in it."""
    assert make_schema.main(["--check"]) == 0
    link = SCHEMA["properties"]["links"]["patternProperties"]["^"]["properties"]
    assert list(link) == [*INPUT_NAMES, "id"]
    assert list(SCHEMA["properties"]["defaults"]["properties"]) == list(INPUT_NAMES)
    for one in INPUTS:
        assert link[one.name]["description"] == one.description
        assert ("default" in link[one.name]) is not one.required


def test_a_stale_schema_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make lint` ends with an error, and the tool puts it right."""
    monkeypatch.setattr(make_schema, "FOLDER", tmp_path)
    for name in make_schema.SCHEMAS:
        (tmp_path / name).write_text("{}")

    assert make_schema.main(["--check"]) == 1
    assert capsys.readouterr().err.count("is stale: run") == len(make_schema.SCHEMAS)
    assert make_schema.main([]) == 0
    assert make_schema.main(["--check"]) == 0


def test_the_inputs_of_a_link_are_those_of_the_table() -> None:
    """What is read from Omise and what is declared have the same inputs."""
    assert {field.name for field in fields(LinkInputs)} == set(INPUT_NAMES)


def parts_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for name in ("properties", "patternProperties"):
        for part in schema.get(name, {}).values():
            yield from parts_of(part)
    for name in ("propertyNames", "items"):
        if name in schema:
            yield from parts_of(schema[name])


def test_everything_in_the_schema_is_explained_and_closed() -> None:
    """An editor can show a title and a description everywhere, and marks unknown keys."""
    for part in parts_of(SCHEMA):
        assert part["title"]
        assert part["description"]
        if part.get("type") == "object":
            assert part.get("additionalProperties") is False or "patternProperties" in part
        for example in part.get("examples", []):
            VALIDATOR.evolve(schema=part).validate(example)


RULES = {
    *("type", "const", "required", "additionalProperties", "minProperties", "minItems"),
    *("uniqueItems", "pattern", "not", "anyOf", "minimum", "maximum", "maxLength"),
}


def test_every_rule_of_the_schema_has_a_sentence_and_a_code() -> None:
    """A rule that is broken is never told in words of jsonschema."""
    missing = [
        rule["then"]["properties"]["links"]["patternProperties"]["^"] for rule in SCHEMA["allOf"]
    ]
    for part in [*parts_of(SCHEMA), *missing]:
        rules = RULES & part.keys()
        assert rules == part.get("x-problems", {}).keys()
        for said in part.get("x-problems", {}).values():
            for one in (said, *said.get("names", {}).values()):
                assert ProblemCode(one["code"])
                assert one["problem"]


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To standard output or into a file, as it is in the package."""
    file = tmp_path / "links.schema.json"

    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    assert run(["schema", "-o", str(file)]) == 0
    assert json.loads(file.read_text()) == SCHEMA
    assert run(["schema", "-o", str(tmp_path)]) == 1
    assert "it is a directory" in capsys.readouterr().err


def test_good_manifests_pass_both(tmp_path: Path) -> None:
    """As JSON and as the YAML that the design shows."""
    assert VALIDATOR.is_valid(GOOD)
    assert loads(GOOD, tmp_path)
    text = yaml.safe_dump(GOOD, allow_unicode=True)
    (tmp_path / "links.yaml").write_text(f"# yaml-language-server: $schema=x.json\n{text}")
    assert [entry.name for entry in load(tmp_path / "links.yaml").entries] == ["spring-sale", "ชา"]


@pytest.mark.parametrize("name", [*KEYS, *INPUT_NAMES, "id"])
@pytest.mark.parametrize("level", ["", "defaults", "links.spring-sale"])
def test_a_misspelt_key_fails_both(tmp_path: Path, name: str, level: str) -> None:
    """At every level, so that an editor marks it before the command line does."""
    document = json.loads(json.dumps(GOOD))
    place = document
    for step in filter(None, level.split(".")):
        place = place[step]
    place[name.removesuffix("s") if name.endswith("s") else f"{name}s"] = place.pop(name, "x")
    assert not VALIDATOR.is_valid(document)
    assert not loads(document, tmp_path)


WORDS = st.text(
    st.sampled_from("aB1.:- \t\n\0\x7f\x85\xa0\u200b\u200d\u202e\u2028\ufeffชา🍵") | st.characters(
        codec="utf-8"), max_size=8)  # fmt: skip
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    # The spelling of a number counts in a manifest, and a schema does not see it.
    st.floats(-1e9, 1e9).map(lambda number: int(number) + 0.5),
    WORDS,
    st.builds(list),
    st.builds(dict),
)


def _mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 14).flatmap(lambda dice: ODD if dice == 0 else good)


VALUES = {
    "title": _mostly(WORDS | st.just("Spring sale")),
    "description": _mostly(st.just("Two tickets")),
    "amount": _mostly(st.integers(1, GREATEST_NUMBER + 1) | st.sampled_from([0, 50.5])),
    "currency": _mostly(st.sampled_from(["THB", "thb", "Jpy", "XXX", "TH", "THBB"])),
    "multiple": _mostly(st.booleans()),
}
INPUT_MAPS = st.fixed_dictionaries({}, optional=VALUES)
ENTRIES = st.fixed_dictionaries(
    {name: VALUES[name] for name in ("title", "description", "amount")},
    optional={
        **{name: VALUES[name] for name in ("currency", "multiple")},
        # So many that no two are the same, which the schema cannot tell.
        "id": _mostly(st.uuids().map(lambda number: f"link_test_{number.hex}")),
        "titel": st.just("x"),
    },
)
DOCUMENTS = _mostly(
    st.fixed_dictionaries(
        {
            "version": _mostly(st.just(1)),
            "links": _mostly(
                st.dictionaries(WORDS | st.just("tea"), _mostly(ENTRIES | INPUT_MAPS), max_size=2)
            ),
        },
        optional={
            "defaults": _mostly(st.just({"currency": "THB"}) | INPUT_MAPS),
            "stacks": _mostly(
                st.lists(st.sampled_from(["prod", "pr-1", "a/b", "", 5]), max_size=3)
            ),
            "default": st.just({}),
        },
    )
)


@given(document=DOCUMENTS)
def test_schema_and_load_agree(tmp_path: Path, document: Any) -> None:
    """What the schema can express, both judge alike."""
    assert VALIDATOR.is_valid(document) == loads(document, tmp_path)
