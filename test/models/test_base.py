"""What all models can do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import openapi_client.models
from openapi_client.models import (
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
    MessageUpdateMessageRequest,
)
from openapi_client.models.base import Model

REQUESTS: list[type[Model]] = [MessageCreateMessageRequest, MessageUpdateMessageRequest]
MODELS: list[type[Model]] = [MessageMessage, MessageResponse, *REQUESTS]

each_model = pytest.mark.parametrize("model", MODELS)
each_request = pytest.mark.parametrize("request_model", REQUESTS)


def test_the_package_names_its_models() -> None:
    errors = ["Error", "ErrorDetails", "ErrorMessage"]
    assert openapi_client.models.__all__ == errors + sorted(model.__name__ for model in MODELS)


@each_model
def test_it_is_a_pydantic_model_that_validates_assignments(model: type[Model]) -> None:
    assert issubclass(model, BaseModel)
    assert model.model_config.get("validate_assignment") is True
    assert model.model_config.get("populate_by_name") is True


@each_model
def test_to_dict_leaves_out_what_is_none(model: type[Model]) -> None:
    assert model().to_dict() == {}


@each_model
@pytest.mark.parametrize("text", ["null", b"null", " null\n"])
def test_from_json_of_null_is_none(model: type[Model], text: str | bytes) -> None:
    assert model.from_json(text) is None


@each_model
def test_from_dict_of_none_is_none(model: type[Model]) -> None:
    assert model.from_dict(None) is None


@each_model
def test_from_dict_of_a_model_is_that_model(model: type[Model]) -> None:
    one = model()
    assert model.from_dict(one) is one


@each_model
@pytest.mark.parametrize("wrong", ["text", 1, ["list"]])
def test_from_dict_of_something_else_is_a_validation_error(
    model: type[Model], wrong: object
) -> None:
    with pytest.raises(ValidationError):
        model.from_dict(wrong)


@each_model
@pytest.mark.parametrize("text", ["", "{", "NULL", "[1]", '"text"'])
def test_from_json_of_something_else_is_a_value_error(model: type[Model], text: str) -> None:
    with pytest.raises(ValueError, match=model.__name__):
        model.from_json(text)


def test_to_json_is_the_json_of_to_dict() -> None:
    message = MessageMessage(jti="j", body='é "quoted" <b>')
    assert message.to_json() == json.dumps(message.to_dict())


def test_to_str_shows_all_fields_for_people() -> None:
    assert MessageCreateMessageRequest(body="hello").to_str() == "{'body': 'hello'}"
    shown = MessageResponse(items=[MessageMessage(jti="j")]).to_str()
    assert "'jti': 'j'" in shown
    assert "'total_count': None" in shown


@each_request
def test_a_request_has_a_body_and_ignores_unknown_fields(request_model: type[Model]) -> None:
    assert list(request_model.model_fields) == ["body"]
    assert request_model.model_validate({"body": "x", "bodi": 1}).to_dict() == {"body": "x"}
    assert request_model.model_validate({"bodi": 1}).model_extra == {}


@each_request
@pytest.mark.parametrize(("name", "value"), [("bodi", "x"), ("body", 1)])
def test_a_request_refuses_unknown_attributes_and_wrong_types(
    request_model: type[Model], name: str, value: object
) -> None:
    request = request_model()
    with pytest.raises(ValueError, match=name):
        setattr(request, name, value)
    assert request.to_dict() == {}


@each_request
@pytest.mark.parametrize("wrong", [1, True, b"x", ["x"]])
def test_the_text_of_a_request_is_a_string_and_nothing_else(
    request_model: type[Model], wrong: Any
) -> None:
    with pytest.raises(ValidationError, match="body"):
        request_model.model_validate({"body": wrong})


def test_requests_are_equal_if_they_are_of_one_type_and_text() -> None:
    create, update = (request_model.model_validate({"body": "x"}) for request_model in REQUESTS)
    assert create != update
    assert create == MessageCreateMessageRequest(body="x")
