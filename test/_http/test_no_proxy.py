"""`NO_PROXY` as curl and Go read it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi_client._http.no_proxy import is_excluded

LISTS: list[tuple[str, str, bool]] = [
    # names, and their subdomains
    ("example.test", "example.test", True),
    ("example.test", "a.b.example.test", True),
    ("example.test", "notexample.test", False),
    ("example.test", "example.test.evil", False),
    ("EXAMPLE.Test", "example.TEST", True),
    ("example.test.", "example.test", True),
    ("example.test", "example.test.", True),
    ("bücher.test", "xn--bcher-kva.test", True),
    ("xn--bcher-kva.test", "BÜCHER.test", True),
    # a dot before it changes nothing
    (".example.test", "a.example.test", True),
    (".example.test", "example.test", True),
    (".example.test", "notexample.test", False),
    # subdomains only
    ("*.example.test", "a.example.test", True),
    ("*.example.test", "example.test", False),
    # ports; 8443 is the port of the host
    ("example.test:8443", "example.test", True),
    ("example.test:443", "a.example.test", False),
    ("example.test:x", "example.test", False),
    ("127.1.2.3:8443", "127.1.2.3", True),
    ("127.1.2.3:443", "127.1.2.3", False),
    ("[2001:db8::1]:8443", "[2001:db8::1]", True),
    ("[2001:db8::1]:443", "[2001:db8::1]", False),
    # addresses, however they are spelled
    ("192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.0.2.10", False),
    ("0.2.1", "192.0.2.1", False),
    ("2001:db8::1", "[2001:db8::1]", True),
    ("[2001:DB8::1]", "[2001:db8:0:0:0:0:0:1]", True),
    ("::ffff:192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "[::ffff:192.0.2.1]", True),
    # networks
    ("192.0.2.0/24", "192.0.2.77", True),
    ("192.0.2.9/24", "192.0.2.77", True),
    ("192.0.2.0/24", "192.0.3.77", False),
    ("2001:db8::/32", "[2001:db8:ffff::1]", True),
    ("2001:db8::/32", "[2001:db9::1]", False),
    ("192.0.2.0/24", "[2001:db8::1]", False),
    ("192.0.2.0/99", "192.0.2.77", False),
    ("192.0.2.0/24", "example.test", False),
    # several, and all
    ("a.test,example.test", "example.test", True),
    ("a.test example.test", "example.test", True),
    ("a.test , ,example.test,", "example.test", True),
    ("*", "example.test", True),
    ("a.test, *", "192.0.2.1", True),
    # nothing
    ("", "example.test", False),
    (" , ", "example.test", False),
    (".", "example.test", False),
    (":8443", "example.test", False),
    ("[", "example.test", False),
]


@pytest.mark.parametrize(("no_proxy", "host", "excluded"), LISTS)
def test_no_proxy(no_proxy: str, host: str, excluded: bool) -> None:
    assert is_excluded(host, 8443, no_proxy) is excluded


@given(no_proxy=st.text(".*:/[],1a \u00fc%\u3002-", max_size=40), more=st.text(max_size=20))
@pytest.mark.parametrize("host", ["example.test", "192.0.2.1", "[2001:db8::1]"])
def test_whatever_it_says_there_is_an_answer(host: str, no_proxy: str, more: str) -> None:
    assert is_excluded(host, 8443, f"{no_proxy}{more},*")
    assert is_excluded(host, 8443, f"{no_proxy}{more},{host}")
    assert is_excluded(host, 8443, no_proxy + more) in (True, False)


@pytest.mark.parametrize("entry", ["a" * 100_000, "\u00fc" * 100_000, "1." * 50_000, "[" * 100_000])
def test_an_entry_of_any_length_costs_linear_time(entry: str) -> None:
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        assert not is_excluded("example.test", 443, entry)
    finally:
        sys.setprofile(None)
    assert steps < 500
