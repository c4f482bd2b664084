"""Which stacks a command is about: names, patterns, all of a project, all of a backend."""

from __future__ import annotations

import pytest
from fake_pulumi import FakePulumi, listed

from pulumi_omise_links.errors import ExitCode, StackNotFoundError
from pulumi_omise_links.inventory.chosen_stacks import ChosenStacks, choose_stacks

DEV, PR_1, PR_2 = (f"organization/shop/{name}" for name in ("dev", "pr-1", "pr-2"))
OTHER_DEV, OTHER_PR = (f"organization/other/{name}" for name in ("dev", "pr-1"))


@pytest.fixture
def pulumi(fake_pulumi: FakePulumi) -> FakePulumi:
    fake_pulumi.answer(
        {
            "stack ls --json --fully-qualify-stack-names --all": listed(
                OTHER_DEV, OTHER_PR, DEV, PR_1, PR_2, selected=DEV
            ),
            "stack ls --json --fully-qualify-stack-names": listed(DEV, PR_1, PR_2, selected=DEV),
        }
    )
    return fake_pulumi


def choose(pulumi: FakePulumi, *named: str, **options: bool) -> ChosenStacks:
    return choose_stacks(pulumi.folder, named=named, **options)


@pytest.mark.parametrize(
    ("named", "found", "settings_stack"),
    [
        (["pr-1"], [PR_1], PR_1),
        (["pr-*"], [PR_1, PR_2], PR_1),
        (["pr-2", "pr-*"], [PR_2, PR_1], PR_2),
        (["pr-[!1]"], [PR_2], PR_2),
        (["pr-?", "dev"], [PR_1, PR_2, DEV], DEV),
        (["shop/pr-1"], [PR_1], PR_1),
        (["other/*"], [OTHER_DEV, OTHER_PR], None),
        (["*/pr-1"], [OTHER_PR, PR_1], PR_1),
        (["other/dev", "pr-2"], [OTHER_DEV, PR_2], PR_2),
        ([OTHER_DEV], [OTHER_DEV], None),
    ],
    ids=str,
)
def test_stacks_are_found_by_name_and_pattern(
    pulumi: FakePulumi, named: list[str], found: list[str], settings_stack: str | None
) -> None:
    """A name without a slash is one of this project; the settings are those of a stack of this
    project, as another project's config is in another folder."""
    chosen = choose(pulumi, *named)

    assert list(chosen.names) == found
    assert chosen.settings_stack == settings_stack


@pytest.mark.parametrize("name", ["prod", "PR-1", "pr", "p*x", "elsewhere/dev", "a/b/c"])
def test_a_name_of_no_stack_is_an_error(pulumi: FakePulumi, name: str) -> None:
    """Also beside names that there are: a slip must not make a command do less in silence."""
    with pytest.raises(StackNotFoundError, match="No stack of ") as caught:
        choose(pulumi, "dev", name)

    assert name in str(caught.value)
    assert caught.value.exit_code is ExitCode.NO_STACK


def test_only_what_is_needed_is_listed(pulumi: FakePulumi) -> None:
    """All stacks of a bucket are slow to list."""
    choose(pulumi, "pr-*")
    choose(pulumi)

    assert not [call for call in pulumi.calls() if "--all" in call]


def test_the_selected_stack_is_the_default(pulumi: FakePulumi) -> None:
    """As for `pulumi` itself."""
    chosen = choose(pulumi)

    assert (chosen.names, chosen.settings_stack) == ((DEV,), DEV)
    assert chosen.title == f"stack {DEV}"


def test_all_stacks_of_a_project_or_a_backend(pulumi: FakePulumi) -> None:
    """The settings are those of the selected stack."""
    project, backend = choose(pulumi, whole_project=True), choose(pulumi, whole_backend=True)

    assert list(project.names) == [DEV, PR_1, PR_2]
    assert list(backend.names) == [OTHER_DEV, OTHER_PR, DEV, PR_1, PR_2]
    assert (project.whole_backend, backend.whole_backend) == (False, True)
    assert project.settings_stack == backend.settings_stack == DEV


def test_without_a_selected_stack_no_settings_hold(fake_pulumi: FakePulumi) -> None:
    """Which of many stacks would be asked for its key is not guessed."""
    fake_pulumi.answer({"stack ls": listed(DEV, PR_1)})

    assert choose(fake_pulumi, whole_backend=True).settings_stack is None


def test_stacks_of_a_backend_are_found_without_a_project(fake_pulumi: FakePulumi) -> None:
    """A folder of a nightly job may have no program."""
    fake_pulumi.answer(
        {
            "stack ls --json --fully-qualify-stack-names --all": listed(OTHER_DEV),
            "stack ls": "error: no Pulumi.yaml project file found",
        }
    )

    assert choose(fake_pulumi, "other/dev").names == (OTHER_DEV,)
    assert choose(fake_pulumi, whole_backend=True).names == (OTHER_DEV,)
