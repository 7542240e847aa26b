"""A send that is neither lost nor doubled."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from urllib3 import Retry

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.conversations._claims import CLAIMS, conversation_name
from openapi_client.conversations._send_once import as_stored
from openapi_client.exceptions import (
    ApiException,
    ApiValueError,
    BadRequestException,
    ConnectException,
    DeserializationException,
    ForbiddenException,
    NotFoundException,
    ProtocolException,
    ServiceException,
    UnauthorizedException,
)
from openapi_client.models import MessageCreateMessageRequest, MessageMessage, MessageResponse
from openapi_client.retries import RetryPolicy
from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer
from test.support.threads import in_threads
from test.support.world import APP, CONNECTION, OTHER, World, texts, world


@pytest.fixture(autouse=True)
def _no_claims() -> None:
    """Each test begins as a process does."""
    CLAIMS.after_fork()


def looks(here: World) -> int:
    return len(here.server.requests.matching(operation="list"))


def test_it_returns_the_message_that_is_stored(here: World) -> None:
    message = here.conversation.send_once("hello")
    assert [stored.jti for stored in here.stored()] == [message.jti]
    assert message.body == "hello"


@pytest.mark.parametrize(
    "body", ["hello", MessageCreateMessageRequest(body="hello"), {"body": "hello"}]
)
def test_it_takes_what_a_send_takes(here: World, body: str) -> None:
    assert here.conversation.send_once(body).body == "hello"


def test_the_first_send_of_a_conversation_costs_one_extra_get_and_the_others_none(
    here: World,
) -> None:
    here.receive("hello")
    for number in range(5):
        here.conversation.send_once(f"hello {number}")
    here.server.requests.assert_operations(["list", "send", "send", "send", "send", "send"])


def test_also_if_each_send_has_a_conversation_and_a_client_of_its_own(
    here: World, server: MessagesServer
) -> None:
    for number in range(3):
        with ApiClient(server.configuration()) as client:
            MessagesApi(client).conversation(APP, CONNECTION).send_once(f"hello {number}")
    here.server.requests.assert_operations(["list", "send", "send", "send"])


def test_the_first_sends_of_many_threads_cost_one_extra_get_together(here: World) -> None:
    together = threading.Barrier(8)

    def send(number: int) -> None:
        together.wait(20)
        here.conversation.send_once(f"hello {number}")

    in_threads([partial(send, number) for number in range(8)])
    assert looks(here) == 1
    assert len(here.stored()) == 8


def test_if_the_answer_is_lost_after_it_was_stored_the_stored_message_is_returned(
    here: World,
) -> None:
    here.server.faults.reset(operation="send", stored=True, nth=1)
    message = here.conversation.send_once("hello")
    assert [stored.jti for stored in here.stored()] == [message.jti]
    assert here.times.waits == []


def test_if_the_request_is_lost_before_it_was_stored_it_is_sent_again(here: World) -> None:
    here.server.faults.reset(operation="send", nth=1)
    message = here.conversation.send_once("hello")
    assert [stored.jti for stored in here.stored()] == [message.jti]
    here.server.requests.assert_operations(["list", "send", "list", "list", "send"])


Breaking = Callable[[World], object]


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_answer_of_a_proxy_does_not_tell_so_the_message_is_looked_for(
    here: World, status: int, stored: bool
) -> None:
    here.server.faults.status(status, operation="send", stored=stored, nth=1)
    message = here.conversation.send_once("hello")
    assert [kept.jti for kept in here.stored()] == [message.jti]


@pytest.mark.parametrize(
    "breaking",
    [
        lambda here: here.server.faults.truncate(operation="send", nth=1),
        lambda here: here.server.faults.garble(operation="send", nth=1),
        lambda here: here.server.faults.wrong_length(-10, operation="send", nth=1),
        lambda here: here.server.faults.status(200, "<html>", operation="send", nth=1),
        lambda here: here.server.faults.status(200, "<html>", operation="send", stored=True, nth=1),
    ],
    ids=["truncated", "garbled", "wrong length", "portal", "portal after storing"],
)
def test_an_answer_that_cannot_be_read_does_not_lose_or_double_the_message(
    here: World, breaking: Breaking
) -> None:
    breaking(here)
    message = here.conversation.send_once("hello")
    assert [kept.jti for kept in here.stored()] == [message.jti]


def test_a_message_that_is_stored_a_little_late_is_found(here: World) -> None:
    """The request is cut, but it arrives all the same, after the first look."""
    here.server.faults.reset(operation="send", nth=1)
    here.times.meanwhile = lambda seconds: here.server.receive(APP, CONNECTION, "hello", own=True)
    message = here.conversation.send_once("hello", settle=2.5)
    assert here.times.waits == [2.5]
    assert [kept.jti for kept in here.stored()] == [message.jti]


def test_the_same_text_from_before_is_not_taken_for_the_message(here: World) -> None:
    first = here.conversation.send_once("hello")
    here.server.faults.reset(operation="send", nth=1)
    second = here.conversation.send_once("hello")
    assert [kept.jti for kept in here.stored()] == [first.jti, second.jti]


def test_the_same_text_from_before_the_first_send_is_not_taken_for_the_message(
    here: World,
) -> None:
    here.conversation.send("hello")
    here.server.faults.reset(operation="send", nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["hello", "hello"]


def test_the_same_text_that_another_process_sent_long_before_is_not_taken_for_it(
    here: World,
) -> None:
    here.conversation.send_once("first")
    for _ in range(2):
        here.server.clock.advance(60)
        here.times.now += 60
        here.conversation.send("hello")
    here.server.clock.advance(60)
    here.times.now += 60
    here.server.faults.reset(operation="send", nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello", "hello", "hello"]


def test_a_message_is_found_although_the_clocks_drift_apart(here: World) -> None:
    here.conversation.send_once("first")
    here.times.now += 100_000
    here.server.clock.advance(99_950)
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello"]


def test_the_same_text_of_the_other_side_is_not_taken_for_the_message(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", nth=1)
    here.changes = [lambda: None, lambda: here.receive("hello")]
    message = here.conversation.send_once("hello")
    assert message.iss == "me"
    assert here.bodies() == ["first", "hello", "hello"]


def test_another_text_is_not_taken_for_the_message(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", nth=1)
    here.changes = [lambda: None, lambda: here.server.receive(APP, CONNECTION, "Hello", own=True)]
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "Hello", "hello"]


def test_the_message_is_found_behind_thousands_that_came_in_meanwhile(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.changes = [
        lambda: None,
        lambda: here.server.load(APP, CONNECTION, 1500, interval=0),
    ]
    message = here.conversation.send_once("hello")
    assert here.bodies().count("hello") == 1
    assert message.body == "hello"


def test_the_message_is_found_if_the_marker_was_deleted(here: World) -> None:
    here.server.load(APP, CONNECTION, 300)
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.changes = [lambda: None, lambda: here.delete(here.stored()[-2])]
    here.conversation.send_once("hello")
    assert here.bodies().count("hello") == 1
    assert looks(here) == 2


def test_a_look_does_not_read_further_back_than_it_has_to(here: World) -> None:
    here.server.load(APP, CONNECTION, 5000)
    here.server.faults.reset(operation="send", nth=1)
    here.conversation.send_once("hello")
    assert looks(here) == 3


def test_a_look_that_fails_is_made_again(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.server.faults.status(503, operation="list", times=2)
    here.server.faults.reset(operation="list", times=2)
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello"]
    assert here.times.waits == [0.5, 1.0, 2.0, 4.0]


def test_nothing_is_sent_if_the_first_look_fails(here: World) -> None:
    here.server.faults.status(503, operation="list")
    with pytest.raises(ServiceException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "not_sent"
    assert here.stored() == []


def test_a_refusal_says_that_it_is_not_stored(here: World) -> None:
    here.server.faults.status(403, operation="send", nth=1)
    with pytest.raises(ForbiddenException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "answered"
    assert here.stored() == []
    assert looks(here) == 1


@pytest.mark.parametrize("generation", ["2023", "2024"])
def test_a_text_that_is_refused_is_not_offered_again(here: World) -> None:
    for body in ("", "x" * 129):
        with pytest.raises((BadRequestException, ServiceException)) as caught:
            here.conversation.send_once(body)
        assert caught.value.outcome == "answered"
    assert here.stored() == []
    assert len(here.server.requests.matching(operation="send")) == 2
    assert here.times.waits == []


@pytest.mark.parametrize("generation", ["2023", "2024"])
def test_an_unknown_connection_is_refused(here: World) -> None:
    with pytest.raises(NotFoundException):
        here.messages.conversation(APP, "nobody").send_once("hello")


@pytest.mark.parametrize("generation", ["documented"])
def test_the_first_message_makes_a_connection_known_and_is_not_lost_or_doubled(here: World) -> None:
    conversation = Conversation(here.messages, APP, "new friend", times=here.times.as_times())
    here.server.faults.reset(operation="send", nth=1)
    here.server.faults.reset(operation="send", nth=1, stored=True)
    conversation.send_once("hello")
    assert texts(here.server.messages(APP, "new friend")) == ["hello"]


def test_nothing_was_sent_says_that_it_is_not_stored() -> None:
    with (
        ApiClient(Configuration(host="http://127.0.0.1:1", retries=0)) as client,
        pytest.raises(ConnectException) as caught,
    ):
        MessagesApi(client).conversation(APP, CONNECTION).send_once("hello")
    assert caught.value.outcome == "not_sent"


def test_if_no_attempt_succeeds_in_time_the_error_says_that_it_is_not_stored(
    here: World,
) -> None:
    here.server.faults.reset(operation="send")
    with pytest.raises(ProtocolException) as caught:
        here.conversation.send_once("hello", settle=1, give_up_after=30)
    assert caught.value.outcome == "not_sent"
    assert "The message was looked for, and is not stored." in str(caught.value)
    assert here.stored() == []
    assert here.times.now - 1000.0 <= 30
    assert len(here.server.requests.matching(operation="send")) > 3


def test_if_the_server_cannot_be_asked_in_time_the_outcome_is_unknown(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True)
    here.server.faults.status(502, operation="list")
    with pytest.raises(ProtocolException) as caught:
        here.conversation.send_once("hello", give_up_after=30)
    assert caught.value.outcome == "unknown"
    assert "Whether it is stored could not be found out: Bad Gateway" in str(caught.value)
    assert here.times.now - 1000.0 <= 30


def test_if_the_server_refuses_to_tell_the_outcome_is_unknown(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True)
    here.server.faults.expire_token(operation="list", nth=1)
    with pytest.raises(ProtocolException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "unknown"


def test_without_a_limit_it_is_tried_until_it_is_known(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", times=30)
    here.server.faults.status(500, operation="list", times=30)
    here.conversation.send_once("hello", give_up_after=None)
    assert here.bodies() == ["first", "hello"]


def test_a_body_that_cannot_be_sent_is_refused_before_anything_is_sent(here: World) -> None:
    for body in (7, None, {"body": 7}):
        with pytest.raises(ValidationError):
            here.conversation.send_once(body)  # type: ignore[arg-type]
    assert len(here.server.requests) == 0


@pytest.mark.parametrize(
    "arguments", [{"settle": 0}, {"settle": -1}, {"give_up_after": 0}, {"settle": float("inf")}]
)
def test_an_argument_that_makes_no_sense_is_refused_before_anything_is_sent(
    here: World, arguments: dict[str, float]
) -> None:
    with pytest.raises(ApiValueError, match="must be a positive, finite number of seconds"):
        here.conversation.send_once("hello", **arguments)  # type: ignore[arg-type]
    assert len(here.server.requests) == 0


def test_options_go_with_each_request(here: World) -> None:
    here.server.faults.reset(operation="send", nth=1)
    here.conversation.send_once("hello", _headers={"X-Sender": "me"})
    assert len(here.server.requests.matching(headers={"X-Sender": "me"})) == 5


def test_two_lost_answers_of_equal_texts_leave_one_message_each(here: World) -> None:
    """One was stored and one was not; each look must not find the same message."""
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.server.faults.reset(operation="send", nth=1)
    found: list[MessageMessage] = []
    in_threads([lambda: found.append(here.conversation.send_once("hello"))] * 2)
    assert here.bodies() == ["first", "hello", "hello"]
    assert len({message.jti for message in found}) == 2


def test_a_message_taken_by_another_send_is_made_up_for(here: World) -> None:
    """A send that was lost finds the message of one whose answer has not come yet."""
    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", nth=1)
    stored, found = threading.Event(), threading.Event()
    results: dict[str, MessageMessage] = {}

    class Slow(ApiClient):
        """Its first answer to a send waits until the other send has looked."""

        def call_api(self, method: str, *args: Any, **kwargs: Any) -> Any:
            response = super().call_api(method, *args, **kwargs)
            if method == "POST" and not found.is_set():
                stored.set()
                assert found.wait(20)
            return response

    def lost_send() -> None:
        here.changes = [lambda: None, lambda: stored.wait(20)]
        results["lost"] = here.conversation.send_once("hello")
        found.set()

    def slow_send() -> None:
        with Slow(here.server.configuration()) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION)
            # Its request is the second one: the first one was cut.
            here.server.requests.wait_for(3)
            results["slow"] = conversation.send_once("hello")

    in_threads([lost_send, slow_send])
    assert here.bodies() == ["first", "hello", "hello"]
    assert {message.jti for message in results.values()} == {
        message.jti for message in here.stored() if message.body == "hello"
    }


def test_conversations_with_the_same_ids_on_two_servers_are_two(here: World) -> None:
    with MessagesServer(tls=False) as another, ApiClient(another.configuration()) as client:
        another.add_connection(APP, CONNECTION)
        elsewhere = MessagesApi(client).conversation(APP, CONNECTION)
        here.conversation.send_once("hello")
        elsewhere.send_once("hello")
        another.requests.assert_operations(["list", "send"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_begins_anew(here: World) -> None:
    here.conversation.send_once("hello")
    context = multiprocessing.get_context("fork")
    counts = context.SimpleQueue()
    child = context.Process(target=lambda: counts.put(len(CLAIMS)))
    child.start()
    child.join(20)
    assert counts.get() == 0
    assert len(CLAIMS) == 1


@pytest.mark.parametrize("generation", GENERATIONS)
@given(
    sends=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "\ud800", "\ud83d\ude00"]),
            st.sampled_from(["", "before", "after", "502 before", "504 after", "garbled"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    ),
)
@example(sends=[("a", "", False), *[("a", "after", True)] * 9])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_lost_each_send_has_one_message(
    server: MessagesServer, generation: GenerationName, sends: list[tuple[str, str, bool]]
) -> None:
    """One after the other, with or without a failing look, while others speak too."""
    CLAIMS.after_fork()
    with world(server, generation, retries=0) as here:
        # While the client waits, time passes on the server, too.
        here.times.meanwhile = here.server.clock.advance
        for text, lost, look_fails in sends:
            if lost:
                lose(here, lost)
            if look_fails:
                here.server.faults.reset(operation="list", times=1)
            if look_fails and not here.stored():
                # The first send of all looks before it sends.
                with pytest.raises(ApiException) as caught:
                    here.conversation.send_once(text)
                assert caught.value.outcome == "not_sent"
                assert here.stored() == []
            message = here.conversation.send_once(text)
            here.server.faults.clear()
            assert here.stored()[-1].jti == message.jti
            here.receive(as_stored(text))
            here.server.receive(APP, OTHER, as_stored(text), own=True)
        own = [message.body for message in here.stored() if message.is_own]
        assert own == [as_stored(text) for text, _, _ in sends]


def lose(here: World, what: str) -> None:
    faults = here.server.faults
    if what in ("before", "after"):
        faults.reset(operation="send", stored=what == "after", times=1)
    elif what == "garbled":
        faults.garble(operation="send", times=1)
    else:
        status, _, when = what.partition(" ")
        faults.status(int(status), operation="send", stored=when == "after", times=1)


def test_a_token_that_is_over_is_an_error_that_says_that_it_is_not_stored(here: World) -> None:
    here.conversation.send_once("first")
    with here.server.faults.expire_token(), pytest.raises(UnauthorizedException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "answered"


def test_a_message_stored_at_the_same_time_as_the_marker_is_found(here: World) -> None:
    here.server.clock.set(here.server.clock.now() - timedelta(days=1))
    here.conversation.send_once("hello")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["hello", "hello"]


# -- what proves nothing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [None, "default backend - 404", "<html>404</html>", {"message": "no"}]
)
def test_a_404_at_the_first_look_does_not_make_an_old_message_new(
    here: World, body: object
) -> None:
    here.conversation.send("hello")
    here.server.faults.status(404, body, operation="list", nth=1)
    here.server.faults.reset(operation="send", nth=1)
    message = here.conversation.send_once("hello")
    assert here.bodies() == ["hello", "hello"]
    assert here.stored()[-1].jti == message.jti


@pytest.mark.parametrize("body", ["default backend - 404", "", {"message": "no Route matched"}])
def test_a_404_that_is_none_of_the_service_ends_the_first_look(here: World, body: object) -> None:
    here.conversation.send("hello")
    here.server.faults.status(404, body, operation="list")
    with pytest.raises(NotFoundException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "not_sent"
    assert here.bodies() == ["hello"]


def test_after_a_404_that_lasted_what_may_be_older_is_unknown(here: World) -> None:
    here.receive("hi")
    here.conversation.send("hello")
    here.server.faults.status(404, '"connection not found"', operation="list", times=3)
    here.server.faults.reset(operation="send", nth=1)
    with pytest.raises(ProtocolException, match="older messages cannot be told from it") as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "unknown"


def test_a_404_at_a_later_look_is_no_proof_that_nothing_is_stored(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.status(404, operation="list", times=3)
    here.server.faults.reset(operation="send", stored=True, nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello"]


def test_a_404_that_lasts_leaves_it_unknown(here: World) -> None:
    here.conversation.send_once("first")
    here.server.faults.status(404, operation="list")
    here.server.faults.reset(operation="send", stored=True, nth=1)
    with pytest.raises(ProtocolException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "unknown"


@pytest.mark.parametrize("answer", [{}, {"items": None}, None])
def test_a_page_without_items_is_no_empty_conversation(here: World, answer: object) -> None:
    here.conversation.send("hello")
    text = "null" if answer is None else answer
    here.server.faults.status(200, text, operation="list", nth=1)
    with pytest.raises(DeserializationException) as caught:
        here.conversation.send_once("hello")
    assert caught.value.outcome == "not_sent"


def test_if_the_marker_is_gone_and_nothing_has_a_time_it_is_unknown(here: World) -> None:
    """Nothing then tells an older message from the one that is looked for."""
    timeless = [
        MessageMessage(jti=str(number), iss="me", body="hello", created_at="some day")
        for number in range(3)
    ]

    class Timeless(FakeApi):
        def list(self, *args: object, **kwargs: object) -> MessageResponse:
            return MessageResponse(items=self.items, page=1, per_page=100)

        def send(self, *args: object, **kwargs: object) -> MessageMessage:
            self.items = timeless[1:]
            raise ProtocolException(0, "cut")

    api = Timeless(here.client, timeless)
    with pytest.raises(ProtocolException) as caught:
        Conversation(api, APP, "timeless", here.times.as_times()).send_once("hello")
    assert caught.value.outcome == "unknown"
    assert "older messages cannot be told from it" in str(caught.value)


class FakeApi:
    """Operations without a server."""

    def __init__(self, client: ApiClient, items: list[MessageMessage]) -> None:
        self.api_client = client
        self.items = items

    def list(self, *args: object, **kwargs: object) -> MessageResponse:
        return MessageResponse(items=self.items)

    def get(self, *args: object, **kwargs: object) -> MessageMessage:
        raise AssertionError

    def edit(self, *args: object, **kwargs: object) -> MessageMessage:
        raise AssertionError

    def send(self, *args: object, **kwargs: object) -> MessageMessage:
        raise AssertionError


class Careless(RetryPolicy):
    """A policy of a program's own, which repeats whatever fails."""

    def may_repeat(self, *args: object, **kwargs: object) -> bool:
        return True


EAGER = Retry(5, allowed_methods=None, status_forcelist=[500, 502, 503, 504], backoff_factor=0)


@pytest.mark.parametrize("generation", ["2024"])
@pytest.mark.parametrize("retries", [EAGER, Careless(5, 0.001), 5], ids=["Retry", "policy", "5"])
@pytest.mark.parametrize("per_call", [True, False])
def test_no_setting_of_retries_makes_it_send_twice(
    server: MessagesServer, generation: GenerationName, retries: Any, per_call: bool
) -> None:
    with world(server, generation, **({} if per_call else {"retries": retries})) as here:
        options: Any = {"_retries": retries} if per_call else {}
        here.conversation.send_once("first", **options)
        for number in range(2):
            here.server.faults.clear()
            here.server.faults.status(503, operation="send", stored=True, times=1)
            here.conversation.send_once(f"bare {number}", **options)
            here.server.faults.reset(operation="send", stored=True, times=1)
            here.conversation.send_once(f"reset {number}", **options)
            # A gateway that names a time, although it has passed the request on.
            here.server.faults.status(503, retry_after=0, operation="send", stored=True, times=1)
            here.conversation.send_once(f"named {number}", **options)
        assert len(here.bodies()) == 7


@pytest.mark.parametrize("generation", ["2024"])
@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
@pytest.mark.parametrize("body", ["", "null", "{}", {"jti": ""}, [], "7", {"jti": None}])
def test_a_2xx_without_a_usable_body_is_a_lost_answer(
    here: World, status: int, body: object
) -> None:
    here.conversation.send_once("first")
    here.server.faults.status(
        status, "" if status == 204 else body, operation="send", stored=True, nth=1
    )
    message = here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello"]
    assert here.stored()[-1].jti == message.jti


def test_the_answer_to_another_send_is_a_lost_answer(here: World) -> None:
    """A cache between that gives the same answer to every send."""
    first = here.conversation.send_once("hello")
    here.server.faults.status(202, first.to_dict(), operation="send", stored=True, nth=1)
    second = here.conversation.send_once("hello")
    assert [kept.jti for kept in here.stored()] == [first.jti, second.jti]
    here.server.faults.status(202, first.to_dict(), operation="send")
    with pytest.raises(DeserializationException):
        here.conversation.send_once("hello", give_up_after=30.0)
    assert len(here.server.requests.matching(operation="send")) < 12


def test_two_spellings_of_a_host_are_one_conversation(here: World) -> None:
    """So a message that one has claimed is not taken by the other."""
    host, found = f"http://localhost:{here.server.port}/v1", []
    for url in (host, host.replace("localhost", "LocalHost"), f"{host}/"):
        with ApiClient(here.server.configuration(host=url)) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION)
            found.append(conversation.send_once("hello").jti)
    here.server.requests.assert_operations(["list", "send", "send", "send"])
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://host/v1", "http://host:80/v1/"),
        ("https://host/v1", "HTTPS://HOST.:443/v1"),
        ("http://[::1]:8080/v1", "http://[0:0:0:0:0:0:0:1]:8080/v1"),
        ("http://b\u00fccher.example/v1", "http://xn--bcher-kva.example/v1"),
    ],
)
def test_spellings_of_a_host_have_one_name(one: str, other: str) -> None:
    assert conversation_name(one, "a", "b") == conversation_name(other, "a", "b")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("http://host/v1", "a", "b"), ("https://host/v1", "a", "b")),
        (("http://host/v1", "a", "b"), ("http://host/v2", "a", "b")),
        (("http://host/v1", "a", "b"), ("http://host:81/v1", "a", "b")),
        (("http://host/v1", 'a", "b', "c"), ("http://host/v1", "a", 'b", "c')),
    ],
)
def test_what_differs_has_another_name(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert conversation_name(*one) != conversation_name(*other)
