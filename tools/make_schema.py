"""Write the files of schema/: the JSON Schemas of manifests and of accepted findings, and the
schema of the native plugin (omise.pulumi.json). Inputs are those of the table of inputs.

    python tools/make_schema.py [--check]

With ``--check`` nothing is written; it ends with 1 if a file is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_omise_links.errors import ProblemCode
from pulumi_omise_links.inputs import (
    INPUT_NAMES,
    INPUTS,
    LINK_ID,
    OMISE_ATTRIBUTES,
    SET_BY_OMISE,
    Input,
    whole_text,
)
from pulumi_omise_links.manifest.accepted import ACCEPTED, REASON, UNTIL
from pulumi_omise_links.manifest.entries import ID, VERSION
from pulumi_omise_links.native import schema as native

FOLDER = Path(__file__).parents[1] / "schema"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

LONGEST_NAME = 200
# Pulumi writes names into URNs and onto terminals. The joiners are letters to some scripts. Both
# halves of a pair of surrogates are forbidden alone; to JavaScript every emoji has both.
FORBIDDEN_IN_NAMES = r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"


def make_schema() -> dict[str, Any]:
    """Return the schema of a manifest."""
    return {
        "$schema": DRAFT,
        "$id": f"urn:pulumi-omise-links:manifest:{VERSION}",
        "title": "Manifest of pulumi-omise-links",
        "description": "Payment links of Omise, managed as code with Pulumi. `omise-links validate`"
        " also checks what a schema cannot express, such as the spelling of amounts, their limits,"
        " and ids that are there twice.",
        "type": "object",
        "required": ["version", "links"],
        "additionalProperties": False,
        "properties": {
            "version": _version(),
            "stacks": _stacks(),
            "defaults": _defaults(),
            "links": _links(),
        },
        "allOf": [_required(one) for one in INPUTS if one.required],
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING,
                "must be a mapping: start with `version: 1` and `links:`, not {kind}",
            ),
            "required": _problem(
                ProblemCode.MISSING_KEY,
                "is missing",
                version=_problem(
                    ProblemCode.MISSING_KEY, f"is missing: put `version: {VERSION}` at the top"
                ),
                links=_problem(
                    ProblemCode.MISSING_KEY, "is missing: put each link under it, by its name"
                ),
            ),
            "additionalProperties": _problem(
                ProblemCode.UNKNOWN_KEY, "is not a key of a manifest{hint}"
            ),
        },
    }


def make_accepted_schema() -> dict[str, Any]:
    """Return the schema of a file of accepted findings."""
    return {
        "$schema": DRAFT,
        "$id": f"urn:pulumi-omise-links:accepted:{VERSION}",
        "title": "Accepted findings of pulumi-omise-links",
        "description": "Findings of `omise-links drift` that are meant to be so, each with a"
        " reason. `omise-links validate` also checks that days exist, and that no id is there"
        " twice.",
        "type": "object",
        "required": ["version", ACCEPTED],
        "additionalProperties": False,
        "properties": {
            "version": _version(),
            ACCEPTED: {
                "title": "Accepted",
                "description": "The links whose findings are accepted.",
                "type": "array",
                "items": _accepted_link(),
                "x-problems": {
                    "type": _problem(
                        ProblemCode.NOT_A_LIST, "must be a list of links with reasons, not {kind}"
                    ),
                },
            },
        },
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING,
                f"must be a mapping: start with `version: 1` and `{ACCEPTED}:`, not {{kind}}",
            ),
            "required": _problem(
                ProblemCode.MISSING_KEY,
                "is missing",
                version=_problem(
                    ProblemCode.MISSING_KEY, f"is missing: put `version: {VERSION}` at the top"
                ),
            ),
            "additionalProperties": _problem(
                ProblemCode.UNKNOWN_KEY, "is not a key of a file of accepted findings{hint}"
            ),
        },
    }


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "links.schema.json": make_schema,
    "accepted.schema.json": make_accepted_schema,
    "omise.pulumi.json": native.make_schema,
}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or check them."""
    stale = 0
    for name, make in SCHEMAS.items():
        file, text = FOLDER / name, json.dumps(make(), indent=2, ensure_ascii=True) + "\n"
        if list(arguments) != ["--check"]:
            file.write_text(text, encoding="utf-8")
        elif file.read_text(encoding="utf-8") != text:
            print(f"{file} is stale: run `python tools/make_schema.py`.", file=sys.stderr)
            stale = 1
    return stale


def _problem(code: ProblemCode, problem: str, **names: Mapping[str, object]) -> dict[str, Any]:
    """Return what is said if a rule is broken; ``names`` has what is said of some keys instead."""
    return {"code": code.value, "problem": problem, **({"names": names} if names else {})}


def _version() -> dict[str, Any]:
    return {
        "title": "Version",
        "description": "The version of this format.",
        "type": "integer",
        "const": VERSION,
        "x-problems": {
            "type": _problem(
                ProblemCode.UNKNOWN_VERSION,
                f"must be the number {VERSION}, without quotes or a point, not {{kind}}",
            ),
            "const": _problem(
                ProblemCode.UNKNOWN_VERSION,
                f"is {{value}}, and this omise-links knows version {VERSION} alone: update"
                f" omise-links, or write `version: {VERSION}`",
            ),
        },
    }


def _stacks() -> dict[str, Any]:
    name = "must be the name of a stack without its organization and project, such as prod"
    return {
        "title": "Stacks",
        "description": "The stacks whose links the ids are. In any other stack of the program the"
        " ids are left out, and links of its own are made. Without this key they hold in all.",
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {
            "title": "Stack",
            "description": "The name of a stack, without its organization and project.",
            "type": "string",
            # https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack
            "pattern": whole_text("[A-Za-z0-9_.-]{1,100}"),
            "x-problems": {
                "type": _problem(ProblemCode.NOT_TEXT, "must be text, not {kind}"),
                "pattern": _problem(ProblemCode.NOT_A_STACK, name),
            },
        },
        "examples": [["prod"]],
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_LIST, "must be a list of stacks, such as [prod], not {kind}"
            ),
            "minItems": _problem(
                ProblemCode.NO_VALUE, "is empty: name the stacks its ids are of, or leave it out"
            ),
            "uniqueItems": _problem(ProblemCode.DUPLICATE_STACK, "names a stack twice"),
        },
    }


def _defaults() -> dict[str, Any]:
    return {
        "title": "Defaults",
        "description": "Inputs of every link that does not give its own.",
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: _input(one) for one in INPUTS},
        "examples": [{"currency": "THB", "multiple": True}],
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING,
                "must be a mapping of inputs, or be left out, not {kind}",
            ),
            "additionalProperties": _problem(
                ProblemCode.UNKNOWN_KEY,
                "is not an input of a link{hint}",
                **_no_inputs(
                    id=_problem(
                        ProblemCode.ID_IN_DEFAULTS, "cannot be a default: an id is of one link"
                    )
                ),
            ),
        },
    }


def _links() -> dict[str, Any]:
    return {
        "title": "Links",
        "description": "The links by name. The name is that of the Pulumi resource: changing it"
        " replaces the link.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": _name(),
        # Every name. As additionalProperties, jsonschema would judge them in any order.
        "patternProperties": {"^": _link()},
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING, "must be a mapping of names to links, not {kind}"
            ),
            "minProperties": _problem(
                ProblemCode.NO_LINKS, "is empty: put each link under it, by its name"
            ),
        },
    }


def _name() -> dict[str, Any]:
    cases = {
        r"^\s*$(?!\n)": "must not be blank: a link needs a name",
        FORBIDDEN_IN_NAMES: "must not hold control, direction or invisible characters: Pulumi"
        " shows this name",
        r"^\s|\s$": "must not start or end with a space: Pulumi takes it into the name",
        "^:|::": "must not hold :: or start with a colon: Pulumi separates with them",
    }
    return {
        "title": "Name",
        "description": "The name of the Pulumi resource.",
        "maxLength": LONGEST_NAME,
        "pattern": rf"^(?!:|\s)(?![\s\S]*(?:::|{FORBIDDEN_IN_NAMES}))[\s\S]*\S$(?!\n)",
        "x-problems": {
            "maxLength": _problem(
                ProblemCode.WRONG_NAME,
                f"is too long a name: {{length}} characters, at most {LONGEST_NAME}",
            ),
            "pattern": {
                **_problem(ProblemCode.WRONG_NAME, "is no name of a link"),
                # The first of these patterns that is in the name has the sentence.
                "cases": cases,
            },
        },
    }


def _link() -> dict[str, Any]:
    return {
        "title": "Link",
        "description": "A payment link. A link is immutable: changing an input replaces it, with a"
        " new address.",
        "type": "object",
        "additionalProperties": False,
        "properties": {**{one.name: _input(one) for one in INPUTS}, ID: _id()},
        "examples": [{one.name: one.examples[0] for one in INPUTS}],
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING,
                f"must be a mapping of {', '.join(INPUT_NAMES)}, not {{kind}}",
            ),
            "additionalProperties": _problem(
                ProblemCode.UNKNOWN_KEY,
                "is not an input of a link{hint}",
                **_no_inputs(
                    adopt=_problem(ProblemCode.ADOPT_IN_MANIFEST, "is called id in a manifest")
                ),
            ),
        },
    }


def _no_inputs(**more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is said of keys that people take for inputs."""
    said = _problem(ProblemCode.SET_BY_OMISE, SET_BY_OMISE)
    return {**{name: said for name in OMISE_ATTRIBUTES if name != ID}, **more}


def _accepted_link() -> dict[str, Any]:
    day = "must be a day such as 2027-01-31"
    return {
        "title": "Accepted link",
        "description": "A link whose finding is meant to be so.",
        "type": "object",
        "required": [ID, REASON],
        "additionalProperties": False,
        "properties": {
            ID: _id("The id of the link."),
            REASON: {
                "title": "Reason",
                "description": "Why the finding is meant to be so, for who reads it later.",
                "type": "string",
                "pattern": r"\S",
                "examples": ["On the posters of 2024; the shop is paid by hand"],
                "x-problems": {
                    "type": _problem(ProblemCode.NOT_TEXT, "must be text, not {kind}"),
                    "pattern": _problem(ProblemCode.BLANK, "must not be blank: say why"),
                },
            },
            UNTIL: {
                "title": "Until",
                "description": "The last day, in UTC, on which the finding is accepted. Without it,"
                " the finding is accepted for good.",
                "type": "string",
                "pattern": whole_text("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
                "examples": ["2027-01-31"],
                "x-problems": {
                    "type": _problem(ProblemCode.NOT_A_DATE, f"{day}, not {{kind}}"),
                    "pattern": _problem(ProblemCode.NOT_A_DATE, day),
                },
            },
        },
        "examples": [{ID: "link_test_5x1abcdefghijklmnop", REASON: "On the posters of 2024"}],
        "x-problems": {
            "type": _problem(
                ProblemCode.NOT_A_MAPPING, f"must be a mapping of {ID} and {REASON}, not {{kind}}"
            ),
            "required": _problem(
                ProblemCode.MISSING_KEY,
                "is missing",
                reason=_problem(ProblemCode.MISSING_KEY, "is missing: say why it is accepted"),
            ),
            "additionalProperties": _problem(
                ProblemCode.UNKNOWN_KEY, "is not a key of an accepted link{hint}"
            ),
        },
    }


def _id(
    description: str = "The id of an existing link that this entry is. The link is then adopted as"
    " it is, and never made.",
) -> dict[str, Any]:
    problem = "must be the id of a link, such as link_test_5x… or link_5x…"
    return {
        "title": "Id",
        "description": description,
        "type": "string",
        "pattern": whole_text(LINK_ID.pattern),
        "examples": ["link_test_5x1abcdefghijklmnop"],
        "x-problems": {
            "type": _problem(ProblemCode.NOT_TEXT, "must be text, not {kind}"),
            "pattern": _problem(ProblemCode.NOT_A_LINK_ID, problem),
        },
    }


def _input(one: Input) -> dict[str, Any]:
    rules = [rule for rule in one.rules if rule.schema]
    keywords = [next(iter(rule.schema)) for rule in rules]
    if len(set(keywords)) < len(keywords):
        raise ValueError(f"two rules of {one.name} have the same keyword")
    schema: dict[str, Any] = {"title": one.name.capitalize(), "description": one.description}
    for rule in rules:
        schema |= rule.schema
    if not one.required:
        schema["default"] = one.default
    return {
        **schema,
        "examples": list(one.examples),
        "x-problems": {
            keyword: _problem(rule.code, rule.problem)
            for keyword, rule in zip(keywords, rules, strict=True)
        },
    }


def _required(one: Input) -> dict[str, Any]:
    """Return the rule that links give an input if the defaults do not."""
    given = {"required": ["defaults"], "properties": {"defaults": {"required": [one.name]}}}
    missing = {
        "required": [one.name],
        "x-problems": {
            "required": _problem(ProblemCode.MISSING_KEY, f"is missing. {one.description}")
        },
    }
    return {
        "if": {"not": given},
        "then": {"properties": {"links": {"patternProperties": {"^": missing}}}},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
