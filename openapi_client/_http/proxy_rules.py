"""Questions about proxies that modules of generated packages ask."""

from __future__ import annotations

from urllib.parse import urlsplit

SUPPORTED_SOCKS_PROXIES = frozenset({"socks4", "socks4a", "socks5", "socks5h"})
"""The schemes of SOCKS proxies, which this package knows and refuses."""


def is_socks_proxy_url(url: str | None) -> bool:
    """Return whether a URL is that of a SOCKS proxy."""
    scheme, separator, _ = (url or "").partition("://")
    return bool(separator) and scheme.lower() in SUPPORTED_SOCKS_PROXIES


def should_bypass_proxies(url: str, no_proxy: str) -> bool:
    """Return whether a request goes round the proxies.

    Args:
        url: the URL of the request.
        no_proxy: names separated by commas: `*`; a host, which also stands for all hosts below
            it; a host with its port; an IP address or network. A dot at the beginning is ignored.
    """
    parts = urlsplit(url)
    host, authority = (parts.hostname or "").lower(), parts.netloc.lower().rpartition("@")[2]
    if not host:
        return True
    for rule in map(str.strip, no_proxy.lower().split(",")):
        name = rule.lstrip(".")
        if rule == "*" or (rule and _is_within(host, rule)):
            return True
        if name and any(f".{given}".endswith(f".{name}") for given in (host, authority)):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    # Imported for the few that need it.
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
