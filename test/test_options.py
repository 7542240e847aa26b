"""Options for some calls, on the same connections; and a configuration of the environment."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from urllib3 import Retry

import openapi_client
from openapi_client import (
    ApiClient,
    ApiValueError,
    Configuration,
    MessagesApi,
    RequestOptions,
    RetryPolicy,
)
from openapi_client.exceptions import ClientClosedException
from openapi_client.testing import MessagesServer
from test.support.calls import TOKEN, FakeTime, api_for, client_for, failure_of, get, send
from test.support.hooks import Told
from test.support.recorder import http_answer
from test.support.scripted import ScriptedServer, always, in_turn, message

GOOD = message("good")
UNAVAILABLE = http_answer(503, {}, {"Retry-After": "1"})


# -- with_options ----------------------------------------------------------------------------------


def test_a_client_with_options_uses_the_same_connections() -> None:
    with ScriptedServer(always(GOOD)) as server, client_for(server) as client:
        get(MessagesApi(client))
        twin = client.with_options(timeout=3)
        get(MessagesApi(twin))
        get(MessagesApi(twin.with_options(deadline=5)))
        assert server.connections == 1
        assert twin.rest_client is client.rest_client


def test_closing_it_closes_nothing() -> None:
    with ScriptedServer(always(GOOD)) as server, client_for(server) as client:
        with client.with_options(retries=0) as twin:
            get(MessagesApi(twin))
        get(MessagesApi(client))
        get(MessagesApi(twin))
        assert server.connections == 1
    with client:
        pass
    assert isinstance(failure_of(get, MessagesApi(twin)), ClientClosedException)


@pytest.mark.parametrize(
    ("options", "attempts"),
    [
        ({"retries": 0}, 1),
        ({"retries": False}, 1),
        ({"retries": 1}, 2),
        ({"retries": None}, 3),
        ({"retries": RetryPolicy(repeats=4)}, 5),
        ({"retries": RetryPolicy(statuses=frozenset({502}))}, 1),
        ({"retries": Retry(1, status_forcelist=[503])}, 2),
        ({}, 4),
    ],
    ids=str,
)
def test_its_retries_are_its_own(options: dict[str, Any], attempts: int) -> None:
    with (
        ScriptedServer(always(UNAVAILABLE)) as server,
        client_for(server, FakeTime(), retries=3) as client,
    ):
        twin = client.with_options(**options)
        assert len(failure_of(get, MessagesApi(twin)).attempts) == attempts
        request = twin.param_serialize("GET", "/things")
        assert len(twin.call_api(*request).attempts) == attempts
        assert len(twin.call_api("GET", f"{server.url}/x").attempts) == attempts
        assert len(failure_of(get, MessagesApi(client)).attempts) == 4


def test_its_limits_are_its_own() -> None:
    with (
        ScriptedServer(always(UNAVAILABLE)) as server,
        client_for(server, FakeTime(), retries=8) as client,
    ):
        quick = client.with_options(deadline=2.5, timeout=(1, None))
        assert quick.configuration.limits == (1.0, None, 2.5)
        assert len(failure_of(get, MessagesApi(quick)).attempts) == 3
        assert len(quick.call_api("GET", f"{server.url}/x").attempts) == 3
        assert len(failure_of(get, MessagesApi(quick), _request_timeout=1.5).attempts) == 2
        assert quick.with_options(deadline=None).configuration.limits.deadline is None
        assert client.configuration.limits == (5.0, 30.0, 60.0)
        assert len(failure_of(get, MessagesApi(client)).attempts) == 9


def test_it_shares_the_budget_of_repeats() -> None:
    with (
        ScriptedServer(always(UNAVAILABLE)) as server,
        client_for(server, FakeTime(), retries=30) as client,
    ):
        failure_of(get, MessagesApi(client.with_options(deadline=None)))
        error = failure_of(get, MessagesApi(client.with_options(deadline=None)))
        assert len(error.attempts) == 21


def test_it_shares_the_tokens() -> None:
    tokens = iter(["first", "second"])
    steps = in_turn(GOOD, http_answer(401, {}), *[GOOD] * 3)
    with (
        ScriptedServer(steps) as server,
        client_for(server, api_key=None, access_token=lambda: next(tokens)) as client,
    ):
        twin = client.with_options(timeout=1)
        for each in (client, twin, twin, client):
            get(MessagesApi(each))
        sent = [request.headers["Authorization"] for request in server.requests]
        assert sent == ["Bearer first"] * 2 + ["Bearer second"] * 3
        client.configuration.api_key["BearerAuth"] = "third"
        twin.configuration.debug = True
        assert twin.configuration.get_api_key_with_prefix("BearerAuth") == "Bearer third"
        assert client.configuration.debug


def test_its_headers_are_its_own_and_go_with_each_request() -> None:
    with ScriptedServer(always(GOOD)) as server, client_for(server) as client:
        client.set_default_header("X-Tenant", "one")
        twin = client.with_options(headers={"x-tenant": "two", "X-Other": "there"})
        for each in (twin, client):
            get(MessagesApi(each))
        get(MessagesApi(twin), _headers={"X-Tenant": "three"})
        sent = [{name.lower(): v for name, v in r.headers.items()} for r in server.requests]
    assert [fields["x-tenant"] for fields in sent] == ["two", "one", "three"]
    assert [fields.get("x-other") for fields in sent] == ["there", None, "there"]


def test_its_hooks_are_its_own() -> None:
    mine, its = Told(), Told()
    with ScriptedServer(always(GOOD)) as server, client_for(server, hooks=[mine]) as client:
        get(MessagesApi(client.with_options(hooks=[its])))
        get(MessagesApi(client.with_options(hooks=None)))
        client.with_options(hooks=()).call_api("GET", server.url)
        assert (len(mine.ended), len(its.ended)) == (0, 1)
        get(MessagesApi(client.with_options(retries=0)))
        client.call_api("GET", server.url)
        assert (len(mine.ended), len(its.ended)) == (2, 1)


def test_a_conversation_takes_its_options() -> None:
    told = Told()
    with (
        MessagesServer(tls=False) as server,
        ApiClient(server.configuration()) as client,
    ):
        options = client.with_options(hooks=[told], retries=0, deadline=5)
        conversation = MessagesApi(options).conversation("app", "connection")
        server.faults.status(429, operation="send", nth=1)
        (failed,) = conversation.send_many(["hello"])
        assert isinstance(failed, openapi_client.ApiException)
        conversation.send_once("hello")
        assert len(list(conversation)) == 1
    assert all(event.attempts == 1 for event in told.ended)


def test_a_subclass_stays_one() -> None:
    class Mine(ApiClient):
        """A client of a program."""

    class Settings(Configuration):
        """Settings of a program."""

    with Mine(Settings()) as client:
        twin = client.with_options(timeout=1)
        assert type(twin) is Mine
        assert type(twin.configuration) is Settings


def test_what_is_unpickled_has_the_options_and_connections_of_its_own() -> None:
    with ScriptedServer(always(GOOD)) as server, client_for(server) as client:
        with pickle.loads(
            pickle.dumps(client.with_options(deadline=7, headers={"X-A": "b"}))
        ) as it:
            assert it.configuration.deadline == 7
            assert it.rest_client is not client.rest_client
            get(MessagesApi(it))
        assert server.requests[0].headers["X-A"] == "b"
        assert isinstance(failure_of(get, MessagesApi(it)), ClientClosedException)
        get(MessagesApi(client))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timeout": 0}, "timeout must be a positive"),
        ({"deadline": -1}, "deadline must be a positive"),
        ({"retries": -1}, "retries must be a number"),
        ({"retries": "many"}, "retries must be a number"),
        ({"headers": {"X A": "b"}}, "headers: a header's name"),
        ({"headers": {"X-A": "b\n"}}, "headers: the value of the header X-A"),
        ({"headers": "X-A: b"}, "headers must be a dict of headers"),
        ({"hooks": 5}, "hooks must be a list"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    with ApiClient(Configuration()) as client:
        with pytest.raises(ApiValueError, match=said):
            client.with_options(**options)
        with pytest.raises(TypeError, match="max_items"):
            client.with_options(max_items=5)  # type: ignore[call-arg]
        assert client.configuration.limits == (5.0, 30.0, 60.0)


# -- retries ---------------------------------------------------------------------------------------


def test_the_types_of_options_come_with_the_package() -> None:
    options: RequestOptions = {"_retries": RetryPolicy(repeats=1)}
    with ScriptedServer(always(UNAVAILABLE)) as server, api_for(server, FakeTime()) as api:
        assert len(failure_of(get, api, **options).attempts) == 2
    assert {"RequestOptions", "RetryPolicy"} <= set(openapi_client.__all__)


@pytest.mark.parametrize("statuses", [503, "503", [True], [200], [600], [None], None])
def test_statuses_that_make_no_sense_are_refused(statuses: Any) -> None:
    with pytest.raises(ApiValueError, match="retries: statuses must be a set of statuses"):
        Configuration(retries=RetryPolicy(statuses=statuses))


def test_no_number_of_retries_sends_again_what_may_have_arrived() -> None:
    everything = RetryPolicy(repeats=9, statuses=frozenset(range(400, 600)))
    steps = always(http_answer(502, {}))
    with ScriptedServer(steps) as server, api_for(server, FakeTime(), retries=everything) as api:
        assert len(failure_of(send, api).attempts) == 1
        assert len(failure_of(send, api, _retries=9).attempts) == 1
        twin = MessagesApi(api.api_client.with_options(retries=9))
        assert len(failure_of(send, twin).attempts) == 1


# -- from_env --------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with what the test server prints."""
    monkeypatch.setenv("OPENAPI_CLIENT_HOST", "https://service.test/v1")
    monkeypatch.setenv("API_KEY", TOKEN)
    monkeypatch.setenv("SSL_CERT_FILE", "/authorities.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_a_configuration_is_made_of_the_environment() -> None:
    configuration = Configuration.from_env(retries=0)
    assert configuration.host == "https://service.test/v1"
    assert configuration.api_key == {"BearerAuth": TOKEN}
    assert configuration.ssl_ca_cert == "/authorities.pem"
    assert configuration.retries == 0


@pytest.mark.usefixtures("environment")
def test_arguments_go_before_the_environment() -> None:
    configuration = Configuration.from_env(
        host="https://other.test", api_key={"BearerAuth": "other"}, ssl_ca_cert="other.pem"
    )
    assert configuration.host == "https://other.test"
    assert configuration.api_key == {"BearerAuth": "other"}
    assert configuration.ssl_ca_cert == "other.pem"
    configuration = Configuration.from_env(access_token="other", ca_cert_data="certificates")
    assert configuration.api_key == {}
    assert configuration.ssl_ca_cert is None
    assert Configuration.from_env(host=None, api_key=None).host == "https://service.test/v1"


def test_what_the_environment_lacks_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPENAPI_CLIENT_HOST", "")
    with pytest.raises(ApiValueError, match="OPENAPI_CLIENT_HOST") as told:
        Configuration.from_env()
    assert "API_KEY" not in str(told.value)
    environment.delenv("API_KEY")
    with pytest.raises(ApiValueError, match=r"OPENAPI_CLIENT_HOST.*API_KEY"):
        Configuration.from_env()
    assert Configuration.from_env(host="https://a.test", access_token="b").api_key == {}


def test_a_variable_that_makes_no_sense_is_named_and_not_shown(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("OPENAPI_CLIENT_HOST", TOKEN)
    with pytest.raises(ApiValueError, match="OPENAPI_CLIENT_HOST must begin") as told:
        Configuration.from_env()
    assert TOKEN not in str(told.value)
    environment.setenv("API_KEY", f"{TOKEN}\n")
    with pytest.raises(ApiValueError, match="API_KEY") as told:
        Configuration.from_env(host="https://a.test")
    assert TOKEN not in str(told.value)


def test_an_empty_file_of_authorities_is_none(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SSL_CERT_FILE", "")  # as the test server prints it without TLS
    assert Configuration.from_env().ssl_ca_cert is None


@pytest.mark.parametrize("tls", [False, True])
def test_the_variables_of_the_test_server_are_enough(
    tls: bool, environment: pytest.MonkeyPatch
) -> None:
    with MessagesServer(tls=tls, example=True) as server:
        environment.setenv("OPENAPI_CLIENT_HOST", server.url)
        environment.setenv("API_KEY", server.token)
        environment.setenv("SSL_CERT_FILE", str(server.ca_cert or ""))
        with ApiClient(Configuration.from_env()) as client:
            messages = MessagesApi(client).list("app_id_example", "connection_id_example")
            assert messages.total_count == 1


def test_a_subclass_is_made_of_the_environment(environment: pytest.MonkeyPatch) -> None:
    class Settings(Configuration):
        """Settings of a program."""

    assert type(Settings.from_env()) is Settings
    with pytest.raises(TypeError, match="hosts"):
        Settings.from_env(hosts="https://a.test")
    del environment
