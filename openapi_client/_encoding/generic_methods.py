"""The methods that generated modules call for the parts of a request that this API has none of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from openapi_client.models.base import Model

_TEXT = frozenset({str})
_PLAIN_NAME = re.compile(r"\w+", re.ASCII)


class GenericMethods:
    """The generic part of an `ApiClient`.

    What does the work is imported when it is first needed, for most programs never need it.
    """

    def sanitize_for_serialization(self, obj: Any) -> Any:
        """Make plain values of models, dates and the like."""
        if isinstance(obj, Model):
            return obj.to_dict()
        if type(obj) is dict:
            entries = cast("dict[str, object]", obj)
            if _TEXT.issuperset(map(type, entries.values())):
                return entries
        from openapi_client._encoding import serialization

        return serialization.sanitize(cast("object", obj))

    def deserialize(
        self, response_text: str, response_type: Any, content_type: str | None = None
    ) -> Any:
        """Decode a text into a type or the name of one."""
        from openapi_client._encoding import serialization

        return serialization.deserialize(response_text, response_type, content_type)

    def parameters_to_tuples(
        self, params: Any, collection_formats: Mapping[str, str] | None
    ) -> list[tuple[str, Any]]:
        """Return names and values, collections written as `collection_formats` say."""
        from openapi_client._encoding import serialization

        return serialization.parameters_to_tuples(params, collection_formats)

    def explode_query_object(self, name: str, obj: Any) -> list[tuple[str, Any]]:
        """Return the entries of an object, each a parameter of its own."""
        from openapi_client._encoding import serialization

        return serialization.explode_query_object(name, obj)

    def parameters_to_url_query(
        self, params: Any, collection_formats: Mapping[str, str] | None
    ) -> str:
        """Return an encoded query, without its question mark."""
        if type(params) is list and not collection_formats:
            named = cast("list[tuple[str, object]]", params)
            if all(
                type(value) is int and value.bit_length() < 64 and _PLAIN_NAME.fullmatch(name)
                for name, value in named
            ):
                return "&".join([f"{name}={value}" for name, value in named])
        from openapi_client._encoding import serialization

        return serialization.parameters_to_url_query(cast("Any", params), collection_formats)

    def files_parameters(
        self, files: Mapping[str, Any] | None = None
    ) -> list[tuple[str, tuple[str, bytes, str]]]:
        """Return the parts of a form that are files: name -> (file name, bytes, media type)."""
        from openapi_client._encoding import serialization

        return serialization.files_parameters(files)

    def select_header_accept(self, accepts: Sequence[str]) -> str | None:
        """Return the `Accept` header: the JSON type among these, or else the first."""
        return self.select_header_content_type(accepts)

    def select_header_content_type(self, content_types: Sequence[str]) -> str | None:
        """Return the `Content-Type` header: the JSON type among these, or else the first."""
        if not content_types:
            return None
        json = next((kind for kind in content_types if "json" in kind.lower()), None)
        return json if json is not None else content_types[0]
