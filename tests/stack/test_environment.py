"""What is asked of Pulumi does not depend on variables of the user."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.stack.environment import pulumi_environment

PLAIN = {"PATH": "/bin", "PULUMI_HOME": "/home/me/.pulumi", "PULUMI_CONFIG_PASSPHRASE": "p"}
FLAG_NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=20).filter(
    lambda name: name not in {"STACK", "CONFIG_FILE"}
)


@given(st.dictionaries(FLAG_NAMES, st.text(max_size=10), max_size=5))
def test_no_flag_can_be_set_from_outside(flags: dict[str, str]) -> None:
    """Whatever flag of Pulumi a pipeline sets for its own runs, ours are run without it."""
    variables = {f"PULUMI_OPTION_{name}": value for name, value in flags.items()}

    assert pulumi_environment({**PLAIN, **variables}) == pulumi_environment(PLAIN)


@pytest.mark.parametrize(
    "name",
    [
        *("ENABLE_STREAMING_JSON_PREVIEW", "NEO", "COPILOT", "RUN_PROGRAM", "CONTINUE_ON_ERROR"),
        *("SKIP_CHECKPOINTS", "DISABLE_PROVIDER_PREVIEW", "LEGACY_PROVIDER_PREVIEW"),
        *("DISABLE_RESOURCE_REFERENCES", "DISABLE_OUTPUT_VALUES", "DISABLE_REFRESH_BEFORE_UPDATE"),
        *("ENABLE_LEGACY_DIFF", "ENABLE_LEGACY_REFRESH_DIFF", "EXPERIMENTAL", "DEV"),
        *("DEBUG_COMMANDS", "DEBUG_GRPC"),
    ],
)
def test_what_changes_a_run_is_removed(name: str) -> None:
    """Other forms of output, other comparisons, and logs with secrets are not passed on."""
    assert pulumi_environment({**PLAIN, f"PULUMI_{name}": "true"}) == pulumi_environment(PLAIN)


@pytest.mark.parametrize(
    "name",
    [
        *("PULUMI_OPTION_STACK", "PULUMI_OPTION_CONFIG_FILE", "PULUMI_STACK", "PULUMI_HOME"),
        *("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        *("PULUMI_PYTHON_CMD", "HTTPS_PROXY", "OMISE_SECRET_KEY"),
    ],
)
def test_what_says_where_something_is_stays(name: str) -> None:
    """Stack, config file, backend, secrets and proxies are the user's own."""
    assert pulumi_environment({name: "value"})[name] == "value"


def test_a_config_file_that_is_named_wins_over_the_variable() -> None:
    """``--config-file`` is what the user has said last."""
    env = pulumi_environment({"PULUMI_OPTION_CONFIG_FILE": "a.yaml"}, config_file="/b.yaml")

    assert env["PULUMI_OPTION_CONFIG_FILE"] == "/b.yaml"
