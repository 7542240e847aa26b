"""A client of the messages API: list, get, edit and send the messages of an app's conversations.

    import openapi_client

    configuration = openapi_client.Configuration(host="https://localhost:8080/v1")
    configuration.api_key["BearerAuth"] = token
    with openapi_client.ApiClient(configuration) as client:
        message = openapi_client.MessagesApi(client).send(app_id, connection_id, "hello")

Importing this package imports nothing else: each name is imported when it is first used (PEP 562).
"""

from __future__ import annotations

# As `typing.TYPE_CHECKING`, without importing `typing`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from openapi_client.api.messages_api import MessagesApi as MessagesApi
    from openapi_client.api.operation import RequestOptions as RequestOptions
    from openapi_client.api_client import ApiClient as ApiClient
    from openapi_client.api_response import ApiResponse as ApiResponse
    from openapi_client.configuration import Configuration as Configuration
    from openapi_client.conversations import Cursor as Cursor
    from openapi_client.conversations.ledger import Ledger as Ledger
    from openapi_client.exceptions import (
        ApiAttributeError as ApiAttributeError,
    )
    from openapi_client.exceptions import (
        ApiException as ApiException,
    )
    from openapi_client.exceptions import (
        ApiKeyError as ApiKeyError,
    )
    from openapi_client.exceptions import (
        ApiTypeError as ApiTypeError,
    )
    from openapi_client.exceptions import (
        ApiValueError as ApiValueError,
    )
    from openapi_client.exceptions import (
        OpenApiException as OpenApiException,
    )
    from openapi_client.models import (
        Error as Error,
    )
    from openapi_client.models import (
        ErrorDetails as ErrorDetails,
    )
    from openapi_client.models import (
        ErrorMessage as ErrorMessage,
    )
    from openapi_client.models import (
        MessageCreateMessageRequest as MessageCreateMessageRequest,
    )
    from openapi_client.models import (
        MessageMessage as MessageMessage,
    )
    from openapi_client.models import (
        MessageResponse as MessageResponse,
    )
    from openapi_client.models import (
        MessageUpdateMessageRequest as MessageUpdateMessageRequest,
    )
    from openapi_client.retries import RetryPolicy as RetryPolicy

__version__ = "1.0.0"

_DISTRIBUTION = "openapi-messages-client"

_HOMES = {
    "ApiAttributeError": "exceptions",
    "ApiClient": "api_client",
    "ApiException": "exceptions",
    "ApiKeyError": "exceptions",
    "ApiResponse": "api_response",
    "ApiTypeError": "exceptions",
    "ApiValueError": "exceptions",
    "Configuration": "configuration",
    "Cursor": "conversations",
    "Error": "models",
    "ErrorDetails": "models",
    "ErrorMessage": "models",
    "Ledger": "conversations.ledger",
    "MessageCreateMessageRequest": "models",
    "MessageMessage": "models",
    "MessageResponse": "models",
    "MessageUpdateMessageRequest": "models",
    "MessagesApi": "api.messages_api",
    "OpenApiException": "exceptions",
    "RequestOptions": "api.operation",
    "RetryPolicy": "retries",
}
# Generated packages import their submodules, so programs reach them as attributes.
_SUBMODULES = frozenset(
    {"api", "api_client", "api_response", "configuration", "exceptions", "models", "rest"}
)

__all__ = [
    "ApiAttributeError",
    "ApiClient",
    "ApiException",
    "ApiKeyError",
    "ApiResponse",
    "ApiTypeError",
    "ApiValueError",
    "Configuration",
    "Cursor",
    "Error",
    "ErrorDetails",
    "ErrorMessage",
    "Ledger",
    "MessageCreateMessageRequest",
    "MessageMessage",
    "MessageResponse",
    "MessageUpdateMessageRequest",
    "MessagesApi",
    "OpenApiException",
    "RequestOptions",
    "RetryPolicy",
    "__version__",
]


def _warn_of_other_distributions() -> None:
    """Warn if the distribution of a generated package is installed into the same folder.

    Each would write its files over those of the other, and take them away with it. Modules of other
    endpoints that a program keeps in `openapi_client/api` are no such distribution. One `listdir`
    costs microseconds; to read the metadata of all distributions costs milliseconds, and is left to
    the moment when a name is missing.
    """
    import os

    try:
        names = os.listdir(os.path.join(*__path__, os.pardir))  # noqa: PTH118, PTH208
    except (OSError, TypeError):  # in a zip file, or in several folders
        return
    for name in names:
        if name.startswith("openapi_client-") and name.endswith(".dist-info"):
            import warnings

            warnings.warn(
                f"Another distribution has installed its package openapi_client over this one, or "
                f"this one over its: {name} is in the same folder. Give {_DISTRIBUTION} an "
                f"environment of its own, or uninstall both and install one of them again",
                RuntimeWarning,
                stacklevel=3,
            )
            return


_warn_of_other_distributions()


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is not None:
        value: object = getattr(import_module(f"{__name__}.{home}"), name)
    elif name in _SUBMODULES:
        value = import_module(f"{__name__}.{name}")
    else:
        if not name.startswith("_"):
            from openapi_client._installation import warn_of_others

            warn_of_others()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
