"""The documentation site: the Markdown files of the repository, and the API out of docstrings.

The files are read where they are, so that their links work on a code host and on the site.
`make docs` builds it; what stands in its sidebar is docs/sidebar.md.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import get_type_hints

import click
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from pulumi_omise_links import __version__
from pulumi_omise_links.emulator import Behaviour, Fault

ROOT = Path(__file__).parents[1]
START = "README"

project = "pulumi-omise-links"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = START
include_patterns = ["*.md", "docs/**", "examples/*/README.md"]
exclude_patterns = [".*", "site", "docs/sidebar.md"]

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False

# Anchors are those of code hosts, down to the level that the files use.
myst_heading_anchors = 4

autoclass_content = "both"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
smartquotes_action = "D"  # dashes; quotes stay as they are written
default_role = "py:obj"
maximum_signature_line_length = 88

# Their documentation is on the web, and the site is built without it.
_ELSEWHERE = "|".join(["pulumi", *sorted(sys.stdlib_module_names)])
nitpick_ignore_regex = [(r"py:.*", rf"({_ELSEWHERE})(\..+)?")]


_OPTION = re.compile(r"(`[^`]*`)|(?<![\w-])(--?[a-z][a-z-]*)")

# Bounds of numbers are for the check at run time; in a type they hide what it is.
for kind in (Behaviour, Fault):
    plain = get_type_hints(kind)
    kind.__annotations__ = plain
    kind.__init__.__annotations__ = {**plain, "return": None}


def escape_help(app: Sphinx, context: click.Context, lines: list[str]) -> None:
    """Let a star in the help of a command be a star, and an option be code that stays whole."""
    for number, line in enumerate(lines):
        if not line.startswith(".."):
            text = line.replace("*", r"\*")
            lines[number] = _OPTION.sub(lambda found: found[1] or f"``{found[2]}``", text)


def add_sidebar(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give the start page the lists that make the sidebar; on a code host it has none."""
    if docname == START:
        sidebar = ROOT / "docs/sidebar.md"
        app.env.note_dependency(sidebar)
        source[0] += sidebar.read_text(encoding="utf-8")


def lead_to_readme(app: Sphinx, doctree: nodes.document) -> None:
    """Let a link to a folder lead to its README, which is what a code host shows there."""
    for link in doctree.findall(addnodes.pending_xref):
        if link["reftype"] == "myst" and link["refdomain"] is None:
            _, folder = app.env.relfn2path(link["reftarget"], link["refdoc"])
            if Path(folder, "README.md").is_file():
                readme = app.env.path2doc(str(Path(folder, "README.md")))
                link["refdomain"], link["reftarget"], link["reftargetid"] = "doc", readme, None


def find_exactly(app: Sphinx, doctree: nodes.document) -> None:
    """Take the name of a type for what it says: `object` is no property of a link.

    Sphinx asks whether the attribute is there at all, and sets it to false.
    """
    for link in doctree.findall(addnodes.pending_xref):
        if link.get("refspecific") is False:
            del link["refspecific"]


def add_index(app: Sphinx, error: Exception | None) -> None:
    """Show the start page at the address of the site, too."""
    if error is None:
        shutil.copy(Path(app.outdir, f"{START}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Connect what is above with the build."""
    for part in ("description", "options", "arguments", "epilog"):
        app.connect(f"sphinx-click-process-{part}", escape_help)
    app.connect("source-read", add_sidebar)
    app.connect("doctree-read", find_exactly)
    app.connect("doctree-read", lead_to_readme)
    app.connect("build-finished", add_index)
