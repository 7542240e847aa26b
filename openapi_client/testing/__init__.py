"""A server of the messages API for tests and for trying things out.

    from openapi_client.testing import MessagesServer

    with MessagesServer() as server:
        configuration = server.configuration()

`python -m openapi_client.testing` runs it from a shell, and pytest has fixtures for it. Importing
this package imports nothing else, so that the pytest plugin costs a test run without it nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from openapi_client import _installation as _installation

if TYPE_CHECKING:
    from openapi_client.testing._contents import Clock
    from openapi_client.testing._effects import Fault, When
    from openapi_client.testing._faults import Answers, Faults
    from openapi_client.testing._generations import GENERATIONS, GenerationName
    from openapi_client.testing._go import Operation
    from openapi_client.testing._messages import StoredMessage
    from openapi_client.testing._record import Criteria, RecordedRequest, RequestRecord
    from openapi_client.testing._server import MessagesServer

_HOMES = {
    "GENERATIONS": "_generations",
    "Answers": "_faults",
    "Clock": "_contents",
    "Criteria": "_record",
    "Fault": "_effects",
    "Faults": "_faults",
    "GenerationName": "_generations",
    "MessagesServer": "_server",
    "Operation": "_go",
    "RecordedRequest": "_record",
    "RequestRecord": "_record",
    "StoredMessage": "_messages",
    "When": "_effects",
}

__all__ = [
    "GENERATIONS",
    "Answers",
    "Clock",
    "Criteria",
    "Fault",
    "Faults",
    "GenerationName",
    "MessagesServer",
    "Operation",
    "RecordedRequest",
    "RequestRecord",
    "StoredMessage",
    "When",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
