"""The operations on the messages of a conversation."""

# Annotations are kept as they are here: the operations take their types from them.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openapi_client.api.operation import RequestOptions, arguments, operation
from openapi_client.api_client import ApiClient
from openapi_client.api_response import ApiResponse
from openapi_client.models import (
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
    MessageUpdateMessageRequest,
)
from openapi_client.retries import RetryPolicy

if TYPE_CHECKING:
    from openapi_client.conversations import Conversation
    from openapi_client.conversations.ledger import Ledger

__all__ = [
    "ApiClient",
    "ApiResponse",
    "MessageCreateMessageRequest",
    "MessageMessage",
    "MessageResponse",
    "MessageUpdateMessageRequest",
    "MessagesApi",
    "RequestOptions",
]

_MESSAGES = "/apps/{app_id}/connections/{connection_id}/messages"
_MESSAGE = _MESSAGES + "/{jti}"


class MessagesApi:
    """List, get, edit and send the messages of a conversation.

    Each operation has a short name (`list`, `get`, `edit`, `send`) and the name that a generator
    gives it. Both come in three forms: as it is, it returns the model; with `_with_http_info`, an
    `ApiResponse` (status, headers, data, attempts); with `_without_preload_content`, urllib3's
    response, its body unread and its connection in use until it is read or closed.

    All forms of an operation have one signature, which ends in the `RequestOptions`. An operation
    raises `pydantic.ValidationError` or `ApiValueError` for arguments that cannot be sent, before
    anything is sent, and an `ApiException` for whatever goes wrong after.

    Args:
        api_client: the client; default `ApiClient.get_default()`.
    """

    def __init__(self, api_client: ApiClient | None = None) -> None:
        self.api_client: ApiClient = ApiClient.get_default() if api_client is None else api_client

    def conversation(
        self, app_id: str, connection_id: str, *, ledger: "Ledger | None" = None
    ) -> "Conversation":
        """Return the conversation of an app with one connection, for what spans many calls.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            ledger: remembers the sends of `send_once`, also for other processes.

        Raises:
            ApiValueError: an id is not a `str`, or is empty.
        """
        # Not at the top: it stands on this module, and most programs need only the operations.
        from openapi_client.conversations import Conversation

        return Conversation(self, app_id, connection_id, ledger=ledger)

    # Each public name is assigned from a name alone: of anything else `pyright --verifytypes` says
    # that type checkers may infer its type differently.

    @operation("GET", _MESSAGES)
    def _list(
        self,
        app_id: str,
        connection_id: str,
        messages_since: int | None = None,
        page: int | None = None,
        per_page: int | None = None,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> MessageResponse:
        """List the messages of a conversation, newest first.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            messages_since: only messages after the one with this internal row number.
            page: the page, from 1; past the end, servers answer with the last page again.
            per_page: messages per page, 1 to 1000; servers take 100 by default.
            _request_timeout and what follows: see `RequestOptions`.
        """
        return arguments(locals())

    _list_plain, _list_info, _list_unread = _list.methods()
    list = _list_plain
    list_with_http_info = _list_info
    list_without_preload_content = _list_unread
    apps_app_id_connections_connection_id_messages_get = _list_plain
    apps_app_id_connections_connection_id_messages_get_with_http_info = _list_info
    apps_app_id_connections_connection_id_messages_get_without_preload_content = _list_unread

    @operation("GET", _MESSAGE)
    def _get(
        self,
        app_id: str,
        connection_id: str,
        jti: str,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> MessageMessage:
        """Get one message.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            jti: the message.
            _request_timeout and what follows: see `RequestOptions`.
        """
        return arguments(locals())

    _get_plain, _get_info, _get_unread = _get.methods()
    get = _get_plain
    get_with_http_info = _get_info
    get_without_preload_content = _get_unread
    apps_app_id_connections_connection_id_messages_jti_get = _get_plain
    apps_app_id_connections_connection_id_messages_jti_get_with_http_info = _get_info
    apps_app_id_connections_connection_id_messages_jti_get_without_preload_content = _get_unread

    @operation("PUT", _MESSAGE)
    def _edit(
        self,
        app_id: str,
        connection_id: str,
        jti: str,
        request: str | MessageUpdateMessageRequest | dict[str, Any] | None = None,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> MessageMessage:
        """Give a message another text.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            jti: the message.
            request: the text, or a model or `dict` that holds it as `body`; servers take up to 128
                bytes of UTF-8.
            _request_timeout and what follows: see `RequestOptions`.
        """
        return arguments(locals())

    _edit_plain, _edit_info, _edit_unread = _edit.methods()
    edit = _edit_plain
    edit_with_http_info = _edit_info
    edit_without_preload_content = _edit_unread
    _edit_model_plain, _edit_model_info, _edit_model_unread = _edit.methods(takes_text=False)
    apps_app_id_connections_connection_id_messages_jti_put = _edit_model_plain
    apps_app_id_connections_connection_id_messages_jti_put_with_http_info = _edit_model_info
    apps_app_id_connections_connection_id_messages_jti_put_without_preload_content = (
        _edit_model_unread
    )

    @operation("POST", _MESSAGES)
    def _send(
        self,
        app_id: str,
        connection_id: str,
        request: str | MessageCreateMessageRequest | dict[str, Any] | None = None,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
        *,
        _retries: RetryPolicy | int | None = None,
    ) -> MessageMessage:
        """Send a message.

        A send is not repeated once a byte of it may have arrived. If it fails, the `outcome` of the
        exception tells whether it may have been stored.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            request: the text, or a model or `dict` that holds it as `body`; servers take up to 128
                bytes of UTF-8.
            _request_timeout and what follows: see `RequestOptions`.
        """
        return arguments(locals())

    _send_plain, _send_info, _send_unread = _send.methods()
    send = _send_plain
    send_with_http_info = _send_info
    send_without_preload_content = _send_unread
    _send_model_plain, _send_model_info, _send_model_unread = _send.methods(takes_text=False)
    apps_app_id_connections_connection_id_messages_post = _send_model_plain
    apps_app_id_connections_connection_id_messages_post_with_http_info = _send_model_info
    apps_app_id_connections_connection_id_messages_post_without_preload_content = _send_model_unread
