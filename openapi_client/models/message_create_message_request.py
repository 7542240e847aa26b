"""What a request to send a message holds."""

from __future__ import annotations

from pydantic import StrictStr

from openapi_client.models.base import Model


class MessageCreateMessageRequest(Model):
    """The text of a message to send."""

    body: StrictStr | None = None
    """The text; the service takes at most 128 bytes of UTF-8."""
