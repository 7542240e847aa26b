"""Fixtures of the transport's tests."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request: pytest.FixtureRequest) -> bool:
    """Whether the connection is TLS: the test runs both ways."""
    return bool(request.param)
