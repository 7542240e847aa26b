"""The embedded server and docs/openapi.yaml agree, and the tests would notice if they did not."""

from __future__ import annotations

import pytest
from openapi_core.exceptions import OpenAPIError

from openapi_client.testing._go import target_of
from openapi_client.testing._wire import ReceivedRequest, Reply
from test.conftest import check_answer, check_request
from test.support.raw import MESSAGES
from test.testing.fuzz import fuzz

AUTHORIZED = [("Host", "x"), ("Authorization", "Bearer x"), ("Content-Type", "application/json")]


def asked(method: str, path: str, query: str = "", body: bytes = b"") -> ReceivedRequest:
    return ReceivedRequest(
        method, f"/v1{path}", query, AUTHORIZED, keep_alive=True, http10=False, body=body
    )


@pytest.mark.off_description
def test_schemathesis_finds_nothing() -> None:
    outcome = fuzz(examples=10, seed=1)
    assert outcome.generated == outcome.passed >= 200, outcome.printed


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"items": 5}'),
        (200, b'{"items": [{"jti": null}]}'),
        (200, b"[]"),
        (299, b"{}"),
        (404, b'{"unexpected": "shape"}'),
    ],
)
def test_answer_that_is_not_described_is_noticed(status: int, body: bytes) -> None:
    request = asked("GET", MESSAGES)
    route = target_of("GET", request.path)
    assert route is not None
    with pytest.raises(OpenAPIError):
        check_answer(request, route, Reply(status, body))


def test_request_that_is_not_described_is_noticed() -> None:
    wrong = asked("POST", MESSAGES, body=b'{"body": 5}')
    route = target_of("POST", wrong.path)
    assert route is not None
    with pytest.raises(OpenAPIError):
        check_request(wrong, route)
    check_request(asked("POST", MESSAGES, body=b'{"body": "5"}'), route)
