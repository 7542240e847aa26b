"""A client and a conversation travel to other processes and machines."""

from __future__ import annotations

import copy
import multiprocessing
import pickle

import pytest

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.conversations import Conversation
from test.support.world import APP, CONNECTION, World, texts


def test_a_pickled_conversation_reads_and_sends(here: World) -> None:
    here.receive("one", "two")
    with ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        travelled: Conversation = pickle.loads(pickle.dumps(conversation))
    assert (travelled.app_id, travelled.connection_id) == (APP, CONNECTION)
    assert texts(list(travelled)) == ["two", "one"]
    assert travelled.send_once("three").body == "three"
    travelled.api.api_client.close()


def test_its_pools_are_made_anew_and_the_credentials_travel(here: World) -> None:
    here.receive("one")
    with ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        conversation.list()
        travelled: Conversation = pickle.loads(pickle.dumps(conversation))
    # The first client is closed; what it had is not what the other one uses.
    another = travelled.api.api_client
    assert another.rest_client is not client.rest_client
    assert another.configuration.api_key == {"BearerAuth": here.server.token}
    assert texts(travelled.list().items or []) == ["one"]
    another.close()


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_another_process_goes_on_with_it(here: World, method: str) -> None:
    here.receive("one")
    with ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        with multiprocessing.get_context(method).Pool(1) as pool:
            read, sent = pool.apply(use, (conversation,))
    assert read == ["one"]
    assert here.stored()[-1].jti == sent


def use(conversation: Conversation) -> tuple[list[str | None], str | None]:
    """What the other process does."""
    with conversation.api.api_client:
        return [message.body for message in conversation], conversation.send_once("two").jti


def test_a_copied_conversation_is_the_same_conversation(here: World) -> None:
    here.receive("one")
    with ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        assert texts(list(copy.copy(conversation))) == ["one"]
        deep = copy.deepcopy(conversation)
    with deep.api.api_client:
        assert texts(list(deep)) == ["one"]


def test_it_shows_its_ids_and_no_secret() -> None:
    configuration = Configuration(host="http://localhost:1", access_token="very-secret-token")
    with ApiClient(configuration) as client:
        shown = repr(MessagesApi(client).conversation("app", "friend"))
    assert shown == "<Conversation of 'app' with 'friend'>"
