"""Responses of other libraries, as programs put them in the place of ours."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from openapi_client._encoding.foreign_response import ForeignResponse, headers_of

FIELDS = {"Content-Type": "application/json", "ETag": "1"}


@pytest.mark.parametrize(
    "response",
    [
        SimpleNamespace(headers=FIELDS),
        SimpleNamespace(headers=None, getheaders=lambda: FIELDS),
        SimpleNamespace(getheaders=lambda: list(FIELDS.items())),
    ],
)
def test_headers_are_found_wherever_a_response_has_them(response: object) -> None:
    assert headers_of(response) == FIELDS


def test_a_response_may_have_no_headers() -> None:
    assert headers_of(SimpleNamespace()) == {}
    assert headers_of(SimpleNamespace(getheaders=lambda: None)) == {}


def test_a_foreign_response_has_the_methods_of_ours() -> None:
    other = SimpleNamespace(status=200, reason="OK", data=b"body", headers=FIELDS)
    response = ForeignResponse(other)
    assert response.read() == b"body"
    assert response.getheaders() == FIELDS
    assert response.getheader("etag") == "1"
    assert response.getheader("Age", "0") == "0"
    assert ForeignResponse(SimpleNamespace(**{**vars(other), "data": None})).read() == b""


def test_the_own_getheader_of_a_response_is_asked_last() -> None:
    other = SimpleNamespace(status=200, reason="OK", data=b"", headers={})
    other.getheader = {"Age": "5"}.get
    assert ForeignResponse(other).getheader("Age") == "5"
