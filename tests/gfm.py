"""Markdown as GitHub reads it, with GitHub's own parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import strategies as st

# What GitHub and GitLab make links of, once the page stands: people, issues, commits, addresses.
_LINKED = re.compile(
    r"@|#\d|\bGH-\d|[!%~&$]\w|://|\bwww\.|\b[0-9a-f]{7,40}\b|:\w+:|\^|\]|\$\$|<|>", re.I
)
_PIECES = (
    *("`", "``", "|", r"\|", "\\", "<", ">", "[", "]", "(", ")", "*", "_", "~~", "&lt;", "$", '"'),
    *(
        "@octocat",
        "#12",
        "GH-12",
        "!3",
        "a@b.co",
        "www.example.com",
        "https://example.com",
        ":tada:",
    ),
    *("deadbeef", "1234567", "<b>", "<!--", "-->", "<https://a.b>", "[a](b)", "![a](b)", "[^1]"),
    *("1.", "2)", "-", "+", "---", "===", "#", "> ", "a", "ไทย", "わ", "😀", " ", "  ", "\u200d"),
)
HOSTILE = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
    # A NUL and half a surrogate pair are no text; whatever is printed has spelt them out before.
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
)


class Page(HTMLParser):
    """What became of a piece of Markdown: its tags, and the texts inside and outside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.code: list[str] = []
        self.plain: list[str] = []
        self.comments: list[str] = []
        self._depth = 0
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "code":
            self._depth += 1
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.code[-1] += data
        else:
            self.plain.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def linked(self) -> list[str]:
        """What outside of code is, or could become, a link or a mention."""
        texts = [text.removeprefix("[!CAUTION]") for text in self.plain]
        return [text for text in texts if _LINKED.search(text)]
