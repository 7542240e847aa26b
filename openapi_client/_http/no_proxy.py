"""Which proxy the environment names, and for which hosts: `HTTPS_PROXY` and `NO_PROXY`."""

from __future__ import annotations

import os
from ipaddress import IPv4Address, IPv6Address, ip_network

from openapi_client._hosts import address_of, ascii_name, canonical_host, is_loopback


def proxy_of_environment(scheme: str, host: str, port: int, no_proxy: str | None) -> str | None:
    """Return the proxy that the environment names for an origin; `None` for none.

    It is the value of `<scheme>_proxy`, or else of `all_proxy`, in lower case before upper case.
    Loopback addresses have none, as in Go: on the proxy's machine they mean another one.

    Args:
        scheme: of the origin, `http` or `https`.
        host: its host.
        port: its port.
        no_proxy: the hosts that are reached directly; `None` for those that `NO_PROXY` names.
    """
    if not any(name.lower().endswith("_proxy") for name in os.environ) or is_loopback(host):
        return None
    url = _variable(f"{scheme}_proxy")
    if url is None:
        url = _variable("all_proxy")
    excluded = _variable("no_proxy") if no_proxy is None else no_proxy
    if not url or (excluded and is_excluded(host, port, excluded)):
        return None
    return url if "://" in url else f"http://{url}"


def _variable(name: str) -> str | None:
    value = os.environ.get(name)
    if value is not None:
        return value
    if name == "http_proxy" and "REQUEST_METHOD" in os.environ:
        # In a CGI program `HTTP_PROXY` is a header of the request that it serves (RFC 3875).
        return None
    return os.environ.get(name.upper())


def is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Return whether a list as of `NO_PROXY` has an entry for a host and port.

    Entries are separated by commas or blanks. Each is a name, which stands for its subdomains as
    well (a dot before it changes nothing, `*.` leaves out the name itself), an address, or a
    network (`10.0.0.0/8`); any of them but a network may end with a port. `*` stands for all hosts.
    """
    host = canonical_host(host)
    address = address_of(host)
    return any(
        entry == "*" or _is_entry_for(entry, host, address, port)
        for entry in no_proxy.replace(",", " ").split()
    )


def _is_entry_for(
    entry: str, host: str, address: IPv4Address | IPv6Address | None, port: int
) -> bool:
    name, wanted_port = _split(entry)
    if wanted_port and wanted_port != str(port):
        return False
    try:
        if address is not None:
            if "/" in name:
                return address in ip_network(name.replace("[", "").replace("]", ""), strict=False)
            return address_of(name) == address
        subdomains_only = name.startswith("*.")
        name = ascii_name(name.removeprefix("*").removeprefix(".")).removesuffix(".")
    except ValueError:
        return False
    if name == host:
        return not subdomains_only
    return bool(name) and host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Return the name, address or network of an entry, and its port or an empty string."""
    if entry.startswith("["):
        address, _, after = entry.rpartition("]")
        return (f"{address}]", after[1:]) if after.startswith(":") else (entry, "")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""  # an IPv6 address has more colons than one
