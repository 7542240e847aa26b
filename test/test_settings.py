"""The checks of settings, one by one."""

from __future__ import annotations

import pytest

from openapi_client import _settings
from openapi_client.exceptions import ApiValueError


@pytest.mark.parametrize("name", ["", ".example", "a b", "a\nb", "é\u2024"])
def test_a_name_that_no_host_can_have_is_refused(name: str) -> None:
    with pytest.raises(ApiValueError, match="tls_server_name must be the name of a host"):
        _settings.CHECKS["tls_server_name"]("tls_server_name", name)


def test_variables_of_a_server_are_texts() -> None:
    servers = [
        {"url": "https://{region}.example/v1", "variables": {"region": {"default_value": "eu"}}}
    ]
    assert _settings.server_url(servers, 0, {}) == "https://eu.example/v1"
    assert _settings.server_url(servers, 0, {"region": "us"}) == "https://us.example/v1"
    wrong: dict[str, str] = {"region": 1}  # type: ignore[dict-item]
    with pytest.raises(ApiValueError, match=r"server_variables\['region'\] must be a str"):
        _settings.server_url(servers, 0, wrong)
