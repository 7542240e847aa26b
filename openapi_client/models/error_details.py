"""An error as servers of 2024 tell it."""

from __future__ import annotations

from pydantic import StrictInt, StrictStr

from openapi_client.models.base import OpenModel


class ErrorDetails(OpenModel):
    """What went wrong, with details. Fields that are not known here are kept."""

    status: StrictInt
    """The HTTP status."""
    error: StrictStr
    """What went wrong, in general."""
    details: StrictStr
    """What went wrong with this request."""
