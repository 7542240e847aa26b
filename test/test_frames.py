"""The frames of a failed call hold no credential: programs show the variables of frames."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any, cast

import pytest

from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
from openapi_client.login import LoginToken
from test.support.calls import TOKEN, api_for, client_for
from test.support.echoes import FAILURES, SETTINGS, echo
from test.support.recorder import closed_port, http_answer
from test.support.scripted import Script, ScriptedServer, always

# Global, because the variables of a test's own frames are shown as well.
PAIR = base64.b64encode(f"operator:{TOKEN}".encode()).decode()
OPTIONS: dict[str, dict[str, Any]] = {
    "configuration": {},
    "_headers": {"_headers": {"X-Key": TOKEN}},
    "_request_auth": {
        "_request_auth": {"type": "api_key", "in": "query", "key": "key", "value": TOKEN}
    },
    "Basic": {"_headers": {"Authorization": f"Basic {PAIR}"}},
}
CALLS: dict[str, Callable[[MessagesApi, str], object]] = {
    "get": lambda api, kind: api.get("app", "connection", "jti", **OPTIONS[kind]),
    "send": lambda api, kind: api.send("app", "connection", "text", **OPTIONS[kind]),
    "get_with_http_info": lambda api, kind: api.get_with_http_info(
        "app", "connection", "jti", **OPTIONS[kind]
    ),
}


def shown_by(call: Callable[[], object]) -> str:
    """Everything that a traceback of a failed call shows, variables included."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - of whatever class
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(told.format())
    pytest.fail("the call did not fail")


def searched(shown: str) -> str:
    for form in (TOKEN, PAIR):
        assert not [form[at : at + 8] for at in range(len(form) - 7) if form[at : at + 8] in shown]
    return shown


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_of_an_operation_shows_a_credential_in_its_frames(
    failure: str, kind: str
) -> None:
    script, _ = FAILURES[failure]
    settings = {"max_response_bytes": 4096, "retries": 1, **SETTINGS.get(failure, {})}
    with ScriptedServer(script) as server, api_for(server, **settings) as api:
        for call in CALLS.values():
            shown = searched(shown_by(partial(call, api, kind)))
            assert "operation.py" in shown


@pytest.mark.parametrize("kind", OPTIONS)
def test_no_call_that_reaches_nobody_shows_a_credential_in_its_frames(kind: str) -> None:
    with api_for(f"http://127.0.0.1:{closed_port()}/v1", retries=1) as api:
        for call in CALLS.values():
            searched(shown_by(partial(call, api, kind)))
        api.api_client.close()
        searched(shown_by(lambda: CALLS["get"](api, kind)))


def test_no_argument_that_is_refused_is_shown_in_frames() -> None:
    with api_for("http://127.0.0.1:1/v1") as api:
        for call in (
            lambda: api.get("app", "connection", "jti", _headers={"X-Key": f"{TOKEN}\n"}),
            lambda: api.get("app", "connection", "jti", _request_auth={"value": TOKEN}),
            lambda: api.get("app", 5, "jti", _headers={"X-Key": TOKEN}),  # type: ignore[arg-type]
            lambda: api.get("app", _headers={"X-Key": TOKEN}),  # type: ignore[call-arg]
        ):
            # The source of these lines, which a traceback quotes, names the constant only.
            searched(shown_by(call))


def _failing_provider() -> str:
    password = TOKEN
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise RuntimeError(f"no token for a password of {len(password)} letters") from error


def _bad_provider() -> str:
    return TOKEN + "\n"


@pytest.mark.parametrize("provider", [_failing_provider, _bad_provider])
def test_what_a_provider_of_tokens_knew_is_not_shown(provider: Callable[[], str]) -> None:
    settings = {"api_key": None, "access_token": provider}
    with api_for("http://127.0.0.1:1/v1", **settings) as api:
        searched(shown_by(lambda: CALLS["get"](api, "configuration")))


def _login(url: str) -> Callable[[], str]:
    return LoginToken(Configuration(url, retries=0), username="operator", password=TOKEN)


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_login_that_fails_does_not_show_the_password(status: int) -> None:
    with ScriptedServer(echo(status)) as server:
        searched(shown_by(_login(server.url)))
        settings = {"api_key": None, "access_token": _login(server.url)}
        with api_for(server, **settings) as api:
            searched(shown_by(lambda: CALLS["get"](api, "configuration")))


class _Overridden(ApiClient):
    def call_api(self, *args: Any, **kwargs: Any) -> Any:
        headers = args[2]
        raise ConnectionError(f"{len(headers)} headers")


def test_the_frames_of_overridden_seams_are_emptied_too() -> None:
    with client_for("http://127.0.0.1:1/v1") as client:
        api = MessagesApi(_Overridden(client.configuration))
        assert "in call_api" in searched(shown_by(lambda: CALLS["get"](api, "configuration")))


def test_the_frames_of_the_caller_are_left_alone() -> None:
    def ones() -> Iterator[int]:
        number = 1
        try:
            raise ValueError("of the caller")
        except ValueError as error:
            errors.append(error)
        while True:
            yield number

    errors: list[ValueError] = []
    generator = ones()
    next(generator)
    with api_for("http://127.0.0.1:1/v1", retries=0) as api:
        try:
            raise errors[0]
        except ValueError:
            with pytest.raises(ApiException) as failed:
                api.get("app", "connection", "jti")
    assert failed.value.__cause__ is not None
    assert next(generator) == 1


SENTRY = """
    import json
    import sentry_sdk
    from sentry_sdk.transport import Transport
    from openapi_client import ApiClient, ApiException, Configuration, MessagesApi
    from test.support.calls import TOKEN
    from test.support.echoes import FAILURES, SETTINGS
    from test.support.scripted import ScriptedServer
    from test.test_frames import CALLS, OPTIONS, PAIR

    events = []

    class Kept(Transport):
        def capture_envelope(self, envelope):
            events.append(envelope.serialize().decode())

    sentry_sdk.init("http://key@127.0.0.1:1/1", transport=Kept, traces_sample_rate=1.0)

    def fail(api, kind):
        with sentry_sdk.start_transaction(name="calls"):
            for call in CALLS.values():
                try:
                    call(api, kind)
                except ApiException as error:
                    sentry_sdk.capture_exception(error)

    for failure, (script, _) in FAILURES.items():
        for kind in OPTIONS:
            with ScriptedServer(script) as server:
                configuration = Configuration(server.url, retries=0, max_response_bytes=4096)
                for name, value in SETTINGS.get(failure, {}).items():
                    setattr(configuration, name, value)
                configuration.api_key["BearerAuth"] = TOKEN
                with ApiClient(configuration) as client:
                    fail(MessagesApi(client), kind)
    assert len(events) >= 3 * len(FAILURES), len(events)
    assert '"vars"' in events[0] and "operation.py" in events[0]
    for event in events:
        for form in (TOKEN, PAIR):
            for at in range(len(form) - 7):
                assert form[at : at + 8] not in event, event
"""


@pytest.mark.skipif(find_spec("sentry_sdk") is None, reason="needs the real sentry_sdk")
def test_an_event_of_sentry_shows_no_credential() -> None:
    # In a process of its own: it changes the hooks and loggers of all.
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SENTRY)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


SEAMS: dict[str, Callable[[ApiClient], object]] = {
    "call_api": lambda client: client.response_deserialize(
        client.call_api(*client.param_serialize("GET", "/x", auth_settings=["BearerAuth"])),
        {"200": "MessageMessage"},
    ),
    "call_api refuses": lambda client: client.call_api(
        *client.param_serialize("GET", "/x", auth_settings=["BearerAuth"]), _request_timeout=-1
    ),
    "param_serialize": lambda client: client.param_serialize(
        "GET", "/{id}", path_params={"id": ".."}, header_params={"Authorization": TOKEN}
    ),
    "param_serialize refuses": lambda client: client.param_serialize(
        "GET", "/x", auth_settings=["BearerAuth"], _request_auth={"type": "no", "value": TOKEN}
    ),
    "request": lambda client: client.response_deserialize(
        client.rest_client.request(
            "GET", f"{client.configuration.host}/x?key={TOKEN}", {"Authorization": TOKEN}
        )
    ),
    "request refuses": lambda client: client.rest_client.request(
        "NO", f"{client.configuration.host}/x", {"Authorization": TOKEN}
    ),
    "request refuses a body": lambda client: client.rest_client.request(
        "POST", f"{client.configuration.host}/x", {"Authorization": TOKEN}, object()
    ),
}


@pytest.mark.parametrize("failure", ["401", "garbage", "reset"])
@pytest.mark.parametrize("seam", SEAMS)
def test_a_seam_that_a_program_calls_itself_leaves_no_credential(seam: str, failure: str) -> None:
    scripts: dict[str, Script] = {
        "401": always(http_answer(401, {"message": f"no {TOKEN}"})),
        "garbage": always(http_answer(200, f'{{"jti": 1, "body": "{TOKEN}"}}')),
        "reset": lambda peer: peer.reset(),
    }
    with ScriptedServer(scripts[failure]) as server, client_for(server, retries=0) as client:

        def call() -> None:
            SEAMS[seam](client)
            raise ApiException(0, "a response that is not decoded here")

        shown = shown_by(call)
    assert not any(TOKEN[at : at + 8] in shown for at in range(len(TOKEN) - 7))


def test_an_argument_that_may_be_a_misplaced_secret_is_not_shown() -> None:
    with api_for("https://127.0.0.1:1/v1") as api:
        for options in ({"_request_timeout": TOKEN}, {"_headers": {f"{TOKEN}\n": "x"}}):
            with pytest.raises(ValueError, match=r"_request_timeout|a header's name") as caught:
                api.list("app", "connection", **cast("Any", options))
            assert TOKEN not in f"{caught.value} {caught.value!r}"
