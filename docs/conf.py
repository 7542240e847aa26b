"""How the site is built: `tox -e docs`, offline, with warnings as errors.

The pages are the Markdown files as they stand, for readers of the repository too. The reference in
`reference/` is made from docstrings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_type_hints

import openapi_client
from openapi_client import models

ROOT = Path(__file__).resolve().parent.parent

project = "openapi-messages-client"
author = "its contributors"
copyright = author  # noqa: A001 - its name in Sphinx
version = release = openapi_client.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_heading_anchors = 3
# What single backticks of docstrings hold: a link where it names something, or else code.
default_role = "py:obj"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"{project} {version}"
html_show_copyright = False

# The types of the fields of models, as readers know them.
for name in models.__all__:
    model = getattr(models, name)
    model.__annotations__ = {**model.__annotations__, **get_type_hints(model)}

# Where the site has what the repository has elsewhere.
_MOVED = {
    "](docs/": "](",
    "](../README.md": "](index.md",
    "](CHANGELOG.md": "](changelog.md",
    "](../CHANGELOG.md": "](changelog.md",
    "](LICENSE)": "](../LICENSE)",
    "#BearerAuth)": "#bearerauth)",
    "[[Back to top]](#) ": "",
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


def _diagram(block: re.Match[str]) -> str:
    """Return a flowchart as text: a line for each arrow, with the labels of its ends."""
    labels = dict(re.findall(r'(\w+)\["(.*?)"\]', block[1]))
    arrows = re.findall(r"(\w+)(?:\[.*?\])? --> (\w+)", block[1])
    lines = [f"{labels[start]}\n    → {labels[end]}" for start, end in arrows]
    return "\n".join(["```text", *lines, "```"])


def _adapt(app: object, name: str, source: list[str]) -> None:
    """Change a page of the repository into one of the site."""
    text = source[0]
    if name == "index":
        text = (ROOT / "README.md").read_text("utf-8") + _navigation(text)
    elif name == "changelog":
        text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for old, new in _MOVED.items():
        text = text.replace(old, new)
    text = re.sub(r"^```mermaid\n(.*?)^```", _diagram, text, flags=re.MULTILINE | re.DOTALL)
    # Generated documentation has several titles on a page, and skips a level after each.
    source[0] = re.sub(r"^# (?=\*\*)", "## ", text, flags=re.MULTILINE)


def _mark_code(
    app: object, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Mark indented code of docstrings for docutils, with `::` before it."""
    marked: list[str] = []
    text = 0  # the indentation of the paragraph that the code belongs to
    code = False
    for above, line in zip(["", *lines], lines, strict=False):
        indentation = len(line) - len(line.lstrip())
        if line and indentation < text + 4:
            text, code = indentation, False
        elif line and not above and not code:
            marked += [" " * text + "::", ""]
            code = True
        marked.append(line)
    lines[:] = marked


def _hide_private_bases(
    app: object, name: str, obj: object, options: object, bases: list[type]
) -> None:
    bases[:] = [base for base in bases if not base.__name__.startswith("_")]


def _plain_signature(
    app: object,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Show `str` where a model has it in the words of pydantic."""
    strict = r"(?:~?typing\.)?Annotated\[(\w+), ~?[\w.]*Strict\(strict=True\)\]"
    return signature and re.sub(strict, r"\1", signature), returns


def setup(app: Any) -> None:
    """Connect what adapts pages and docstrings."""
    app.connect("source-read", _adapt)
    app.connect("autodoc-process-signature", _plain_signature)
    app.connect("autodoc-process-bases", _hide_private_bases)
    # Before the sections of Google's style are read.
    app.connect("autodoc-process-docstring", _mark_code, priority=1)
