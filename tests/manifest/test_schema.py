"""What one can rely on in an editor: the schema says what the command line says."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_omise_links.errors import ManifestError
from pulumi_omise_links.inputs import (
    CURRENCIES,
    GREATEST_NUMBER,
    INPUT_NAMES,
    INPUTS,
    LONGEST_TEXT_BYTES,
)
from pulumi_omise_links.manifest.entries import KEYS, LONGEST_NAME, load

SCHEMA: dict[str, Any] = json.loads(
    resources.files("pulumi_omise_links").joinpath("links.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD = {
    "version": 1,
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


def test_the_schema_repeats_the_rules_exactly() -> None:
    """Names, bounds and currencies are those of the one table."""
    definitions = SCHEMA["$defs"]
    link = definitions["link"]["properties"]
    assert set(SCHEMA["properties"]) == set(KEYS)
    assert set(link) == {*INPUT_NAMES, "id"}
    assert set(SCHEMA["properties"]["defaults"]["properties"]) == set(INPUT_NAMES)
    assert definitions["amount"]["maximum"] == GREATEST_NUMBER
    assert definitions["title"]["maxLength"] == LONGEST_TEXT_BYTES
    assert definitions["name"]["maxLength"] == LONGEST_NAME
    assert definitions["currency"]["anyOf"][0]["enum"] == list(CURRENCIES)
    assert [each.name for each in INPUTS if not each.required] == ["multiple"]


def test_everything_in_the_schema_is_explained_and_closed() -> None:
    """An editor can show a title and a description everywhere, and marks unknown keys."""
    parts = [SCHEMA, *SCHEMA["properties"].values(), *SCHEMA["$defs"].values()]
    assert all(each["title"] and each["description"] for each in parts)
    for each in parts:
        if each.get("type") == "object":
            assert "additionalProperties" in each
    for each in SCHEMA["$defs"].values():
        validator = VALIDATOR.evolve(schema={**SCHEMA, **each, "required": [], "allOf": []})
        for sample in each.get("examples", []):
            if not isinstance(sample, dict):
                validator.validate(sample)


def test_good_manifests_pass_both(tmp_path: Path) -> None:
    """As JSON and as the YAML that the design shows."""
    assert VALIDATOR.is_valid(GOOD)
    assert loads(GOOD, tmp_path)
    text = yaml.safe_dump(GOOD, allow_unicode=True)
    (tmp_path / "links.yaml").write_text(f"# yaml-language-server: $schema=x.json\n{text}")
    assert [each.name for each in load(tmp_path / "links.yaml").entries] == ["spring-sale", "ชา"]


@pytest.mark.parametrize("name", [*KEYS, *INPUT_NAMES, "id"])
@pytest.mark.parametrize("level", ["", "defaults", "links.spring-sale"])
def test_a_misspelt_key_fails_both(tmp_path: Path, name: str, level: str) -> None:
    """At every level, so that an editor marks it before the command line does."""
    document = json.loads(json.dumps(GOOD))
    place = document
    for step in filter(None, level.split(".")):
        place = place[step]
    place[f"{name}s" if name != "links" else "link"] = place.pop(name, "x")
    assert not VALIDATOR.is_valid(document)
    assert not loads(document, tmp_path)


WORDS = st.text(
    st.sampled_from("aB1.:- \t\n\0\x7f\x85\xa0\u200b\u200d\u202e\u2028\ufeffชา🍵") | st.characters(
        codec="utf-8"), max_size=8)  # fmt: skip
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 1)),
    WORDS,
    st.builds(list),
    st.builds(dict),
)


def _mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 14).flatmap(lambda dice: ODD if dice == 0 else good)


VALUES = {
    "title": _mostly(WORDS | st.just("Spring sale")),
    "description": _mostly(st.just("Two tickets")),
    "amount": _mostly(st.integers(1, GREATEST_NUMBER + 1) | st.sampled_from([0, 5000.0, 50.5])),
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
            "default": st.just({}),
        },
    )
)


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(document=DOCUMENTS)
def test_schema_and_load_agree(tmp_path: Path, document: Any) -> None:
    """What the schema can express, both judge alike."""
    assert VALIDATOR.is_valid(document) == loads(document, tmp_path)
