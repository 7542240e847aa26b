"""Names and addresses of hosts: which spellings mean the same, and which this machine itself."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from urllib3.util import parse_url

PORTS = {"http": 80, "https": 443}

# What RFC 3490, section 3.1, takes for a dot, beside the dot.
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[a-z0-9_-]*")
# RFC 1035, section 2.3.4. Checked first: to encode a label costs the square of its length.
_MAX_NAME = 253


def canonical_host(host: str) -> str:
    """Return the one spelling of a host: lower case, ASCII, without a dot at its end.

    An IPv6 address keeps its brackets.

    Raises:
        ValueError: no host can have this name.
    """
    address = address_of(host)
    if address is not None:
        return f"[{address}]" if address.version == 6 else str(address)
    return ascii_name(host).removesuffix(".")


def origin_key(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port (RFC 6454, section 4), the same for each spelling of an origin.

    Raises:
        ValueError: it is not a URL that has them.
    """
    parts = parse_url(with_ascii_host(url))
    scheme = str(parts.scheme)
    return scheme, canonical_host(str(parts.host)), parts.port or PORTS.get(scheme, 0)


def ascii_name(name: str) -> str:
    """Return a name in lower case, its labels encoded (RFC 5890, section 2.3.2.1).

    `ß` and its like are encoded as themselves, as browsers do (UTS #46), not as `ss`.

    Raises:
        ValueError: no host can have this name.
    """
    if name.isascii():
        return name.lower()
    if len(name) > _MAX_NAME:
        raise ValueError("a name has at most 253 characters")
    return ".".join(map(_ascii_label, _DOTS.split(name)))


def _ascii_label(label: str) -> str:
    # Letter by letter, because `lower` spells the sigma at the end of a word in another way.
    import unicodedata

    label = unicodedata.normalize("NFKC", "".join(map(str.lower, label)))
    encoded = label if label.isascii() else "xn--" + label.encode("punycode").decode()
    # Compatibility forms may have become a slash, a colon or an at sign.
    if not _LABEL.fullmatch(encoded):
        raise ValueError("a label has a character that no name can have")
    return encoded


def with_ascii_host(url: str) -> str:
    """Return a URL with its host in ASCII.

    Raises:
        ValueError: no host can have this name.
    """
    scheme, mark, rest = url.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    user_info, at, host_and_port = authority.rpartition("@")
    if host_and_port.isascii():
        return url
    host, colon, port = host_and_port.partition(":")
    beyond = rest[len(authority) :]
    return f"{scheme}{mark}{user_info}{at}{ascii_name(host)}{colon}{port}{beyond}"


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `host` is, brackets aside; `None` if it is a name.

    An IPv4 address within IPv6 (RFC 4291, section 2.5.5.2) is the IPv4 address.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Return whether `host` never leads to another machine (RFC 6761, section 6.3)."""
    address = address_of(host)
    if address is not None:
        return address.is_loopback
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")
