# mypy: ignore-errors
# ruff: noqa: N815, PERF203
from __future__ import annotations

import importlib
import json
from typing import Any, ClassVar, Literal

from openapi_client.models.filter import Fault
from pydantic import BaseModel, StrictBool, StrictInt, StrictStr, ValidationError


class _Part(BaseModel):
    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def from_dict(cls, obj: Any):
        return None if obj is None else cls.model_validate(obj)


class Cat(_Part):
    kind: Literal["cat"]
    lives: StrictInt | None = None


class Dog(_Part):
    kind: Literal["dog"]
    bark: StrictStr | None = None


class _Union(BaseModel):
    """`oneOf` and `anyOf`: a model that holds what it is."""

    actual_instance: Any = None
    choices: ClassVar[tuple[Any, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args:
            kwargs["actual_instance"] = args[0]
        super().__init__(**kwargs)

    @classmethod
    def from_dict(cls, obj: Any):
        return cls.from_json(json.dumps(obj))

    @classmethod
    def from_json(cls, json_str: str):
        value = json.loads(json_str)
        wrong = []
        for choice in cls.choices:
            try:
                if not hasattr(choice, "from_dict"):
                    if type(value) is not choice:
                        raise ValueError(f"not {choice.__name__}")
                    return cls(value)
                return cls(choice.from_dict(value))
            except (ValidationError, ValueError) as error:
                wrong.append(str(error))
        names = ", ".join(choice.__name__ for choice in cls.choices)
        raise ValueError(
            f"No match found when deserializing the JSON string into {cls.__name__} with schemas: "
            f"{names}. Details: {', '.join(wrong)}"
        )

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_dict(self) -> Any:
        held = self.actual_instance
        return held.to_dict() if hasattr(held, "to_dict") else held


class Pet(_Union):
    choices = (Cat, Dog)


class Either(_Union):
    choices = (str, int, Fault)


class Animal(BaseModel):
    """`allOf` with a discriminator: the JSON says which class it is."""

    className: StrictStr
    color: StrictStr | None = "red"

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def from_dict(cls, obj: Any):
        kind = obj.get("className")
        if kind == "Lion":
            module = importlib.import_module("openapi_client.models.pet")
            return module.Lion.model_validate(obj)
        raise ValueError(
            f"Animal failed to lookup discriminator value from {json.dumps(obj)}. "
            'Discriminator property name: className, mapping: {"Lion": "Lion"}'
        )


class Lion(Animal):
    mane: StrictBool | None = None
