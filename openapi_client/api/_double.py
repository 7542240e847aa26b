"""What tests put into the place of an `ApiClient`."""

from __future__ import annotations

from typing import Any

from openapi_client.api_client import ApiClient
from openapi_client.configuration import Configuration


class ClientDouble(ApiClient):
    """A client whose seams are those of a double, which need not have more than they are.

    Args:
        double: has `param_serialize`, `call_api` and `response_deserialize`.
    """

    def __init__(self, double: Any) -> None:
        super().__init__(Configuration())
        # On the instance, so that they are the double's own.
        for seam in ("param_serialize", "call_api", "response_deserialize"):
            setattr(self, seam, getattr(double, seam))
