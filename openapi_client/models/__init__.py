"""The models of the API."""

from openapi_client.models.message_create_message_request import MessageCreateMessageRequest
from openapi_client.models.message_message import MessageMessage
from openapi_client.models.message_response import MessageResponse
from openapi_client.models.message_update_message_request import MessageUpdateMessageRequest

__all__ = [
    "MessageCreateMessageRequest",
    "MessageMessage",
    "MessageResponse",
    "MessageUpdateMessageRequest",
]
