"""Operations of an API that is not, in the way of `openapi_client.api.messages_api`."""

from collections.abc import Mapping
from typing import Any

from openapi_client import ApiClient, MessageResponse
from openapi_client.api.operation import arguments, operation
from openapi_client.retries import RetryPolicy


class ThingsApi:
    """Find and delete things."""

    def __init__(self, api_client: ApiClient) -> None:
        self.api_client = api_client

    @operation("GET", "/things")
    def _find(
        self,
        order: str | None = None,
        most: int | None = None,
        _request_timeout: float | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> MessageResponse:
        """Find things."""
        return arguments(locals())

    find, find_with_http_info, find_without_preload_content = _find.methods()

    @operation("DELETE", "/things/{name}")
    def _delete(
        self,
        name: str,
        _request_timeout: float | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> None:
        """Delete a thing."""
        # mypy wants no value here, and the decorator needs it.
        return arguments(locals())  # type: ignore[return-value]

    delete, delete_with_http_info, delete_without_preload_content = _delete.methods()
