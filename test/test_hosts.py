"""Spellings of a host that mean the same, and those that mean this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi_client._hosts import canonical_host, is_loopback, origin_key

SPELLINGS = [
    ("https://service.test", "https://SERVICE.test."),
    ("https://service.test", "HTTPS://service.test:443"),
    ("http://service.test", "http://Service.Test:80"),
    ("http://service.test:8080", "http://service.test.:8080"),
    ("https://bücher.test", "https://BÜCHER.test"),
    ("https://bücher.test", "https://bu\u0308cher.test"),
    ("https://bücher.test", "https://xn--bcher-kva.test"),
    ("https://bücher.test", "https://bücher\u3002test:443"),
    ("https://βόλος.test", "https://xn--nxasmm1c.test"),
    ("https://straße.test", "https://xn--strae-oqa.test"),
    ("https://[::1]", "https://[0:0:0:0:0:0:0:1]:443"),
    ("https://192.0.2.1", "https://[::ffff:192.0.2.1]"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_spellings_of_one_origin(one: str, other: str) -> None:
    assert origin_key(one) == origin_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://service.test", "http://service.test"),
        ("https://service.test", "https://service.test:8443"),
        ("https://service.test", "https://a.service.test"),
        ("https://straße.test", "https://strasse.test"),
    ],
)
def test_different_origins(one: str, other: str) -> None:
    assert origin_key(one) != origin_key(other)


@pytest.mark.parametrize(
    "name", ["a\uff0fb.test", "\u2100.test", "a\uff20b", "a\uff1a80", "ü" * 254]
)
def test_a_name_that_would_become_another_part_of_a_url_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"a label has|a name has"):
        canonical_host(name)


@given(st.text(max_size=60))
def test_whatever_is_given_is_a_plain_name_or_refused(text: str) -> None:
    try:
        host = canonical_host("ü" + text)
    except ValueError:
        return
    assert host.isascii()
    assert not set(host) & set("/?#@:\\")
    assert canonical_host(host) == host.removesuffix(".")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("notlocalhost", False),
        ("localhost.test", False),
        ("128.0.0.1", False),
        ("[::2]", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
