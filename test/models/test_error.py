"""Errors as models."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

import openapi_client
from openapi_client import ApiClient, ApiException, MessagesApi, models
from openapi_client.models.error import Error
from openapi_client.models.error_details import ErrorDetails
from openapi_client.models.error_message import ErrorMessage
from test.support.recorder import TOKEN, Recorder, http_answer

DETAILS: dict[str, Any] = {"status": 404, "error": "Not found", "details": "No such thing"}
MESSAGE = {"message": "invalid or expired jwt"}
TEXT = "sql: no rows in result set"

HELD: list[tuple[Any, Any]] = [
    (DETAILS, ErrorDetails(status=404, error="Not found", details="No such thing")),
    (MESSAGE, ErrorMessage(message="invalid or expired jwt")),
    (TEXT, TEXT),
    ("", ""),
]


def test_models_of_errors_are_exported() -> None:
    for name, model in (
        ("Error", Error),
        ("ErrorDetails", ErrorDetails),
        ("ErrorMessage", ErrorMessage),
    ):
        assert getattr(openapi_client, name) is getattr(models, name) is model
        assert name in openapi_client.__all__
        assert name in models.__all__
        assert name in dir(models)
    package: Any = models
    with pytest.raises(AttributeError, match="ErrorCode"):
        _ = package.ErrorCode


@pytest.mark.parametrize(("plain", "held"), HELD)
def test_error_holds_one_of_three(plain: Any, held: Any) -> None:
    error = Error(held)
    assert error.actual_instance == held
    assert type(error.actual_instance) is type(held)
    assert error == Error(actual_instance=held) == Error.from_dict(plain)
    assert error == Error.from_json(error.to_json())
    assert error.to_dict() == plain
    assert error.to_str() == (repr(held) if isinstance(held, str) else held.to_str())
    assert pickle.loads(pickle.dumps(error)) == copy.deepcopy(error) == error


@pytest.mark.parametrize("other", [5, None, {"x": 1}, ["a"], b"a", {"message": 5}])
def test_error_holds_nothing_else(other: Any) -> None:
    with pytest.raises(ValidationError):
        Error(other)
    with pytest.raises(ValidationError):
        Error().actual_instance = other


def test_what_an_error_holds_is_checked_when_it_is_assigned() -> None:
    error = Error("a")
    wrong: Any = 5
    with pytest.raises(ValidationError):
        error.actual_instance = wrong
    error.actual_instance = "b"
    assert error.to_dict() == "b"


def test_fields_that_servers_add_to_errors_are_kept() -> None:
    error = ErrorDetails.from_dict({**DETAILS, "code": "x-1"})
    assert error is not None
    assert error.model_extra == {"code": "x-1"}


def details(status: int) -> ErrorDetails:
    return ErrorDetails(status=status, error="Not found", details="No such thing")


JSON, HTML = "application/json; charset=UTF-8", "text/html"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "data"),
    [
        (400, JSON, {**DETAILS, "status": 400}, Error(details(400))),
        (400, JSON, '""', Error("")),
        (401, JSON, MESSAGE, ErrorMessage(**MESSAGE)),
        (404, JSON, DETAILS, Error(details(404))),
        (404, JSON, f'"{TEXT}"', Error(TEXT)),
        (404, JSON, {"message": "Not Found"}, Error(ErrorMessage(message="Not Found"))),
        (404, HTML, "<p>no</p>", None),
        (404, JSON, "{oops", None),
        (423, JSON, {**DETAILS, "status": 423}, details(423)),
        (423, JSON, {"message": "no"}, None),
        (500, JSON, '"body: cannot be blank."', Error("body: cannot be blank.")),
        (502, HTML, "<p>no</p>", "<p>no</p>"),
        (503, JSON, {"a": [1]}, {"a": [1]}),
        (429, "text/plain", "later", "later"),
        (403, JSON, DETAILS, None),
        (404, JSON, "", None),
    ],
)
def test_data_of_an_error_has_the_documented_type(
    recorder: Recorder, api: MessagesApi, status: int, content_type: str, body: Any, data: Any
) -> None:
    recorder.answer = http_answer(status, body, {"Content-Type": content_type})
    calls: list[Callable[[], object]] = [
        lambda: api.get("a", "c", "j"),
        lambda: api.send("a", "c", "x"),
    ]
    for call in calls:
        with pytest.raises(ApiException) as caught:
            call()
        assert caught.value.data == data
        assert type(caught.value.data) is type(data)
        assert caught.value.status == status


def test_data_of_an_error_repeats_no_credential(recorder: Recorder, api: MessagesApi) -> None:
    recorder.answer = http_answer(401, {"message": f"bad token {TOKEN}"})
    with pytest.raises(ApiException) as caught:
        api.get("a", "c", "j")
    assert TOKEN not in caught.value.data.message


TYPES: list[tuple[int, dict[str, Any], Any]] = [
    (404, {"default": "ErrorMessage"}, ErrorMessage(message="m")),
    (404, {"4XX": "ErrorMessage", "default": "object"}, ErrorMessage(message="m")),
    (404, {"404": "object", "4XX": "ErrorMessage"}, {"message": "m"}),
    (404, {"200": "object"}, None),
    (404, {"404": None, "default": "object"}, None),
    (404, {"4XX": None, "default": "object"}, None),
    (200, {"default": "ErrorMessage"}, ErrorMessage(message="m")),
    (201, {"200": "object", "default": "ErrorMessage"}, ErrorMessage(message="m")),
    (201, {"200": "ErrorMessage"}, ErrorMessage(message="m")),
    (200, {"200": "object", "default": "ErrorMessage"}, {"message": "m"}),
]


@pytest.mark.parametrize(("status", "types", "data"), TYPES)
def test_types_are_looked_up_by_status_class_and_default(
    recorder: Recorder, client: ApiClient, status: int, types: dict[str, Any], data: Any
) -> None:
    recorder.answer = http_answer(status, {"message": "m"})
    response = client.call_api("GET", f"{recorder.url}/x")
    if status == 404:
        with pytest.raises(ApiException) as caught:
            client.response_deserialize(response, types)
        assert caught.value.data == data
    else:
        assert client.response_deserialize(response, types).data == data


@pytest.mark.parametrize(("held", "fields"), [(("a", "b"), {}), (("a",), {"actual_instance": "b"})])
def test_an_error_holds_one_value(held: tuple[str, ...], fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="holds one value"):
        Error(*held, **fields)
