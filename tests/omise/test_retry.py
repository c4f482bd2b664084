"""The policy of repeating, as a table: what may be repeated, and after how long."""

from __future__ import annotations

import email.utils
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.omise.retry import (
    ATTEMPTS,
    ERROR_SECONDS,
    LIMIT_SECONDS,
    Attempt,
    Result,
    delay_before_next,
    read_retry_after,
)

UNSENT, LOST, SERVER_ERROR, LIMITED = (
    Result.UNSENT,
    Result.LOST,
    Result.SERVER_ERROR,
    Result.LIMITED,
)
UNUSABLE, BY_PAGE = Result.UNUSABLE, Result.LIMITED_BY_PAGE


@pytest.mark.parametrize(
    ("method", "result", "number", "elapsed", "retry_after", "delay"),
    [
        # A read or a delete is repeated after growing pauses, ATTEMPTS times in all.
        ("GET", LOST, 1, 0, None, 0.25),
        ("GET", LOST, 2, 1, None, 0.5),
        ("GET", LOST, 3, 2, None, 1),
        ("GET", LOST, 4, 4, None, 2),
        ("GET", LOST, 5, 8, None, None),
        ("DELETE", LOST, 1, 0, None, 0.25),
        ("GET", SERVER_ERROR, 1, 0, None, 0.25),
        ("GET", SERVER_ERROR, 5, 0, None, None),
        ("DELETE", SERVER_ERROR, 4, 0, None, 2),
        ("DELETE", SERVER_ERROR, 5, 0, None, None),
        ("GET", UNSENT, 4, 0, None, 2),
        ("GET", UNSENT, 5, 0, None, None),
        # A create whose request never left is repeated like a read.
        ("POST", UNSENT, 1, 0, None, 0.25),
        ("POST", UNSENT, 5, 0, None, None),
        # A create that may have been carried out is never repeated.
        ("POST", LOST, 1, 0, None, None),
        ("POST", LOST, 1, 0, 1.0, None),
        ("POST", SERVER_ERROR, 1, 0, None, None),
        ("POST", SERVER_ERROR, 1, 0, 1.0, None),
        # Where a setting of this computer is wrong, another attempt is no use.
        ("GET", UNUSABLE, 1, 0, None, None),
        ("POST", UNUSABLE, 1, 0, None, None),
        # A page in between that says 429 is no proof that a create was not carried out.
        ("GET", BY_PAGE, 9, 0, None, 8),
        ("DELETE", BY_PAGE, 9, 0, None, 8),
        ("POST", BY_PAGE, 1, 0, None, None),
        # A 429 is bounded by seconds alone, also for a create.
        ("POST", LIMITED, 1, 0, None, 0.25),
        ("GET", LIMITED, 5, 0, None, 4),
        ("GET", LIMITED, 9, 0, None, 8),
        ("POST", LIMITED, 500, 200, None, 8),
        ("POST", LIMITED, 5, LIMIT_SECONDS - 4, None, 4),
        ("POST", LIMITED, 5, LIMIT_SECONDS - 3.9, None, None),
        # What the server asks for is a least; what would break the budget is not waited for.
        ("GET", SERVER_ERROR, 1, 0, 30.0, 30),
        ("GET", SERVER_ERROR, 1, 0, 0.0, 0.25),
        ("GET", SERVER_ERROR, 1, ERROR_SECONDS - 30, 30.0, 30),
        ("GET", SERVER_ERROR, 1, ERROR_SECONDS - 29, 30.0, None),
        ("GET", LIMITED, 1, 0, 299.0, 299),
        ("GET", LIMITED, 1, 0, 3600.0, None),
        ("GET", LOST, 2, ERROR_SECONDS, None, None),
    ],
)
def test_the_policy(
    method: str,
    result: Result,
    number: int,
    elapsed: float,
    retry_after: float | None,
    delay: float | None,
) -> None:
    """Each row: an attempt that failed, and the longest wait before the next one, or none."""
    attempt = Attempt(
        method=method, result=result, number=number, elapsed=elapsed, retry_after=retry_after
    )

    assert delay_before_next(attempt, jitter=1) == delay
    shortest = delay_before_next(attempt, jitter=0)
    if delay is not None:
        assert shortest == (delay if retry_after else delay / 2)


attempts = st.builds(
    Attempt,
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    result=st.sampled_from(Result),
    number=st.integers(1, 10_000),
    elapsed=st.floats(0, 10_000),
    retry_after=st.none() | st.floats(0, 1e12),
)


@given(attempts, st.floats(0, 1))
def test_every_call_ends(attempt: Attempt, jitter: float) -> None:
    """No wait is negative or leads beyond the budget, whatever the server asks for."""
    delay = delay_before_next(attempt, jitter)

    if delay is not None:
        budget = LIMIT_SECONDS if attempt.result in (LIMITED, BY_PAGE) else ERROR_SECONDS
        assert delay > 0
        assert attempt.elapsed + delay <= budget
        assert delay >= (attempt.retry_after or 0)
        assert attempt.result in (LIMITED, BY_PAGE) or attempt.number < ATTEMPTS


@given(attempts)
def test_a_create_that_may_be_done_is_never_repeated(attempt: Attempt) -> None:
    """There is no idempotency key: after a lost answer or a 5xx, there is no second POST."""
    if attempt.method == "POST" and attempt.result in (LOST, SERVER_ERROR, BY_PAGE):
        assert delay_before_next(attempt) is None


def test_waits_are_spread() -> None:
    """Pipelines that failed together do not come back together."""
    waits = {
        delay_before_next(Attempt(method="GET", result=LOST, number=3, elapsed=0))
        for _ in range(20)
    }

    assert len(waits) > 10
    assert all(0.5 <= value <= 1 for value in waits if value is not None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("-1", None),
        ("nan", None),
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 99 Foo 2026 00:00:00 GMT", None),
    ],
)
def test_reading_retry_after(header: str | None, seconds: float | None) -> None:
    """Seconds are read, a date that is over is now, and what is senseless is ignored."""
    assert read_retry_after(header) == seconds


def test_reading_a_date_in_retry_after() -> None:
    """A date is read as the time until then."""
    seconds = read_retry_after(email.utils.formatdate(time.time() + 20, usegmt=True))

    assert seconds is not None
    assert 18 <= seconds <= 20


@given(st.text(max_size=30) | st.integers().map(str))
def test_any_retry_after_is_read_or_ignored(header: str) -> None:
    """No header of a proxy can end a call with an exception or make time run backwards."""
    seconds = read_retry_after(header)

    assert seconds is None or seconds >= 0
