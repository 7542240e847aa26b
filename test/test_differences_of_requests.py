"""More of "Differences from the generated package": requests, secrets, connections.

`test_differences` checks that each test here stands for a row of the page.
"""

from __future__ import annotations

import copy
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
import urllib3

from openapi_client import (
    ApiClient,
    ApiException,
    ApiValueError,
    Configuration,
    MessagesApi,
    __version__,
)
from openapi_client.exceptions import ApiAttributeError, ClientClosedException, ConnectException
from test.support.recorder import HELLO, TOKEN, Recorder, closed_port, http_answer

# -- paths and hosts -------------------------------------------------------------------------------


def test_ids_are_spelled_as_the_service_spells_them(recorder: Recorder, api: MessagesApi) -> None:
    api.list("$&+,:;=@", "user:7@example")
    api.api_client.configuration.safe_chars_for_path_param = "!:"
    api.list("$&+,:;=@!", "user:7@example")
    assert [request.target for request in recorder.received] == [
        "/v1/apps/$&+,:;=@/connections/user:7@example/messages",
        "/v1/apps/%24%26%2B%2C:%3B%3D%40!/connections/user:7%40example/messages",
    ]


def refused(recorder: Recorder, api: MessagesApi, value: str) -> None:
    for ids in ((value, "c", "j"), ("a", value, "j"), ("a", "c", value)):
        with pytest.raises(ApiValueError, match=r"_id must not|jti must not"):
            api.get(*ids)
    assert recorder.received == []


@pytest.mark.parametrize("value", ["", ".", "..", "%2e", "%2E%2e", ".%2e"])
def test_an_id_that_would_name_another_resource_is_refused(
    recorder: Recorder, api: MessagesApi, value: str
) -> None:
    refused(recorder, api, value)


@pytest.mark.parametrize("value", ["a\nb", "\t", "a\x00", "\x7f", "a%0d%0ab"])
def test_an_id_with_a_control_character_is_refused(
    recorder: Recorder, api: MessagesApi, value: str
) -> None:
    refused(recorder, api, value)


def test_a_missing_path_parameter_is_refused(client: ApiClient) -> None:
    with pytest.raises(ApiValueError, match="path parameter 'jti'"):
        client.param_serialize("GET", "/messages/{jti}", {"app_id": "a"})


def test_a_slash_at_the_end_of_the_host_is_dropped(recorder: Recorder, api: MessagesApi) -> None:
    api.api_client.configuration.host = recorder.url + "/"
    api.get("a", "c", "j")
    assert recorder.only.target == "/v1/apps/a/connections/c/messages/j"


def test_a_host_goes_before_a_server_index() -> None:
    assert Configuration("https://one.example", server_index=0).host == "https://one.example"


# -- headers ---------------------------------------------------------------------------------------


def test_headers_of_a_call_win(recorder: Recorder, api: MessagesApi) -> None:
    api.api_client.set_default_header("X-Tenant", "blue")
    api.api_client.cookie = "a=1"
    mine = {
        "x-tenant": "red",
        "ACCEPT": "text/csv",
        "user-agent": "mine/1",
        "authorization": "Mine 1",
        "cookie": "b=2",
    }
    api.get("a", "c", "j", _headers=mine)
    sent = recorder.only.headers
    assert {name: value for name, value in sent.items() if name in mine} == mine
    assert len(sent) == len(mine) + 2


def test_the_user_agent_names_the_client_and_its_version(
    recorder: Recorder, api: MessagesApi
) -> None:
    api.list("a", "c")
    api.api_client.user_agent = "mine/1"
    api.list("a", "c")
    api.api_client.set_default_header("User-Agent", "mine/2")
    api.list("a", "c")
    api.list("a", "c", _headers={"User-Agent": "mine/3"})
    assert [request.headers["User-Agent"] for request in recorder.received] == [
        f"openapi-messages-client/{__version__}",
        "mine/1",
        "mine/2",
        "mine/3",
    ]


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "Transfer-Encoding"])
def test_headers_that_follow_from_the_body_are_refused(
    recorder: Recorder, api: MessagesApi, name: str
) -> None:
    with pytest.raises(ApiValueError, match=name):
        api.send("a", "c", "hello", _headers={name: "5"})
    assert recorder.received == []


# -- other endpoints -------------------------------------------------------------------------------


def query(client: ApiClient, value: object, collection: str | None = None) -> str:
    formats = {"p": collection} if collection else None
    url = client.param_serialize(
        "GET", "/x", query_params=[("p", value)], collection_formats=formats
    )[1]
    return url.partition("/x")[2]


def test_collections_in_a_query_are_encoded(client: ApiClient) -> None:
    assert query(client, ["a b", "c&d"], "multi") == "?p=a%20b&p=c%26d"
    assert query(client, [True, None, "c,d"], "csv") == "?p=true,None,c%2Cd"
    assert query(client, ["a", "b"]) == "?p=a,b"


def test_none_is_left_out_of_a_query(client: ApiClient) -> None:
    assert query(client, None) in ("", "?")


def test_a_collection_format_that_does_not_exist_is_refused(client: ApiClient) -> None:
    with pytest.raises(ValueError, match=r"collection_formats\['p'\] must be one of csv, "):
        query(client, ["a"], "comma")


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}])
def test_form_fields_without_a_form_are_refused(
    recorder: Recorder, client: ApiClient, headers: dict[str, str]
) -> None:
    with pytest.raises(ApiValueError, match="post_params need a Content-Type"):
        client.call_api("POST", f"{recorder.url}/x", headers, post_params=[("a", "1")])
    assert recorder.received == []


def decoded(recorder: Recorder, client: ApiClient, kind: str, answer: bytes) -> Any:
    recorder.answer = answer
    response = client.call_api("GET", f"{recorder.url}/x")
    response.read()
    return client.response_deserialize(response, {"200": kind}).data


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/up.txt", "a/../../up.txt", "up.txt"])
def test_a_file_stays_in_its_folder(
    recorder: Recorder, client: ApiClient, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "up.txt").write_text("old")
    (folder / "up.txt").write_text("old")
    client.configuration.temp_folder_path = str(folder)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    path = Path(decoded(recorder, client, "file", http_answer(200, b"new", headers)))
    assert path.resolve().is_relative_to(folder.resolve())
    assert path.read_text() == "new"
    assert [(tmp_path / "up.txt").read_text(), (folder / "up.txt").read_text()] == ["old", "old"]


def test_values_are_read_as_what_they_say(recorder: Recorder, client: ApiClient) -> None:
    assert decoded(recorder, client, "bool", http_answer(200, "false")) is False
    assert decoded(recorder, client, "bool", http_answer(200, '"false"')) is False
    with pytest.raises(ApiException):
        decoded(recorder, client, "int", http_answer(200, '{"a": 1}'))


@pytest.mark.parametrize("kind", ["date", "datetime", "MessageMessage", "int", "NoSuchModel"])
def test_deserialize_raises_value_error(client: ApiClient, kind: str) -> None:
    with pytest.raises(ValueError, match=r"date|Message|int|NoSuch"):
        client.deserialize('"yesterday"', kind)


# -- logs and secrets ------------------------------------------------------------------------------


def test_debug_shows_no_secret_and_changes_nothing_for_others(
    api: MessagesApi, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    levels = [logging.getLogger(name).level for name in ("urllib3", "openapi_client")]
    api.api_client.configuration.debug = True
    auth = {"type": "api_key", "in": "query", "key": "key", "value": TOKEN}
    api.get("a", "c", "j", _request_auth=auth, _headers={"X-Key": TOKEN})
    shown = capfd.readouterr()
    assert "GET /v1/apps/a/connections/c/messages/j" in caplog.text
    assert TOKEN not in caplog.text + shown.out + shown.err
    assert [logging.getLogger(name).level for name in ("urllib3", "openapi_client")] == levels


def test_logger_file_is_of_its_own_configuration(api: MessagesApi, tmp_path: Path) -> None:
    path = tmp_path / "other.log"
    other = Configuration()
    other.logger_file = str(path)
    handlers = [logging.getLogger(name).handlers for name in ("urllib3", "openapi_client")]
    api.api_client.configuration.debug = True
    api.get("a", "c", "j")
    assert all(other.logger_file_handler not in some for some in handlers)
    assert not path.exists()
    other.logger_file = None


def test_logger_handlers_are_read_only() -> None:
    configuration = Configuration()
    for name in ("logger_formatter", "logger_file_handler", "logger_stream_handler"):
        with pytest.raises(AttributeError):
            setattr(configuration, name, None)


def test_errors_show_no_secret(recorder: Recorder, api: MessagesApi) -> None:
    headers = {"X-Echo": TOKEN, "Set-Cookie": f"session={TOKEN}"}
    for status in (200, 401, 500):
        recorder.answer = http_answer(status, f"no: Bearer {TOKEN}", headers)
        with pytest.raises(ApiException) as caught:
            api.get("a", "c", "j")
        error = caught.value
        assert error.body == "no: ***"
        for text in (str(error), repr(error), str(error.args)):
            assert TOKEN not in text
        assert TOKEN.encode() not in pickle.dumps(error)
        assert str(copy.deepcopy(error)) == str(error)


# -- connections and defaults ----------------------------------------------------------------------


def test_with_closes_the_pool(recorder: Recorder) -> None:
    recorder.answer = http_answer(200, HELLO)
    with ApiClient(Configuration(recorder.url)) as client:
        MessagesApi(client).get("a", "c", "j")
    with pytest.raises(ClientClosedException) as caught:
        MessagesApi(client).get("a", "c", "j")
    assert caught.value.outcome == "not_sent"
    assert len(recorder.received) == 1


def test_proxies_of_the_environment_are_honoured(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.answer = http_answer(200, HELLO)
    monkeypatch.setenv("HTTP_PROXY", recorder.url.removesuffix("/v1"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,direct.example")
    # Loopback is never reached through it.
    for host in ("http://service.example:1", recorder.url):
        with ApiClient(Configuration(host, allow_insecure=True)) as client:
            MessagesApi(client).get("a", "c", "j")
    assert [request.target for request in recorder.received] == [
        "http://service.example:1/apps/a/connections/c/messages/j",
        "/v1/apps/a/connections/c/messages/j",
    ]
    closed = f"http://127.0.0.1:{closed_port()}"
    other = Configuration("http://localhost:1", proxy=closed, retries=0)
    with ApiClient(other) as client, pytest.raises(ConnectException):
        MessagesApi(client).get("a", "c", "j")
    assert len(recorder.received) == 2


def test_a_socks_proxy_is_refused() -> None:
    with pytest.raises(ApiValueError, match="proxy must be an http:// or https:// URL"):
        Configuration(proxy="socks5://proxy.example:1080")


def test_there_is_no_pool_manager(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not hasattr(client.rest_client, "pool_manager")
    with pytest.raises(ApiAttributeError, match="a double into the place of rest_client"):
        client.rest_client.pool_manager = urllib3.PoolManager()
    asked: list[str] = []
    urlopen = urllib3.HTTPConnectionPool.urlopen

    def watched(self: urllib3.HTTPConnectionPool, method: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(method)
        return urlopen(self, method, *args, **kwargs)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", watched)
    MessagesApi(client).get("a", "c", "j")
    assert asked == ["GET"]


def test_copies_of_the_default_configuration_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Configuration, "_default", None)
    given = Configuration("https://one.example")
    Configuration.set_default(given)
    given.host = "https://two.example"
    Configuration.get_default_copy().host = "https://three.example"
    assert Configuration.get_default().host == "https://one.example"
    Configuration.get_default().host = "https://four.example"
    assert Configuration.get_default_copy().host == "https://four.example"
