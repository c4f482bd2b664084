"""JSON that Pulumi prints is found, whatever is printed around it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.errors import ProjectError
from pulumi_omise_links.stack.stdout_json import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES)
DOCUMENTS = OBJECTS | st.lists(OBJECTS)
# What is no line of a document itself: wrapper scripts, warnings, notices, colours.
NOISE = st.sampled_from(
    [
        "",
        "\n",
        "warning: A new version of Pulumi is available [3.999.0]\n",
        "loading {profile} ...\n",
        "\x1b[33mwarning:\x1b[0m [plugin] {x}\n",
        "+ exec pulumi\r\n",
        "\ufeff",
    ]
)


@given(DOCUMENTS, NOISE, NOISE, st.sampled_from([None, 2, 4]))
def test_a_document_is_found_in_noise(
    document: dict[str, Any] | list[Any], before: str, after: str, indent: int | None
) -> None:
    """A warning before or after it, or a colour, changes nothing."""
    text = f"{before}{json.dumps(document, indent=indent)}\n{after}"

    kind: Any = type(document)
    assert parse_json(text.encode(), kind, "stack export") == document


def test_a_document_that_begins_in_the_middle_of_a_line_is_found() -> None:
    """A wrapper script that prints no line break does not hide it."""
    text = b'loading... {\n    "version": 3,\n    "deployment": {\n        "a": 1\n    }\n}\ndone\n'

    assert parse_json(text, dict, "stack export") == {"version": 3, "deployment": {"a": 1}}


@pytest.mark.parametrize(
    ("stdout", "shown"),
    [
        (b"", "It is empty."),
        (b"\n  oh no\nmore\n", "It begins with: oh no"),
        (b"\x1b[31mred\n", r"It begins with: \x1b[31mred"),
        (b"[1, 2]\n", "It begins with: [1, 2]"),
        # Cut off: no part of a document is taken for the whole.
        (b'{\n    "a": {\n        "b": 1\n    },\n    "c"', "It begins with: {"),
        (b"\xff\xfe{", "It begins with: \ufffd\ufffd{"),
        (b"[" * 100_000, "It begins with: [["),
    ],
)
def test_what_is_no_document_is_shown(stdout: bytes, shown: str) -> None:
    """The error names the command and shows the first line, so that a person sees who printed."""
    with pytest.raises(ProjectError) as caught:
        parse_json(stdout, dict, "stack export")

    assert "`pulumi stack export` has printed no JSON document" in str(caught.value)
    assert shown in str(caught.value)


def test_what_may_hold_a_secret_is_not_shown() -> None:
    """A key that Pulumi printed where JSON was expected stays out of the error."""
    with pytest.raises(ProjectError, match="not shown") as caught:
        parse_json(b"skey_test_emulator\n", dict, "config get --json", secret=True)

    assert "skey_" not in str(caught.value)
