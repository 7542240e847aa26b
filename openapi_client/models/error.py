"""An error in any of the shapes that servers give it."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import StrictStr, model_validator

from openapi_client.models.base import Model
from openapi_client.models.error_details import ErrorDetails
from openapi_client.models.error_message import ErrorMessage

__all__ = ["Error", "ErrorDetails", "ErrorMessage"]

_HELD = "actual_instance"


class Error(Model):
    """What went wrong: holds an `ErrorDetails`, an `ErrorMessage` or, from servers of 2023, a text.

    Args:
        *held: what it holds; or by keyword, as `actual_instance`.
    """

    actual_instance: ErrorDetails | ErrorMessage | StrictStr
    """What it holds."""

    def __init__(self, *held: Any, **fields: Any) -> None:
        if held:
            if len(held) > 1 or fields:
                raise ValueError("an Error holds one value, given by position or by keyword")
            fields[_HELD] = next(iter(held))
        super().__init__(**fields)

    @model_validator(mode="before")
    @classmethod
    def _as_held(cls, data: object) -> object:
        if isinstance(data, dict) and cast("dict[str, object]", data).keys() == {_HELD}:
            return cast("object", data)
        held: dict[str, object] = {_HELD: data}
        return held

    def to_str(self) -> str:
        """Return what it holds, formatted for people."""
        held = self.actual_instance
        return repr(held) if isinstance(held, str) else held.to_str()

    def to_json(self) -> str:
        """Return the JSON text of what it holds."""
        return json.dumps(self.to_dict())

    def to_dict(self) -> Any:
        """Return the `dict` of what it holds; a text is returned as it is."""
        held = self.actual_instance
        return held if isinstance(held, str) else held.to_dict()
