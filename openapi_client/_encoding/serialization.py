"""Values to and from what goes over the wire, for calls other than the four operations.

Programs use `ApiClient` for other endpoints of the same service too. What such calls need is here:
queries and forms, collection formats, types given by name. The four operations need none of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from types import GenericAlias
from typing import Annotated, Any, TypeAlias, Union, cast
from urllib.parse import quote
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    PydanticUserError,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
)

from openapi_client import models
from openapi_client._encoding.files import FilePart, FileValue, files_parameters, save_file
from openapi_client._encoding.header_fields import truth_in_lower_case
from openapi_client._encoding.json_repair import read_json
from openapi_client._encoding.media_types import charset_of, decode, is_json
from openapi_client._encoding.native_types import NATIVE_TYPES_MAPPING, PRIMITIVE_TYPES
from openapi_client.exceptions import ApiTypeError, ApiValueError
from openapi_client.models.base import Model

__all__ = [
    "NATIVE_TYPES_MAPPING",
    "PRIMITIVE_TYPES",
    "FilePart",
    "FileValue",
    "Params",
    "charset_of",
    "decode",
    "deserialize",
    "deserialize_response",
    "explode_query_object",
    "files_parameters",
    "is_json",
    "parameters_to_tuples",
    "parameters_to_url_query",
    "sanitize",
    "save_file",
]

Params: TypeAlias = "Mapping[str, Any] | Iterable[tuple[str, Any]]"

_DELIMITERS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
# What RFC 3986, section 3.4, allows in a query, but for what separates the fields of a form.
_SAFE_IN_NAMES = "/?:@!$'()*,"
_CONTAINER = re.compile(r"([Ll]ist|[Dd]ict|Optional|Union)\[(.+)\]", re.DOTALL)


def sanitize(value: object) -> Any:
    """Turn a value into what JSON knows: models and objects into `dict`, dates into text.

    Bytes stay bytes, for bodies that are not JSON. The value of a `SecretStr` is taken out of it.

    Raises:
        TypeError: it is nothing that can be sent.
    """
    match value:
        case Enum():
            return sanitize(value.value)
        case None | str() | int() | float() | bytes():
            return value
        case SecretStr() | SecretBytes():
            return value.get_secret_value()
        case UUID() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case list():
            return [sanitize(item) for item in cast("list[object]", value)]
        case tuple():
            return tuple(sanitize(item) for item in cast("tuple[object, ...]", value))
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            return {key: sanitize(entry) for key, entry in entries.items()}
        case _:
            return sanitize(_content(value))


def _content(value: object) -> object:
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return to_dict()
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    try:
        return vars(value)
    except TypeError:
        raise ApiTypeError(f"a value of type {type(value).__name__} cannot be sent") from None


def parameters_to_tuples(
    params: Params, collection_formats: Mapping[str, str] | None
) -> list[tuple[str, Any]]:
    """Write the collections among some parameters as their formats say.

    Args:
        params: name -> value, or pairs of these.
        collection_formats: name -> `csv`, `ssv`, `tsv`, `pipes` (joined by comma, space, tab, `|`)
            or `multi` (the parameter is repeated).

    Returns:
        Pairs (name, value); truth values are `true` and `false`, other values without a format
        are as they came.

    Raises:
        ValueError: there is no such format.
    """
    formats = collection_formats or {}
    pairs: list[tuple[str, Any]] = []
    for name, value in _pairs(params):
        if name not in formats:
            pairs.append((name, truth_in_lower_case(value)))
        elif formats[name] == "multi":
            pairs.extend((name, truth_in_lower_case(item)) for item in _items(value))
        else:
            pairs.append((name, _delimiter(name, formats[name]).join(map(_text, _items(value)))))
    return pairs


def parameters_to_url_query(params: Params, collection_formats: Mapping[str, str] | None) -> str:
    """Encode parameters as a query (RFC 3986, section 3.4), without its question mark.

    Truth values are `true` and `false`, a `dict` is its JSON text, `None` is left out, and a
    collection without a format is `csv`.

    Args:
        params: name -> value, or pairs of these.
        collection_formats: as for `parameters_to_tuples`.

    Raises:
        ValueError: there is no such format.
    """
    formats = collection_formats or {}
    fields: list[tuple[str, str]] = []
    for name, value in _pairs(params):
        try:
            items = [quote(_text(item)) for item in _items(value)]
        except ValueError:  # Python writes no number of more than 4,300 digits
            raise ApiValueError(f"{name} cannot be written as text") from None
        collection_format = formats.get(name, "csv")
        if collection_format == "multi":
            fields.extend((name, item) for item in items)
        elif items or name in formats:
            fields.append((name, _encoded_delimiter(name, collection_format).join(items)))
    return "&".join(f"{quote(str(name), safe=_SAFE_IN_NAMES)}={value}" for name, value in fields)


def explode_query_object(name: str, obj: object) -> list[tuple[str, Any]]:
    """Write an object as parameters of a query (`style: form`, `explode: true` of OpenAPI).

    Args:
        name: the name of the parameter, for a value that is no object.
        obj: a model, a `dict`, or any other value.

    Returns:
        A pair for each entry; one for each item of a list in it; none for `None`.
    """
    plain = sanitize(obj)
    entries = cast("dict[str, Any]", plain) if isinstance(plain, dict) else {name: plain}
    return [
        (key, item) for key, value in entries.items() for item in _items(value) if item is not None
    ]


def _pairs(params: Params) -> Iterable[tuple[str, Any]]:
    if isinstance(params, Mapping):
        return cast("Mapping[str, Any]", params).items()
    return params


def _items(value: object) -> list[object]:
    """Return the items of a collection; any other value is its only item, and `None` is none."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(cast("Iterable[object]", value))
    return [] if value is None else [value]


def _delimiter(name: str, collection_format: str) -> str:
    delimiter = _DELIMITERS.get(collection_format)
    if delimiter is None:
        allowed = ", ".join([*_DELIMITERS, "multi"])
        raise ValueError(
            f"collection_formats[{name!r}] must be one of {allowed}, not {collection_format!r}"
        )
    return delimiter


def _encoded_delimiter(name: str, collection_format: str) -> str:
    return quote(_delimiter(name, collection_format), safe=",")


def _text(value: object) -> str:
    plain = truth_in_lower_case(sanitize(value))
    if isinstance(plain, bytes):
        return plain.decode()
    if isinstance(plain, (dict, list, tuple)):
        return json.dumps(plain)
    return str(plain)


def deserialize_response(
    content: bytes,
    header: Callable[[str], str | None],
    response_type: Any,
    *,
    folder: str | None = None,
) -> Any:
    """Decode the body of an answer.

    Args:
        content: the body.
        header: gives a header of the answer by its name.
        response_type: as for `deserialize`; or `"bytes"`, `"bytearray"`: the body itself; or
            `"file"`: it is written to a file, whose path is returned; or `None`: `None`.
        folder: where files go; `None` is the system's directory for temporary files.

    Raises:
        ValueError: the body is not what `response_type` says.
        OSError: the file cannot be written.
    """
    if response_type is None:
        return None
    if response_type in ("bytearray", "bytes"):
        return content
    if response_type == "file":
        return save_file(content, header("Content-Disposition"), folder)
    content_type = header("Content-Type")
    return deserialize(decode(content, content_type), response_type, content_type)


def deserialize(content: str | bytes, response_type: Any, content_type: str | None = None) -> Any:
    """Decode a body into a type.

    A body that says it is JSON must be. Any other is read as JSON if it is JSON, else it is the
    value itself; for `str`, a `text/...` is always the value itself.

    Args:
        content: the body; bytes are taken to be UTF-8.
        response_type: `str`, `int`, `long`, `float`, `bool`, `bytes`, `date`, `datetime`,
            `decimal`, `UUID`, `object` (whatever the JSON is), `List[X]`, `Dict[str, X]`,
            `Optional[X]`, `Union[X, Y]`, or a class in `openapi_client.models`: its name, or the
            class itself. Any other type that pydantic knows will do too, and so will a class with
            a method `from_dict`. `None` reads nothing.
        content_type: the body's `Content-Type`.

    Returns:
        A value of the type, or `None` for the JSON `null`.

    Raises:
        ValueError: the body is not of the type, or there is no such type. (It is the base of
            `UnicodeDecodeError` and `pydantic.ValidationError`.)
    """
    if response_type is None:
        return None
    if response_type in ("bytes", bytes):
        return content.encode() if isinstance(content, str) else content
    annotation = _annotation(response_type)
    for metadata in getattr(annotation, "__metadata__", ()):
        if isinstance(metadata, PlainValidator):
            # A model of a generated module reads itself; what it raises is not dressed up.
            value = deserialize(content, object, content_type)
            return None if value is None else cast("Any", metadata.func)(value)
    adapter = _adapter(annotation)
    declared = (content_type or "").lower()
    if response_type in ("str", str) and declared.startswith("text/"):
        return content if isinstance(content, str) else content.decode()
    if not content and is_json(declared):
        return adapter.validate_python("")
    try:
        return read_json(adapter.validate_json, content)
    except ValidationError as error:
        if (
            is_json(declared)
            or error.errors(include_url=False)[0]["type"] != "json_invalid"
            or (isinstance(annotation, type) and issubclass(annotation, BaseModel))
        ):
            raise
    return adapter.validate_python(content if isinstance(content, str) else content.decode())


def _annotation(response_type: Any) -> Any:
    """Return what pydantic is told for a type or its name."""
    if not isinstance(response_type, str):
        return _validated_as(response_type)
    name = response_type.strip()
    container = _CONTAINER.fullmatch(name)
    if container is not None:
        kind, inner = container.groups()
        return _container(kind.lower(), inner)
    found = NATIVE_TYPES_MAPPING.get(name) or getattr(models, name, None)
    if not isinstance(found, type):
        raise ValueError(f"there is no type {name[:80]!r} in openapi_client.models")
    return _validated_as(found)


def _container(kind: str, inner: str) -> Any:
    if kind == "union":
        return Union[tuple(map(_annotation, _members(inner)))]  # noqa: UP007 - of a tuple
    if kind == "dict":
        inner = inner.partition(",")[2]  # in JSON each key is a text
    item = _annotation(inner) | None
    if kind == "optional":
        return item
    return GenericAlias(list, (item,)) if kind == "list" else GenericAlias(dict, (str, item))


def _members(names: str) -> list[str]:
    """Return the names between the commas that are in no brackets."""
    members, depth = [""], 0
    for character in names:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            members.append("")
        else:
            members[-1] += character
    return members


def _validated_as(found: Any) -> Any:
    if found is object:
        return Any
    if found is str:
        return Annotated[str, BeforeValidator(_number_as_text)]
    if found is date:
        return Annotated[date, BeforeValidator(_parsed_date)]
    if found is datetime:
        return Annotated[datetime, BeforeValidator(_parsed)]
    from_dict = getattr(found, "from_dict", None)
    if from_dict is None or getattr(from_dict, "__func__", None) is _FROM_DICT:
        return found
    return Annotated[Any, PlainValidator(partial(_read_by, from_dict))]


def _read_by(from_dict: Callable[[Any], Any], value: object) -> Any:
    """Read `value`; what is not of the shape that generated code expects is a `ValueError`."""
    try:
        return from_dict(value)
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _number_as_text(value: object) -> object:
    # Pydantic would write `1.0` as "1".
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if number else value


_FROM_DICT = Model.__dict__["from_dict"].__func__


@lru_cache(maxsize=128)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    nullable = cast(Any, annotation | None)
    try:
        return TypeAdapter(nullable, config=ConfigDict(coerce_numbers_to_str=True))
    except PydanticUserError:
        raise ValueError(f"{annotation!r} is not a type that can be read from JSON") from None


def _parsed(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    from dateutil.parser import isoparse, parse

    try:
        return isoparse(value)
    except ValueError:
        pass
    try:
        return parse(value)
    except OverflowError:
        raise ValueError("a number in it is too large") from None


def _parsed_date(value: object) -> date:
    return _parsed(value).date()
