"""What all commands have in common: how they say what is wrong, and what they end with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pulumi_omise_links._version import __version__
from pulumi_omise_links.cli import COMMANDS, main, run
from pulumi_omise_links.emulator import Emulator

OPEN = "version: 1\nlinks:\n  a: {title: T, description: D, amount: 5000, currency: THB}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("args", [["discover"], ["match", "links.yaml"]])
def test_without_a_project_nobody_is_sent_to_its_config(
    capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    """Without --cwd no stack's config is read: a key would not be found there."""
    Path("links.yaml").write_text(OPEN)

    assert run(args) == 3

    assert capsys.readouterr() == (
        "",
        "omise-links: No Omise secret key: the environment variable OMISE_SECRET_KEY is not set;"
        " set it, or name a Pulumi project whose config holds the key: --cwd DIR.\n",
    )


@pytest.mark.parametrize(
    "args",
    [
        ["generate", "bad.yaml", "none.yaml"],
        ["match", "bad.yaml", "none.yaml", "--write"],
        ["discover", "-o", "bad.yaml"],
    ],
)
def test_problems_of_manifests_are_lines_that_an_editor_can_follow(
    capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    """As `validate` has them: a problem a line, from its place on; who complains is said once."""
    Path("bad.yaml").write_text(OPEN.replace("T,", "no,").replace("5000", "0100"))
    lines = [
        "bad.yaml:3:14: links.a.title: must be text, and YAML can read no as true or false:"
        ' write "no", in quotes [not-text]',
        "bad.yaml:3:42: links.a.amount: must be a whole number without zeros in front: YAML 1.1"
        " reads it as octal [not-a-whole-number]",
    ]
    if "none.yaml" in args:
        lines.append(f"none.yaml: there is no such file: {Path.cwd()}/none.yaml [no-such-file]")

    assert run(args) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [*lines, f"omise-links: {len(lines)} problems; nothing was done."]


def test_a_port_that_is_in_use_is_one_sentence(
    omise: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which address, and what to do; a port that none can have is wrong use."""
    port = omise.url.rpartition(":")[2]

    assert run(["emulator", "--port", port]) == 1
    assert capsys.readouterr() == (
        "",
        f"omise-links: Port {port} of 127.0.0.1 is in use, perhaps by another emulator. Choose"
        " another --port, or 0 for any free one.\n",
    )

    # An address of the documentation (RFC 5737), which no machine has.
    assert run(["emulator", "--host", "192.0.2.1"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("omise-links: The emulator cannot listen on 192.0.2.1:4010: ")
    assert err.endswith(". Choose another --host or --port.\n")

    assert run(["emulator", "--port", "65536"]) == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "3601", "soon"])
@pytest.mark.parametrize("command", [["recover", "--yes", "--settle"], ["emulator", "--latency"]])
def test_a_time_is_a_number_of_seconds(
    command: list[str], seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """From none to an hour; anything else is wrong use, before anything is done."""
    assert run([*command, seconds]) == 2
    assert command[-1] in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_explained_in_the_same_words_everywhere(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """`omise-links --help` and `omise-links COMMAND --help` begin alike."""
    assert run([name, "--help"]) == 0
    text = capsys.readouterr().out

    assert text.splitlines()[2].strip() == COMMANDS[name]


def test_the_version_and_the_help_can_be_had_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    """-V and -h; no command at all is wrong use, and shows the help."""
    assert run(["-V"]) == 0
    assert capsys.readouterr().out == f"omise-links, version {__version__}\n"
    assert run(["-h"]) == 0
    assert "Commands:" in capsys.readouterr().out
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["mach"], "There is no command 'mach' (did you mean 'match'?). `omise-links --help`"),
        (["match"], "Missing argument 'FILE...'. `omise-links match --help`"),
        (["match", "a", "--wirte"], "Did you mean --write"),
        (["discover", "--min-amount", "x"], "Invalid value for '--min-amount'"),
        (["discover", "--overwrite"], "--overwrite needs -o FILE or --pulumi-import FILE."),
    ],
)
def test_wrong_use_is_one_sentence(
    capsys: pytest.CaptureFixture[str], args: list[str], sentence: str
) -> None:
    """What is wrong, and where to look it up; no page of usage."""
    assert run(args) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("omise-links: ")
    assert sentence.replace("'", "") in err.replace("'", "").replace('"', "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script that the docs name is made, and lists the commands."""
    monkeypatch.setenv("_OMISE_LINKS_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "omise-links m")
    # https://click.palletsprojects.com/en/stable/shell-completion: fish names the word itself.
    monkeypatch.setenv("COMP_CWORD", "m" if shell == "fish" else "1")
    monkeypatch.setattr("sys.argv", ["omise-links"])

    with pytest.raises(SystemExit) as ended:
        main()

    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert "match" in out
    assert "validate" not in out


def fake_pulumi(monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    """Put a command on the PATH that knows its version, and fails with these words."""
    pulumi = Path("pulumi")
    pulumi.write_text(
        f"#!/bin/sh\n[ $1 = version ] && echo v3.259.0 || {{ echo '{says}' >&2; exit 1; }}\n"
    )
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", str(Path.cwd()), prepend=":")


@pytest.mark.parametrize(
    ("says", "remedy"),
    [
        ("error: failed to load checkpoint: EOF", True),
        ("error: EOF", True),
        ('error: Get "https://api.pulumi.com/api/user": EOF', False),
    ],
)
def test_a_state_that_pulumi_cannot_read_after_a_kill_has_its_remedy(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    says: str,
    remedy: bool,
) -> None:
    """Pulumi says EOF, and no more: which file to delete is told; any other EOF is not that."""
    fake_pulumi(monkeypatch, says)

    assert run(["recover", "--yes"]) == 1

    err = capsys.readouterr().err
    said = says.removeprefix("error: ")
    assert err.startswith(f"omise-links: Pulumi failed, and says:\n  {said}\n")
    assert ("delete the empty `.pulumi/stacks/<project>/<stack>.json.attrs`" in err) == remedy
    assert err.count("\n") == 2 + remedy


@pytest.mark.parametrize(
    "says",
    [
        "error: no Pulumi.yaml project file found (searching upwards from /tmp)",
        "error: if you are using the --stack flag, pass the fully qualified name (org/project/x)",
    ],
)
def test_a_folder_without_a_project_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    """Whatever Pulumi says of it: where there is none, and how to name its folder."""
    fake_pulumi(monkeypatch, says)

    assert run(["recover", "--yes", "--stack", "x"]) == 1

    err = capsys.readouterr().err
    assert (
        err
        == f"omise-links: There is no Pulumi project in {Path.cwd()}: name its folder with --cwd.\n"
    )


def test_a_variable_of_key_env_that_is_not_set_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The advice works: another project would not help, as --key-env goes before its key."""
    assert run(["discover", "--key-env", "NO_SUCH_KEY"]) == 3

    assert capsys.readouterr().err == (
        "omise-links: No Omise secret key: the environment variable NO_SUCH_KEY is not set; set it,"
        " or leave out --key-env.\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["discover"],
        ["match", "links.yaml"],
        ["plan", "links.yaml"],
        ["import", "links.yaml", "--yes"],
        ["recover", "--yes"],
        ["doctor"],
        ["drift"],
        ["report"],
        ["sweep", "--all"],
    ],
)
def test_a_folder_that_does_not_exist_is_wrong_use(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """A relative --cwd is shown with the folder it starts from."""
    assert run([*command, "--cwd", "infra"]) == 2

    assert capsys.readouterr().err == (
        f"omise-links: Invalid value for '--cwd': there is no folder {Path.cwd() / 'infra'}."
        f" `omise-links {command[0]} --help` lists what there is.\n"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_about_a_stack_takes_its_config_file(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The error about a missing key says so, whichever command reads the config of a stack."""
    run([name, "--help"])
    options = re.findall(r"^ +(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)

    assert ("--config-file" in options) is ("--stack" in options)
