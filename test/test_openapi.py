"""docs/openapi.yaml tells the truth about the package and the servers, and the pages agree."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate
from pydantic import BaseModel

import openapi_client
from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer

DOCS = Path(__file__).resolve().parent.parent / "docs"
SPEC: dict[str, Any] = yaml.safe_load((DOCS / "openapi.yaml").read_text("utf-8"))
SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
SHORT_NAMES = {"list": "get", "get": "jti_get", "edit": "jti_put", "send": "post"}
MODELS = (
    "MessageMessage",
    "MessageResponse",
    "MessageCreateMessageRequest",
    "MessageUpdateMessageRequest",
)
NAMES_OF_2024 = {"id", "connection_id"}
"""The fields of a message that the model has under their names of 2023."""

APP, CONNECTION = "app-1", "user:7@example"


def long_name(short: str) -> str:
    return f"apps_app_id_connections_connection_id_messages_{SHORT_NAMES[short]}"


def parameter_names(path: str, operation: dict[str, Any]) -> list[str]:
    in_path = re.findall(r"{(\w+)}", path)
    return in_path + [parameter["name"] for parameter in operation.get("parameters", [])]


def page_text(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def test_description_is_valid() -> None:
    validate(SPEC)
    assert SPEC["openapi"].startswith("3.1.")


def test_description_has_the_operations_of_the_package() -> None:
    assert list(OPERATIONS) == [long_name(short) for short in ("list", "send", "get", "edit")]
    for name in OPERATIONS:
        assert callable(getattr(MessagesApi, name))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_takes_the_parameters_of_the_description(name: str) -> None:
    _, path, operation = OPERATIONS[name]
    described = parameter_names(path, operation)
    if "requestBody" in operation:
        described.append("request")
    taken = list(inspect.signature(getattr(MessagesApi, name)).parameters)[1:]
    assert taken[: len(described)] == described
    assert [
        other for other in taken[len(described) :] if not other.startswith(("_", "options"))
    ] == []


@pytest.mark.parametrize("name", MODELS)
def test_model_has_the_fields_of_the_description(name: str) -> None:
    model: type[BaseModel] = getattr(openapi_client, name)
    described = {
        field: schema["type"] if isinstance(schema["type"], str) else json_type(schema)
        for field, schema in SCHEMAS[name]["properties"].items()
        if field not in NAMES_OF_2024
    }
    fields = model.model_json_schema(by_alias=False)["properties"]
    assert {field: json_type(schema) for field, schema in fields.items()} == described
    assert not any(field.is_required() for field in model.model_fields.values())
    assert "required" not in SCHEMAS[name]


def json_type(schema: dict[str, Any]) -> str:
    """The type beside null, of a schema that has both."""
    choices = schema["anyOf"] if "anyOf" in schema else [{"type": kind} for kind in schema["type"]]
    kinds: set[str] = {choice["type"] for choice in choices} - {"null"}
    (kind,) = kinds
    return kind


def test_credentials_and_host_are_those_of_the_description() -> None:
    configuration = Configuration(api_key={"BearerAuth": "secret"})
    (scheme,) = SPEC["components"]["securitySchemes"].items()
    settings = configuration.auth_settings()[scheme[0]]
    assert scheme[1]["in"] == settings["in"]
    assert scheme[1]["name"] == settings["key"]
    assert SPEC["servers"] == [{"url": Configuration().host}]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_server_answers_with_statuses_of_the_description(generation: GenerationName) -> None:
    """That the bodies are as described, too, is checked for all tests, in test/conftest.py."""
    for name, status in statuses(generation):
        assert str(status) in OPERATIONS[name][2]["responses"], f"{name}: {status}"


def test_every_status_of_the_description_is_answered_by_some_server() -> None:
    described = {
        (name, int(status))
        for name, (_, _, operation) in OPERATIONS.items()
        for status in operation["responses"]
    }
    of_proxies = {(name, status) for name, status in described if status in (429, 502, 503, 504)}
    of_accounts = {(name, status) for name, status in described if status == 423}
    answered = set[tuple[str, int]]().union(*(statuses(name) for name in GENERATIONS))
    assert described - of_proxies - of_accounts == answered


def statuses(generation: GenerationName) -> set[tuple[str, int]]:
    """What a server of the generation answers to each operation, in good cases and bad ones."""
    with (
        MessagesServer(generation=generation, tls=False) as server,
        ApiClient(server.configuration(retries=0)) as client,
        ApiClient(server.configuration(retries=0, api_key={"BearerAuth": "wrong"})) as stranger,
    ):
        server.add_connection(APP, CONNECTION)
        jti = MessagesApi(client).send(APP, CONNECTION, "Hello").jti or ""
        asked = [
            (each, connection, message, body)
            for each in (client, stranger)
            for connection in (CONNECTION, "unknown")
            for message in (jti, "unknown")
            for body in ("Hello", "")
        ]
        return {pair for arguments in asked for pair in ask(*arguments)}


def ask(client: ApiClient, connection: str, jti: str, body: str) -> Iterator[tuple[str, int]]:
    api = MessagesApi(client)
    for short, arguments in {
        "list": (),
        "get": (jti,),
        "edit": (jti, body),
        "send": (body,),
    }.items():
        operation = getattr(api, f"{short}_without_preload_content")
        yield long_name(short), operation(APP, connection, *arguments).status


def test_pages_list_the_operations_of_the_description() -> None:
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    for short in SHORT_NAMES:
        method, path, operation = OPERATIONS[long_name(short)]
        row = f"| **{method}** {path} | {operation['summary']} |"
        assert f"[**{short}**](docs/MessagesApi.md#{long_name(short)}) {row}" in readme
        assert f"#{long_name(short)}) {row}" in page_text("MessagesApi")


@pytest.mark.parametrize("short", SHORT_NAMES)
def test_page_of_the_api_tells_the_parameters_of_the_description(short: str) -> None:
    section = (
        page_text("MessagesApi").partition(f"# **{long_name(short)}**")[2].partition("\n# **")[0]
    )
    _, path, operation = OPERATIONS[long_name(short)]
    told = table_rows(section.partition("### Parameters")[2].partition("###")[0])
    described = parameter_names(path, operation)
    assert [row for row in told if row != "request"] == described
    assert ("request" in told) == ("requestBody" in operation)


@pytest.mark.parametrize("name", MODELS)
def test_page_of_a_model_tells_the_fields_of_the_description(name: str) -> None:
    section = page_text(name).partition("## Properties")[2].partition("## ")[0]
    assert table_rows(section) == list(getattr(openapi_client, name).model_fields)


def table_rows(text: str) -> list[str]:
    return re.findall(r"^\| \*\*(\w+)\*\* \|", text, re.MULTILINE)
