"""``omise-links report``: links and changes, for people who review or print them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ..inventory.chosen_stacks import choose_stacks
from ..manifest.edit import replace_file, require_writable
from ..manifest.entries import entries_for_stack
from ..manifest.reading import load
from ..omise.client import OmiseClient
from ..output import Result
from ..output.markdown import LEAST_CHARACTERS, MOST_CHARACTERS, write_markdown
from ..reporting.decide import decide
from ..reporting.facts import ReportFacts
from ..reporting.gather import ask_omise, load_entries, load_preview, load_stacks, run_preview
from ..reporting.result import count_for_gitlab, make_result
from ..safe_text import escape_path, pluralize
from ..settings import Settings
from ._omise import connected, describe, projects_and_settings, settings_of_stacks
from ._options import (
    config_file_option,
    folder_option,
    key_variable,
    several_stacks_option,
)
from ._progress import progress
from ._results import returns_result, say

_SUMMARY_FILE = "GITHUB_STEP_SUMMARY"
# https://docs.github.com/actions/reference/limits: of one step; what is beyond is an error there.
_MOST_OF_A_SUMMARY = 1024 * 1024


def _zone(_context: click.Context, _option: click.Parameter, name: str | None) -> tzinfo:
    """:raises click.BadParameter: there is no such time zone."""
    if name is None:
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            f"{name!r} is not a time zone that this computer knows, such as Asia/Bangkok."
        ) from None


@click.command("report")
@click.argument("files", metavar="[FILE...]", nargs=-1, type=click.Path())
@several_stacks_option
@folder_option()
@config_file_option
@key_variable
@click.option("--preview", is_flag=True, help="Preview the stack, and show what would change.")
@click.option(
    "--preview-file",
    metavar="FILE",
    type=click.Path(),
    help="Likewise, from what `pulumi preview --json --show-sames` has printed.",
)
@click.option(
    "--markdown",
    "markdown_file",
    metavar="FILE",
    type=click.Path(),
    help="Write Markdown here; in a job of GitHub Actions also into the job's summary.",
)
@click.option(
    "--max-chars",
    default=MOST_CHARACTERS,
    show_default=True,
    type=click.IntRange(LEAST_CHARACTERS, 1_000_000),
    metavar="N",
    help="How long that Markdown may be; Bitbucket takes 32768.",
)
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    type=click.Path(),
    help="Write a page with QR codes here: one file, for screens and for A4.",
)
@click.option("--title", metavar="TEXT", help="The heading of that page.")
@click.option(
    "--qr",
    "qr_folder",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write the QR code of each link that can be paid here, as DIR/NAME.svg.",
)
@click.option(
    "--gitlab",
    "gitlab_file",
    metavar="FILE",
    type=click.Path(),
    help="Write the numbers of changes that GitLab shows in a merge request.",
)
@click.option(
    "--timezone",
    "zone",
    metavar="NAME",
    callback=_zone,
    help="The time zone of the report, such as Asia/Bangkok. Default: UTC.",
)
@click.option(
    "--expect-no-changes", is_flag=True, help="End with 7 if the preview changes anything."
)
@returns_result
def command(
    files: tuple[str, ...],
    stacks: tuple[str, ...],
    cwd: str | None,
    config_file: str | None,
    key_env: str | None,
    preview: bool,
    preview_file: str | None,
    markdown_file: str | None,
    max_chars: int,
    html_file: str | None,
    title: str | None,
    qr_folder: str | None,
    gitlab_file: str | None,
    zone: tzinfo,
    expect_no_changes: bool,
) -> Result:
    """Show links, or what a preview changes, to people.

    Without FILE: the links that stacks manage. With FILE: those of manifests. With a preview: what
    the next `pulumi up` does to each link, the dangerous changes first: which address dies, how
    often it was paid and when last; a change that Pulumi refuses, as the link is protected; an
    address that stays payable, unmanaged, by retain_on_delete. Links that were deleted at Omise
    stand apart, as that is not from this change.

    Without an Omise key, the report says what is then not known. Nothing is written, neither in a
    stack nor at Omise.
    """
    of_preview = preview or preview_file is not None
    if bool(files) + preview + (preview_file is not None) > 1:
        raise click.UsageError("FILE, --preview and --preview-file exclude each other.")
    if len(stacks) > 1 and (files or of_preview):
        raise click.UsageError("A manifest or a preview is of one stack.")
    if (gitlab_file is not None or expect_no_changes) and not of_preview:
        raise click.UsageError("--gitlab and --expect-no-changes need --preview or --preview-file.")
    if title is not None and html_file is None:
        raise click.UsageError("--title needs --html.")
    require_writable(filter(None, [markdown_file, html_file, gitlab_file]))
    if html_file is not None or qr_folder is not None:
        # Packages of an extra: that they are missing is said before the work.
        from ..reporting.html import write_html  # noqa: PLC0415  (an extra)
        from ..reporting.qr import write_codes  # noqa: PLC0415  (an extra)
    facts, settings = _gather(
        files,
        stacks,
        cwd,
        config_file,
        key_env,
        preview=preview,
        preview_file=preview_file,
    )
    accounts, stats = [], None
    # Who names a key wants it to be used.
    if settings.secret_key is not None or key_env is not None:
        with connected(OmiseClient(settings)) as client:
            with progress("Asking Omise for the links"):
                facts = ask_omise(facts, client)
            accounts = [describe(client)]
        stats = client.stats
    report = decide(facts, zone=zone)
    result = make_result(
        report, expect_no_changes=expect_no_changes, complete=not facts.stacks.unread
    )
    result = replace(result, accounts=accounts, stats=stats)
    if qr_folder is not None:
        codes = write_codes(report.links, Path(qr_folder))
        note = f"{pluralize(len(codes), 'QR code')} written to {escape_path(qr_folder)}."
        result = replace(result, notes=[*result.notes, note])
    if html_file is not None:
        replace_file(html_file, write_html(report, title=title or ""))
    if markdown_file is not None:
        text = write_markdown(result, max_chars=max_chars) + "\n"
        replace_file(markdown_file, text)
        _add_to_summary(text)
    if gitlab_file is not None:
        replace_file(gitlab_file, json.dumps(count_for_gitlab(report)) + "\n")
    return result


def _gather(
    files: tuple[str, ...],
    stacks: tuple[str, ...],
    cwd: str | None,
    config_file: str | None,
    key_env: str | None,
    *,
    preview: bool,
    preview_file: str | None,
) -> tuple[ReportFacts, Settings]:
    """Read what the report is about, and the settings for asking Omise."""
    if not (files or preview or preview_file):
        chosen = choose_stacks(cwd or ".", named=stacks)
        settings = settings_of_stacks(chosen, cwd or ".", key_env, config_file=config_file)
        with progress("Reading the stacks"):
            return load_stacks(chosen), settings
    if preview:
        projects, settings = projects_and_settings(
            stacks, cwd or ".", key_env, config_file=config_file
        )
        with progress("Previewing"):
            return run_preview(projects[0]), settings
    projects, settings = projects_and_settings(stacks, cwd, key_env, config_file=config_file)
    if preview_file:
        return load_preview(preview_file), settings
    entries = load(files, amount_limits=settings.amount_limits).entries
    if projects:
        entries = tuple(entries_for_stack(entries, projects[0].stack))
    return load_entries(entries), settings


def _add_to_summary(text: str) -> None:
    """Add Markdown to the summary of a job of GitHub Actions, if this is one."""
    file = os.environ.get(_SUMMARY_FILE)
    if not file:
        return
    try:
        with Path(file).open("a", encoding="utf-8") as summary:
            if summary.tell() + len(text.encode()) > _MOST_OF_A_SUMMARY:
                say("The summary of the job has no room for the report: GitHub takes 1 MiB a step.")
            else:
                summary.write(text)
    except OSError as error:
        say(f"The report cannot be added to the summary of the job: {error.strerror}.")
