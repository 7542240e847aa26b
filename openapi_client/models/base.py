"""What the models share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Optional, TypeVar, Union

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

T = TypeVar("T")

# A field that every server sends in every answer. Generated packages let it be left out, where it
# is `None`; but a program that edits what it has sent is not to cast or check what cannot be. So to
# type checkers it is `T | Any`, the convention of typeshed: used as a `T`, and compared with `None`
# by whoever wants to.
if TYPE_CHECKING:
    Sent = Union[T, Any]  # noqa: UP007 - a generic alias
else:
    Sent = Optional


class Model(BaseModel):
    """A value of the API: fields with types, checked when it is made and when one is assigned.

    Types are strict: no number is taken for a string, no string for a number. What does not fit
    raises `pydantic.ValidationError`, which is a `ValueError`.
    """

    # Ids, times and texts hardly repeat. To look each up among those seen before, as pydantic does
    # by default, takes a sixth of the time of a decode and keeps them alive after it.
    model_config: ClassVar[ConfigDict] = ConfigDict(
        populate_by_name=True, validate_assignment=True, cache_strings="keys"
    )

    @property
    def model_extra(self) -> dict[str, Any]:
        """The fields that came and are not known, by name; empty if there were none."""
        return super().model_extra or {}

    def to_str(self) -> str:
        """Return all fields, those that are `None` too, formatted for people."""
        from pprint import pformat

        return pformat(self.model_dump(by_alias=True, serialize_as_any=True))

    def to_json(self) -> str:
        """Return the JSON text of what `to_dict` returns."""
        return json.dumps(
            self.model_dump(mode="json", by_alias=True, exclude_none=True, serialize_as_any=True)
        )

    @classmethod
    def from_json(cls, json_str: str | bytes | bytearray) -> Self | None:
        """Read a JSON text; `null` gives `None`.

        Raises:
            pydantic.ValidationError: it is not JSON, or not this model.
        """
        if json_str.strip() in ("null", b"null"):
            return None
        return cls.model_validate_json(json_str)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are not `None` by their documented names, models as `dict`."""
        return self.model_dump(by_alias=True, exclude_none=True, serialize_as_any=True)

    @classmethod
    def from_dict(cls, obj: Any) -> Self | None:
        """Read a `dict`; a model is returned as it is, and `None` gives `None`.

        Raises:
            pydantic.ValidationError: it is not this model.
        """
        return None if obj is None else cls.model_validate(obj)


class OpenModel(Model):
    """What the server tells: fields that are not known here are kept, as attributes too."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    @property
    def additional_properties(self) -> dict[str, Any]:
        """The fields that came and are not known; what is put into it is a field, too."""
        extra = self.__pydantic_extra__
        if extra is None:
            extra = {}
            object.__setattr__(self, "__pydantic_extra__", extra)
        return extra

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign a field that is known, or one that the server has sent.

        Raises:
            pydantic.ValidationError: there is no such field, or the value is not of its type.
        """
        cls = type(self)
        if (
            name not in cls.model_fields
            and not name.startswith("_")
            and not isinstance(getattr(cls, name, None), property)
            and name not in self.model_extra
        ):
            # What pydantic raises for a model that keeps no other fields.
            detail = {"attribute": name}
            raise ValidationError.from_exception_data(
                cls.__name__,
                [{"type": "no_such_attribute", "loc": (name,), "input": value, "ctx": detail}],
            )
        super().__setattr__(name, value)
