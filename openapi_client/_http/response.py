"""Responses as urllib3's pools and programs know them, over what the connection has read."""

from __future__ import annotations

import io
from typing import Any, cast

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

from openapi_client._http.body import Body
from openapi_client._http.call import Exchange
from openapi_client._http.head import Fields, Head


class ResponseTooLarge(ProtocolError):
    """The body of a response is larger than it may be."""


class _Content(io.BytesIO):
    """A body in memory, over when it has been read, as one that comes from a connection is."""

    def isclosed(self) -> bool:
        """Return whether all of it has been read."""
        return self.closed or self.tell() >= len(self.getbuffer())


class PreloadedResponse:
    """A response with its body: what urllib3's pools ask of a response, and no more.

    An `HTTPResponse` takes a fifth of the time of a whole get to make (docs/benchmarks.md, "make
    the response object"); one is made only where somebody asks for it.
    """

    __slots__ = (
        "_connection",
        "_pool",
        "data",
        "headers",
        "length_remaining",
        "reason",
        "retries",
        "status",
        "version",
        "version_string",
    )

    def __init__(self, head: Head, data: bytes) -> None:
        self.status: int = head.status
        self.reason: str = head.reason
        self.headers: Fields = Fields(head.fields)
        self.data: bytes = data
        self.version: int = 10 + head.minor
        self.version_string = "HTTP/1.1" if head.minor else "HTTP/1.0"
        self.length_remaining: int = 0

    def unread(self) -> HTTPResponse:
        """Return the same as a response of urllib3, its body to be read again."""
        return HTTPResponse(
            _Content(self.data),
            headers=HTTPHeaderDict(self.headers.pairs),
            status=self.status,
            reason=self.reason,
            version=self.version,
            version_string=self.version_string,
            preload_content=False,
            decode_content=False,
        )


def unread_response(body: Body, head: Head, exchange: Exchange) -> HTTPResponse:
    """Return urllib3's response over a body that is still to be read."""
    return HTTPResponse(
        body=cast("Any", body),
        headers=HTTPHeaderDict(head.fields),
        status=head.status,
        version=10 + head.minor,
        version_string=f"HTTP/1.{head.minor}",
        reason=head.reason,
        preload_content=False,
        original_response=cast("Any", body),
        request_method=exchange.call.method,
        request_url=exchange.target,
    )
