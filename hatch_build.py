"""What wheel and sdist say of the repository, which the files in it cannot know.

A release names it by the variable OMISE_LINKS_REPOSITORY. Then the package has its addresses, and
the links of README lead there; on an index, a link to a file of the repository would lead nowhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "OMISE_LINKS_REPOSITORY"
_ADDRESS = re.compile(r"https://[^\s/@?#<>()]+(?:/[^\s/?#<>()]+)+(?<!\.git)")
# Code; or a link or a picture of Markdown that leads to a file: no address, no heading of the same
# page. A test of README says that there is no other form of a link in it.
_LINK = re.compile(
    r"^ *(?P<fence>```+|~~~+).*?^ *(?P=fence)|(?P<ticks>`+).+?(?P=ticks)"
    r"|(?P<picture>!?)(?P<text>\[[^\]]*\])\((?P<file>(?!\w+:|#)[^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)


class RepositoryHook(MetadataHookInterface):
    """Gives the metadata their `readme` and, in a release, their `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the two fields, for which pyproject.toml calls them dynamic.

        :raises ValueError: the variable holds no address of a repository.
        """
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = os.environ.get(VARIABLE, "").rstrip("/")
        if repository:
            # A published version cannot be mended.
            if not _ADDRESS.fullmatch(repository):
                raise ValueError(
                    f"{VARIABLE} is no address of a repository's page, such as"
                    " https://HOST/OWNER/NAME, without .git: set it right, or to nothing."
                )
            tag = f"v{metadata['version']}"
            text = absolute(text.replace("<this repository>", repository), repository, tag)
            metadata["urls"] = {
                "Homepage": repository,
                "Documentation": f"{repository}/tree/{tag}/docs",
                "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
                "Issues": f"{repository}/issues",
            }
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def absolute(text: str, repository: str, tag: str) -> str:
    """Let links of Markdown to files lead to those files of a tag; pictures to their bytes."""

    def replaced(link: re.Match[str]) -> str:
        if not link["file"]:
            return link[0]
        kind = "raw" if link["picture"] else "blob"
        return f"{link['picture']}{link['text']}({repository}/{kind}/{tag}/{link['file']})"

    return _LINK.sub(replaced, text)
