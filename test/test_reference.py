"""The reference of the documentation describes every public name, once."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from test.support.pages import ROOT

PAGES = sorted((ROOT / "docs" / "reference").glob("*.rst"))
DESCRIBED = re.findall(r"automodule:: (\S+)", "\n".join(page.read_text("utf-8") for page in PAGES))


def public_modules() -> list[str]:
    paths = [path.relative_to(ROOT) for path in (ROOT / "openapi_client").rglob("*.py")]
    public = [path for path in paths if not any(re.match(r"_(?!_init)", p) for p in path.parts)]
    return sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in public)


def passed_on() -> set[str]:
    """The names that the described packages have in `__all__`."""
    packages = [importlib.import_module(name) for name in DESCRIBED]
    return {name for there in packages for name in getattr(there, "__all__", ())}


def own_names(module: str) -> set[str]:
    return {
        name
        for name, value in vars(importlib.import_module(module)).items()
        if name[0] != "_"
        and getattr(value, "__module__", None) == module
        and (inspect.isclass(value) or inspect.isfunction(value))
    }


@pytest.mark.parametrize("module", public_modules())
def test_public_module_is_in_the_reference(module: str) -> None:
    assert module in DESCRIBED or own_names(module) <= passed_on()


def test_no_module_is_described_twice() -> None:
    assert len(DESCRIBED) == len(set(DESCRIBED))


def test_every_page_is_in_the_navigation() -> None:
    contents = (ROOT / "docs" / "index.md").read_text("utf-8")
    docs = ROOT / "docs"
    pages = {str(page.relative_to(docs)) for page in [*docs.glob("*.md"), *PAGES]}
    assert pages - {"index.md"} == set(re.findall(r"^- \[.*?\]\((.*?)\)", contents, re.MULTILINE))
