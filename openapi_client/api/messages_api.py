"""The operations on the messages of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import StrictInt, StrictStr
from typing_extensions import Unpack

from openapi_client.api.operation import (
    Description,
    Request,
    RequestOptions,
    RequestTimeout,
    decoded,
    given_options,
    with_http_info,
    without_preload_content,
)
from openapi_client.api_client import ApiClient
from openapi_client.api_response import ApiResponse
from openapi_client.models import (
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
    MessageUpdateMessageRequest,
)

if TYPE_CHECKING:
    from openapi_client.conversations import Conversation

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

_LIST = Description(
    "GET",
    _MESSAGES,
    MessageResponse,
    app_id=StrictStr,
    connection_id=StrictStr,
    messages_since=StrictInt | None,
    page=StrictInt | None,
    per_page=StrictInt | None,
)
_GET = Description(
    "GET", _MESSAGE, MessageMessage, app_id=StrictStr, connection_id=StrictStr, jti=StrictStr
)
_EDIT = Description(
    "PUT",
    _MESSAGE,
    MessageMessage,
    app_id=StrictStr,
    connection_id=StrictStr,
    jti=StrictStr,
    request=MessageUpdateMessageRequest,
)
_SEND = Description(
    "POST",
    _MESSAGES,
    MessageMessage,
    app_id=StrictStr,
    connection_id=StrictStr,
    request=MessageCreateMessageRequest,
)

_CreateRequest: TypeAlias = MessageCreateMessageRequest | dict[str, Any]
_UpdateRequest: TypeAlias = MessageUpdateMessageRequest | dict[str, Any]


class MessagesApi:
    """List, get, edit and send the messages of a conversation.

    Each operation has a short name (`list`, `get`, `edit`, `send`) and the name that a generator
    gives it. Both come in three forms: as it is, it returns the model; with `_with_http_info`, an
    `ApiResponse` (status, headers, data, attempts); with `_without_preload_content`, urllib3's
    response, its body unread and its connection in use until it is read or closed.

    Every operation takes the `RequestOptions` too. It raises `pydantic.ValidationError` or
    `ApiValueError` for arguments that cannot be sent, before anything is sent, and an
    `ApiException` for whatever goes wrong after.

    Args:
        api_client: the client; default `ApiClient.get_default()`.
    """

    def __init__(self, api_client: ApiClient | None = None) -> None:
        self.api_client = ApiClient.get_default() if api_client is None else api_client

    def conversation(self, app_id: str, connection_id: str) -> Conversation:
        """The conversation of an app with one connection, for what spans many calls.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.

        Raises:
            ApiValueError: an id is not a `str`, or is empty.
        """
        # Not at the top: it stands on this module, and most programs need only the operations.
        from openapi_client.conversations import Conversation

        return Conversation(self, app_id, connection_id)

    # -- each operation once: its parameters, and what they are for -------------------------------

    def _list(
        self,
        app_id: str,
        connection_id: str,
        *,
        messages_since: int | None = None,
        page: int | None = None,
        per_page: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> Request[MessageResponse]:
        """List the messages of a conversation, newest first.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            messages_since: only messages after the one with this internal row number.
            page: the page, from 1; past the end, servers answer with the last page again.
            per_page: messages per page, 1 to 1000; servers take 100 by default.
            **options: see `RequestOptions`.
        """
        return _LIST.request(
            {"app_id": app_id, "connection_id": connection_id},
            options,
            query=(
                ("messages_since", messages_since),
                ("page", page),
                ("per_page", per_page),
            ),
        )

    def _get(
        self, app_id: str, connection_id: str, jti: str, **options: Unpack[RequestOptions]
    ) -> Request[MessageMessage]:
        """Get one message.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            jti: the message.
            **options: see `RequestOptions`.
        """
        return _GET.request({"app_id": app_id, "connection_id": connection_id, "jti": jti}, options)

    def _edit(
        self,
        app_id: str,
        connection_id: str,
        jti: str,
        request: str | _UpdateRequest,
        **options: Unpack[RequestOptions],
    ) -> Request[MessageMessage]:
        """Give a message another text.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            jti: the message.
            request: the text, or a model or `dict` that holds it as `body`; servers take up to 128
                bytes of UTF-8.
            **options: see `RequestOptions`.
        """
        path = {"app_id": app_id, "connection_id": connection_id, "jti": jti}
        if isinstance(request, str):
            return _EDIT.request(path, options, text=request)
        return _EDIT.request(path, options, body=request)

    def _send(
        self,
        app_id: str,
        connection_id: str,
        request: str | _CreateRequest,
        **options: Unpack[RequestOptions],
    ) -> Request[MessageMessage]:
        """Send a message.

        A send is not repeated once a byte of it may have arrived. If it fails, the `outcome` of the
        exception tells whether it may have been stored.

        Args:
            app_id: the app.
            connection_id: the other side of the conversation.
            request: the text, or a model or `dict` that holds it as `body`; servers take up to 128
                bytes of UTF-8.
            **options: see `RequestOptions`.
        """
        path = {"app_id": app_id, "connection_id": connection_id}
        if isinstance(request, str):
            return _SEND.request(path, options, text=request)
        return _SEND.request(path, options, body=request)

    # -- the same, with the parameters that a generator gives them, in its order ------------------

    def _apps_app_id_connections_connection_id_messages_get(
        self,
        app_id: str,
        connection_id: str,
        messages_since: int | None = None,
        page: int | None = None,
        per_page: int | None = None,
        _request_timeout: RequestTimeout = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
    ) -> Request[MessageResponse]:
        """List the messages of a conversation, newest first; see `list`."""
        return _LIST.request(
            {"app_id": app_id, "connection_id": connection_id},
            given_options(_request_timeout, _request_auth, _content_type, _headers, _host_index),
            query=(
                ("messages_since", messages_since),
                ("page", page),
                ("per_page", per_page),
            ),
        )

    def _apps_app_id_connections_connection_id_messages_jti_get(
        self,
        app_id: str,
        connection_id: str,
        jti: str,
        _request_timeout: RequestTimeout = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
    ) -> Request[MessageMessage]:
        """Get one message; see `get`."""
        return _GET.request(
            {"app_id": app_id, "connection_id": connection_id, "jti": jti},
            given_options(_request_timeout, _request_auth, _content_type, _headers, _host_index),
        )

    def _apps_app_id_connections_connection_id_messages_jti_put(
        self,
        app_id: str,
        connection_id: str,
        jti: str,
        request: _UpdateRequest,
        _request_timeout: RequestTimeout = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
    ) -> Request[MessageMessage]:
        """Give a message another text; see `edit`."""
        return _EDIT.request(
            {"app_id": app_id, "connection_id": connection_id, "jti": jti},
            given_options(_request_timeout, _request_auth, _content_type, _headers, _host_index),
            body=request,
        )

    def _apps_app_id_connections_connection_id_messages_post(
        self,
        app_id: str,
        connection_id: str,
        request: _CreateRequest,
        _request_timeout: RequestTimeout = None,
        _request_auth: Mapping[str, Any] | None = None,
        _content_type: str | None = None,
        _headers: Mapping[str, Any] | None = None,
        _host_index: int = 0,
    ) -> Request[MessageMessage]:
        """Send a message; see `send`."""
        return _SEND.request(
            {"app_id": app_id, "connection_id": connection_id},
            given_options(_request_timeout, _request_auth, _content_type, _headers, _host_index),
            body=request,
        )

    # -- what programs call: three views of each --------------------------------------------------

    list = decoded(_list)
    list_with_http_info = with_http_info(_list)
    list_without_preload_content = without_preload_content(_list)

    get = decoded(_get)
    get_with_http_info = with_http_info(_get)
    get_without_preload_content = without_preload_content(_get)

    edit = decoded(_edit)
    edit_with_http_info = with_http_info(_edit)
    edit_without_preload_content = without_preload_content(_edit)

    send = decoded(_send)
    send_with_http_info = with_http_info(_send)
    send_without_preload_content = without_preload_content(_send)

    apps_app_id_connections_connection_id_messages_get = decoded(
        _apps_app_id_connections_connection_id_messages_get
    )
    apps_app_id_connections_connection_id_messages_get_with_http_info = with_http_info(
        _apps_app_id_connections_connection_id_messages_get
    )
    apps_app_id_connections_connection_id_messages_get_without_preload_content = (
        without_preload_content(_apps_app_id_connections_connection_id_messages_get)
    )

    apps_app_id_connections_connection_id_messages_jti_get = decoded(
        _apps_app_id_connections_connection_id_messages_jti_get
    )
    apps_app_id_connections_connection_id_messages_jti_get_with_http_info = with_http_info(
        _apps_app_id_connections_connection_id_messages_jti_get
    )
    apps_app_id_connections_connection_id_messages_jti_get_without_preload_content = (
        without_preload_content(_apps_app_id_connections_connection_id_messages_jti_get)
    )

    apps_app_id_connections_connection_id_messages_jti_put = decoded(
        _apps_app_id_connections_connection_id_messages_jti_put
    )
    apps_app_id_connections_connection_id_messages_jti_put_with_http_info = with_http_info(
        _apps_app_id_connections_connection_id_messages_jti_put
    )
    apps_app_id_connections_connection_id_messages_jti_put_without_preload_content = (
        without_preload_content(_apps_app_id_connections_connection_id_messages_jti_put)
    )

    apps_app_id_connections_connection_id_messages_post = decoded(
        _apps_app_id_connections_connection_id_messages_post
    )
    apps_app_id_connections_connection_id_messages_post_with_http_info = with_http_info(
        _apps_app_id_connections_connection_id_messages_post
    )
    apps_app_id_connections_connection_id_messages_post_without_preload_content = (
        without_preload_content(_apps_app_id_connections_connection_id_messages_post)
    )
