"""What a generator makes of docs/openapi.yaml has the names of this package.

Needs Java and `openapi-generator-cli`; where they are missing, the names are read from the
description alone.
"""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import openapi_client
from openapi_client import MessagesApi, models

DESCRIPTION = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
GENERATOR = shutil.which("openapi-generator-cli")
INTEGERS = ("messages_since", "page", "per_page")


def test_description_names_what_generators_name_after_it() -> None:
    description: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    for path in description["paths"].values():
        for method in path.keys() - {"parameters"}:
            operation = path[method]
            assert hasattr(MessagesApi, operation["operationId"])
            named = operation.get("x-codegen-request-body-name")
            assert named == ("request" if "requestBody" in operation else None)
            for parameter in operation.get("parameters", ()):
                assert parameter["name"] in INTEGERS
                assert parameter["schema"] == {"type": "integer"}


@pytest.mark.skipif(
    GENERATOR is None or shutil.which("java") is None, reason="needs Java and the generator"
)
def test_generated_client_has_our_names(tmp_path: Path) -> None:
    assert GENERATOR is not None
    command = [GENERATOR, "generate", "-g", "python", "-i", str(DESCRIPTION), "-o", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    made = tmp_path / "openapi_client"
    api = ast.parse((made / "api" / "messages_api.py").read_text("utf-8"))
    methods = {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.walk(api)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("apps_")
    }
    assert len(methods) == 12
    for name, parameters in methods.items():
        ours = [
            parameter.name
            for parameter in inspect.signature(getattr(MessagesApi, name)).parameters.values()
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        ]
        assert ours == parameters
    names = {
        node.name
        for module in (made / "models").glob("*.py")
        for node in ast.parse(module.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert names == set(models.__all__)
    assert names <= set(openapi_client.__all__)
