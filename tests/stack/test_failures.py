"""A run of Pulumi that failed becomes one error with its reasons and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_omise_links.errors import ProjectError, StackLockedError, StackNotFoundError
from pulumi_omise_links.stack.failures import explain_failure
from pulumi_omise_links.stack.pulumi_json import read_preview, read_state, with_secret_values


def explain(stderr: str = "", stdout: str = "", *args: str, code: int = 1) -> ProjectError:
    return explain_failure(
        args or ("preview", "--json"),
        exit_code=code,
        stdout=stdout.encode(),
        stderr=stderr.encode(),
        folder=Path(),
    )


@pytest.mark.parametrize("said", ["error: preview failed", "error: update failed\n", "", "\n"])
def test_a_failure_without_a_reason_says_where_to_see_it(said: str) -> None:
    """Such as when a mandatory policy fails: the JSON of a preview does not name it."""
    error = explain(said)

    assert "`pulumi preview` in this folder shows what has failed" in str(error)


def test_a_failure_with_a_reason_gives_it_alone() -> None:
    """The engine's own "preview failed" after it is left out, and so is the advice."""
    error = explain("error: no schema for this\nerror: preview failed")

    assert str(error) == "Pulumi failed, and says:\n  no schema for this"


@pytest.mark.parametrize(
    "said",
    [
        'blob (key ".pulumi/locks/x.json") (code=PermissionDenied): operation error S3: PutObject,'
        " https response error StatusCode: 403, api error AccessDenied: Access Denied.",
        "2 errors occurred:\n  1) api error AccessDenied: Access Denied.\n  2) PermissionDenied",
    ],
)
def test_a_bucket_that_refuses_a_write(said: str) -> None:
    """The error says where the rights are listed that a command needs."""
    assert "docs/gitops.md lists the rights" in str(explain(f"error: {said}"))


def test_an_import_that_needs_a_newer_pulumi_says_so() -> None:
    """Pulumi 3.254 and 3.255 import no provider below a component."""
    error = explain(
        "error: resource 'th' of type 'pulumi:providers:pulumi-python' is a provider and may not"
        " have a parent"
    )

    assert str(error).endswith(
        "Pulumi 3.256 or newer imports it: update the `pulumi` command, and try again."
    )


@pytest.mark.parametrize("password", ["hunter2", "p@ss", "%2F"])
def test_a_password_in_the_url_of_a_backend_is_not_shown(password: str) -> None:
    """Pulumi itself prints the URL as it was given."""
    error = explain(f'error: unable to open state database "postgres://me:{password}@db:5432/x"')

    assert "postgres://[hidden]@db:5432/x" in str(error)
    assert password not in str(error)


def test_the_reasons_in_json_are_found_in_noise() -> None:
    """Diagnostics come from the JSON document, whatever a wrapper prints before it."""
    document = {"diagnostics": [{"severity": "error", "message": "title is missing"}]}
    noisy = f"warning: old [version]\n{json.dumps(document, indent=4)}\nbye\n"

    assert "title is missing" in str(explain("error: preview failed", noisy))


def test_the_reasons_of_a_destroy_are_found_in_its_text() -> None:
    """Each with the link that it is about; progress and what is no error are left out."""
    text = (
        "Destroying (dev):\n @ destroying....\n\nDiagnostics:\n"
        "  pulumi-python:dynamic/omise:Link (spring):\n"
        "    error: deletion failed\n    in two lines\n\n"
        "  pulumi-python:dynamic/omise:Link (summer):\n    This is no error.\n\n"
        "  pulumi:pulumi:Stack (shop-dev):\n    error: update failed\n\n"
        "Resources:\n    1 errored\n"
    )

    error = explain("warning: a newer Pulumi is available", text, "destroy")

    said = "Pulumi failed, and says:\n  spring: deletion failed\n  in two lines"
    assert str(error) == said


@pytest.mark.parametrize(
    ("said", "kind", "advice"),
    [
        ("error: the stack is currently locked by 1 lock(s)", StackLockedError, "pulumi cancel"),
        ("error: no stack named 'dev' found", StackNotFoundError, "--stack"),
        ("error: no Pulumi.yaml project file found", ProjectError, "--cwd"),
        ("error: failed to load checkpoint: EOF", ProjectError, ".json.attrs"),
        ("error: unexpected end of JSON input", ProjectError, "docs/reliability.md"),
    ],
)
def test_each_known_failure_says_what_to_do(
    said: str, kind: type[ProjectError], advice: str
) -> None:
    """Locked, absent, no project, files that a kill or a full disk left."""
    error = explain(said)

    assert type(error) is kind
    assert advice in str(error)


@pytest.mark.parametrize("document", [{"steps": [{}]}, {"steps": 3}, {"steps": [{"urn": 1}]}])
def test_json_of_another_shape_is_an_error_of_the_project(document: object) -> None:
    """A Pulumi that prints other keys is named; it never ends as a bug of this package."""
    with pytest.raises(ProjectError, match="cannot read"):
        read_preview(document, {})
    with pytest.raises(ProjectError, match="cannot read"):
        read_state({"deployment": {"resources": [{}]}})
    with pytest.raises(ProjectError, match="cannot read"):
        read_preview({"steps": [{"urn": "u", "op": "same", "newState": {"type": "t"}}]}, [])
    assert with_secret_values(read_preview({}, {}), {}).resources == {}
