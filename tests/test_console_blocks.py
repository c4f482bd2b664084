"""The runner of the guides' commands notices what is no longer true."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from console_blocks import run_steps, steps_of

GUIDE = """\
1. Write the file `shop/tea.txt`:

   <!-- file: shop/tea.txt -->
   ```text
   Tea for "two", $5
   ```

2. Look at it, with $HOME in a here-document:

   ```console
   $ cat shop/tea.txt    # as it was written
   Tea for "two", $5
   $ price=5
   $ cat <<'EOF'
   price $price
   $ no command
   EOF
   price …price
   $ echo one; echo "two   words $price"; \\
     echo three
   …
   two words 5
   ```

<!-- not run: there is no such account -->
```console
$ exit 1
```

```sh
exit 1
```

```console
$ pulumi() { printf 'One made\\nAnother made\\nBoth: %s\\n' "$*"; }
$ pulumi up
Another made
One made
Both: up --yes
$ (exit 7)
$ echo $?
7
$ cd shop && ls
tea.txt
```
"""


ROOT = Path(__file__).parents[1]


def test_each_guide_has_commands() -> None:
    """One whose commands were not found would pass, whatever it says."""
    guides = sorted((ROOT / "docs/guides").glob("*.md"))

    assert guides
    assert [guide.name for guide in guides if not steps_of(guide.read_text("utf-8"))] == []


def test_readme_says_why_its_commands_are_not_run() -> None:
    """They make a clone and install from an address that only the reader has."""
    assert steps_of((ROOT / "README.md").read_text(encoding="utf-8")) == []


def follow(guide: str, folder: Path) -> str:
    return run_steps(steps_of(guide), folder, {"PATH": os.environ["PATH"]})


def test_a_guide_is_followed(tmp_path: Path) -> None:
    """Files, here-documents, variables, folders and exit codes work as in a terminal."""
    assert 'Tea for "two"' in follow(GUIDE, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("\n   two words 5", "\n   two words 6", "did not print: two words 6"),
        ("$5\n   $ price", "$5\n   more\n   $ price", "did not print: more"),
        ("price …price", "price … prices", "did not print: price … prices"),
        ("$?\n7\n", "$?\n8\n", "did not print: 8"),
        ("(exit 7)\n$ echo $?\n7", "(exit 7)", "ended with 7"),
        ("(exit 7)", "exit 7", "ended the shell"),
        ("there is no such account", "", "no reason why"),
        ("$?\n7", "$?", "one line shows the exit code"),
        ("$?\n7", "$?\n…", "one line shows the exit code"),
        ("$ echo $?\n", "$ echo $? # 7\n", "stands alone"),
        ("One made\nBoth", "Another made\nBoth", "did not print: Another made"),
        ("$ pulumi up", "$ omise() { pulumi up; }\n$ omise", "did not print: One made"),
        ("```sh\nexit 1", "```sh\n$ exit 1", "a command that nobody runs"),
        ("```sh\nexit 1\n```", "    $ exit 1", "a command that nobody runs"),
        ("```console\n$ pulumi()", "```console title\n$ pulumi()", "a command that nobody runs"),
        ("the file `shop/tea.txt`", "a file", "no reader sees the name"),
    ],
)
def test_a_stale_guide_is_an_error(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    """A line that is not printed, or in another order (if it is not one of several that Pulumi
    makes at once), a failure, a block left out for nothing."""
    assert old in GUIDE
    with pytest.raises(AssertionError, match=complaint.replace("$", r"\$")):
        follow(GUIDE.replace(old, new, 1), tmp_path)
