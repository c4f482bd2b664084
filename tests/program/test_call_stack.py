"""The calls that led to a link stay out of its record, and in the tracebacks of errors."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

from pulumi_omise_links import Link
from pulumi_omise_links.call_stack import without_call_stack

INPUTS: dict[str, Any] = {"amount": 5_000, "currency": "THB", "title": "t", "description": "d"}


class Answers(pulumi_mocks.Mocks):
    """Stand in for the engine."""

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"link_test_{args.name}", dict(args.inputs)

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


class Ticket(Link):
    """A team's own kind of link, with a constructor."""

    def __init__(self, name: str) -> None:
        super().__init__(name, **INPUTS)


class Shop(pulumi.ComponentResource):
    """A component that makes a link."""

    def __init__(self, name: str) -> None:
        super().__init__("my:index:Shop", "shop")
        Link(name, **INPUTS, opts=pulumi.ResourceOptions(parent=self))


class Elsewhere(pulumi.CustomResource):
    """A resource of another package."""

    def __init__(self, name: str) -> None:
        super().__init__("aws:s3:Bucket", name, {})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, bool]]]:
    """By resource: how many calls the SDK sent to the engine, and whether it sent a place."""
    seen: dict[str, tuple[int, bool]] = {}

    class Monitor(pulumi_mocks.MockMonitor):
        def RegisterResource(self, request: Any) -> Any:  # noqa: N802  (a name of the SDK)
            seen[request.name] = (len(request.stackTrace.frames), bool(request.sourcePosition.uri))
            answer: Any = super().RegisterResource
            return answer(request)

    pulumi.runtime.set_mocks(Answers(), monitor=Monitor(Answers()))
    pulumi.runtime.set_all_config({}, [])
    yield seen
    pulumi.runtime.set_all_config({}, [])


def run(program: Callable[[], object]) -> None:
    until_done: Any = pulumi.runtime.test
    until_done(program)()


@pytest.mark.parametrize("declare", [lambda name: Link(name, **INPUTS), Ticket, Shop])
def test_a_link_sends_no_calls(
    sent: dict[str, tuple[int, bool]], declare: Callable[[str], object]
) -> None:
    """A record holds no call stack, whether the program, a subclass or a component makes the link;
    other resources keep theirs."""

    def program() -> None:
        declare("a")
        Elsewhere("elsewhere")

    run(program)

    assert sent["a"] == (0, False)
    assert sent["elsewhere"][0] > 1


def test_an_error_inside_keeps_its_whole_traceback(sent: dict[str, tuple[int, bool]]) -> None:
    """A bug that shows while a link is declared, as in a transformation, can be found."""

    def broken(args: pulumi.ResourceTransformationArgs) -> None:
        raise ZeroDivisionError

    def program() -> None:
        Link("a", **INPUTS, opts=pulumi.ResourceOptions(transformations=[broken]))

    with pytest.raises(ZeroDivisionError) as caught:
        run(program)

    shown = "".join(traceback.format_exception(caught.value))
    assert "in program\n" in shown
    assert "in broken\n" in shown
    assert not hasattr(sys, "tracebacklimit")


def test_a_limit_of_the_program_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has set ``sys.tracebacklimit`` finds it as it was."""
    monkeypatch.setattr(sys, "tracebacklimit", 7, raising=False)

    with without_call_stack():
        assert sys.tracebacklimit != 7

    assert sys.tracebacklimit == 7


def test_other_threads_leave_the_process_alone() -> None:
    """An application that runs programs in threads keeps the tracebacks of its own errors."""
    seen: list[bool] = []

    def declare() -> None:
        with without_call_stack():
            seen.append(hasattr(sys, "tracebacklimit"))

    thread = threading.Thread(target=declare)
    thread.start()
    thread.join()

    assert seen == [False]
