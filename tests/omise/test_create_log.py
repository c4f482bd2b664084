"""Records of creates under way: what a process that dies leaves, and whom it stops."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client_setup import hurry, settings_for
from samples import SPRING

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import (
    ApiError,
    CreateLogError,
    UncertainCreateError,
    UnfinishedCreateError,
)
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.create_log import CreateLog
from pulumi_omise_links.omise.creates import LinkCreator
from pulumi_omise_links.settings import Settings

CHILD = """
import os, sys
from pathlib import Path
from pulumi_omise_links.omise.client import OmiseClient
from pulumi_omise_links.omise.create_log import CreateLog
from pulumi_omise_links.omise.models import LinkInputs
from pulumi_omise_links.settings import Settings

log = CreateLog(Path(sys.argv[1]))
client = OmiseClient(Settings.resolve({}), create_log=log)
if sys.argv[2] == "killed":
    client._transport.request = lambda method, *args, _send=client._transport.request, **kw: (
        os._exit(9) if method == "POST" else _send(method, *args, **kw)
    )
if sys.argv[2] == "killed after":
    client._transport.request = lambda method, *args, _send=client._transport.request, **kw: (
        _send(method, *args, **kw), os._exit(9) if method == "POST" else None
    )[0]
client.create_link(
    LinkInputs(
        amount=150_000, currency="thb", title="Spring sale", description="Two tickets",
        multiple=True,
    )
)
if sys.argv[2] == "answered":
    os._exit(9)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "creates"


@pytest.fixture
def client_with_log(omise: Emulator, folder: Path) -> Iterator[OmiseClient]:
    with OmiseClient(settings_for(omise), create_log=CreateLog(folder)) as client:
        yield client


@pytest.fixture
def run_child(omise: Emulator, folder: Path) -> Callable[[str], None]:
    """Create SPRING in a process of its own, which ends as it is told."""

    def run(ending: str) -> None:
        environ = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        subprocess.run(
            [sys.executable, "-c", CHILD, str(folder), ending],
            env={"PATH": "/usr/bin", **environ},
            check=ending == "orderly",
            timeout=60,
        )

    return run


LONG_AGO = 1.7e9


def change(folder: Path, written: float = LONG_AGO, **values: Any) -> None:
    """Change the one record there is, and when this computer wrote it."""
    (path,) = folder.iterdir()
    first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps({**json.loads(first), **values}) + "\n" + "".join(rest))
    os.utime(path, (written, written))


def test_a_record_is_there_before_the_request_leaves(folder: Path) -> None:
    """It is readable by its owner alone, and holds no input."""
    seen: list[tuple[int, str]] = []

    def look(entry: Any) -> None:
        if entry.method == "POST":
            seen.extend((file.stat().st_mode, file.read_text()) for file in folder.iterdir())

    with (
        Emulator(on_request=look) as omise,
        OmiseClient(settings_for(omise), create_log=CreateLog(folder)) as client,
    ):
        client.create_link(SPRING)

    ((mode, text),) = seen
    assert mode & 0o777 == 0o600
    assert SPRING.title not in text
    assert str(SPRING.amount) not in text
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_process_that_ends_in_an_orderly_way_leaves_nothing(
    run_child: Callable[[str], None], folder: Path
) -> None:
    """The record goes once the answer has been handed on."""
    run_child("orderly")

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", ["killed", "killed after", "answered"])
def test_an_equal_create_is_refused_after_a_process_died(
    run_child: Callable[[str], None],
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
    ending: str,
) -> None:
    """Nothing is sent as long as the link of the dead process may exist; other links are made."""
    run_child(ending)
    before = len(omise.links())

    with pytest.raises(
        UnfinishedCreateError, match=r"it was cut off before .* Run `omise-links recover`"
    ) as refused:
        client_with_log.create_link(replace(SPRING, currency="THB"))

    assert len(omise.links()) == before
    made = tuple(link["id"] for link in omise.links())
    assert refused.value.candidates == (made if ending == "answered" else ())
    assert len(list(folder.iterdir())) == 1
    client_with_log.create_link(replace(SPRING, amount=160_000))
    with OmiseClient(settings_for(omise, "jp"), create_log=CreateLog(folder)) as other:
        other.create_link(replace(SPRING, currency="JPY"))


def test_time_proves_that_no_link_was_made(
    run_child: Callable[[str], None],
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
) -> None:
    """After the longest time an answer can take, and with nothing listed, the create goes on."""
    run_child("killed")
    change(folder, since=LONG_AGO, answer_by=LONG_AGO + 400)

    link = client_with_log.create_link(SPRING)

    assert [stored["id"] for stored in omise.links()] == [link.id]


@pytest.mark.parametrize("spelt", [{}, {"title": "Spring  sale"}])
def test_time_proves_nothing_while_a_link_is_listed(
    run_child: Callable[[str], None],
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
    spelt: dict[str, str],
) -> None:
    """The link that the dead process has made is named, even if Omise has changed its spaces."""
    run_child("killed")
    change(folder, since=LONG_AGO, answer_by=LONG_AGO + 400)
    (made,) = omise.seed(**{**vars(SPRING), **spelt})

    with pytest.raises(UnfinishedCreateError, match=made):
        client_with_log.create_link(SPRING)


@pytest.mark.parametrize("wrong", ["Omise's", "this computer's"])
def test_one_clock_alone_proves_nothing(
    run_child: Callable[[str], None],
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
    wrong: str,
) -> None:
    """A server of Omise's may be ahead of another one, and the clock of a computer may be set."""
    omise.switch(read_lag=30)  # the link is there, and not listed yet
    run_child("killed after")
    if wrong == "Omise's":
        omise.switch(clock_skew=3_600, read_lag=7_200)
    else:
        change(folder)

    with pytest.raises(UnfinishedCreateError):
        client_with_log.create_link(SPRING)
    assert len(omise.links()) == 1


@pytest.mark.parametrize("ending", ["killed after", "given up"])
def test_a_list_that_is_behind_makes_no_second_link(
    run_child: Callable[[str], None],
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    """As long as a copy of Omise's database may lack the link, no answer can be the last one."""
    omise.switch(read_lag=55)
    if ending == "given up":
        hurry(monkeypatch)
        omise.fault("lost_after", method="POST")
        with pytest.raises(UncertainCreateError):
            client_with_log.create_link(SPRING)
        client_with_log = OmiseClient(settings_for(omise), create_log=CreateLog(folder))
        longest = 5 + 10.0
    else:
        run_child("killed after")
        longest = 300 + 60 + 5 + 10.0
    # Whatever the waits for answers are, the last moment at which the link may be made is over.
    skew = longest + 50
    omise.switch(clock_skew=skew, read_lag=skew + 55)
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + skew)

    with client_with_log as client, pytest.raises(UnfinishedCreateError):
        client.create_link(SPRING)
    assert len(omise.links()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"OMISE_API_URL": "HTTP://{place}/"},
        {"OMISE_SUB_MERCHANT_ID": " "},
        {"OMISE_SECRET_KEY": "skey_test_emulator_rotated"},
        {"OMISE_TIMEOUT": "60"},
    ],
)
def test_whoever_repeats_a_create_makes_no_second_link(
    run_child: Callable[[str], None], omise: Emulator, folder: Path, settings: dict[str, str]
) -> None:
    """The same account at the same place, however the settings spell it."""
    omise.add_key("skey_test_emulator_rotated", "th")
    run_child("killed after")
    place = omise.url.removeprefix("http://")
    environ = {name: text.format(place=place) for name, text in settings.items()}
    usual = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}

    with (
        OmiseClient(Settings.resolve({}, usual | environ), create_log=CreateLog(folder)) as client,
        pytest.raises(UnfinishedCreateError),
    ):
        client.create_link(SPRING)
    assert len(omise.links()) == 1


def test_a_record_without_a_time_is_left_to_recover(
    run_child: Callable[[str], None], client_with_log: OmiseClient, folder: Path
) -> None:
    """Where Omise's time was not sure, no time is over."""
    run_child("killed")
    change(folder, since=None, answer_by=None)

    with pytest.raises(UnfinishedCreateError):
        client_with_log.create_link(SPRING)


def test_a_link_that_was_deleted_holds_up_nothing(
    run_child: Callable[[str], None], client_with_log: OmiseClient, omise: Emulator
) -> None:
    """The dead process had its answer, and its link is gone since."""
    run_child("answered")
    (made,) = (link["id"] for link in omise.links())
    omise.delete(made)

    assert client_with_log.create_link(SPRING).id != made


def test_a_create_that_cannot_be_recorded_is_not_sent(
    omise: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a folder of somebody else costs no link that nobody knows of; what the error
    says to do helps."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "file"))
    with (
        OmiseClient(settings_for(omise), create_log=CreateLog()) as client,
        pytest.raises(CreateLogError, match="Set PULUMI_HOME to a folder"),
    ):
        client.create_link(SPRING)
    assert omise.links() == []

    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    with OmiseClient(settings_for(omise), create_log=CreateLog()) as client:
        client.create_link(SPRING)
    assert len(omise.links()) == 1


@pytest.mark.parametrize("text", ['{"format": 2}\n', "[]\n", "{}\n", "scribble\n", "\0\n"])
def test_a_record_that_cannot_be_read_is_named(
    client_with_log: OmiseClient, omise: Emulator, folder: Path, text: str
) -> None:
    """It may be of this very link, so nothing is sent."""
    folder.mkdir(parents=True)
    (folder / "other.json").write_text(text)

    with pytest.raises(CreateLogError, match=r"other\.json is not a record"):
        client_with_log.create_link(SPRING)
    assert omise.links() == []
    assert "other.json" in CreateLog(folder).read()[1][0]


@pytest.mark.parametrize("text", ["", '{"format": 1, "sal'])
def test_a_record_that_was_not_complete_is_of_no_request(
    client_with_log: OmiseClient, folder: Path, text: str
) -> None:
    """The request leaves only after the whole record is on disk."""
    folder.mkdir(parents=True)
    (folder / "other.json").write_text(text)

    client_with_log.create_link(SPRING)


def test_a_refused_create_leaves_no_record(
    client_with_log: OmiseClient, omise: Emulator, folder: Path
) -> None:
    """Omise has said that it made nothing."""
    with pytest.raises(ApiError):
        client_with_log.create_link(replace(SPRING, amount=1))
    assert list(folder.iterdir()) == []


def test_an_uncertain_create_stays_known(
    client_with_log: OmiseClient,
    omise: Emulator,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who repeats it, in this process or the next, makes no second link meanwhile."""
    hurry(monkeypatch)
    omise.fault(method="POST", kind="lost_before")
    monkeypatch.setattr(LinkCreator, "_seconds_for_an_answer", lambda *_: 0)
    with pytest.raises(UncertainCreateError):
        client_with_log.create_link(SPRING)
    omise.journal.clear()

    for log in (client_with_log._creator._create_log, CreateLog(folder)):
        with (
            OmiseClient(settings_for(omise), create_log=log) as client,
            pytest.raises(UnfinishedCreateError, match="and its answer was lost, so the link may"),
        ):
            client.create_link(SPRING)
    assert omise.journal.count("POST") == 0
