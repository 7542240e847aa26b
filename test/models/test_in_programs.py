"""The models inside programs: their own models, and the answers of FastAPI."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from openapi_client.models import (
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
)

EMPTY = dict.fromkeys(MessageMessage.model_fields)


class Digest(BaseModel):
    """A model of a program that has ours in it."""

    title: str
    newest: MessageMessage | None = None
    page: MessageResponse


def test_a_model_of_a_program_has_ours_as_fields() -> None:
    page = {"items": [{"id": "a", "later": 1}], "next": 2}
    digest = Digest.model_validate({"title": "t", "newest": {"id": "a"}, "page": page})
    assert digest.newest == MessageMessage(jti="a")
    assert digest.model_dump(exclude_none=True) == {
        "title": "t",
        "newest": {"jti": "a"},
        "page": {"items": [{"jti": "a", "later": 1}], "next": 2},
    }
    assert Digest.model_validate_json(digest.model_dump_json()) == digest
    with pytest.raises(ValidationError, match=r"page\.items\.0\.jti"):
        Digest.model_validate({"title": "t", "page": {"items": [{"jti": 1}]}})


def test_a_model_that_was_read_is_taken_as_it_is() -> None:
    message = MessageMessage(jti="a")
    page = MessageResponse.model_validate_json('{"items": [{"id": "a"}]}')
    digest = Digest(title="t", newest=message, page=page)
    assert digest.newest is message
    assert digest.page is page


def test_a_type_adapter_reads_lists_of_them() -> None:
    adapter = TypeAdapter(list[MessageMessage])
    assert adapter.validate_json('[{"id": "a"}]') == [MessageMessage(jti="a")]


def application() -> FastAPI:
    app = FastAPI()

    def message() -> MessageMessage:
        return MessageMessage.model_validate({"id": "a", "connection_id": "me", "later": 1})

    def page() -> MessageResponse:
        return MessageResponse.model_validate_json('{"items": [{"id": "a", "read": true}]}')

    def echo(request: MessageCreateMessageRequest) -> MessageMessage:
        return MessageMessage(body=request.body)

    app.get("/message")(message)
    app.get("/page", response_model_exclude_none=True)(page)
    app.post("/echo")(echo)
    return app


def answer_of(method: str, path: str, json: object = None) -> Response:
    async def call() -> Response:
        transport = ASGITransport(application())
        async with AsyncClient(transport=transport, base_url="http://app.test") as client:
            return await client.request(method, path, json=json)

    return asyncio.run(call())


def test_fastapi_answers_with_the_documented_names() -> None:
    assert answer_of("GET", "/message").json() == {**EMPTY, "jti": "a", "iss": "me", "later": 1}
    assert answer_of("GET", "/page").json() == {"items": [{"jti": "a", "read": True}]}


def test_fastapi_takes_a_request_model_and_refuses_a_wrong_one() -> None:
    assert answer_of("POST", "/echo", {"body": "hi"}).json() == {**EMPTY, "body": "hi"}
    assert answer_of("POST", "/echo", {"body": 1}).status_code == 422


def test_fastapi_describes_the_answers_by_the_documented_names() -> None:
    schemas = application().openapi()["components"]["schemas"]
    assert list(schemas["MessageMessage"]["properties"]) == list(MessageMessage.model_fields)


def test_the_json_schema_has_the_documented_names_both_ways() -> None:
    read = MessageMessage.model_json_schema(mode="validation")
    written = MessageMessage.model_json_schema(mode="serialization")
    assert list(read["properties"]) == list(MessageMessage.model_fields)
    assert list(written["properties"]) == list(MessageMessage.model_fields)


def test_dateutil_is_imported_only_when_a_datetime_is_asked_for() -> None:
    program = (
        "import sys; from openapi_client.models import MessageMessage;"
        "m = MessageMessage(iat='2023-11-03T10:00:00Z'); print('dateutil' in sys.modules);"
        "m.iat_datetime; print('dateutil' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.split() == ["False", "True"]
