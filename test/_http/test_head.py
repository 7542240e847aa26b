"""The reader of answers' heads: strict, and of one mind with `http.client` on every valid head."""

from __future__ import annotations

import http.client
import io
import re
import socket
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from openapi_client._http.head import (
    CHUNKED,
    MAX_FIELDS,
    UNTIL_CLOSE,
    Head,
    framing_of,
    parse_head,
)

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
VISIBLE = "".join(map(chr, [*range(0x21, 0x7F), *range(0x80, 0x100)]))

names = st.text(TOKEN, min_size=1, max_size=20)
words = st.text(VISIBLE, min_size=1, max_size=20)
blanks = st.text(" \t", max_size=3)
values = st.lists(words, max_size=4).map(" ".join)
reasons = st.text(VISIBLE + " \t", max_size=30)
statuses = st.integers(200, 599)


@st.composite
def field_lines(draw: st.DrawFn) -> str:
    """A field line as RFC 9112, section 5 allows it, now and then folded (5.2)."""
    name = draw(names)
    value = draw(values)
    if " " in value and draw(st.integers(0, 9)) == 0:
        value = value.replace(" ", draw(st.sampled_from(["\r\n ", " \r\n\t", "\r\n  "])), 1)
    return f"{name}:{draw(blanks)}{value}{draw(blanks)}\r\n"


@st.composite
def heads(draw: st.DrawFn, fields: st.SearchStrategy[str] = field_lines()) -> str:  # noqa: B008
    line = f"HTTP/1.{draw(st.sampled_from('01'))} {draw(statuses)} {draw(reasons)}\r\n"
    return line + "".join(draw(st.lists(fields, max_size=8)))


class Wire:
    """As much of a socket as `http.client` reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def by_http_client(head: str, method: str = "GET") -> http.client.HTTPResponse:
    wire = cast("socket.socket", Wire(head.encode("latin-1") + b"\r\n"))
    response = http.client.HTTPResponse(wire, method=method)
    response.begin()
    return response


def plainly(value: str) -> str:
    """A value without what RFC 9110, 5.5 and RFC 9112, 5.2 say is not part of it."""
    return re.sub(r"[\t ]*\r\n[\t ]+", " ", value).strip(" \t")


@given(heads())
def test_every_valid_head_is_read_as_http_client_reads_it(head: str) -> None:
    ours, theirs = parse_head(head.encode("latin-1")), by_http_client(head)
    assert ours.status == theirs.status
    assert ours.reason == theirs.reason
    assert ours.minor == theirs.version - 10
    read = [(name, plainly(value)) for name, value in theirs.getheaders()]
    assert list(ours.fields) == read


lengths = st.integers(0, 10**6).map(lambda length: f"Content-Length: {length}\r\n")
chunked = st.sampled_from(
    ["Transfer-Encoding: chunked\r\n", "transfer-encoding:Chunked\r\n"],
)
framings = st.one_of(lengths, chunked, st.just(""))
connections = st.sampled_from(
    ["", "Connection: close\r\n", "Connection: keep-alive\r\n", "connection: Keep-Alive, X\r\n"]
)
others = names.filter(
    lambda name: (
        name.lower()
        not in (
            "content-length",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "proxy-connection",
        )
    )
).map(lambda name: f"{name}: x\r\n")


@given(heads(others), framings, connections, st.sampled_from(["GET", "HEAD", "POST", "PUT"]))
def test_the_framing_is_what_http_client_makes_of_it(
    head: str, framing: str, connection: str, method: str
) -> None:
    if framing.lower().startswith("transfer") and head.startswith("HTTP/1.0"):
        head = head.replace("HTTP/1.0", "HTTP/1.1", 1)
    head += framing + connection
    length, keep_alive = framing_of(parse_head(head.encode("latin-1")), method)
    theirs = by_http_client(head, method)
    if length == CHUNKED:
        assert theirs.chunked
    elif length == UNTIL_CLOSE:
        assert theirs.length is None
        assert not theirs.chunked
    else:
        assert theirs.length == length or method == "HEAD"
    if theirs.will_close:
        assert not keep_alive
    elif length != UNTIL_CLOSE:
        assert keep_alive


def read(*lines: str) -> Head:
    return parse_head("".join(f"{line}\r\n" for line in lines).encode("latin-1"))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 -10 OK",
        "HTTP/1.1 2xx OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200OK",
        "HTTP/1.1 \u00b2\u00b2\u00b2 OK",
        "HTTP/2 200 OK",
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/1.10 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        " HTTP/1.1 200 OK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 200 O\nK",
        "HTTP/1.1 200 O\x7fK",
    ],
)
def test_what_is_no_status_line_is_an_error(line: str) -> None:
    with pytest.raises(ProtocolError, match="status line"):
        read(line)


@pytest.mark.parametrize(
    "line",
    [
        "Name",
        ": value",
        "Name : value",
        "Na me: value",
        "Name\t: value",
        "N\u00e4me: value",
        "Na(me: value",
        "Name: va\0lue",
        "Name: va\rlue",
        "Name: va\nlue",
        "Name: va\x0blue",
        "Name: va\x7flue",
        "",
    ],
)
def test_what_is_no_field_is_an_error(line: str) -> None:
    with pytest.raises(ProtocolError, match="header field"):
        read("HTTP/1.1 200 OK", "Good: value", line)
    with pytest.raises(ProtocolError):
        read("HTTP/1.1 200 OK", line)


@pytest.mark.parametrize("line", [" Name: value", "\tName: value", " "])
def test_white_space_before_the_first_field_is_an_error(line: str) -> None:
    with pytest.raises(ProtocolError, match="White space"):
        read("HTTP/1.1 200 OK", line)


def test_a_reason_may_be_missing() -> None:
    assert read("HTTP/1.1 200").reason == ""
    assert read("HTTP/1.1 200 ").reason == ""
    assert read("HTTP/1.1 200 Very Good").reason == "Very Good"


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    head = read("HTTP/1.1 200 OK", "A:b", "C: \t d e \t", "F:", "G: \t")
    assert list(head.fields) == [("A", "b"), ("C", "d e"), ("F", ""), ("G", "")]


def test_a_fold_is_a_space() -> None:
    head = read("HTTP/1.1 200 OK", "A: b", "  c", "\td", "E: f")
    assert list(head.fields) == [("A", "b c d"), ("E", "f")]


def test_more_fields_than_a_hundred_are_an_error() -> None:
    assert len(read("HTTP/1.1 200 OK", *["A: b"] * MAX_FIELDS).fields) == MAX_FIELDS
    with pytest.raises(ProtocolError, match="more than 100"):
        read("HTTP/1.1 200 OK", *["A: b"] * (MAX_FIELDS + 1))


@pytest.mark.parametrize(
    "fields",
    [
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5, 5"],
        ["Content-Length: +5"],
        ["Content-Length: -5"],
        ["Content-Length: 5 5"],
        ["Content-Length: 0x5"],
        ["Content-Length: five"],
        ["Content-Length:"],
        ["Content-Length: \u00b2"],
        ["Content-Length: 1_000"],
        ["Content-Length: " + "9" * 30],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding:"],
    ],
)
def test_a_length_that_is_not_clear_is_an_error(fields: list[str]) -> None:
    with pytest.raises(ProtocolError):
        framing_of(read("HTTP/1.1 200 OK", *fields), "GET")


def test_a_transfer_coding_in_http_1_0_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        framing_of(read("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"), "GET")


def test_the_same_length_twice_is_one() -> None:
    head = read("HTTP/1.1 200 OK", "Content-Length: 5", "content-length: 5")
    assert framing_of(head, "GET")[0] == 5


@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "Close", False),
        ("1.1", "keep-alive, close", False),
        ("1.1", "keep-alive", True),
        ("1.0", None, False),
        ("1.0", "keep-alive", True),
        ("1.0", "Keep-Alive", True),
        ("1.0", "keep-alive, close", False),
    ],
)
def test_whether_the_connection_goes_on(
    version: str, connection: str | None, keep_alive: bool
) -> None:
    fields = ["Content-Length: 0", *([] if connection is None else [f"Connection: {connection}"])]
    head = read(f"HTTP/{version} 200 OK", *fields)
    assert framing_of(head, "GET")[1] is keep_alive


@pytest.mark.parametrize("status", [204, 304])
def test_answers_that_have_no_body(status: int) -> None:
    head = read(f"HTTP/1.1 {status} OK", "Content-Length: 5")
    assert framing_of(head, "GET") == (0, True)
    head = read("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
    assert framing_of(head, "HEAD") == (0, True)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_head_or_an_error(data: bytes) -> None:
    try:
        head = parse_head(data)
    except ProtocolError:
        return
    assert 100 <= head.status <= 999


@given(heads(), st.data())
def test_a_head_with_a_byte_changed_is_a_head_or_an_error(head: str, data: st.DataObject) -> None:
    changed = bytearray(head.encode("latin-1"))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] = data.draw(st.integers(0, 255))
    try:
        framing_of(parse_head(bytes(changed)), "GET")
    except ProtocolError:
        return
