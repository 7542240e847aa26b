"""How the site is built: `tox -e docs`, offline, with warnings as errors.

The pages are the Markdown files as they stand, for readers of the repository too. The reference in
`reference/` is made from docstrings.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import openapi_client

project = "openapi-messages-client"
author = "its contributors"
copyright = author  # noqa: A001 - its name in Sphinx
version = release = openapi_client.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
# What single backticks of docstrings hold: a link where it names something, or else code.
default_role = "py:obj"
autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
suppress_warnings = ["myst.header"]  # generated documentation skips levels of headings

html_theme = "furo"
html_title = f"{project} {version}"
html_show_copyright = False

# Where the site has what the repository has elsewhere.
_MOVED = {
    "](docs/": "](",
    "](../README.md": "](index.md",
    "](CHANGELOG.md": "](changelog.md",
    "](../CHANGELOG.md": "](changelog.md",
    "](LICENSE)": "](../LICENSE)",
    "#BearerAuth)": "#bearerauth)",
    "[[Back to top]](#) ": "",
    "```mermaid": "```text",
}


def _navigation(contents: str) -> str:
    """Return the lists of links of the table of contents as the site's navigation."""
    text = ""
    for section in contents.split("\n## ")[1:]:
        caption = section.splitlines()[0]
        pages = re.findall(r"^- \[.*?\]\((.*?)\.(?:md|rst)\)", section, re.MULTILINE)
        lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"]
        text += "\n" + "\n".join(lines) + "\n"
    return text


def _adapt(app: object, name: str, source: list[str]) -> None:
    """Change a page of the repository into one of the site."""
    text = source[0]
    if name == "index":
        text = (ROOT / "README.md").read_text("utf-8") + _navigation(text)
    elif name == "changelog":
        text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for old, new in _MOVED.items():
        text = text.replace(old, new)
    source[0] = text


def _mark_code(
    app: object, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Mark indented code of docstrings for docutils, with `::` before it."""
    marked: list[str] = []
    text = 0  # the indentation of the paragraph above
    for above, line in zip(["", *lines], lines, strict=False):
        indentation = len(line) - len(line.lstrip())
        if line and not above and indentation >= text + 4:
            marked += [" " * text + "::", ""]
        if line and not (not above and indentation >= text + 4):
            text = indentation
        marked.append(line)
    lines[:] = marked


def setup(app: Any) -> None:
    """Connect what adapts pages and docstrings."""
    app.connect("source-read", _adapt)
    # Before the sections of Google's style are read.
    app.connect("autodoc-process-docstring", _mark_code, priority=1)
