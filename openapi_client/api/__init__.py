"""The operations of the API."""

from openapi_client.api.messages_api import MessagesApi

__all__ = ["MessagesApi"]
