"""An error as the authentication and the router of every server tell it."""

from __future__ import annotations

from pydantic import StrictStr

from openapi_client.models.base import OpenModel


class ErrorMessage(OpenModel):
    """What went wrong, in one text. Fields that are not known here are kept."""

    message: StrictStr
    """What went wrong."""
