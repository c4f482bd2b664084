"""JSON of ``pulumi`` that is not as expected: an error of the project, never a bug."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pulumi_omise_links.errors import OmiseLinksError
from pulumi_omise_links.stack.backend import Backend
from pulumi_omise_links.stack.dependencies import explicit_provider
from pulumi_omise_links.stack.model import PROVIDER_TYPE
from pulumi_omise_links.stack.project import Project
from pulumi_omise_links.stack.pulumi_cli import PulumiRun
from pulumi_omise_links.stack.pulumi_json import read_preview, read_state, with_secret_values
from pulumi_omise_links.state_format import SECRET_MARK, TYPE_TOKEN

ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
SECRET = {**SECRET_MARK, "ciphertext": "v1:x"}
INPUTS = {
    "amount": 5_000,
    "currency": "THB",
    "title": "T",
    "description": SECRET,
    "multiple": False,
    "__provider": "p",
}
LINK = {
    "urn": f"urn:pulumi:dev::shop::{TYPE_TOKEN}::a",
    "custom": True,
    "id": "link_test_5x",
    "type": TYPE_TOKEN,
    "inputs": INPUTS,
    "outputs": {**INPUTS, "account_id": "account_1", "created_at": "2026-01-31T00:00:00Z"},
    "parent": ROOT,
    "provider": f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::th::1",
    "additionalSecretOutputs": ["title"],
    "created": "2026-01-31T00:00:00Z",
}
PROVIDER = {
    "urn": f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::th",
    "custom": True,
    "id": "1",
    "type": PROVIDER_TYPE,
    "inputs": {"omise:secretKey": SECRET},
}
EXPORT = {
    "version": 3,
    "deployment": {
        "manifest": {"time": "2026-01-31T00:00:00Z"},
        "resources": [PROVIDER, LINK],
        "pending_operations": [
            {"type": "creating", "resource": LINK},
            {"type": "deleting", "resource": LINK},
        ],
    },
}
DIGEST = {
    "steps": [
        {"op": "same", "urn": PROVIDER["urn"], "newState": PROVIDER, "oldState": PROVIDER},
        {
            "op": "replace",
            "urn": LINK["urn"],
            "newState": LINK,
            "oldState": LINK,
            "replaceReasons": ["title"],
        },
        {"op": "delete", "urn": LINK["urn"], "oldState": LINK},
    ]
}
PLAN = {
    "resourcePlans": {
        LINK["urn"]: {"goal": {"inputDiff": {"adds": INPUTS, "updates": {}}}, "state": INPUTS},
        PROVIDER["urn"]: {"state": PROVIDER["inputs"]},
    }
}
CONFIG = {
    "omise:secretKey": {"value": "skey_test_x", "secret": True},
    "omise:apiUrl": {"value": "https://api.omise.co", "secret": False},
}
RUN = {"kind": "update", "result": "succeeded", "endTime": "2026-01-31T00:00:00Z"}
STACK = {
    "name": "organization/shop/dev",
    "current": True,
    "lastUpdate": "2026-01-31T00:00:00Z",
    "resourceCount": 3,
}
ODD: tuple[Any, ...] = (None, 0, 1.5, True, "", "text", [], [None], ["a"], {}, {"a": None})


def project_that_gets(document: Any) -> Project:
    """A project whose `pulumi` prints this document, whatever it is asked."""
    backend = Backend.__new__(Backend)
    printed = json.dumps(document, indent=4).encode()
    backend.run = lambda *_, **__: PulumiRun(  # type: ignore[method-assign]
        exit_code=0, stdout=printed, stderr=b""
    )
    project = Project.__new__(Project)
    project.backend, project.stack, project._config_file = backend, "organization/shop/dev", None
    return project


def use_state(document: Any) -> object:
    state = read_state(document)
    names = [link.name for link in state.links] + [create.name for create in state.pending]
    providers = [explicit_provider(link.provider_urn) for link in state.links]
    ids = {link.id for link in state.links}
    return sorted([*names, *providers, *ids, *state.urns, *state.deleting])


def use_preview(document: Any) -> object:
    preview = with_secret_values(read_preview(document, PLAN), PLAN)
    names = [resource.name for resource in preview.resources.values()]
    return sorted([*names, *preview.removed])


def use_update_plan(document: Any) -> None:
    with_secret_values(read_preview(DIGEST, document), document)


def use_history(document: Any) -> None:
    project_that_gets(document).history()


DOCUMENTS: dict[str, tuple[Callable[[Any], object], Any]] = {
    "stack export": (use_state, EXPORT),
    "preview": (use_preview, DIGEST),
    "update plan": (use_update_plan, PLAN),
    "config": (lambda document: project_that_gets(document).settings(), CONFIG),
    "history": (use_history, [RUN, {**RUN, "kind": "destroy", "result": "failed"}]),
    "stack ls": (lambda document: project_that_gets(document).backend.stacks(), [STACK]),
}


def places(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document, the document itself included."""
    yield place
    values = dict(enumerate(document)) if isinstance(document, list) else document
    for key, value in values.items() if isinstance(values, dict) else ():
        yield from places(value, (*place, key))


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The document with another value in this place."""
    if not place:
        return value
    changed = copy.deepcopy(document)
    at = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return changed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_value_in_any_place_is_read_or_is_an_error(name: str) -> None:
    """A newer Pulumi, or a script in its place, is an error of the project that says so."""
    use, document = DOCUMENTS[name]
    use(document)
    refused = 0
    for place in places(document):
        for value in ODD:
            with contextlib.suppress(OmiseLinksError):
                use(replaced(document, place, value))
                continue
            refused += 1
    assert refused
