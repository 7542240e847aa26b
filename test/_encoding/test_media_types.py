"""Media types and their parameters."""

from __future__ import annotations

import encodings

import pytest

from openapi_client._encoding.media_types import charset_of, decode, header_parameters, is_json


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (None, None),
        ("", None),
        ("application/json", None),
        ("application/json; charset=UTF-8", "utf-8"),
        ('text/plain;charset="ISO-8859-1"', "iso-8859-1"),
        ("text/plain; format=flowed; CharSet = utf-16 ", "utf-16"),
        ('text/plain; note="a; charset=no"; charset=utf-8', "utf-8"),
        ("text/plain; charset=", None),
        ("text/plain; charset=a; charset=b", "a"),
        ("text/plain; charsets=utf-8", None),
    ],
)
def test_the_charset_is_the_parameter_of_that_name(
    content_type: str | None, charset: str | None
) -> None:
    assert charset_of(content_type) == charset


def test_a_quoted_parameter_keeps_its_quotes_and_backslashes() -> None:
    assert header_parameters(r'form-data; name="a\"b\\c"; x=1') == {"name": r'a"b\c', "x": "1"}


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("application/vnd.a.b-c+json;v=1", True),
        ("text/json", True),
        ("text/html", False),
        ("application/jsonp", False),
        ("application/json-seq", False),
        ("", False),
    ],
)
def test_json_is_known_by_its_type_or_suffix(content_type: str, expected: bool) -> None:
    assert is_json(content_type) is expected


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", '"windows-1252"', "UTF8"])
def test_text_is_decoded_by_the_charset_that_is_named(charset: str) -> None:
    content = "grün".encode(charset.strip('"'))
    assert decode(content, f"text/plain; charset={charset}") == "grün"


def test_text_without_a_charset_is_utf_8() -> None:
    assert decode("grün".encode(), None) == "grün"
    assert decode("grün".encode(), "application/json") == "grün"


@pytest.mark.parametrize(
    "charset",
    [
        *("klingon", "x" * 10_000, "a\0b", "\x80", "this", "os", "undefined", "mbcs"),
        # Not text, or not decoded in linear time.
        *("punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-7", "hex", "rot13"),
        *("zlib", "bz2", "base64", "quopri", "uu"),
    ],
)
def test_a_charset_that_is_not_on_the_list_is_unknown(charset: str) -> None:
    with pytest.raises(ValueError, match="charset") as raised:
        decode(b"text", f"text/plain; charset={charset}")
    assert len(str(raised.value)) < 200


def test_python_is_not_asked_for_a_charset_that_is_unknown() -> None:
    # It would import a module of that name, and keep each name that it has ever been asked for.
    with pytest.raises(ValueError, match="charset"):
        decode(b"text", "text/plain; charset=name-of-a-server")
    assert not [name for name in encodings._cache if "server" in name]


def test_a_quoted_value_may_have_no_end() -> None:
    assert header_parameters('a; b="c; d') == {"b": "c; d"}
    assert header_parameters('a; b="c\\') == {"b": "c"}


def test_a_body_that_is_not_in_its_charset_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        decode(b"\xff", "text/plain")
