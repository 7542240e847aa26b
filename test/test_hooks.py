"""What hooks are told of calls, and that they change nothing."""

from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from openapi_client import ApiClient, ApiValueError, Configuration, MessagesApi, RetryPolicy
from openapi_client.exceptions import ApiException, ConnectException, UnauthorizedException
from openapi_client.hooks import AttemptEnded, AttemptStarted, CallEnded, CallStarted, Hook
from openapi_client.testing import MessagesServer
from test.support.calls import TOKEN, FakeTime, api_for, client_for, failure_of, get, send
from test.support.hooks import Told
from test.support.recorder import Received, http_answer
from test.support.scripted import Peer, ScriptedServer, always, in_turn, message

GOOD = message("good")
TEMPLATE = "/apps/{app_id}/connections/{connection_id}/messages"
CALL = ["CallStarted", "AttemptStarted", "AttemptEnded", "CallEnded"]
METHODS = ("call_started", "attempt_started", "attempt_ended", "call_ended")


def reset(peer: Peer) -> None:
    peer.reset()


# -- what is told ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
def test_a_call_and_its_attempt_are_told(tls: bool) -> None:
    told, time = Told(), FakeTime(tick=0.5)
    with (
        ScriptedServer(always(GOOD), tls=tls) as server,
        api_for(server, time, hooks=[told]) as api,
    ):
        assert get(api) == "good"
    started, begun, attempt, ended = told.events
    assert isinstance(started, CallStarted)
    assert started == CallStarted(
        operation="get",
        caller=None,
        method="GET",
        template=TEMPLATE + "/{jti}",
        ids={"app_id": "app", "connection_id": "connection", "jti": "jti"},
        scheme="https" if tls else "http",
        host="localhost",
        port=server.port,
        state={},
    )
    url = f"{server.url}/apps/app/connections/connection/messages/jti"
    assert begun == AttemptStarted(started, 1, url)
    assert isinstance(attempt, AttemptEnded)
    assert isinstance(ended, CallEnded)
    assert 0 < attempt.duration < ended.duration < 100
    assert attempt == AttemptEnded(
        started, 1, 200, None, None, "answered", attempt.duration, None, "new"
    )
    size = len(GOOD.partition(b"\r\n\r\n")[2])
    assert ended == CallEnded(
        started, "MessageMessage", None, 200, "answered", 1, ended.duration, 0, size
    )


@pytest.mark.parametrize("form", ["", "_with_http_info", "_without_preload_content"])
def test_each_form_of_each_operation_is_told_alike(form: str) -> None:
    told = Told()
    page = http_answer(200, {"items": []})
    with ScriptedServer(in_turn(page, GOOD, GOOD, GOOD)) as server, api_for(server) as api:
        api.api_client.configuration.hooks = [told]
        ids = "app", "connection"
        for name, arguments in (
            ("list", ids),
            ("get", (*ids, "jti")),
            ("edit", (*ids, "jti", "hello")),
            ("send", (*ids, "hello")),
        ):
            result = getattr(api, name + form)(*arguments)
            if form == "_without_preload_content":
                result.read()
    assert [event.operation for event in told.started] == ["list", "get", "edit", "send"]
    assert [event.method for event in told.started] == ["GET", "GET", "PUT", "POST"]
    assert told.names == CALL * 4
    assert [event.bytes_sent for event in told.ended] == [0, 0, 17, 17]
    assert {event.error for event in told.ended} == {None}


def test_the_names_of_generated_packages_are_told_as_the_short_ones() -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told]) as api:
        api.apps_app_id_connections_connection_id_messages_jti_get("app", "connection", "jti")
    assert told.started[0].operation == "get"


def test_a_generic_call_is_told() -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, client_for(server, hooks=[told]) as client:
        request = client.param_serialize("get", "/things/{id}", {"id": 7}, [("page", 2)])
        assert request[0] == "get"
        for _ in range(2):
            client.call_api(*request)
        client.call_api("DELETE", f"{server.url}/other?key=secret")
    first, _, third = told.started
    assert (first.operation, first.method, first.template) == ("call_api", "GET", "/things/{id}")
    assert (first.ids, third.template, third.ids) == ({"id": "7"}, "", {})
    assert told.names == CALL * 3
    urls = [event.url for event in told.events if isinstance(event, AttemptStarted)]
    assert urls == [f"{server.url}/things/7?page=2"] * 2 + [f"{server.url}/other?key=***"]
    assert {event.result for event in told.ended} == {"RESTResponse"}


def test_a_generic_call_that_is_not_answered_with_2xx_tells_what_the_status_stands_for() -> None:
    told = Told()
    with (
        ScriptedServer(always(http_answer(404, {}))) as server,
        client_for(server, hooks=[told]) as client,
    ):
        client.call_api(*client.param_serialize("GET", "/things"))
    assert (told.ended[0].result, told.ended[0].error) == ("RESTResponse", "NotFoundException")


def test_calls_of_a_conversation_tell_whose_they_are() -> None:
    told = Told()
    with MessagesServer(tls=False) as server:
        configuration = server.configuration(hooks=[told])
        with ApiClient(configuration) as client:
            conversation = MessagesApi(client).conversation("app", "connection")
            conversation.send("one")
            conversation.send_once("two")
            list(conversation.send_many(["three", "four"], workers=2))
            list(conversation.send_many(["five"], once=True))
            list(conversation)
            list(conversation.pages(workers=3, per_page=2))
            follower = conversation.follow()
            conversation.send("six")
            next(follower)
    callers = {(event.caller, event.operation) for event in told.started}
    assert callers == {
        (None, "send"),
        ("send_once", "list"),
        ("send_once", "send"),
        ("send_many", "send"),
        ("messages", "list"),
        ("follow", "list"),
    }


def test_each_attempt_tells_how_it_ended() -> None:
    told, time = Told(), FakeTime()
    steps = in_turn(http_answer(503, {}, {"Retry-After": "3"}), reset, GOOD)
    with ScriptedServer(steps) as server, api_for(server, time, hooks=[told]) as api:
        assert get(api) == "good"
    assert told.names == ["CallStarted", *CALL[1:3] * 3, "CallEnded"]
    assert [event.number for event in told.attempts] == [1, 2, 3]
    assert [event.status for event in told.attempts] == [503, None, 200]
    assert [event.error for event in told.attempts] == [None, "ProtocolException", None]
    assert [bool(event.cause) for event in told.attempts] == [False, True, False]
    assert [event.outcome for event in told.attempts] == ["answered", "unknown", "answered"]
    assert [event.wait for event in told.attempts] == [3.0, 1.0, None]
    assert [event.connection for event in told.attempts] == ["new", "kept", "new"]
    assert told.ended[0].attempts == 3
    assert told.ended[0].duration == 4.0


def test_a_call_that_fails_tells_its_exception() -> None:
    told = Told()
    with ScriptedServer(always(http_answer(404, {}))) as server:
        with api_for(server, hooks=[told]) as api:
            failure_of(get, api)
        api.api_client.configuration.retries = 0
    failure_of(get, api)
    with api_for("http://127.0.0.1:1/v1", hooks=[told], retries=0) as other:
        failure_of(send, other)
    assert [
        (event.result, event.status, event.outcome, event.attempts) for event in told.ended
    ] == [
        ("NotFoundException", 404, "answered", 1),
        ("ClientClosedException", None, "not_sent", 0),
        ("ConnectException", None, "not_sent", 1),
    ]
    assert all(event.error == event.result for event in told.ended)
    assert told.attempts[-1].connection is None


def test_a_2xx_that_is_not_what_was_promised_tells_that() -> None:
    told = Told()
    with ScriptedServer(always(http_answer(200, []))) as server, api_for(server) as api:
        api.api_client.configuration.hooks = [told]
        failure_of(send, api)
    ended = told.ended[0]
    assert (ended.error, ended.status, ended.outcome) == (
        "DeserializationException",
        200,
        "answered",
    )


def test_arguments_that_are_refused_begin_no_call() -> None:
    told = Told()
    with api_for("http://127.0.0.1:1/v1", hooks=[told]) as api:
        with pytest.raises(ValueError, match="jti"):
            api.get("app", "connection", 5)  # type: ignore[arg-type]
        assert told.events == []
        with pytest.raises(ApiValueError, match="jti"):
            api.get("app", "connection", "..")
    assert told.names == ["CallStarted", "CallEnded"]
    assert (told.ended[0].error, told.ended[0].outcome) == ("ApiValueError", "not_sent")


def test_a_token_that_does_not_come_ends_the_call() -> None:
    def no_token() -> str:
        raise RuntimeError(TOKEN)

    told = Told()
    with api_for("http://127.0.0.1:1/v1", hooks=[told], api_key=None, access_token=no_token) as api:
        failure_of(get, api)
    assert told.names == ["CallStarted", "CallEnded"]
    assert TOKEN not in repr(told.events)


def test_an_attempt_after_which_no_token_comes_is_told() -> None:
    tokens = iter(["first"])
    told = Told()
    with (
        ScriptedServer(always(http_answer(401, {}))) as server,
        api_for(server, hooks=[told], api_key=None, access_token=lambda: next(tokens)) as api,
    ):
        failure_of(get, api)
    assert told.names == CALL
    assert (told.attempts[0].status, told.attempts[0].error) == (401, None)
    assert told.ended[0].outcome == "answered"


def test_an_interrupt_is_told_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told]) as api:
        get(api)
        with monkeypatch.context() as patch:
            patch.setattr("openapi_client._http.connection.Connection.getresponse", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                send(api)
        assert get(api) == "good"
    assert told.names == CALL * 3
    assert told.attempts[1].error == told.ended[1].error == "KeyboardInterrupt"
    assert told.ended[1].outcome == "unknown"


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_transport_of_the_program_is_told_too() -> None:
    class Transport:
        def request(self, *args: Any, **kwargs: Any) -> HTTPResponse:
            del args, kwargs
            return HTTPResponse(b"{}", status=200, headers={"Content-Type": "application/json"})

    told = Told()
    with ApiClient(Configuration(hooks=[told], api_key={"BearerAuth": TOKEN})) as client:
        client.rest_client.close()
        client.rest_client = Transport()  # type: ignore[assignment]
        MessagesApi(client).get("app", "connection", "jti")
    assert told.names == ["CallStarted", "CallEnded"]
    assert (told.ended[0].result, told.ended[0].outcome) == ("MessageMessage", "answered")


def test_a_program_that_repeats_what_it_was_handed_is_one_call() -> None:
    class Twice(ApiClient):
        def call_api(self, *args: Any, **kwargs: Any) -> Any:
            super().call_api(*args, **kwargs)
            return super().call_api(*args, **kwargs)

    told = Told()
    with (
        ScriptedServer(always(GOOD)) as server,
        Twice(Configuration(server.url, {"BearerAuth": TOKEN}, hooks=[told])) as client,
    ):
        MessagesApi(client).get("app", "connection", "jti")
    assert told.names == [*CALL[:3], *CALL[1:]]
    assert [event.number for event in told.attempts] == [1, 2]
    assert told.ended[0].attempts == 2


def test_state_is_the_same_for_all_events_of_a_call_and_no_other() -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told]) as api:
        get(api)
        get(api)
    calls = [event if isinstance(event, CallStarted) else event.call for event in told.events]
    assert [call is calls[0] for call in calls] == [True] * 4 + [False] * 4
    calls[0].state["mine"] = 1
    assert calls[4].state == {}


def test_an_event_changes_no_request() -> None:
    class Changing:
        def call_started(self, event: CallStarted) -> None:
            ids: Any = event.ids
            ids["jti"] = "another"

    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[Changing()]) as api:
        get(api)
        assert server.requests[0].target.endswith("/jti")
    with pytest.raises(AttributeError):
        CallStarted("", None, "", "", {}, "", "", 0, {}).host = "x"  # type: ignore[misc]


def test_a_record_of_the_log_has_the_attempt_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    with (
        ScriptedServer(in_turn(reset, GOOD)) as server,
        api_for(server, FakeTime(tick=0.5)) as api,
        caplog.at_level(logging.DEBUG, "openapi_client"),
    ):
        get(api)
    fields = ("operation", "status", "outcome", "attempt")
    told = [tuple(getattr(record, name) for name in fields) for record in caplog.records]
    assert told == [("get", None, "unknown", 1), ("get", 200, "answered", 2)]
    assert all(vars(record)["duration"] > 0 for record in caplog.records)


# -- unread responses ------------------------------------------------------------------------------


def _unread(api: MessagesApi) -> Any:
    return api.get_without_preload_content("app", "connection", "jti")


def test_an_unread_response_ends_its_call_when_it_has_been_read() -> None:
    told = Told()
    size = len(GOOD.partition(b"\r\n\r\n")[2])
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told]) as api:
        response = _unread(api)
        assert response.read(5)
        assert told.names == CALL[:3]
        response.read()
    assert told.names == CALL
    ended = told.ended[0]
    assert (ended.result, ended.error, ended.bytes_received) == ("HTTPResponse", None, size)


def test_an_unread_response_that_is_closed_ends_its_call_with_the_bytes_that_were_read() -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told]) as api:
        response = _unread(api)
        response.read(5)
        response.close()
        response.close()
        _unread(api).close()
    assert [event.bytes_received for event in told.ended] == [5, 0]


def test_an_unread_response_without_a_body_ends_its_call_at_once() -> None:
    told = Told()
    with (
        ScriptedServer(always(http_answer(503, ""))) as server,
        api_for(server, hooks=[told], retries=0) as api,
    ):
        response = _unread(api)
        assert told.names == CALL
        response.close()
    assert (told.ended[0].error, told.ended[0].bytes_received) == ("ServiceException", 0)


def test_an_unread_response_that_breaks_tells_that() -> None:
    def cut(peer: Peer) -> None:
        peer.send(GOOD[:-3])
        peer.close()

    told = Told()
    with ScriptedServer(in_turn(cut)) as server, api_for(server, hooks=[told]) as api:
        response = _unread(api)
        with pytest.raises(HTTPError):
            response.read()
    assert told.ended[0].error == "IncompleteResponseException"
    assert told.ended[0].bytes_received == len(GOOD.partition(b"\r\n\r\n")[2]) - 3


# -- headers ---------------------------------------------------------------------------------------


def _fields(request: Received) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


class Adding:
    """Adds headers."""

    def __init__(self, headers: Any) -> None:
        self.headers = headers

    def call_started(self, event: CallStarted) -> Mapping[str, str] | None:
        del event
        return self.headers  # type: ignore[no-any-return]


def test_a_hook_adds_headers_to_each_attempt() -> None:
    hooks = [Adding({"X-Request-ID": "42"}), Adding(None), Adding({"Traceparent": "00-1"})]
    steps = in_turn(http_answer(503, {}), GOOD, GOOD)
    with ScriptedServer(steps) as server, api_for(server, hooks=hooks) as api:
        get(api)
        api.api_client.call_api("GET", server.url)
        for request in server.requests:
            assert _fields(request)["x-request-id"] == "42"
            assert _fields(request)["traceparent"] == "00-1"


def test_the_headers_of_the_request_go_before_those_of_a_hook() -> None:
    hook = Adding({"x-request-id": "hook", "ACCEPT": "text/html", "user-agent": "hook"})
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[hook]) as api:
        get(api, _headers={"X-Request-ID": "caller"})
        fields = _fields(server.requests[0])
        assert fields["x-request-id"] == "caller"
        assert fields["accept"] == "application/json"
        assert fields["user-agent"] != "hook"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer other"},
        {"COOKIE": "a=b"},
        {"Proxy-Authorization": "Basic x"},
        {"Host": "elsewhere"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"X-Id": "a\r\nAuthorization: b"},
        {"X Id": "a"},
        {"X-Id": None},
        {1: "a"},
        [("X-Id", "a")],
        "X-Id: a",
    ],
    ids=str,
)
def test_headers_that_a_hook_may_not_add_are_not_added(
    headers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = [Adding(headers), Adding({"X-Other": "there"})]
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=hooks) as api:
        assert get(api) == "good"
        sent = _fields(server.requests[0])
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert sent["host"] == f"localhost:{server.port}"
    assert sent["x-other"] == "there"
    assert not {"cookie", "x-id", "proxy-authorization", "transfer-encoding"} & set(sent)
    (record,) = caplog.records
    assert record.getMessage().startswith("Adding.call_started failed; the call goes on")


# -- hooks that fail -------------------------------------------------------------------------------


class Failing:
    """Fails whenever it is told something."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def _fail(self, event: object) -> None:
        del event
        raise self.error

    call_started = attempt_started = attempt_ended = call_ended = _fail


def test_an_error_in_a_hook_changes_nothing_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = Told()
    failing, other = Failing(RuntimeError("broken")), Failing(ApiException(500, "not a call's"))
    hooks: list[Hook] = [failing, told, other]
    with (
        ScriptedServer(in_turn(http_answer(503, {}), *[GOOD] * 4)) as server,
        api_for(server, hooks=hooks) as api,
    ):
        assert get(api) == send(api) == "good"
        quick = MessagesApi(api.api_client.with_options(hooks=hooks))
        assert get(quick) == "good"
        _unread(api).read()
    assert told.names.count("CallEnded") == 4
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "RuntimeError: broken" in caplog.text


@pytest.mark.parametrize("method", METHODS)
def test_an_interrupt_of_a_hook_passes(method: str) -> None:
    hook = type("Interrupting", (), {method: staticmethod(_interrupt)})()
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[told, hook]) as api:
        with pytest.raises(KeyboardInterrupt):
            get(api)
        assert told.names[-1] == "CallEnded"
        assert told.names.count("AttemptStarted") == told.names.count("AttemptEnded")
        api.api_client.configuration.hooks = []
        assert get(api) == "good"


def test_a_hook_may_make_calls_itself() -> None:
    class Asking:
        def __init__(self) -> None:
            self.asks: Callable[[], object] = lambda: None

        def ask(self, event: object) -> None:
            self.asks()

        call_started = attempt_started = attempt_ended = call_ended = ask

    hook = Asking()
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[hook]) as api:
        plain = MessagesApi(api.api_client.with_options(hooks=None))
        hook.asks = lambda: get(plain)
        assert get(api) == "good"
        assert len(server.requests) == 5


# -- the setting -----------------------------------------------------------------------------------


class Late:
    async def call_ended(self, event: CallEnded) -> None: ...


class Misspelt:
    def call_started(self, event: CallStarted) -> None: ...

    def attempt_end(self, event: AttemptEnded) -> None: ...


class Unknown:
    def on_call(self, event: object) -> None: ...


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        (Told(), "hooks must be a list of hooks, not Told"),
        ("hooks", "hooks must be a list of hooks, not str"),
        (7, "hooks must be a list of hooks, not int"),
        ([Told(), Told], r"hooks\[1\] must be an object, not a class: write Told\(\)"),
        ([object()], r"hooks\[0\] \(object\) has none of a hook's methods: call_started, "),
        (["x"], r"hooks\[0\] \(str\) has none"),
        ([None], r"hooks\[0\] \(NoneType\) has none"),
        ([print], r"hooks\[0\] \(builtin_function_or_method\) has none"),
        ([Unknown()], r"has none of a hook's methods: .*; it has on_call"),
        ([Misspelt()], r"hooks\[0\] \(Misspelt\) has attempt_end; a hook's methods are"),
        ([Late()], r"has an async call_ended"),
    ],
)
def test_what_is_no_hook_is_refused(hooks: Any, said: str) -> None:
    with pytest.raises(ApiValueError, match=said):
        Configuration(hooks=hooks)
    configuration = Configuration()
    with pytest.raises(ApiValueError, match=said):
        configuration.hooks = hooks
    with ApiClient(configuration) as client, pytest.raises(ApiValueError, match=said):
        client.with_options(hooks=hooks)


def test_hooks_can_be_assigned_later_and_taken_away() -> None:
    told = Told()
    with ScriptedServer(always(GOOD)) as server, api_for(server) as api:
        configuration = api.api_client.configuration
        assert configuration.hooks == ()
        configuration.hooks = [told]
        get(api)
        assert list(configuration.hooks) == [told]
        configuration.hooks = []
        get(api)
    assert len(told.ended) == 1


def test_a_copy_of_a_configuration_has_the_same_hooks() -> None:
    told = Told()
    configuration = Configuration(hooks=[told])
    assert copy.deepcopy(configuration).hooks[0] is told
    with ApiClient(configuration) as client:
        twin = pickle.loads(pickle.dumps(client))
        with twin:
            failure_of(get, MessagesApi(twin), _request_timeout=0.1, _retries=RetryPolicy(0))
        (hook,) = twin.configuration.hooks
        assert [event.operation for event in hook.started] == ["get"]


def test_hidden_ids_are_neither_told_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    with (
        ScriptedServer(in_turn(reset, GOOD, GOOD, GOOD)) as server,
        client_for(server, hooks=[told], hide_ids=True) as client,
        caplog.at_level(logging.DEBUG, "openapi_client"),
    ):
        MessagesApi(client).get("an-app", "a-connection", "a-jti")
        client.call_api(*client.param_serialize("GET", "/apps/{app}", {"app": "an-app"}))
        client.call_api("GET", f"{server.url}/apps/an-app")
    shown = repr(told.events) + caplog.text
    assert all(name not in shown for name in ("an-app", "a-connection", "a-jti"))
    assert "GET /apps/{app}: 200" in caplog.text
    assert set(told.started[0].ids.values()) == {"***"}


def test_a_hook_sees_no_request_that_another_client_makes() -> None:
    told = Told()
    with (
        ScriptedServer(always(http_answer(401, {}))) as server,
        api_for(server, hooks=[told]) as api,
        api_for(server) as other,
    ):
        error = failure_of(get, other)
        assert isinstance(error, UnauthorizedException)
        assert not isinstance(error, ConnectException)
        failure_of(get, api)
    assert len(told.ended) == 1
