"""What a new operation is: a signature, whatever its parameters and its result are."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from openapi_client import ApiClient, MessagesApi
from test.support.api import ThingsApi
from test.support.recorder import Recorder, http_answer


@pytest.fixture
def things(client: ApiClient) -> ThingsApi:
    return ThingsApi(client)


def test_a_query_parameter_is_checked_by_its_annotation(
    things: ThingsApi, recorder: Recorder
) -> None:
    things.find("up", 3)
    assert recorder.only.target == "/v1/things?order=up&most=3"
    with pytest.raises(ValidationError, match="order"):
        things.find(3)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="most"):
        things.find("up", "3")  # type: ignore[arg-type]
    assert len(recorder.received) == 1


def test_a_response_may_have_no_body(things: ThingsApi, recorder: Recorder) -> None:
    recorder.answer = http_answer(204, "")
    assert things.delete("a b") is None
    assert recorder.only.line == "DELETE /v1/things/a%20b HTTP/1.1"
    assert "Accept" not in recorder.only.headers
    assert things.delete_with_http_info("a").status_code == 204


def test_operations_of_two_classes_are_apart() -> None:
    assert ThingsApi.find.__qualname__ == "ThingsApi.find"
    assert MessagesApi.get.__qualname__ == "MessagesApi.get"
