"""What a conversation needs of an API: the four operations, and the client that makes calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from openapi_client.models import MessageMessage, MessageResponse

if TYPE_CHECKING:
    from openapi_client.api_client import ApiClient


class Operations(Protocol):
    """`MessagesApi`, or what has operations with the same parameters."""

    api_client: ApiClient

    @property
    def list(self) -> Callable[..., MessageResponse]:
        """List a page of messages."""
        ...

    @property
    def get(self) -> Callable[..., MessageMessage]:
        """Get one message."""
        ...

    @property
    def edit(self) -> Callable[..., MessageMessage]:
        """Give a message another text."""
        ...

    @property
    def send(self) -> Callable[..., MessageMessage]:
        """Send a message."""
        ...
