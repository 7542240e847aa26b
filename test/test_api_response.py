"""The answer to a call, with more than its data."""

from __future__ import annotations

import copy
import pickle

import pytest
from pydantic import ValidationError

from openapi_client.api_response import ApiResponse
from openapi_client.models import MessageMessage
from openapi_client.retries import Attempt

HEADERS = {"Content-Type": "application/json", "Set-Cookie": "session=canary"}
ATTEMPTS = (Attempt(503, None, 0.1, 0.5), Attempt(200, None, 0.1, 0.0))


def response() -> ApiResponse[MessageMessage]:
    return ApiResponse(
        status_code=200,
        headers=HEADERS,
        data=MessageMessage(jti="j"),
        raw_data=b'{"jti": "j", "token": "canary"}',
        attempts=ATTEMPTS,
    )


def test_it_holds_the_status_the_headers_the_data_the_raw_body_and_the_attempts() -> None:
    answer = response()
    assert answer.status_code == 200
    assert answer.headers == HEADERS
    assert answer.data == MessageMessage(jti="j")
    assert answer.raw_data == b'{"jti": "j", "token": "canary"}'
    assert answer.attempts == ATTEMPTS


def test_headers_and_attempts_may_be_left_out() -> None:
    answer = ApiResponse(status_code=204, data=None, raw_data=b"")
    assert answer.headers is None
    assert answer.attempts == ()


@pytest.mark.parametrize("show", [repr, str])
def test_its_repr_shows_neither_headers_nor_the_raw_body(
    show: type[str],
) -> None:
    shown = show(response())
    assert "canary" not in shown
    assert "status_code=200" in shown
    assert "jti='j'" in shown


def test_data_of_any_type_is_taken() -> None:
    class Anything:
        pass

    anything = Anything()
    assert ApiResponse(status_code=200, data=anything, raw_data=b"").data is anything


def test_a_header_that_is_no_string_is_a_validation_error() -> None:
    with pytest.raises(ValidationError, match="headers"):
        ApiResponse.model_validate(
            {"status_code": 200, "headers": {"X": 1}, "data": None, "raw_data": b""}
        )


def test_it_can_be_copied_and_pickled() -> None:
    answer = response()
    again = [copy.copy(answer), copy.deepcopy(answer), pickle.loads(pickle.dumps(answer))]
    assert again == [answer] * 3


@pytest.mark.parametrize(
    "given", [{"status_code": "200"}, {"status_code": True}, {"raw_data": "text"}], ids=str
)
def test_types_are_strict(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        ApiResponse.model_validate({"status_code": 200, "data": None, "raw_data": b""} | given)
