# mypy: ignore-errors
# ruff: noqa: N805
from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from openapi_client.models.colour import Colour, Level
from openapi_client.models.filter import Filter
from openapi_client.models.pet import Pet
from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    StrictBytes,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
)


class Thing(BaseModel):
    """A field of every kind."""

    id: StrictInt | None = None
    name: StrictStr = Field(min_length=1)
    photo_urls: list[StrictStr] | None = Field(default=None, alias="photoUrls")
    colour: Colour | None = None
    level: Level | None = None
    inline: StrictStr | None = None
    price: StrictFloat | StrictInt | None = None
    when: datetime | None = None
    day: date | None = None
    key: UUID | None = None
    blob: StrictBytes | StrictStr | None = None
    amount: Decimal | None = None
    nothing: StrictStr | None = None
    size: StrictInt | None = 3
    filter: Filter | None = None
    filters: list[Filter] | None = None
    by_name: dict[str, Filter] | None = Field(default=None, alias="byName")
    lists: list[list[StrictInt]] | None = None
    free: dict[str, Any] | None = None
    any: Any | None = None
    pet: Pet | None = None
    secret: SecretStr | None = None
    var_class: StrictStr | None = Field(default=None, alias="class")

    model_config = {"populate_by_name": True, "validate_assignment": True}

    @field_validator("inline")
    def inline_validate_enum(cls, value: str | None) -> str | None:
        if value is not None and value not in ("up", "down"):
            raise ValueError("must be one of enum values ('up', 'down')")
        return value

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        plain = self.model_dump(by_alias=True, exclude_none=True)
        if self.filters:
            plain["filters"] = [item.to_dict() for item in self.filters]
        if self.by_name:
            plain["byName"] = {key: item.to_dict() for key, item in self.by_name.items()}
        if self.pet:
            plain["pet"] = self.pet.to_dict()
        if self.nothing is None and "nothing" in self.model_fields_set:
            plain["nothing"] = None
        return plain

    @classmethod
    def from_dict(cls, obj: Any):
        if not isinstance(obj, dict):
            return None if obj is None else cls.model_validate(obj)
        known = {field.alias or name for name, field in cls.model_fields.items()}
        plain = {key: obj[key] for key in obj if key in known}
        if obj.get("pet") is not None:
            plain["pet"] = Pet.from_dict(obj["pet"])
        return cls.model_validate(plain)
