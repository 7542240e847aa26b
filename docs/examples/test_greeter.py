"""A first test suite: pytest test_greeter.py. The fixtures come with the package."""

import pytest
from greeter import greet, greet_patiently

from openapi_client import MessagesApi
from openapi_client.exceptions import UnauthorizedException
from openapi_client.testing import MessagesServer

APP, CONNECTION = "app", "friend"


def test_a_greeting_is_answered(messages_api: MessagesApi, messages_server: MessagesServer) -> None:
    messages_server.receive(APP, CONNECTION, "Hello")
    assert greet(messages_api, APP, CONNECTION) == 1
    bodies = [m.body for m in messages_api.list(APP, CONNECTION).items]
    assert bodies == ["Hello yourself!", "Hello"]


def test_nothing_else_is_answered(
    messages_api: MessagesApi, messages_server: MessagesServer
) -> None:
    messages_server.receive(APP, CONNECTION, "Good night")
    assert greet(messages_api, APP, CONNECTION) == 0
    assert [request.operation for request in messages_server.requests] == ["list"]


@pytest.mark.messages_server(generation="all")
def test_every_generation_of_servers_will_do(
    messages_api: MessagesApi, messages_server: MessagesServer
) -> None:
    messages_server.receive(APP, CONNECTION, "HELLO")
    assert greet(messages_api, APP, CONNECTION) == 1


def test_a_server_that_does_not_answer(
    messages_api: MessagesApi, messages_server: MessagesServer
) -> None:
    messages_server.add_connection(APP, CONNECTION)
    with messages_server.faults.reset():
        assert greet_patiently(messages_api, APP, CONNECTION) is None


def test_a_key_that_is_wrong(messages_api: MessagesApi, messages_server: MessagesServer) -> None:
    messages_api.api_client.configuration.api_key["BearerAuth"] = "another"
    with pytest.raises(UnauthorizedException):
        greet(messages_api, APP, CONNECTION)
