"""Moments in `from` and `to`, in every way that Omise's clients write them."""

from __future__ import annotations

import datetime

import pytest
from emulator.omise_client import Client, refused
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.emulator.times import read_moment

NOON = 1_780_000_000  # 2026-05-28T20:26:40Z


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-28T20:26:40Z",
        "2026-05-28t20:26:40z",
        "2026-05-28 20:26:40",
        "2026-05-28 20:26:40 UTC",
        "2026-05-28T20:26:40.123456789Z",
        "2026-05-28T20:26:40,5Z",
        "2026-05-29T03:26:40.123456789+07:00",
        "2026-05-29T03:26:40+0700",
        "2026-05-29 03:26:40 +0700",
        "2026-05-29T03:26:40+07",
        "2026-05-28T15:26:40-05:00",
        "20260528T202640Z",
        "20260529T032640+0700",
    ],
)
def test_a_moment_may_be_written_as_any_client_does(omise: Emulator, written: str) -> None:
    """Fractions of nine digits, offsets without a colon and the basic form mean the same second."""
    assert read_moment(written) == NOON
    page = Client(omise).page(**{"from": written})
    assert page["from"] == "2026-05-28T20:26:40Z"


@pytest.mark.parametrize("written", ["2026-05-28", "20260528", "2026-05-28T00:00", "20260528T0000"])
def test_a_date_without_a_time_is_its_first_second(written: str) -> None:
    """A date alone means midnight UTC, in both forms."""
    assert read_moment(written) == NOON - (20 * 3600 + 26 * 60 + 40)


@pytest.mark.parametrize(
    "written",
    [
        "", "now", "2026", "2026-05", "2026-5-28", "2026-0528", "202605-28", "2026-02-30",
        "2026-05-28T25:00:00Z", "2026-05-28T20:26:60Z", "2026-05-28T20:2640Z", "2026-05-28Z",
        "2026-05-28T20:26:40+24:00", "2026-05-28T20:26:40+07:60", "2026-05-28T20:26:40.Z",
        "2026-05-28T20:26:40+7", "٢٠٢٦-٠٥-٢٨", "1780000000", "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_moment_is_a_bad_request(omise: Emulator, written: str) -> None:
    """A text that is no date or time is never read as another one."""
    with pytest.raises(ValueError):  # noqa: PT011  (any of its kinds is read alike)
        read_moment(written)
    if written:
        assert refused(Client(omise).get("/links", to=written)) == (
            400,
            "bad_request",
            "to is invalid",
        )


@given(
    moment=st.datetimes(
        datetime.datetime(1, 1, 2),
        datetime.datetime(9999, 12, 30),
    ),
    minutes=st.integers(-23 * 60, 23 * 60),
    digits=st.integers(0, 9),
    basic=st.booleans(),
    colon=st.booleans(),
)
def test_every_moment_is_read_as_python_means_it(
    moment: datetime.datetime, minutes: int, digits: int, basic: bool, colon: bool
) -> None:
    """Any moment with any offset, any fraction and either form is the second that it names."""
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    at = moment.replace(microsecond=0, tzinfo=zone)
    date = f"{at.year:04}{at:%m%d}" if basic else f"{at.year:04}-{at:%m-%d}"
    clock = f"{at:%H%M%S}" if basic else f"{at:%H:%M:%S}"
    fraction = f".{'123456789'[:digits]}" if digits else ""
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{sign}{hours:02}{':' if colon else ''}{rest:02}"
    assert read_moment(f"{date}T{clock}{fraction}{offset}") == int(at.timestamp())
