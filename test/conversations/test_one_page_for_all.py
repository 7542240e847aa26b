"""A server that gives the same page whatever it is asked for, and says nothing of itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from openapi_client import ApiException
from openapi_client.conversations import Conversation
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
