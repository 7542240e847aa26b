"""Requests are in proportion to the messages, also while others come in between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

import pytest

from openapi_client import ApiClient, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.testing import MessagesServer

Grow = Callable[[int], None]


@pytest.fixture
def growing() -> Iterator[tuple[MessagesServer, Conversation, Grow]]:
    """A server, a conversation, and how to let so many messages come in after each request."""
    rate = 0

    def grow(_: str) -> None:
        if rate:
            server.load("app", "friend", rate, interval=0)

    def set_rate(messages: int) -> None:
        nonlocal rate
        rate = messages

    with (
        MessagesServer(tls=False, log=grow) as server,
        ApiClient(server.configuration()) as client,
    ):
        yield server, MessagesApi(client).conversation("app", "friend"), set_rate
        rate = 0


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("workers", [1, 4, 8])
@pytest.mark.parametrize(
    ("per_page", "messages"), [(10, 200), (100, 2000), (999, 9000), (1000, 9000)]
)
def test_workers_make_no_more_requests_than_one(
    growing: tuple[MessagesServer, Conversation, Grow],
    per_page: int,
    messages: int,
    workers: int,
    newest_first: bool,
) -> None:
    server, conversation, _ = growing
    server.load("app", "friend", messages)
    server.requests.clear()
    read = conversation.messages(per_page=per_page, workers=workers, newest_first=newest_first)
    assert sum(1 for _ in read) == messages
    assert len(server.requests) <= ceil(messages / per_page) + 4


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(("per_page", "rate"), [(10, 2), (100, 1), (100, 5), (100, 20), (1000, 5)])
def test_requests_are_in_proportion_while_messages_come_in(
    growing: tuple[MessagesServer, Conversation, Grow],
    per_page: int,
    rate: int,
    newest_first: bool,
) -> None:
    server, conversation, set_rate = growing
    messages = 30 * per_page if per_page < 1000 else 10_000
    server.load("app", "friend", messages)
    server.requests.clear()
    set_rate(rate)
    read = len(list(conversation.messages(per_page=per_page, newest_first=newest_first)))
    set_rate(0)
    assert read >= messages
    assert len(server.requests) <= 1.25 * ceil(read / per_page) + 5


def test_a_follower_catches_up_while_messages_come_in(
    growing: tuple[MessagesServer, Conversation, Grow],
) -> None:
    server, conversation, set_rate = growing
    server.load("app", "friend", 100)
    follower = conversation.follow(poll_interval=1e-4)
    server.load("app", "friend", 3000, interval=0)
    server.requests.clear()
    set_rate(3)
    behind, read = 3000, 0
    while behind > 20 and len(server.requests) <= 60:
        next(follower)
        read += 1
        behind = 3000 + 3 * len(server.requests) - read
    set_rate(0)
    assert behind <= 20
