"""The command around a report: its options, its files, its exit codes, pipelines and manifests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from previews import PreviewFile

from pulumi_omise_links.cli import run
from pulumi_omise_links.emulator import Emulator

Matches = Callable[[str, str], None]
HEAD = "a" * 40


@pytest.fixture
def small(preview: PreviewFile) -> PreviewFile:
    """A preview with a replacement, an adoption and a new link."""
    preview.replace(preview.link("spring"), {}, {"title": "New"})
    preview.create("taken", adopt=preview.link("taken"))
    preview.create("summer")
    preview.write()
    return preview


@pytest.mark.usefixtures("small")
def test_gitlab_counts_a_replacement_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Its widget knows three numbers; nothing else stands in the file."""
    assert run(["report", "--preview-file", "preview.json", "--gitlab", "gitlab.json"]) == 0

    assert Path("gitlab.json").read_text("utf-8") == '{"create": 2, "update": 1, "delete": 1}\n'
    assert "spring" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
def test_one_preview_gives_all_formats(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON on standard output and Markdown in a file; the file is replaced."""
    Path("out.md").write_text("old " * 10_000)

    assert run(["report", "--preview-file", "preview.json", "--markdown", "out.md", "--json"]) == 0

    summary = json.loads(capsys.readouterr().out)["summary"]
    assert {key: summary[key] for key in ("replace", "delete", "create", "same")} == {
        "replace": 1,
        "delete": 0,
        "create": 1,
        "same": 0,
    }
    assert (
        Path("out.md").read_text("utf-8").startswith("<!-- omise-links report shop/dev -->\n\n###")
    )
    assert Path("out.md").read_text("utf-8").endswith("\n")


@pytest.mark.usefixtures("small")
def test_in_a_github_job_the_summary_has_it_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below what other commands of the step have said, and with the commit of the pull request."""
    Path("summary.md").write_text("Before.\n")
    Path("event.json").write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    monkeypatch.setenv("GITHUB_SHA", "b" * 40)
    command = ["report", "--preview-file", "preview.json"]

    assert run(command) == 0
    assert Path("summary.md").read_text("utf-8") == "Before.\n"
    assert run([*command, "--markdown", "out.md"]) == 0

    text = Path("out.md").read_text("utf-8")
    assert Path("summary.md").read_text("utf-8") == f"Before.\n{text}"
    assert "for commit `aaaaaaa`." in text
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("event", "commit"),
    [
        ('{"action": "push"}', "bbbbbbb"),
        ("no JSON", "bbbbbbb"),
        (None, "bbbbbbb"),
        ("[]", "bbbbbbb"),
    ],
)
def test_outside_of_a_pull_request_the_commit_is_that_of_the_job(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    event: str | None,
    commit: str,
) -> None:
    """A pipeline without a pull request, or of GitLab."""
    if event is not None:
        Path("event.json").write_text(event)
        monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    monkeypatch.setenv("CI_COMMIT_SHA" if event is None else "GITHUB_SHA", "b" * 40)

    assert run(["report", "--preview-file", "preview.json"]) == 0
    assert f"for commit {commit}." in capsys.readouterr().out


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("full", [True, False])
def test_a_summary_that_takes_no_more_stops_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """GitHub would fail the step; the file that was asked for is there, and a sentence says so."""
    if full:
        Path("summary.md").write_text("x" * 1024 * 1024)
    else:
        Path("summary.md").mkdir()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")

    assert run(["report", "--preview-file", "preview.json", "--markdown", "out.md"]) == 0

    assert Path("out.md").exists()
    said = "has no room for the report" if full else "cannot be added to the summary"
    assert said in capsys.readouterr().err


def test_changes_where_none_were_expected_end_with_7(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those of other resources; without a change it ends with 0."""
    command = ["report", "--expect-no-changes", "--preview-file"]
    preview.same(preview.link("tea"))
    assert run([*command, preview.write()]) == 0
    assert capsys.readouterr().out.endswith("No link changes, 1 link stays. Test mode.\n")

    preview.other("update", "aws:s3/bucket:Bucket", "logs")
    assert run([*command, preview.write()]) == 7
    assert "1 other resource changes" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
def test_times_are_those_of_the_readers(
    preview: PreviewFile, capsys: pytest.CaptureFixture[str], omise: Emulator, keyed: None
) -> None:
    """UTC unless a time zone is named: late in the evening it is another day in Bangkok."""
    [link_id] = (key for key, name in preview.names.items() if name == "spring")
    omise._clock = lambda: 1_793_645_940.0  # 2026-11-02 18:59 UTC
    omise.pay(link_id)
    command = ["report", "--preview-file", "preview.json"]

    assert run(command) == 0
    assert "paid once on 2 November 2026" in capsys.readouterr().out
    assert run([*command, "--timezone", "Asia/Bangkok"]) == 0
    out = capsys.readouterr().out
    assert "paid once on 3 November 2026" in out
    assert "(Asia/Bangkok)" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["a.yaml", "--preview"], "FILE, --preview and --preview-file exclude each other."),
        (["--preview", "--preview-file", "p"], "exclude each other."),
        (["--preview", "--stack", "a", "--stack", "b"], "A manifest or a preview is of one stack."),
        (["--gitlab", "g.json"], "--gitlab and --expect-no-changes need --preview"),
        (["a.yaml", "--expect-no-changes"], "--gitlab and --expect-no-changes need --preview"),
        (["--timezone", "Mars"], "'Mars' is not a time zone that this computer knows"),
        (["--timezone", "../x"], "is not a time zone"),
        (["--max-chars", "100"], "100 is not in the range"),
    ],
)
def test_options_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    """Wrong use ends with 2, before anything is read."""
    assert run(["report", *args]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("option", ["--markdown", "--gitlab"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    omise: Emulator, capsys: pytest.CaptureFixture[str], keyed: None, option: str
) -> None:
    """Nobody is asked for anything then."""
    omise.journal.clear()
    assert run(["report", "--preview-file", "preview.json", option, "none/out"]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert omise.journal.count() == 0


@pytest.mark.usefixtures("small")
def test_a_key_that_was_named_must_be_there(
    omise: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a variable wants to know what was paid; the default one may be missing."""
    command = ["report", "--preview-file", "preview.json", "--key-env", "OMISE_READ_KEY"]
    monkeypatch.setenv("OMISE_API_URL", omise.url)
    assert run(command) == 3
    assert "OMISE_READ_KEY is not set" in capsys.readouterr().err

    monkeypatch.setenv("OMISE_READ_KEY", omise.key("th"))
    assert run(command) == 0
    assert "never paid" in capsys.readouterr().out


@pytest.mark.usefixtures("keyed")
def test_the_links_of_a_manifest(
    preview: PreviewFile, matches: Matches, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those with an id are looked up; of the others the address is not known."""
    spring = preview.link("spring", paid=2)
    gone, unknown = preview.link("gone"), preview.link("unknown")
    table = preview.link("table", paid=1, multiple=False)
    manifest = "version: 1\ndefaults: {description: D, amount: 100000, currency: THB}\nlinks:\n"
    manifest += "".join(
        f"  {preview.names[link_id]}: {{title: T, multiple: true, id: {link_id}}}\n"
        for link_id in (spring, gone, unknown, table)
    )
    Path("links.yaml").write_text(manifest + "  summer: {title: Summer}\n")
    preview.omise.delete(gone)
    preview.omise.erase(unknown)
    del preview.names[unknown]

    assert run(["report", "links.yaml", "--markdown", "links.md"]) == 0

    text = Path("links.md").read_text(encoding="utf-8").replace(unknown, "<unknown>")
    matches("manifest.md", text)
    assert "5 links: 1 payable, 1 used, 1 deleted, 2 not checked." in capsys.readouterr().out


def test_problems_of_a_manifest_are_those_of_validate(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its place, and nothing is written."""
    Path("bad.yaml").write_text("version: 1\nlinks: {a: {title: T}}\n")

    assert run(["report", "bad.yaml", "--markdown", "out.md"]) == 2
    assert "bad.yaml:2:" in capsys.readouterr().err
    assert not Path("out.md").exists()


@pytest.mark.parametrize("command", [["validate"], ["generate"], ["match"]])
def test_other_commands_write_markdown_too(
    capsys: pytest.CaptureFixture[str], keyed: None, command: list[str]
) -> None:
    """Whatever has a result has it in this format."""
    Path("links.yaml").write_text(
        "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"
    )

    assert run([*command, "links.yaml", "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"<!-- omise-links {command[0]} -->\n\n### omise-links {command[0]}\n\n")
