"""An error as the authentication and the router of every server tell it."""

from __future__ import annotations

from pydantic import ConfigDict, StrictStr

from openapi_client.models.base import Model


class ErrorMessage(Model):
    """What went wrong, in one text. Fields that are not known here are kept."""

    model_config = ConfigDict(extra="allow")

    message: StrictStr
    """What went wrong."""
