# mypy: ignore-errors
from __future__ import annotations

import json
import pprint
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr


class Filter(BaseModel):
    name: StrictStr | None = None
    tags: list[StrictStr] | None = None
    since: datetime | None = None
    deep_name: StrictStr | None = Field(default=None, alias="deepName")
    flag: StrictBool | None = None
    count: StrictInt | None = None
    __properties: ClassVar[list[str]] = ["name", "tags", "since", "deepName", "flag", "count"]

    model_config = {"populate_by_name": True, "validate_assignment": True}

    def to_str(self) -> str:
        return pprint.pformat(self.model_dump(by_alias=True))

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str):
        return cls.from_dict(json.loads(json_str))

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def from_dict(cls, obj: Any):
        if obj is None:
            return None
        if not isinstance(obj, dict):
            return cls.model_validate(obj)
        return cls.model_validate({name: obj.get(name) for name in cls.__properties})


class Fault(BaseModel):
    code: StrictInt
    message: StrictStr | None = None

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def from_dict(cls, obj: Any):
        if not isinstance(obj, dict):
            return None if obj is None else cls.model_validate(obj)
        return cls.model_validate({"code": obj.get("code"), "message": obj.get("message")})


class Open(BaseModel):
    """With `additionalProperties`, which generators keep in a field of their own."""

    name: StrictStr | None = None
    additional_properties: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        known = self.model_dump(exclude={"additional_properties"}, exclude_none=True)
        return {**known, **self.additional_properties}

    @classmethod
    def from_dict(cls, obj: Any):
        if obj is None:
            return None
        made = cls.model_validate({"name": obj.get("name")})
        made.additional_properties = {key: obj[key] for key in obj if key != "name"}
        return made
