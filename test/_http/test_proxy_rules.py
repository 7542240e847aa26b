"""What modules of generated packages ask of `rest`."""

from __future__ import annotations

import pytest

from openapi_client import rest


@pytest.mark.parametrize(
    ("url", "socks"),
    [
        ("socks5://p:1080", True),
        ("SOCKS5H://p", True),
        ("socks4://p", True),
        ("socks4a://p", True),
        ("http://p", False),
        ("socks5", False),
        ("", False),
        (None, False),
    ],
)
def test_socks_proxies_are_known(url: str | None, socks: bool) -> None:
    assert rest.is_socks_proxy_url(url) is socks
    assert {"socks4", "socks4a", "socks5", "socks5h"} == rest.SUPPORTED_SOCKS_PROXIES


@pytest.mark.parametrize(
    ("url", "rules", "bypassed"),
    [
        ("http://service.example/x", "*", True),
        ("http://service.example", "service.example", True),
        ("http://Service.Example", "other, .EXAMPLE", True),
        ("http://a.service.example", "service.example", True),
        ("http://aservice.example", "service.example", False),
        ("http://service.example:81", "service.example:81", True),
        ("http://service.example:82", "service.example:81", False),
        ("http://user:pw@service.example:81", "service.example:81", True),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://[::1]:80", "::/64", True),
        ("http://service.example", "", False),
        ("http://service.example", " , .", False),
        ("nowhere", "", True),
    ],
)
def test_rules_say_what_goes_round_the_proxy(url: str, rules: str, bypassed: bool) -> None:
    assert rest.should_bypass_proxies(url, rules) is bypassed


@pytest.mark.parametrize(
    ("content_type", "matches"),
    [
        ("application/json", True),
        ("Application/JSON ; charset=utf-8", True),
        ("application/problem+json", True),
        ("application/x-ndjson", False),
        ("application/jsonx", False),
        ("text/json", False),
        ("", False),
    ],
)
def test_content_types_match_by_type_and_suffix(content_type: str, matches: bool) -> None:
    assert rest.contenttype_matches(content_type, "application", "json") is matches
