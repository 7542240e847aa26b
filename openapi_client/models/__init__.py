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

_HOMES = {"Error": "error", "ErrorDetails": "error_details", "ErrorMessage": "error_message"}


def __getattr__(name: str) -> object:
    if name not in _HOMES and name not in _HOMES.values():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOMES.get(name, name)}")
    value: object = getattr(module, name) if name in _HOMES else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
