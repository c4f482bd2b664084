"""One link, one resource: what the plugin processes of an engine run know of each other."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_omise_links.errors import LinkConflictError
from pulumi_omise_links.held_links import HeldLinks

LINK, OTHER = "link_test_1", "link_test_2"
Step = Callable[[HeldLinks], object]

PLAN: Step = lambda links: links.plan_adoption(LINK)  # noqa: E731
KEEP: Step = lambda links: links.keep(LINK)  # noqa: E731
ADOPT: Step = lambda links: links.adopt(LINK)  # noqa: E731

# In any order, two of these are two resources that would be one link.
CONFLICTS = [(PLAN, PLAN), (PLAN, KEEP), (KEEP, PLAN), (KEEP, KEEP), (KEEP, ADOPT), (ADOPT, KEEP),
             (ADOPT, ADOPT), (ADOPT, PLAN)]  # fmt: skip


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(("first", "second"), CONFLICTS)
def test_a_link_is_one_resource(tmp_path: Path, processes: int, first: Step, second: Step) -> None:
    """Whoever comes second is refused, within one plugin process and across two of one run."""
    ours = HeldLinks(1, tmp_path)
    theirs = HeldLinks(1, tmp_path) if processes == 2 else ours
    first(ours)
    theirs.keep(OTHER)
    with pytest.raises(LinkConflictError, match=f"Two resources .* would be link {LINK}"):
        second(theirs)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_link_that_a_resource_keeps_is_not_deleted(tmp_path: Path, processes: int) -> None:
    """A link that was adopted or stays is not deleted; one whose adoption failed is an error."""
    ours = HeldLinks(1, tmp_path)
    theirs = HeldLinks(1, tmp_path) if processes == 2 else ours
    assert theirs.may_be_deleted(LINK)
    ours.plan_adoption(LINK)
    with pytest.raises(LinkConflictError, match=f"Link {LINK} was not deleted"):
        theirs.may_be_deleted(LINK)
    ours.adopt(LINK)
    assert not theirs.may_be_deleted(LINK)
    ours.keep(OTHER)
    assert not theirs.may_be_deleted(OTHER)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_link_that_the_program_looks_up_is_not_deleted(tmp_path: Path, processes: int) -> None:
    """Link.get in place of a Link may mean that the link is to live on; it manages no link, so
    another resource may be it."""
    ours = HeldLinks(1, tmp_path)
    theirs = HeldLinks(1, tmp_path) if processes == 2 else ours
    theirs.refuse_looked_up(LINK)
    ours.note_look_up(LINK)
    ours.note_look_up(LINK)
    with pytest.raises(LinkConflictError, match=f"OMISE_KEEP_LINKS={LINK} in the environment"):
        theirs.refuse_looked_up(LINK)
    theirs.refuse_looked_up(OTHER)
    theirs.plan_adoption(LINK)
    theirs.adopt(LINK)


def test_runs_at_once_know_nothing_of_each_other(tmp_path: Path) -> None:
    """Each run has an engine, and so a port, of its own; without an engine nothing is shared."""
    HeldLinks(1, tmp_path).keep(LINK)
    others = [HeldLinks(2, tmp_path), HeldLinks(None, tmp_path)]

    assert all(links.may_be_deleted(LINK) for links in others)


@pytest.mark.parametrize("port", [1, 2])
def test_marks_of_a_run_that_has_ended_count_no_more(tmp_path: Path, port: int) -> None:
    """A later run whose engine happens to have the same port deletes what it is to delete; and no
    run leaves its marks for long. Those of a run that is still at work stay."""
    working = HeldLinks(3, tmp_path)
    working.keep(LINK)
    program = (
        "import pathlib, sys; from pulumi_omise_links.held_links import HeldLinks;"
        f"HeldLinks(1, pathlib.Path(sys.argv[1])).keep({LINK!r})"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=60)
    marks = tmp_path / "1.marks"
    assert LINK in marks.read_text()

    assert HeldLinks(port, tmp_path).may_be_deleted(LINK)
    assert not marks.exists() or marks.read_text() == ""
    assert not HeldLinks(3, tmp_path).may_be_deleted(LINK)
    assert not working.may_be_deleted(LINK)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_resource_that_has_imported_another_link_leaves_the_old_one(
    tmp_path: Path, processes: int
) -> None:
    """Whatever its name holds, and however long it is."""
    ours = HeldLinks(1, tmp_path)
    theirs = HeldLinks(1, tmp_path) if processes == 2 else ours
    urn = f"urn:pulumi:dev::shop::omise:index:Link::Sommer\n held '{LINK}'/ {'ü' * 100_000}"
    assert not theirs.is_left_behind(urn, OTHER)
    ours.note_import(urn, LINK)
    assert theirs.is_left_behind(urn, OTHER)
    assert not theirs.is_left_behind(urn, LINK)
    assert theirs.may_be_deleted(LINK)
    ours.note_import(f"{urn} {OTHER}", LINK)
    assert theirs.is_left_behind(urn, OTHER), "another resource with a similar name"


def test_of_many_processes_that_mark_a_link_at_once_one_is_the_first(tmp_path: Path) -> None:
    """Ten processes want to be the same 300 links: each link gets one of them."""
    program = (
        "import pathlib, sys; from pulumi_omise_links.errors import LinkConflictError;"
        "from pulumi_omise_links.held_links import HeldLinks\n"
        "links = HeldLinks(1, pathlib.Path(sys.argv[1]))\n"
        "links.may_be_deleted('link_test_0')\n"
        "print(flush=True); input()\n"
        "for number in range(300):\n"
        "    try: links.adopt(f'link_test_{number}'); print(number)\n"
        "    except LinkConflictError: pass\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(10)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    adopted = [
        int(line) for process in processes for line in process.communicate(timeout=60)[0].split()
    ]

    assert sorted(adopted) == list(range(300))


def test_a_cut_off_mark_spoils_no_other(tmp_path: Path) -> None:
    """A full disk can cut off a line; the next mark counts all the same."""
    ours, theirs = HeldLinks(1, tmp_path), HeldLinks(1, tmp_path)
    ours.keep(OTHER)
    with (tmp_path / "1.marks").open("a") as marks:
        marks.write("0123 held 'link_te")
    ours.keep(LINK)

    assert not theirs.may_be_deleted(LINK)


@pytest.mark.parametrize("room", [0, 70, 75])
def test_on_a_full_disk_no_link_gets_two_resources(tmp_path: Path, room: int) -> None:
    """A mark that the other plugins would not see is an error that says what to do."""
    theirs = HeldLinks(1, tmp_path)
    theirs.keep(OTHER)
    used = (tmp_path / "1.marks").stat().st_size
    program = (
        "import pathlib, resource, sys; from pulumi_omise_links.held_links import HeldLinks\n"
        "links = HeldLinks(1, pathlib.Path(sys.argv[1]))\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({used + room},) * 2)\n"
        "try: links.keep('link_test_of_a_length_that_does_not_fit_into_the_rest_of_the_disk')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )

    assert "LinkConflictError Whether each link is one resource only cannot be told" in run.stdout
    assert "name another folder in TMPDIR" in run.stdout
    theirs.keep(LINK)
    assert not HeldLinks(1, tmp_path).may_be_deleted(LINK)
    assert not HeldLinks(1, tmp_path).may_be_deleted(OTHER)


def test_what_is_no_file_of_marks_is_left_alone(tmp_path: Path) -> None:
    """A folder, a pipe or a symbolic link in its place: a process then knows its own marks alone,
    and waits for nothing."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "marks"
    folder.mkdir(mode=0o700)
    (folder / "1.marks").mkdir()
    os.mkfifo(folder / "2.marks")
    (folder / "3.marks").symlink_to(precious)
    for port in (1, 2, 3):
        ours, theirs = HeldLinks(port, folder), HeldLinks(port, folder)
        ours.keep(LINK)
        theirs.keep(OTHER)
        assert not ours.may_be_deleted(LINK)
        assert theirs.may_be_deleted(LINK)

    assert precious.read_text() == "mine"


def test_a_run_is_not_removed_in_place_of_an_ended_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs find the marks of an ended one; while one of them is slow, the other has removed
    them, and a new run at the same port has begun."""
    (tmp_path / "7.marks").touch()
    flock = fcntl.flock
    new: list[HeldLinks] = []

    def slow(opened: int, operation: int) -> None:
        if not new:
            new.append(HeldLinks(7, tmp_path))
            (tmp_path / "7.marks").unlink()
            new[0].keep(LINK)
        flock(opened, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    HeldLinks(1, tmp_path).keep(OTHER)

    assert not HeldLinks(7, tmp_path).may_be_deleted(LINK)


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    """Marks of another user could keep a link alive, so a process then knows its own alone."""
    tmp_path.chmod(0o777)
    links = HeldLinks(1, tmp_path)
    links.keep(LINK)

    assert not links.may_be_deleted(LINK)
    assert list(tmp_path.iterdir()) == []
    gone = HeldLinks(1, tmp_path / "none" / "deeper")
    gone.keep(LINK)
    assert not gone.may_be_deleted(LINK)


def test_a_comparison_is_of_the_program_if_it_was_checked(tmp_path: Path) -> None:
    """A refresh compares, too; only what the program declares is checked before."""
    links = HeldLinks(None, tmp_path)
    inputs = {"amount": 5000, "title": "T", "multiple": False, "adopt": None}
    on_the_wire = {"amount": 5000.0, "title": "T", "multiple": False, "__provider": "x"}

    assert not links.is_declared(on_the_wire)
    links.note_check(inputs)
    assert not links.is_declared({**on_the_wire, "title": "U"})
    assert links.is_declared(on_the_wire)
    assert not links.is_declared(on_the_wire)
