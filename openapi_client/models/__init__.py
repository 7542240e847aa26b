"""The models of the API.

Those of errors are imported when they are first used (PEP 562), for most programs never use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_client.models.message_create_message_request import MessageCreateMessageRequest
from openapi_client.models.message_message import MessageMessage
from openapi_client.models.message_response import MessageResponse
from openapi_client.models.message_update_message_request import MessageUpdateMessageRequest

if TYPE_CHECKING:
    from openapi_client.models.error import Error
    from openapi_client.models.error_details import ErrorDetails
    from openapi_client.models.error_message import ErrorMessage

__all__ = [
    "Error",
    "ErrorDetails",
    "ErrorMessage",
    "MessageCreateMessageRequest",
    "MessageMessage",
    "MessageResponse",
    "MessageUpdateMessageRequest",
]

_ERRORS = frozenset({"Error", "ErrorDetails", "ErrorMessage"})


def __getattr__(name: str) -> object:
    if name not in _ERRORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from openapi_client.models import error

    value: object = getattr(error, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
