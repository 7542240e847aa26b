"""Modules of other endpoints, kept beside ours as docs/moving.md tells."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import openapi_client.api
from openapi_client import ApiClient, models
from test.support.recorder import Recorder

MODULES = Path(__file__).parent / "modules"


@pytest.fixture(scope="package")
def kept() -> Iterator[Any]:
    """The classes of the kept modules, by name."""
    packages = {"models": models, "api": openapi_client.api}
    before = set(sys.modules)
    found = SimpleNamespace()
    with pytest.MonkeyPatch.context() as patch:
        for name, package in packages.items():
            patch.setattr(package, "__path__", [*package.__path__, str(MODULES / name)])
            for path in sorted((MODULES / name).glob("*.py")):
                module = importlib.import_module(f"openapi_client.{name}.{path.stem}")
                for value in list(vars(module).values()):
                    if isinstance(value, type) and value.__module__ == module.__name__:
                        setattr(found, value.__name__, value)
                        patch.setattr(package, value.__name__, value, raising=False)
        yield found
    for name in set(sys.modules) - before:
        if name.startswith("openapi_client."):
            package_name, _, attribute = name.rpartition(".")
            vars(sys.modules[package_name]).pop(attribute, None)
            del sys.modules[name]


@pytest.fixture(params=["EchoApi", "OlderEchoApi"], ids=["7.26", "7.1"])
def echo(request: pytest.FixtureRequest, client: ApiClient, kept: Any, recorder: Recorder) -> Any:
    """The class of the other endpoints, in the manner of each generation."""
    del recorder
    return getattr(kept, request.param)(client)
