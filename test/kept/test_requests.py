"""What modules of other endpoints send, each in the manner of both generations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from openapi_client import ApiClient, ApiException, Configuration
from test.support.recorder import TOKEN, Recorder, http_answer

ID = UUID("12345678-1234-5678-1234-567812345678")
WHEN = datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))
OK = http_answer(200, "fine", {"Content-Type": "text/plain"})


@pytest.fixture(autouse=True)
def answered(recorder: Recorder) -> None:
    recorder.answer = OK


def target_of(recorder: Recorder) -> str:
    return recorder.only.target.removeprefix("/v1")


# -- paths and headers -----------------------------------------------------------------------------


def test_values_of_every_kind_stand_in_a_path(echo: Any, recorder: Recorder) -> None:
    assert echo.in_path("a b/c", 5, True, "green", ID, ["x", "y"]) == "fine"
    assert target_of(recorder) == f"/path/a%20b%2Fc/5/true/green/{ID}/x,y"
    assert recorder.only.headers["Authorization"] == f"Bearer {TOKEN}"


def test_values_of_every_kind_stand_in_headers(echo: Any, recorder: Recorder, kept: Any) -> None:
    answer = echo.in_headers("s", 5, True, kept.Colour.RED, ["a", "b c"], _headers={"X-More": "1"})
    assert (answer.status_code, answer.data, answer.raw_data) == (200, "fine", b"fine")
    expected = {"X-S": "s", "X-I": "5", "X-B": "true", "X-E": "red", "X-A": "a,b c", "X-More": "1"}
    assert expected.items() <= recorder.only.headers.items()
    assert recorder.only.headers["Accept"] == "text/plain"


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"in": "header", "key": "X-Key", "value": "v"}, ("X-Key", "v")),
        ({"in": "cookie", "key": "sid", "value": "a b"}, ("Cookie", "sid=a%20b")),
        ({"in": "header", "key": "Authorization", "value": "Basic eA=="}, ("Authorization", None)),
        ({"type": "http-signature", "in": "header", "key": "Authorization", "value": None}, None),
        ({}, ("Authorization", f"Bearer {TOKEN}")),
    ],
    ids=["header", "cookie", "basic", "signature", "none"],
)
def test_credentials_of_a_call(
    echo: Any, recorder: Recorder, auth: dict[str, Any], sent: tuple[str, str | None] | None
) -> None:
    echo.in_headers(_request_auth={"type": "api_key", **auth} if auth else {})
    headers = recorder.only.headers
    if sent is None:
        assert "Authorization" not in headers
    else:
        assert headers[sent[0]] == (sent[1] or auth["value"])
        assert "Authorization" in headers or sent[0] != "Authorization"


# -- queries ---------------------------------------------------------------------------------------

QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"s": "a b&ä"}, "s=a%20b%26%C3%A4"),
    ({"s": ""}, "s="),
    ({"i": 0}, "i=0"),
    ({"i": 2**40}, "i=1099511627776"),
    ({"n": 1.5}, "n=1.5"),
    ({"b": True}, "b=true"),
    ({"b": False}, "b=false"),
    ({"e": "blue-ish"}, "e=blue-ish"),
    ({"u": ID}, f"u={ID}"),
    ({"day": date(2020, 1, 2)}, "day=2020-01-02"),
    ({"when": WHEN}, "when=2020-01-02T03%3A04%3A05.000678%2B0100"),
    ({"dec": Decimal("1.10")}, "dec=1.10"),
    ({"multi": ["a", "b c", "d&e"]}, "multi=a&multi=b%20c&multi=d%26e"),
    ({"multi": [True, 1]}, "multi=true&multi=1"),
    ({"csv": ["a b", "c,d"]}, "csv=a%20b,c%2Cd"),
    ({"ssv": ["a", "b"]}, "ssv=a%20b"),
    ({"pipes": ["a", "b"]}, "pipes=a%7Cb"),
    ({"plain": {"a": [1, True]}}, "plain=%7B%22a%22%3A%20%5B1%2C%20true%5D%7D"),
    ({"s": "x", "i": 1, "csv": ["b"]}, "s=x&i=1&csv=b"),
]


@pytest.mark.parametrize(("given", "query"), QUERIES, ids=lambda value: str(value)[:30])
def test_query(echo: Any, recorder: Recorder, given: dict[str, Any], query: str) -> None:
    assert echo.in_query(**given) == "fine"
    assert target_of(recorder) == f"/query?{query}"


def test_an_object_in_the_query(echo: Any, recorder: Recorder, kept: Any) -> None:
    given = kept.Filter(name="a b", tags=["x", "y"], deepName="d", flag=True)
    echo.in_query(exploded=given)
    target = target_of(recorder)
    if type(echo) is kept.EchoApi:
        assert target == "/query?name=a%20b&tags=x&tags=y&deepName=d&flag=true"
    else:
        assert target.startswith("/query?exploded=%7B%22name%22%3A%20%22a%20b%22%2C%20%22tags%22")
        assert "%22flag%22%3A%20true" in target


def test_formats_of_times_are_those_of_the_configuration(echo: Any, recorder: Recorder) -> None:
    echo.api_client.configuration.datetime_format = "%Y %a"
    echo.api_client.configuration.date_format = "%d/%m"
    echo.in_query(when=WHEN, day=date(2020, 1, 2))
    assert target_of(recorder) == "/query?day=02/01&when=2020%20Thu"


# -- bodies ----------------------------------------------------------------------------------------


def test_form(echo: Any, recorder: Recorder, kept: Any) -> None:
    fields = {"s": "a b&ä", "i": 1, "b": True, "a": ["x", "y"], "e": kept.Colour.RED, "n": 1.5}
    echo.send_form(**fields)
    assert recorder.only.body == b"s=a+b%26%C3%A4&i=1&b=true&a=x%2Cy&e=red&n=1.5"
    assert recorder.only.headers["Content-Type"] == "application/x-www-form-urlencoded"


def parts_of(recorder: Recorder) -> dict[str, tuple[str | None, str, bytes]]:
    head = f"Content-Type: {recorder.only.headers['Content-Type']}\r\n\r\n".encode()
    message: Any = BytesParser(policy=policy.HTTP).parsebytes(head + recorder.only.body)
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True).rstrip(b"\r\n"),
        )
        for part in message.iter_parts()
    }


@pytest.mark.parametrize("way", ["path", "bytes", "pair", "list"])
def test_upload(echo: Any, recorder: Recorder, kept: Any, tmp_path: Path, way: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    file: Any = {
        "path": str(path),
        "bytes": b"\x89PNG",
        "pair": ("a.png", b"\x89PNG"),
        "list": [str(path)],
    }[way]
    name = "file" if way == "bytes" else "a.png"
    media_type = "application/octet-stream" if way == "bytes" else "image/png"
    echo.upload(file, note="n ä", count=3, flag=True, filter=kept.Filter(name="x"))
    assert parts_of(recorder) == {
        "note": (None, "text/plain", "n ä".encode()),
        "count": (None, "text/plain", b"3"),
        "flag": (None, "text/plain", b"true"),
        "filter": (None, "text/plain", b'{"name": "x"}'),
        "file": (name, media_type, b"\x89PNG"),
    }


def test_a_file_that_is_not_there(echo: Any, recorder: Recorder, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        echo.upload(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        echo.send_binary(str(tmp_path / "none"))
    assert recorder.received == []


def test_binary(echo: Any, recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"\x00\xff")
    for body in (b"\x00\xff", str(path)):
        echo.send_binary(body)
    assert [request.body for request in recorder.received] == [b"\x00\xff"] * 2
    assert recorder.received[0].headers["Content-Type"] == "application/octet-stream"


FIELDS: list[tuple[Callable[[Any], dict[str, Any]], str]] = [
    (lambda kept: {"nothing": None}, '"nothing": null'),
    (lambda kept: {"photo_urls": ["u"]}, '"photoUrls": ["u"]'),
    (lambda kept: {"photoUrls": []}, '"photoUrls": []'),
    (lambda kept: {"var_class": "c"}, '"class": "c"'),
    (lambda kept: {"colour": "red", "level": 1}, '"colour": "red", "level": 1'),
    (lambda kept: {"inline": "up"}, '"inline": "up"'),
    (lambda kept: {"price": 1.5}, '"price": 1.5'),
    (lambda kept: {"day": date(2020, 1, 2)}, '"day": "2020-01-02"'),
    (lambda kept: {"when": WHEN}, '"when": "2020-01-02T03:04:05.000678+01:00"'),
    (lambda kept: {"key": ID}, f'"key": "{ID}"'),
    (lambda kept: {"amount": "1.10"}, '"amount": "1.10"'),
    (lambda kept: {"secret": "s"}, '"secret": "s"'),
    (lambda kept: {"filter": kept.Filter(count=0)}, '"filter": {"count": 0}'),
    (lambda kept: {"filters": [kept.Filter()]}, '"filters": [{}]'),
    (lambda kept: {"by_name": {"a": kept.Filter(flag=False)}}, '"byName": {"a": {"flag": false}}'),
    (lambda kept: {"lists": [[1], []]}, '"lists": [[1], []]'),
    (lambda kept: {"free": {"a": [None]}}, '"free": {"a": [null]}'),
    (lambda kept: {"any": 5}, '"any": 5'),
    (lambda kept: {"pet": kept.Pet(kept.Cat(kind="cat"))}, '"pet": {"kind": "cat"}'),
]


@pytest.mark.parametrize(("fields", "text"), FIELDS, ids=[case[1] for case in FIELDS])
def test_field_of_a_model(
    echo: Any, recorder: Recorder, kept: Any, fields: Callable[[Any], dict[str, Any]], text: str
) -> None:
    thing = kept.Thing(name="n", size=None, **fields(kept))
    assert echo.send_body(thing) == "fine"
    assert recorder.only.body.decode() == f'{{"name": "n", {text}}}'


BODIES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda kept: kept.Thing(name="n"), '{"name": "n", "size": 3}'),
    (lambda kept: kept.Pet(kept.Dog(kind="dog", bark="w")), '{"kind": "dog", "bark": "w"}'),
    (lambda kept: kept.Either("x"), '"x"'),
    (lambda kept: kept.Lion(className="Lion"), '{"className": "Lion", "color": "red"}'),
    (lambda kept: kept.Open(additional_properties={"a": 1}), '{"a": 1}'),
    (lambda kept: [kept.Filter(name="a"), kept.Filter()], '[{"name": "a"}, {}]'),
    (lambda kept: [], "[]"),
    (lambda kept: {}, "{}"),
    (lambda kept: {"day": date(2020, 1, 2), "b": True}, '{"day": "2020-01-02", "b": true}'),
    (lambda kept: 0, "0"),
    (lambda kept: False, "false"),
    (lambda kept: kept.Colour.RED, '"red"'),
    (lambda kept: None, ""),
]


@pytest.mark.parametrize(("make", "text"), BODIES, ids=[case[1] for case in BODIES])
def test_json_body(
    echo: Any, recorder: Recorder, kept: Any, make: Callable[[Any], Any], text: str
) -> None:
    assert echo.send_body(make(kept)) == "fine"
    assert recorder.only.body.decode() == text


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("text/plain", "grün", "grün".encode()),
        ("text/plain", "", b""),
        ("text/plain", True, b"true"),
        ("application/xml", b"<a/>", b"<a/>"),
        ("application/merge-patch+json", {"a": None}, b'{"a": null}'),
        ("application/json; charset=utf-8", "x", b'"x"'),
        ("application/x-ndjson", '{"a": 1}\n', b'{"a": 1}\n'),
        ("application/yaml", {"a": 1}, b'{"a": 1}'),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_body_of_another_type(
    echo: Any, recorder: Recorder, method: str, content_type: str, body: Any, sent: bytes
) -> None:
    assert echo.send_body(body, content_type, method) == "fine"
    assert (recorder.only.body, recorder.only.line.split(" ")[0]) == (sent, method)
    assert recorder.only.headers["Content-Type"] == content_type


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"_request_timeout": "1.0"},
        {"_request_timeout": ()},
        {"_request_timeout": (1.0, 1.0, 1.0)},
        {"_request_timeout": 0.0},
        {"_host_index": 1},
        {"_host_index": "0"},
        {"_headers": 5},
        {"i": "5"},
        {"e": "pink"},
        {"csv": ["a", 5]},
        {"nope": 1},
    ],
    ids=str,
)
def test_arguments_are_checked_before_anything_is_sent(
    echo: Any, recorder: Recorder, given: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        echo.in_query(**given)
    assert recorder.received == []


@pytest.mark.parametrize("timeout", [1.5, (1.5, 2.5), None])
def test_timeouts(echo: Any, timeout: Any) -> None:
    assert echo.in_query(_request_timeout=timeout) == "fine"


def test_a_serialize_method_gives_the_arguments_of_call_api(
    echo: Any, client: ApiClient, recorder: Recorder, kept: Any
) -> None:
    options = dict.fromkeys(("_request_auth", "_content_type", "_headers", "_host_index"))
    request = echo._in_path_serialize("a", 1, False, kept.Colour.RED, ID, ["x"], **options)
    method, url, headers, body, fields = request
    assert (method, body, fields or []) == ("GET", None, [])
    assert url == f"{recorder.url}/path/a/1/false/red/{ID}/x"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    response = client.call_api(*request)
    assert response.read() == b"fine"


def test_no_module_goes_round_the_limits(echo: Any, recorder: Recorder) -> None:
    recorder.answer = http_answer(200, "x" * 100, {"Content-Type": "text/plain"})
    echo.api_client.configuration.max_response_bytes = 50
    with pytest.raises(ApiException):
        echo.in_query(s="x")


# -- schemes of other endpoints --------------------------------------------------------------------


class MoreSchemes(Configuration):
    """Has the schemes that a description of other endpoints may name."""

    def auth_settings(self) -> dict[str, dict[str, Any]]:
        key = {"type": "api_key", "value": self.get_api_key_with_prefix("Key")}
        bearer = {"in": "header", "key": "Authorization", "value": f"Bearer {self.access_token}"}
        return super().auth_settings() | {
            "InHeader": {**key, "in": "header", "key": "X-Key"},
            "InQuery": {**key, "in": "query", "key": "key"},
            "InCookie": {**key, "in": "cookie", "key": "key"},
            "Basic": {**bearer, "type": "basic", "value": self.get_basic_auth_token()},
            "Bearer": {**bearer, "type": "bearer", "format": "JWT"},
            "OAuth": {**bearer, "type": "oauth2"},
            "Signature": {**bearer, "type": "http-signature", "value": None},
        }


@pytest.mark.parametrize(
    ("schemes", "headers", "query"),
    [
        (["BearerAuth"], {"Authorization": f"Bearer {TOKEN}"}, ""),
        (["InHeader"], {"X-Key": "Prefix k"}, ""),
        (["InQuery"], {}, "?key=Prefix%20k"),
        (["InCookie"], {"Cookie": "key=Prefix%20k"}, ""),
        (["Basic"], {"Authorization": "Basic dTpw"}, ""),
        (["Bearer"], {"Authorization": "Bearer other"}, ""),
        (["OAuth", "InHeader"], {"Authorization": "Bearer other", "X-Key": "Prefix k"}, ""),
        (["Signature", "Unknown"], {}, ""),
        ([], {}, ""),
    ],
)
def test_schemes_of_other_endpoints(
    recorder: Recorder, schemes: list[str], headers: dict[str, str], query: str
) -> None:
    configuration = MoreSchemes(
        recorder.url,
        {"BearerAuth": TOKEN, "Key": "k"},
        {"Key": "Prefix"},
        username="u",
        password="p",
        access_token="other",
    )
    with ApiClient(configuration) as client:
        client.call_api(*client.param_serialize("GET", "/x", auth_settings=schemes))
    sent = recorder.only.headers
    assert {name: sent[name] for name in sent if name in ("Authorization", "X-Key", "Cookie")} == (
        headers
    )
    assert target_of(recorder) == f"/x{query}"
