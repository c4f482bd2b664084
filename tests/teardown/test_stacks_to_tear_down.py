"""Which stacks a pattern may match; the decision is pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from fake_pulumi import FakePulumi, exported, listed
from hypothesis import given
from hypothesis import strategies as st
from samples import make_resource

from pulumi_omise_links.cli import run
from pulumi_omise_links.stack.backend import StackSummary
from pulumi_omise_links.stack.model import PROVIDER_TYPE, ManagedLink, StackState
from pulumi_omise_links.teardown.choose import is_pattern, why_live, why_unmatched

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
# As Pulumi allows them (sdk/go/common/tokens/stack.go of pulumi/pulumi 3.259).
NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True)
FLAGS = ["true", "TRUE", "yes", "1", "on"]


@given(
    selected=st.booleans(),
    age=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
    idle=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_only_stacks_that_are_idle_and_not_selected_match(
    selected: bool, age: timedelta | None, idle: timedelta | None
) -> None:
    """With --idle: those whose last update is known, and at least so long ago."""
    updated = None if age is None else NOW - age
    stack = StackSummary(name="o/shop/pr-1", selected=selected, last_update=updated, resources=1)

    matches = why_unmatched(stack, now=NOW, idle=idle) is None

    is_idle = idle is None or (age is not None and age >= idle)
    assert matches is (is_idle and not selected)


@given(NAMES)
def test_no_name_of_a_stack_is_a_pattern(name: str) -> None:
    """So that a name alone never means several stacks."""
    assert not is_pattern(name)
    assert is_pattern(f"{name}*")


def state(*links: str, **inputs: str) -> StackState:
    urn = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default"
    provider = make_resource(urn=urn, type=PROVIDER_TYPE, inputs=inputs)
    managed = tuple(ManagedLink(urn=f"urn:{link}", id=link) for link in links)
    return StackState(links=managed, providers={urn: provider})


@given(
    live=st.booleans(),
    config=st.sampled_from([None, "false", "", "0", *FLAGS]),
    stored=st.sampled_from([None, "false", *FLAGS]),
)
def test_no_pattern_matches_what_may_be_live(
    live: bool, config: str | None, stored: str | None
) -> None:
    """Live links, or `omise:allowLive` in the config or in what the last update has stored."""
    ids = ("link_test_5x1", *(["link_5x2"] if live else []))
    inputs = {} if stored is None else {"omise:allowLive": stored}

    reason = why_live(state(*ids, **inputs), config)

    assert (reason is not None) is (live or config in FLAGS or stored in FLAGS)


def test_many_stacks_need_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """More than 20 at once are more likely a slip in the pattern; none is touched, and each was
    asked for its state and its config alone."""
    names = [f"organization/shop/pr-{number}" for number in range(100, 121)]
    pulumi = FakePulumi(tmp_path, monkeypatch)
    pulumi.answer({"stack ls": listed(*names), "stack export": exported([])})

    assert run(["teardown", "--cwd", str(tmp_path), "--stack", "pr-*", "--yes"]) == 1
    said = capsys.readouterr().err
    assert "21 stacks fit, and more than 20 at once need --force" in said
    assert "organization/shop/pr-120" in said
    calls = [" ".join(call.split()[:2]) for call in pulumi.calls()]
    assert Counter(calls)["stack export"] == Counter(calls)["config --json"] == len(names)
    assert len(calls) == 2 * len(names) + 2


def test_the_state_of_a_match_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is deleted: a backend in a bucket answers slowly."""
    pulumi = FakePulumi(tmp_path, monkeypatch)
    pulumi.answer(
        {
            "stack ls": listed("organization/shop/pr-1"),
            "stack export": exported([{"urn": "urn:a", "type": "other", "id": "1"}]),
            "destroy": "error: no",
        }
    )

    assert run(["teardown", "--cwd", str(tmp_path), "--stack", "pr-*", "--yes"]) == 1
    before = pulumi.calls()[: [call.split()[0] for call in pulumi.calls()].index("destroy")]
    # The second is to see whether another run has changed the stack meanwhile.
    assert sum(call.startswith("stack export") for call in before) == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("prdo", "prod"),
        ("stagin", "staging"),
        ("shop/stagin", "shop/staging"),
        ("pr42", "pr-42"),
        ("pr-41", None),
        ("qa", None),
    ],
)
def test_a_slip_in_a_name_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    meant: str | None,
) -> None:
    """There is no such stack, which is no error; but a name like it may have been meant. Names with
    other numbers are other environments."""
    names = [f"organization/shop/{name}" for name in ("prod", "staging", "pr-42")]
    FakePulumi(tmp_path, monkeypatch).answer(
        {
            f"stack --show-name --fully-qualify-stack-names --stack {name}": (
                f"error: no stack named '{name}' found"
            ),
            "stack ls": listed(*names),
        }
    )

    assert run(["teardown", "--cwd", str(tmp_path), "--stack", name, "--yes"]) == 0
    said = capsys.readouterr().out
    assert f"{name}: there is no such stack.\n" in said
    assert (f"  Did you mean {meant}?\n" in said) if meant else ("Did you mean" not in said)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--stack", "pr-1", "--idle", "7d"], "--idle is for a pattern"),
        (
            ["--stack", "pr-*", "--config-file", __file__],
            "--config-file is for one stack that is named",
        ),
        (["--stack", "pr-*", "--idle", "7w"], "'7w' is not a duration such as 90s, 10m, 24h or 7d"),
        (["--stack", "pr-1", "--mark", " "], "--mark must not be blank"),
        ([], "Missing option '--stack'"),
    ],
)
def test_wrong_use_touches_nothing(
    capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    """It is told before Pulumi is asked."""
    assert run(["teardown", "--yes", *args]) == 2
    assert said in capsys.readouterr().err


def test_without_a_terminal_it_needs_a_yes(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is deleted that nobody has agreed to."""
    assert run(["teardown", "--stack", "pr-1"]) == 2
    assert "use --yes to confirm" in capsys.readouterr().err
