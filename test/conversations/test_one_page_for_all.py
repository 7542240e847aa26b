"""A server that gives the same page whatever it is asked for, and says nothing of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from openapi_client import ApiException
from openapi_client.conversations import Conversation
from openapi_client.rest import RESTClientObject
from test.support.calls import api_for
from test.support.recorder import http_answer
from test.support.scripted import ScriptedServer, always

READ: dict[str, Callable[[Conversation], object]] = {
    "newest first": lambda conversation: list(conversation.messages()),
    "oldest first": lambda conversation: list(conversation.messages(newest_first=False)),
    "workers": lambda conversation: list(conversation.messages(workers=4)),
    "len": lambda conversation: len(conversation.messages()),
}


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("counts", [{}, {"total_count": -7, "page_count": -5, "page": -1}])
def test_reading_ends_after_few_requests(read: str, counts: dict[str, int]) -> None:
    answer = http_answer(200, {"items": [{"jti": "1"}], **counts})
    with ScriptedServer(always(answer)) as server, api_for(server, retries=0) as api:
        with suppress(ApiException):  # it may say that there is no end
            READ[read](api.conversation("app", "connection"))
        assert len(server.requests) < 60


@pytest.mark.parametrize("newest_first", [True, False])
def test_an_iterator_used_within_a_request_of_its_own_says_so(newest_first: bool) -> None:
    refused: list[ApiException] = []
    answer = http_answer(200, {"items": [{"jti": "1"}], "total_count": 1, "page_count": 1})
    with ScriptedServer(always(answer)) as server, api_for(server) as api:
        messages = api.conversation("app", "connection").messages(newest_first=newest_first)
        made = RESTClientObject.request

        def request(*given: Any, **options: Any) -> Any:
            with suppress(StopIteration):
                try:
                    next(messages)
                except ApiException as error:
                    refused.append(error)
            return made(*given, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RESTClientObject, "request", request)
            assert [message.jti for message in messages] == ["1"]
    assert refused
    assert {error.outcome for error in refused} == {"not_sent"}
