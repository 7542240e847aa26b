"""A page of messages."""

from __future__ import annotations

from typing import Any

from pydantic import VERSION, ConfigDict, Field, StrictInt, ValidationError
from typing_extensions import Self

from openapi_client.models.base import Model
from openapi_client.models.message_message import MessageMessage

# Since pydantic 2.13 a single validation can be told what to do with unknown fields, and models
# that were read in different ways are equal nevertheless.
_EXTRA_IS_AN_OPTION = tuple(map(int, VERSION.split(".")[:2])) >= (2, 13)


class MessageResponse(Model):
    """A page of messages, newest first, and its place among the pages.

    Fields that are not known here are kept, in `model_extra` and as attributes.
    """

    model_config = ConfigDict(extra="allow")

    items: list[MessageMessage] | None = Field(default=None, fail_fast=True)
    """The messages. The first one that is not a message ends the reading of the others."""
    page: StrictInt | None = None
    """The number of this page, from 1. Past the end, servers send the last page again."""
    page_count: StrictInt | None = None
    """The number of pages. Servers of 2023 count the messages of all conversations."""
    per_page: StrictInt | None = None
    """The most messages that a page has."""
    total_count: StrictInt | None = None
    """The number of messages. Servers of 2023 count those of all conversations."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Read a page as pydantic does, in less memory.

        Args:
            json_data: the JSON text.
            **options: those of `pydantic.BaseModel.model_validate_json`.

        Raises:
            pydantic.ValidationError: it is not JSON, or not a page.
        """
        if _EXTRA_IS_AN_OPTION and "extra" not in options:
            # Nearly always there is no unknown field. Pydantic then needs no dictionary per message
            # to keep it in; and where there is one, the first message shows it.
            try:
                return super().model_validate_json(json_data, extra="forbid", **options)
            except ValidationError:
                pass
        return super().model_validate_json(json_data, **options)
