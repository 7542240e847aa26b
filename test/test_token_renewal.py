"""A callable `access_token` on the wire: kept until a 401, then asked once more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import ProtocolError

from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
from openapi_client.exceptions import UnauthorizedException
from openapi_client.testing import MessagesServer

APP, CONNECTION, JTI = IDS = ("app_id_example", "connection_id_example", "jti_example")
ROOT = Path(__file__).resolve().parent.parent


class Provider:
    """Gives the server's token of the moment, or what it was told to give; notes each time.

    Attributes:
        given: what it has given so far.
        fixed: what it gives instead of the server's token.
    """

    def __init__(self, server: MessagesServer) -> None:
        self.given: list[str] = []
        self.fixed: str | None = None
        self._server = server

    def __call__(self) -> str:
        self.given.append(self.fixed or self._server.token)
        return self.given[-1]


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(tls=False, example=True) as server:
        yield server


@pytest.fixture
def provider(server: MessagesServer) -> Provider:
    return Provider(server)


@pytest.fixture
def api(server: MessagesServer, provider: Provider) -> Iterator[MessagesApi]:
    """Operations with the provider's tokens, and without any other repeat."""
    with ApiClient(Configuration(server.url, access_token=provider, retries=0)) as client:
        yield MessagesApi(client)


def statuses(server: MessagesServer) -> list[int | None]:
    return [request.status for request in server.requests]


def expire(server: MessagesServer) -> None:
    """The old token is refused from now on; there is a new one."""
    server.token += "-renewed"
    server.requests.clear()


def test_is_asked_at_the_first_call_and_kept(
    api: MessagesApi, provider: Provider, server: MessagesServer
) -> None:
    assert provider.given == []
    for _ in range(3):
        api.get(*IDS)
    assert provider.given == [server.token]


OPERATIONS: list[Callable[[MessagesApi], Any]] = [
    lambda api: api.list_with_http_info(APP, CONNECTION),
    lambda api: api.get_with_http_info(*IDS),
    lambda api: api.edit_with_http_info(*IDS, "changed"),
    lambda api: api.send_with_http_info(APP, CONNECTION, "sent"),
]


@pytest.mark.parametrize("call", OPERATIONS, ids=["list", "get", "edit", "send"])
def test_every_operation_is_repeated_once_with_the_new_token(
    api: MessagesApi,
    provider: Provider,
    server: MessagesServer,
    call: Callable[[MessagesApi], Any],
) -> None:
    api.get(*IDS)
    before = len(server.messages())
    expire(server)
    response = call(api)
    assert statuses(server) == [401, 200]
    assert [attempt.status for attempt in response.attempts] == [401, 200]
    assert len(provider.given) == 2
    texts = [message.body for message in server.messages()]
    assert texts.count("sent") == len(texts) - before <= 1


def test_answer_that_is_left_unread_is_repeated_too(
    api: MessagesApi, provider: Provider, server: MessagesServer
) -> None:
    api.get(*IDS)
    expire(server)
    answer = api.get_without_preload_content(*IDS)
    assert json.loads(answer.read())["jti"] == JTI
    assert statuses(server) == [401, 200]


def test_provider_may_make_requests_of_its_own_when_the_answer_is_left_unread(
    server: MessagesServer, provider: Provider
) -> None:
    with ApiClient(server.configuration()) as other:

        def provide() -> str:
            assert MessagesApi(other).get(*IDS).jti == JTI
            return provider()

        # Only who reads the second answer to its end can notice that it is cut off.
        server.faults.truncate(operation="get", nth=2)
        with ApiClient(Configuration(server.url, access_token=provide)) as client:
            answer = MessagesApi(client).get_without_preload_content(*IDS)
            assert answer.status == 200
            with pytest.raises(ProtocolError, match="IncompleteRead"):
                answer.read()


def test_second_401_is_raised(api: MessagesApi, provider: Provider, server: MessagesServer) -> None:
    api.get(*IDS)
    expire(server)
    provider.fixed = "not-the-token-either"
    with pytest.raises(UnauthorizedException) as caught:
        api.send(APP, CONNECTION, "sent")
    assert statuses(server) == [401, 401]
    assert [attempt.status for attempt in caught.value.attempts] == [401, 401]
    assert len(provider.given) == 2
    assert "not-the-token" not in repr(vars(caught.value))
    # The next call tries again.
    provider.fixed = None
    assert api.get(*IDS).jti == JTI
    assert len(provider.given) == 3


def test_one_thread_asks_while_the_others_wait(server: MessagesServer) -> None:
    threads = 8
    given: list[str] = []
    refused = threading.Event()

    def provide() -> str:
        if given:
            # It takes its time: meanwhile all the others find out that they need a new token.
            assert refused.wait(10)
        given.append(server.token)
        return given[-1]

    configuration = Configuration(server.url, access_token=provide, retries=0)
    with ApiClient(configuration) as client, ThreadPoolExecutor(threads) as pool:
        api = MessagesApi(client)
        api.get(*IDS)
        expire(server)
        calls = [pool.submit(api.send, APP, CONNECTION, str(n)) for n in range(threads)]
        server.requests.wait_for(threads, operation="send")
        refused.set()
        sent = [call.result(10).body for call in calls]
    assert sent == [str(n) for n in range(threads)]
    assert len(given) == 2
    assert sorted(filter(None, statuses(server))) == [200] * threads + [401] * threads
    stored = [message.body for message in server.messages(APP, CONNECTION)]
    assert sorted(filter(str.isdigit, stored)) == sent


OWN = {"type": "api_key", "in": "header", "key": "Authorization", "value": "Bearer of-the-call"}


@pytest.mark.parametrize(
    "options",
    [
        {"_request_auth": OWN},
        {"_headers": {"Authorization": "Bearer of-the-call"}},
        {"_headers": {"authorization": "Bearer of-the-call"}},
        {"_request_auth": {**OWN, "in": "query", "key": "key"}},
    ],
    ids=["_request_auth", "_headers", "_headers in lower case", "in the query"],
)
def test_token_of_a_call_is_not_replaced(
    api: MessagesApi, provider: Provider, server: MessagesServer, options: dict[str, Any]
) -> None:
    api.get(*IDS)
    with pytest.raises(UnauthorizedException):
        api.get(*IDS, **options)
    assert statuses(server) == [200, 401]
    assert len(provider.given) == 1


def test_key_goes_before_the_token_and_is_not_replaced(
    api: MessagesApi, provider: Provider, server: MessagesServer
) -> None:
    api.api_client.configuration.api_key["BearerAuth"] = "a-key"
    with pytest.raises(UnauthorizedException):
        api.get(*IDS)
    assert statuses(server) == [401]
    assert provider.given == []


class OutOfOrderError(Exception):
    """What a provider may raise."""


def test_error_of_the_provider_ends_the_call_and_is_not_kept(server: MessagesServer) -> None:
    broken = True

    def provide() -> str:
        if broken:
            raise OutOfOrderError
        return server.token

    with ApiClient(Configuration(server.url, access_token=provide)) as client:
        api = MessagesApi(client)
        with pytest.raises(ApiException, match="OutOfOrderError") as caught:
            api.get(*IDS)
        assert caught.value.outcome == "not_sent"
        assert isinstance(caught.value.__cause__, OutOfOrderError)
        assert statuses(server) == []
        broken = False
        api.get(*IDS)
        broken = True
        expire(server)
        for call in (api.get, api.get_without_preload_content):
            with pytest.raises(ApiException, match="OutOfOrderError") as caught:
                call(*IDS)
            assert caught.value.outcome == "answered"
        broken = False
        assert api.get(*IDS).jti == JTI


# -- fork ------------------------------------------------------------------------------------------

FORK_WHILE_LOGGED_IN = """
import os, sys
from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.login import LoginToken

configuration = Configuration(sys.argv[1])
configuration.access_token = LoginToken(configuration, username="me", password="s3cret-word")
with ApiClient(configuration) as client:
    api = MessagesApi(client)
    api.list("app_id_example", "connection_id_example")
    child = os.fork()
    got = api.get("app_id_example", "connection_id_example", "jti_example").jti
    os.write(1, f"{'parent' if child else 'child'} {got}\\n".encode())
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""

FORK_WHILE_ASKED = """
import os, signal, threading
from openapi_client import ApiClient, Configuration

parent, asked, go_on = os.getpid(), threading.Event(), threading.Event()

def provide():
    if os.getpid() == parent:
        asked.set()
        assert go_on.wait(30)
    return f"token-of-{'parent' if os.getpid() == parent else 'child'}"

configuration = Configuration(access_token=provide)
with ApiClient(configuration):
    thread = threading.Thread(target=configuration.auth_settings)
    thread.start()
    assert asked.wait(30)
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        go_on.set()
        thread.join()
    signal.alarm(10)
    os.write(1, f"{configuration.auth_settings()['BearerAuth']['value']}\\n".encode())
    if not child:
        os._exit(0)
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def lines_of(program: str, *arguments: str) -> list[str]:
    """What a program of its own prints; this process has threads, and had better not fork."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    return sorted(done.stdout.splitlines())


@needs_fork
def test_after_a_fork_parent_and_child_renew_their_tokens_each() -> None:
    with MessagesServer(tls=False, example=True, users={"me": "s3cret-word"}) as server:
        server.faults.expire_token(operation="get")
        assert lines_of(FORK_WHILE_LOGGED_IN, server.url) == [f"child {JTI}", f"parent {JTI}"]
        assert len(server.requests.matching(path="/v1/login")) == 3
        assert len(server.requests.matching(operation="get", status=401)) == 2


@needs_fork
def test_fork_while_another_thread_asks_does_not_hold_up_the_child() -> None:
    assert lines_of(FORK_WHILE_ASKED) == ["Bearer token-of-child", "Bearer token-of-parent"]
