"""What a request to edit a message holds."""

from __future__ import annotations

from pydantic import StrictStr

from openapi_client.models.base import Model


class MessageUpdateMessageRequest(Model):
    """The new text of a message."""

    body: StrictStr | None = None
    """The text; the service takes at most 128 bytes of UTF-8."""
