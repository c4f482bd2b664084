"""What a release says of its repository is right, for what is published cannot be mended."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://code.example/team/links"


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def published(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Return what the package says of itself if the repository is this one."""

    def update(repository: str) -> dict[str, Any]:
        monkeypatch.setenv("OMISE_LINKS_REPOSITORY", repository)
        said: dict[str, Any] = {"version": "0.1.0"}
        hook.RepositoryHook(str(ROOT), {}).update(said)
        return said

    return update


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


def test_every_link_of_the_published_readme_leads_somewhere(
    published: Callable[[str], dict[str, Any]],
) -> None:
    """In whatever form of Markdown it is written; a link to a file would lead nowhere."""
    text = published(REPOSITORY)["readme"]["text"]
    found = [token.attrs.get("href") or token.attrs.get("src") for token in tokens(text)]
    addresses = [str(address) for address in found if address]

    assert len(addresses) > 20
    assert [one for one in addresses if not one.startswith(("https://", "#"))] == []
    assert [one for one in tokens(text) if "html" in one.type and "<!--" not in one.content] == []


@pytest.mark.parametrize(
    "code", ["`links[0](docs/a.md)`", "```python\nlinks[0](x)\n```", "``[`](x)``"]
)
def test_code_stays_as_it_is(hook: ModuleType, code: str) -> None:
    """What looks like a link in a piece of code is none."""
    text = f"[a](a.md)\n\n{code}\n\n![b](b.png)\n"

    assert hook.absolute(text, REPOSITORY, "v1") == (
        f"[a]({REPOSITORY}/blob/v1/a.md)\n\n{code}\n\n![b]({REPOSITORY}/raw/v1/b.png)\n"
    )


@pytest.mark.parametrize(
    "repository",
    [
        "code.example/team/links",
        "http://code.example/team/links",
        "git@code.example:team/links.git",
        "https://code.example/team/links.git",
        "https://name:secret@code.example/team/links",
        "https://code.example/team/links?tab=readme",
        "https://code.example",
        "https://code.example/<this repository>",
        " ",
    ],
)
def test_an_odd_address_is_refused(
    published: Callable[[str], dict[str, Any]], repository: str
) -> None:
    """One sentence says how the address of a repository looks, and shows no password."""
    with pytest.raises(ValueError, match="OMISE_LINKS_REPOSITORY is no address") as caught:
        published(repository)

    assert "secret" not in str(caught.value)


def test_a_slash_at_the_end_does_not_matter(published: Callable[[str], dict[str, Any]]) -> None:
    """As it stands in the address bar of a browser."""
    assert published(f"{REPOSITORY}/")["urls"]["Issues"] == f"{REPOSITORY}/issues"
