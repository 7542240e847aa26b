"""A page of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import VERSION, Field, StrictInt, ValidationError
from pydantic_core import from_json
from typing_extensions import Self

from openapi_client.models.base import OpenModel, Sent
from openapi_client.models.message_message import MessageMessage

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Since pydantic 2.13 a single validation can be told what to do with unknown fields, and models
# that were read in different ways are equal nevertheless.
_EXTRA_IS_AN_OPTION = tuple(map(int, VERSION.split(".")[:2])) >= (2, 13)


class MessageResponse(OpenModel):
    """A page of messages, newest first, and its place among the pages.

    Fields that are not known here are kept, in `model_extra` and as attributes.
    """

    items: Sent[list[MessageMessage]] = Field(default=None, fail_fast=True)
    """The messages. The first one that is not a message ends the reading of the others."""
    page: Sent[StrictInt] = None
    """The number of this page, from 1. Past the end, servers send the last page again."""
    page_count: Sent[StrictInt] = None
    """The number of pages. Servers of 2023 count the messages of all conversations."""
    per_page: Sent[StrictInt] = None
    """The most messages that a page has."""
    total_count: Sent[StrictInt] = None
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
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            if not any(map(_is_null_item, error.errors(include_url=False))):
                raise
        return cls.model_validate(from_json(json_data), **options)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Read a page as pydantic does, without items that are `None`.

        Args:
            obj: the page, mostly a `dict`.
            **options: those of `pydantic.BaseModel.model_validate`.

        Raises:
            pydantic.ValidationError: it is not a page.
        """
        if isinstance(obj, dict):
            page = cast("dict[str, object]", obj)
            items = page.get("items")
            if isinstance(items, list):
                kept = [item for item in cast("list[object]", items) if item is not None]
                obj = {**page, "items": kept}
        return super().model_validate(obj, **options)


def _is_null_item(error: ErrorDetails) -> bool:
    return error["loc"][:1] == ("items",) and error["input"] is None
