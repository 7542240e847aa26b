"""What modules of other endpoints make of answers, each in the manner of both generations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from openapi_client.exceptions import (
    ApiException,
    BadRequestException,
    ConflictException,
    DeserializationException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from test.support.recorder import Recorder, http_answer

ID = UUID("12345678-1234-5678-1234-567812345678")
JSON = "application/json"

Make = Callable[[Any], Any]
ANSWERS: list[tuple[str, object, Make]] = [
    ("str", "text", lambda kept: "text"),
    ("int", 5, lambda kept: 5),
    ("float", 3.4, lambda kept: 3.4),
    ("float", 3, lambda kept: 3.0),
    ("bool", True, lambda kept: True),
    ("decimal", "1.10", lambda kept: Decimal("1.10")),
    ("UUID", str(ID), lambda kept: ID),
    ("date", "2020-01-02", lambda kept: date(2020, 1, 2)),
    (
        "datetime",
        "2020-01-02T03:04:05.5+01:00",
        lambda kept: datetime(2020, 1, 2, 3, 4, 5, 500000, timezone(timedelta(hours=1))),
    ),
    ("object", {"a": [1, None]}, lambda kept: {"a": [1, None]}),
    ("Colour", "blue-ish", lambda kept: kept.Colour.BLUE_ISH),
    ("List[Colour]", ["red", "green"], lambda kept: [kept.Colour.RED, kept.Colour.GREEN]),
    ("Filter", {"deepName": "d", "more": 1}, lambda kept: kept.Filter(deepName="d")),
    ("List[Filter]", [{}, {"count": 1}], lambda kept: [kept.Filter(), kept.Filter(count=1)]),
    ("Dict[str, Filter]", {"a": {"name": "n"}}, lambda kept: {"a": kept.Filter(name="n")}),
    ("Dict[str, List[List[int]]]", {"a": [[1], []]}, lambda kept: {"a": [[1], []]}),
    ("Optional[Filter]", {"name": "n"}, lambda kept: kept.Filter(name="n")),
    ("Optional[Filter]", None, lambda kept: None),
    ("List[Optional[int]]", [1, None], lambda kept: [1, None]),
    ("Pet", {"kind": "cat", "lives": 9}, lambda kept: kept.Pet(kept.Cat(kind="cat", lives=9))),
    ("List[Pet]", [{"kind": "dog"}], lambda kept: [kept.Pet(kept.Dog(kind="dog"))]),
    ("Either", "x", lambda kept: kept.Either("x")),
    ("Either", 5, lambda kept: kept.Either(5)),
    ("Either", {"code": 1}, lambda kept: kept.Either(kept.Fault(code=1))),
    (
        "Animal",
        {"className": "Lion", "mane": True},
        lambda kept: kept.Lion(className="Lion", mane=True),
    ),
    ("Open", {"a": 1}, lambda kept: kept.Open(additional_properties={"a": 1})),
    (
        "Thing",
        {"name": "n", "colour": "red", "day": "2020-01-02", "key": str(ID), "more": 1},
        lambda kept: kept.Thing(name="n", colour="red", day=date(2020, 1, 2), key=ID),
    ),
]


@pytest.mark.parametrize(("kind", "answer", "make"), ANSWERS, ids=lambda value: str(value)[:24])
def test_json_answer(
    echo: Any, recorder: Recorder, kept: Any, kind: str, answer: object, make: Make
) -> None:
    recorder.answer = http_answer(200, json.dumps(answer), {"Content-Type": JSON})
    data = echo.got({"200": kind})
    expected = make(kept)
    assert data == expected
    assert type(data) is type(expected)


@pytest.mark.parametrize(
    ("kind", "answer", "content_type", "data"),
    [
        ("str", b"text", "text/plain", "text"),
        ("str", b'{"a": "a"}', "text/csv", '{"a": "a"}'),
        ("str", b"", "text/plain", ""),
        ("str", "grün".encode("latin-1"), "text/plain; charset=iso-8859-1", "grün"),
        ("int", b"5", "text/plain", 5),
        ("date", b"2020-01-02", "text/plain", date(2020, 1, 2)),
        ("bytearray", b"\x00\xff", "application/octet-stream", b"\x00\xff"),
        ("bytes", b"", "image/png", b""),
        ("Filter", b'{"name": "n"}', "application/problem+json; charset=utf-8", {"name": "n"}),
        ("Dict[str, str]", b'{"a": "b"}', "APPLICATION/JSON", {"a": "b"}),
    ],
)
def test_answer_of_another_type(
    echo: Any, recorder: Recorder, kind: str, answer: bytes, content_type: str, data: object
) -> None:
    recorder.answer = http_answer(200, answer, {"Content-Type": content_type})
    got = echo.got({"200": kind})
    assert (got.to_dict() if hasattr(got, "to_dict") else got) == data


def test_file(echo: Any, recorder: Recorder, tmp_path: Path) -> None:
    echo.api_client.configuration.temp_folder_path = str(tmp_path)
    headers = {"Content-Disposition": 'attachment; filename="a.txt"'}
    recorder.answer = http_answer(200, b"\x00\xff", headers)
    path = Path(echo.got({"200": "file"}))
    assert (path, path.read_bytes()) == (tmp_path / "a.txt", b"\x00\xff")


TYPES = {
    "200": "Fault",
    "202": "Filter",
    "204": None,
    "206": "str",
    "400": "Fault",
    "4XX": "Filter",
}


@pytest.mark.parametrize(
    ("status", "answer", "data"),
    [
        (200, {"code": 1}, {"code": 1}),
        (202, {"name": "n"}, {"name": "n"}),
        (204, b"", None),
        (206, b'"some text"', "some text"),
    ],
)
def test_the_type_goes_by_the_status(
    echo: Any, recorder: Recorder, status: int, answer: object, data: object
) -> None:
    recorder.answer = http_answer(status, answer, {"Content-Type": JSON})
    got = echo.got(TYPES)
    assert (got.to_dict() if hasattr(got, "to_dict") else got) == data


@pytest.mark.parametrize(
    ("status", "error", "data"),
    [
        (400, BadRequestException, "Fault"),
        (401, UnauthorizedException, "Filter"),
        (403, ForbiddenException, "Filter"),
        (404, NotFoundException, "Filter"),
        (409, ConflictException, "Filter"),
        (418, ApiException, "Filter"),
        (422, UnprocessableEntityException, "Filter"),
        (500, ServiceException, None),
        (503, ServiceException, None),
    ],
)
def test_an_error_has_its_class_and_its_data(
    echo: Any, recorder: Recorder, kept: Any, status: int, error: type[ApiException], data: str
) -> None:
    echo.api_client.configuration.retries = 0
    recorder.answer = http_answer(status, {"code": 1, "name": "n"}, {"X-Answer": "42"})
    with pytest.raises(error) as caught:
        echo.got(TYPES)
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.reason) == (status, "Told")
    assert caught.value.body == '{"code": 1, "name": "n"}'
    assert caught.value.headers is not None
    assert caught.value.headers["X-Answer"] == "42"
    assert type(caught.value.data) is (getattr(kept, data) if data else type(None))


@pytest.mark.parametrize("status", [404, 500])
def test_default_is_for_statuses_without_an_entry(
    echo: Any, recorder: Recorder, kept: Any, status: int
) -> None:
    echo.api_client.configuration.retries = 0
    recorder.answer = http_answer(status, {"code": 1})
    with pytest.raises(ApiException) as caught:
        echo.got({"200": "Filter", "default": "Fault"})
    assert caught.value.data == kept.Fault(code=1)


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("Thing", {}, "name"),
        ("Thing", {"name": "n", "colour": "pink"}, "'red', 'green' or 'blue-ish'"),
        ("Thing", {"name": "n", "inline": "left"}, "must be one of enum values"),
        ("Thing", [1], "valid dictionary"),
        ("Thing", b"<html>", "Invalid JSON"),
        ("Colour", b'"pink"', "'red', 'green' or 'blue-ish'"),
        ("Pet", {"kind": "cow"}, "No match found when deserializing the JSON string into Pet"),
        ("Animal", {"className": "Zed"}, "Animal failed to lookup discriminator value"),
        ("Animal", 5, "'int' object has no attribute 'get'"),
        ("List[Filter]", {"name": "n"}, "valid array"),
        ("int", b'"five"', "valid integer"),
        ("UUID", b'"five"', "valid UUID"),
        ("datetime", b'"five"', "five"),
        ("NoSuchModel", {}, "there is no type 'NoSuchModel'"),
    ],
)
def test_an_answer_that_is_not_what_was_promised(
    echo: Any, recorder: Recorder, kind: str, answer: object, said: str
) -> None:
    recorder.answer = http_answer(200, answer, {"Content-Type": JSON})
    with pytest.raises(DeserializationException) as caught:
        echo.got({"200": kind})
    assert said in str(caught.value)
    assert not {"nullable", "function-"} & set(re.split(r"[^\w-]", str(caught.value)))
    assert isinstance(caught.value, ValueError)
    assert caught.value.outcome == "answered"


def test_response_without_preload_content(echo: Any, recorder: Recorder) -> None:
    recorder.answer = http_answer(200, b"abcdefgh")
    response = echo.got_without_preload_content()
    assert (response.status, response.headers["Content-Length"]) == (200, "8")
    assert [response.read(3), response.read(3), response.read(3)] == [b"abc", b"def", b"gh"]
    assert response.closed


def test_the_default_client_is_used_by_a_class_without_one(
    echo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = echo.api_client
    monkeypatch.setattr(type(client), "_default", client)
    assert type(echo)().api_client is client
