"""Sends with keys: in any process, and however often, each is one message."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from openapi_client import ApiClient, Configuration, Ledger, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.conversations._claims import CLAIMS
from openapi_client.exceptions import (
    ApiException,
    ApiTypeError,
    ApiValueError,
    BadRequestException,
    LedgerException,
    ProtocolException,
    ServiceException,
    TimeoutException,
)
from openapi_client.models import MessageMessage
from openapi_client.testing import GenerationName
from test.support.threads import in_threads
from test.support.world import APP, CONNECTION, OTHER, World, texts


@pytest.fixture(autouse=True)
def _no_claims() -> None:
    """Each test begins as a process does."""
    CLAIMS.after_fork()


@pytest.fixture
def generation() -> GenerationName:
    return "2024"


@pytest.fixture
def ledger(kept_in: str) -> Iterator[Ledger]:
    with Ledger(kept_in) as opened:
        yield opened


@pytest.fixture
def keyed(here: World, ledger: Ledger) -> Conversation:
    """The conversation with the ledger."""
    return Conversation(here.messages, APP, CONNECTION, here.times.as_times(), ledger)


@pytest.fixture
def file_only(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "file.db") as opened:
        yield opened


def sends(here: World) -> int:
    return len(here.server.requests.matching(operation="send"))


def test_the_same_key_again_returns_the_message_and_sends_nothing(
    here: World, keyed: Conversation
) -> None:
    first = keyed.send_once("hello", key="order-7")
    here.server.requests.clear()
    assert keyed.send_once("hello", key="order-7") == first
    assert len(here.server.requests) == 0
    assert here.bodies() == ["hello"]


def test_also_through_another_ledger_and_another_client(
    here: World, keyed: Conversation, kept_in: str
) -> None:
    first = keyed.send_once("hello", key="order-7")
    CLAIMS.after_fork()
    with Ledger(kept_in) as another, ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION)
        again = conversation.send_once("hello", key="order-7", ledger=another)
    assert again.to_dict() == first.to_dict()
    assert sends(here) == 1


def test_the_message_comes_back_although_it_was_edited_or_deleted(
    here: World, keyed: Conversation
) -> None:
    first = keyed.send_once("hello", key="order-7")
    here.edit(here.stored()[0], "bye")
    assert keyed.send_once("hello", key="order-7") == first
    here.delete(here.stored()[0])
    assert keyed.send_once("hello", key="order-7") == first


def test_equal_texts_of_two_keys_are_two_messages(here: World, keyed: Conversation) -> None:
    one = keyed.send_once("hello", key="order-7")
    two = keyed.send_once("hello", key="order-8")
    assert [stored.jti for stored in here.stored()] == [one.jti, two.jti]


def test_the_same_key_with_another_text_is_refused_before_anything_is_sent(
    here: World, keyed: Conversation
) -> None:
    keyed.send_once("hello", key="order-7")
    here.server.requests.clear()
    with pytest.raises(ApiValueError, match="'order-7' was used with another text"):
        keyed.send_once("bye", key="order-7")
    assert len(here.server.requests) == 0


def test_a_key_belongs_to_its_conversation(here: World, ledger: Ledger) -> None:
    here.server.add_connection(APP, OTHER)
    for connection in (CONNECTION, OTHER):
        conversation = here.messages.conversation(APP, connection, ledger=ledger)
        conversation.send_once("hello", key="order-7")
    assert sends(here) == 2


@pytest.mark.parametrize(
    "spelling",
    ["HTTP://LOCALHOST:{}/v1", "http://localhost.:{}/v1", "http://localhost:{}/v1/"],
)
def test_a_key_is_the_same_for_each_spelling_of_the_host(
    here: World, file_only: Ledger, spelling: str
) -> None:
    found: list[str | None] = []
    for url in ("http://localhost:{}/v1", spelling):
        host = url.format(here.server.port)
        with ApiClient(here.server.configuration(host=host)) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION, ledger=file_only)
            found.append(conversation.send_once("hello", key="order-7").jti)
    assert found[0] == found[1]
    assert sends(here) == 1


def test_the_key_is_not_sent_to_the_server(here: World, keyed: Conversation) -> None:
    keyed.send_once("hello", key="order-7")
    assert all("order-7" not in f"{r.target}{r.headers}{r.body!r}" for r in here.server.requests)


# -- keys that make no sense -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\0b", "\ud800", 7, b"key", 1.5])
def test_a_key_that_makes_no_sense_is_refused_before_anything_is_sent(
    here: World, file_only: Ledger, key: Any
) -> None:
    with pytest.raises(ApiValueError, match="key must be a printable str of 1 to 255 characters"):
        here.conversation.send_once("hello", key=key, ledger=file_only)
    assert len(here.server.requests) == 0


@pytest.mark.parametrize("key", ["x" * 255, "Bestellung Nr. 7 \u2013 \u00fc \U0001f600", "' OR 1"])
def test_any_other_key_is_taken(here: World, keyed: Conversation, key: str) -> None:
    assert keyed.send_once("hello", key=key) == keyed.send_once("hello", key=key)
    assert sends(here) == 1


def test_a_key_without_a_ledger_is_refused_before_anything_is_sent(here: World) -> None:
    with pytest.raises(ApiValueError, match="key needs a ledger"):
        here.conversation.send_once("hello", key="order-7")
    assert len(here.server.requests) == 0


def test_what_is_no_ledger_is_refused(here: World) -> None:
    with pytest.raises(ApiTypeError, match="ledger must be a Ledger, not str"):
        here.messages.conversation(APP, CONNECTION, ledger="sends.db")  # type: ignore[arg-type]
    with pytest.raises(ApiTypeError, match="ledger must be a Ledger, not str"):
        here.conversation.send_once("hello", ledger="sends.db")  # type: ignore[arg-type]


# -- what is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [True, False])
def test_an_answer_that_is_lost_loses_and_doubles_nothing(
    here: World, keyed: Conversation, stored: bool
) -> None:
    here.server.faults.reset(operation="send", stored=stored, nth=1)
    message = keyed.send_once("hello", key="order-7")
    assert keyed.send_once("hello", key="order-7") == message
    assert [kept.jti for kept in here.stored()] == [message.jti]


@pytest.mark.parametrize("stored", [True, False])
def test_what_became_unknown_is_found_out_by_the_same_key(
    here: World, keyed: Conversation, stored: bool
) -> None:
    keyed.send_once("first", key="order-6")
    with (
        here.server.faults.reset(operation="send", stored=stored),
        here.server.faults.status(502, operation="list"),
        pytest.raises(ProtocolException) as caught,
    ):
        keyed.send_once("hello", key="order-7", give_up_after=5.0)
    assert caught.value.outcome == "unknown"
    CLAIMS.after_fork()
    message = keyed.send_once("hello", key="order-7")
    assert here.bodies() == ["first", "hello"]
    assert here.stored()[-1].jti == message.jti
    assert sends(here) == (2 if stored else 3)


def test_an_interrupted_send_is_looked_for(here: World, keyed: Conversation) -> None:
    """Ctrl+C comes when the message is stored and its answer is not there yet."""

    class Interrupted(ApiClient):
        def call_api(self, method: str, *args: Any, **kwargs: Any) -> Any:
            response = super().call_api(method, *args, **kwargs)
            if method == "POST":
                raise KeyboardInterrupt
            return response

    assert keyed.send_once("first", key="order-6")
    with Interrupted(here.server.configuration()) as client:
        interrupted = Conversation(
            MessagesApi(client), APP, CONNECTION, here.times.as_times(), keyed.ledger
        )
        with pytest.raises(KeyboardInterrupt):
            interrupted.send_once("hello", key="order-7")
    assert keyed.send_once("hello", key="order-7").body == "hello"
    assert here.bodies() == ["first", "hello"]


def test_a_refused_send_leaves_its_key_free(here: World, keyed: Conversation) -> None:
    with pytest.raises(BadRequestException):
        keyed.send_once("x" * 129, key="order-7")
    assert keyed.send_once("hello", key="order-7").body == "hello"
    here.server.requests.assert_operations(["list", "send", "send"])


def test_a_key_whose_first_look_fails_is_left_free(here: World, keyed: Conversation) -> None:
    with here.server.faults.status(503, operation="list"), pytest.raises(ServiceException):
        keyed.send_once("hello", key="order-7")
    assert keyed.send_once("bye", key="order-7").body == "bye"


def test_a_key_that_may_be_stored_keeps_its_text(here: World, keyed: Conversation) -> None:
    keyed.send_once("first", key="order-6")
    with (
        here.server.faults.reset(operation="send"),
        pytest.raises(ProtocolException) as caught,
    ):
        keyed.send_once("hello", key="order-7", give_up_after=5.0)
    assert caught.value.outcome == "not_sent"
    with pytest.raises(ApiValueError, match="another text"):
        keyed.send_once("bye", key="order-7")


def test_a_ledger_that_fails_before_the_send_sends_nothing(
    here: World, file_only: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> bool:
        raise full()

    monkeypatch.setattr(file_only.store, "add", fails)
    with pytest.raises(LedgerException, match="disk is full") as caught:
        here.conversation.send_once("hello", key="order-7", ledger=file_only)
    assert caught.value.outcome == "not_sent"
    assert sends(here) == 0
    monkeypatch.undo()
    assert here.conversation.send_once("bye", key="order-7", ledger=file_only).body == "bye"


@pytest.mark.parametrize("answer_lost", [False, True])
def test_a_ledger_that_fails_after_the_send_finds_the_message_later(
    here: World, file_only: Ledger, monkeypatch: pytest.MonkeyPatch, answer_lost: bool
) -> None:
    def fails(*args: object) -> bool:
        raise full()

    monkeypatch.setattr(file_only.store, "claim", fails)
    if answer_lost:
        here.server.faults.reset(operation="send", stored=True, nth=1)
    with pytest.raises(LedgerException, match="the same key will find it") as caught:
        here.conversation.send_once("hello", key="order-7", ledger=file_only)
    assert caught.value.outcome == "unknown"
    monkeypatch.undo()
    message = here.conversation.send_once("hello", key="order-7", ledger=file_only)
    assert [kept.jti for kept in here.stored()] == [message.jti]


def full() -> LedgerException:
    failure = LedgerException(0, "disk is full")
    failure.outcome = "not_sent"
    return failure


def test_a_lock_that_was_lost_ends_the_send(
    here: World, file_only: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine may have taken over: it must not be sent again from here."""
    monkeypatch.setattr(file_only.store, "holds", lambda slot: False)
    here.server.faults.reset(operation="send", nth=1)
    with pytest.raises(LedgerException, match="lost while the send was under way") as caught:
        here.conversation.send_once("hello", key="order-7", ledger=file_only)
    assert caught.value.outcome == "unknown"
    assert sends(here) == 1


# -- several at once -------------------------------------------------------------------------------


def test_many_threads_with_one_key_send_one_message(here: World, ledger: Ledger) -> None:
    found: list[MessageMessage] = []
    conversation = here.messages.conversation(APP, CONNECTION, ledger=ledger)
    in_threads([lambda: found.append(conversation.send_once("hello", key="order-7"))] * 8)
    assert {message.jti for message in found} == {here.stored()[0].jti}
    assert sends(here) == 1


def test_it_waits_for_another_send_of_its_key_as_long_as_it_may(
    here: World, keyed: Conversation, kept_in: str
) -> None:
    sending, release = threading.Event(), threading.Event()

    class Slow(ApiClient):
        def call_api(self, method: str, *args: Any, **kwargs: Any) -> Any:
            if method == "POST":
                sending.set()
                assert release.wait(20)
            return super().call_api(method, *args, **kwargs)

    results: list[MessageMessage] = []

    def slow() -> None:
        with Slow(here.server.configuration()) as client, Ledger(kept_in) as another:
            conversation = MessagesApi(client).conversation(APP, CONNECTION, ledger=another)
            results.append(conversation.send_once("hello", key="order-7"))

    def waiting() -> None:
        assert sending.wait(20)
        with pytest.raises(TimeoutException, match="the same key is under way") as caught:
            keyed.send_once("hello", key="order-7", give_up_after=3.0)
        assert caught.value.outcome == "unknown"
        assert here.times.now - 1000.0 <= 3.0
        here.times.meanwhile = lambda seconds: release.set()
        results.append(keyed.send_once("hello", key="order-7", give_up_after=None))

    in_threads([slow, waiting])
    assert results[0].jti == results[1].jti
    assert sends(here) == 1


SENDER = """
import sys
from openapi_client import ApiClient, Configuration, Ledger, MessagesApi
host, token, kept_in, app, connection, key, text = sys.argv[1:]
with ApiClient(Configuration(host, {"BearerAuth": token})) as client, Ledger(kept_in) as ledger:
    conversation = MessagesApi(client).conversation(app, connection, ledger=ledger)
    message = conversation.send_once(text, key=None if key == "-" else key)
    print(message.jti, flush=True)
    sys.stdin.read()
"""


def sender(here: World, kept_in: str, key: str, text: str) -> subprocess.Popen[str]:
    """Another process that sends."""
    place = (here.server.url, here.server.token, kept_in, APP, CONNECTION)
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, *place, key, text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stored", [True, False])
def test_what_a_killed_process_was_sending_is_neither_lost_nor_doubled(
    here: World, keyed: Conversation, kept_in: str, stored: bool
) -> None:
    keyed.send_once("first", key="order-6")
    here.server.requests.clear()
    with (
        here.server.faults.no_answer(operation="send", stored=stored, nth=1),
        sender(here, kept_in, "order-7", "hello") as process,
    ):
        here.server.requests.wait_for(1, operation="send")
        for _ in range(2000):
            if len(here.stored()) == (2 if stored else 1):
                break
            threading.Event().wait(0.01)
        process.kill()
    CLAIMS.after_fork()
    message = keyed.send_once("hello", key="order-7")
    assert here.bodies() == ["first", "hello"]
    assert here.stored()[-1].jti == message.jti


def test_a_process_that_stands_still_is_waited_for(
    here: World, keyed: Conversation, kept_in: str
) -> None:
    with (
        here.server.faults.no_answer(operation="send", nth=1),
        sender(here, kept_in, "order-7", "hello") as process,
    ):
        here.server.requests.wait_for(1, operation="send")
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutException):
                keyed.send_once("hello", key="order-7")
        finally:
            process.kill()
    assert sends(here) == 1


@pytest.mark.parametrize("key", ["order-8", "-"])
def test_the_equal_text_of_another_process_is_not_taken_for_it(
    here: World, keyed: Conversation, kept_in: str, key: str
) -> None:
    """It is stored while the answer is missing; without a ledger it would be taken."""

    def meanwhile() -> None:
        with sender(here, kept_in, key, "hello") as process:
            assert process.stdout is not None
            assert process.stdout.readline()

    keyed.send_once("first", key="order-6")
    here.changes = [lambda: None, meanwhile]
    here.server.faults.reset(operation="send", nth=1)
    message = keyed.send_once("hello", key=None if key == "-" else "order-7")
    assert here.bodies() == ["first", "hello", "hello"]
    assert here.stored()[-1].jti == message.jti


def test_without_a_ledger_the_equal_text_of_another_process_is_taken(
    here: World, tmp_path: Path
) -> None:
    """The limit that the docs tell of."""

    def meanwhile() -> None:
        with sender(here, str(tmp_path / "other.db"), "order-8", "hello") as process:
            assert process.stdout is not None
            assert process.stdout.readline()

    here.conversation.send_once("first")
    here.changes = [lambda: None, meanwhile]
    here.server.faults.reset(operation="send", nth=1)
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello"]


def test_sends_with_and_without_a_ledger_are_told_apart_in_one_process(
    here: World, file_only: Ledger
) -> None:
    def meanwhile() -> None:
        with ApiClient(here.server.configuration()) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION, ledger=file_only)
            conversation.send_once("hello")

    here.conversation.send_once("first")
    here.server.faults.reset(operation="send", nth=1)
    here.changes = [lambda: None, meanwhile]
    here.conversation.send_once("hello")
    assert here.bodies() == ["first", "hello", "hello"]


def test_a_signal_handler_may_send_in_the_midst_of_a_send(here: World, file_only: Ledger) -> None:
    conversation = here.messages.conversation(APP, CONNECTION, ledger=file_only)
    inner: list[MessageMessage] = []
    raised: list[bool] = []

    def handler(*args: object) -> None:
        inner.append(conversation.send_once("inner", key="inner"))

    previous = signal.signal(signal.SIGUSR1, handler)
    store: Any = file_only.store
    run = store.run

    def interrupted(*args: Any) -> Any:
        with store._lock:
            if not raised:
                raised.append(True)
                signal.raise_signal(signal.SIGUSR1)
            return run(*args)

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "run", interrupted)
            conversation.send_once("outer", key="outer")
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert here.bodies() == ["inner", "outer"]


# -- many sends ------------------------------------------------------------------------------------


def test_many_sends_take_a_key_for_each(here: World, ledger: Ledger) -> None:
    keyed = here.messages.conversation(APP, CONNECTION, ledger=ledger)
    bodies = ["same", "same", "other"] * 5
    keys = [f"order-{number}" for number in range(15)]
    here.server.faults.reset(operation="send", share=0.2)
    here.server.faults.reset(operation="send", share=0.2, stored=True)
    first = list(keyed.send_many(bodies, once=True, keys=keys))
    again = list(keyed.send_many(iter(bodies), once=True, keys=iter(keys)))
    assert texts(first) == bodies
    assert again == first
    assert sorted(here.bodies()) == sorted(bodies)


def test_the_same_key_twice_among_many_is_one_message(here: World, ledger: Ledger) -> None:
    conversation = here.messages.conversation(APP, CONNECTION)
    outcomes = conversation.send_many(
        ["a", "a", "b"], once=True, keys=["1", "1", "1"], ledger=ledger, workers=1
    )
    one, two, three = outcomes
    assert one == two
    assert isinstance(three, ApiException)
    assert three.outcome == "not_sent"
    assert "another text" in str(three)
    assert here.bodies() == ["a"]


@pytest.mark.parametrize(
    "arguments",
    [{"keys": ["1"]}, {"keys": ["1"], "once": False}, {"keys": "1", "once": True}],
)
def test_keys_that_make_no_sense_are_refused_at_once(
    here: World, file_only: Ledger, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ApiValueError, match="keys must be an iterable of str, with once=True"):
        here.conversation.send_many(["a"], ledger=file_only, **arguments)
    with pytest.raises(ApiValueError, match="and a ledger"):
        here.conversation.send_many(["a"], once=True, keys=["1"])


@pytest.mark.parametrize(("keys", "what"), [(["1"], "fewer keys"), (["1", "2", "3"], "more keys")])
def test_as_many_keys_as_bodies(here: World, file_only: Ledger, keys: list[str], what: str) -> None:
    with pytest.raises(ApiValueError, match=f"There are {what} than bodies"):
        list(here.conversation.send_many(["a", "b"], once=True, keys=keys, ledger=file_only))
    assert len(here.bodies()) == min(len(keys), 2)


# -- where it is given -----------------------------------------------------------------------------


def test_the_ledger_of_a_call_goes_before_that_of_the_conversation(
    here: World, keyed: Conversation, file_only: Ledger
) -> None:
    keyed.send_once("hello", key="order-7")
    keyed.send_once("hello", key="order-7", ledger=file_only)
    assert sends(here) == 2


def test_a_pickled_conversation_takes_its_ledger_along(here: World, keyed: Conversation) -> None:
    first = keyed.send_once("hello", key="order-7")
    with ApiClient(here.server.configuration()) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION, ledger=keyed.ledger)
        travelled: Conversation = pickle.loads(pickle.dumps(conversation))
    with travelled.api.api_client:
        assert travelled.send_once("hello", key="order-7") == first
    assert travelled.ledger is not None
    travelled.ledger.close()


def test_a_send_makes_one_commit_before_and_one_after(here: World, file_only: Ledger) -> None:
    conversation = here.messages.conversation(APP, CONNECTION, ledger=file_only)
    conversation.send_once("first", key="order-6")
    statements: list[str] = []
    store: Any = file_only.store
    run = store.run

    def noted(statement: str, *values: Any) -> Any:
        statements.append(statement.split(maxsplit=1)[0])
        return run(statement, *values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "run", noted)
        patch.setattr("openapi_client.conversations._entry._FORGETTING", 0.0)
        conversation.send_once("hello", key="order-7")
    assert statements == ["SELECT", "INSERT", "UPDATE"]


def test_old_keys_are_forgotten_as_new_ones_come(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openapi_client.conversations._entry._FORGETTING", 1.0)
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    with Ledger(tmp_path / "sends.db", forget_after=60.0) as ledger:
        send = partial(here.conversation.send_once, ledger=ledger)
        send("hello", key="order-7")
        now += 59
        send("hello", key="order-8")
        send("hello", key="order-7")
        assert sends(here) == 2
        now += 2
        send("hello", key="order-9")
        send("hello", key="order-7")
        assert sends(here) == 4


def test_a_record_that_is_damaged_is_told(here: World, file_only: Ledger) -> None:
    conversation = here.messages.conversation(APP, CONNECTION, ledger=file_only)
    conversation.send_once("hello", key="order-7")
    for message in ("no JSON", "[]", "7"):
        file_only.store.run(  # type: ignore[attr-defined]
            "UPDATE openapi_client_sends SET message = ?", message
        )
        with pytest.raises(LedgerException, match="a record is damaged") as caught:
            conversation.send_once("hello", key="order-7")
        assert caught.value.outcome == "not_sent"
    file_only.store.run(  # type: ignore[attr-defined]
        "UPDATE openapi_client_sends SET message = NULL, jti = NULL, since = '[]'"
    )
    with pytest.raises(LedgerException, match="a record is damaged"):
        conversation.send_once("hello", key="order-7")


def test_it_is_named_at_the_top_level() -> None:
    import openapi_client

    assert openapi_client.Ledger is Ledger
    assert "Ledger" in openapi_client.__all__


def test_nothing_is_asked_of_a_server_to_look_a_key_up(file_only: Ledger, here: World) -> None:
    message = here.messages.conversation(APP, CONNECTION, ledger=file_only).send_once(
        "hello", key="order-7"
    )
    host = here.server.url
    configuration = Configuration(host, {"BearerAuth": "wrong"})
    with ApiClient(configuration) as client:
        conversation = MessagesApi(client).conversation(APP, CONNECTION, ledger=file_only)
        assert conversation.send_once("hello", key="order-7") == message
