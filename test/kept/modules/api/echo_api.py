# mypy: ignore-errors
# ruff: noqa: PERF403
from __future__ import annotations

import io  # noqa: F401 - generated modules import it
import warnings  # noqa: F401 - the same
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from openapi_client.models.colour import Colour
from openapi_client.models.filter import Filter
from pydantic import (
    Field,
    StrictBool,
    StrictBytes,
    StrictFloat,
    StrictInt,
    StrictStr,
    validate_call,
)

from openapi_client.api_client import ApiClient, RequestSerialized
from openapi_client.api_response import ApiResponse
from openapi_client.rest import RESTResponseType

Timeout = (
    None
    | Annotated[StrictFloat, Field(gt=0)]
    | tuple[Annotated[StrictFloat, Field(gt=0)], Annotated[StrictFloat, Field(gt=0)]]
)
OPTIONS = ("_request_auth", "_content_type", "_headers", "_host_index")


class EchoApi:
    """As generator 7.26 writes such a class; `Older` has what 7.1 writes otherwise."""

    def __init__(self, api_client=None) -> None:
        if api_client is None:
            api_client = ApiClient.get_default()
        self.api_client = api_client

    def _given(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        given = {key: value for key, value in given.items() if key not in ("self", "__class__")}
        timeout = {"_request_timeout": given.pop("_request_timeout")}
        return given, timeout

    @validate_call
    def in_path(
        self,
        s: StrictStr,
        i: StrictInt,
        b: StrictBool,
        e: Colour,
        u: UUID,
        a: list[StrictStr],
        _request_timeout: Timeout = None,
        _request_auth: dict[StrictStr, Any] | None = None,
        _content_type: StrictStr | None = None,
        _headers: dict[StrictStr, Any] | None = None,
        _host_index: Annotated[StrictInt, Field(ge=0, le=0)] = 0,
    ) -> str:
        given, timeout = self._given(locals())
        response_data = self.api_client.call_api(*self._in_path_serialize(**given), **timeout)
        response_data.read()
        return self.api_client.response_deserialize(
            response_data=response_data, response_types_map={"200": "str"}
        ).data

    def _in_path_serialize(
        self, s, i, b, e, u, a, _request_auth, _content_type, _headers, _host_index
    ) -> RequestSerialized:
        _path_params: dict[str, str] = {}
        for name, value in (("s", s), ("i", i), ("b", b), ("e", e.value), ("u", u), ("a", a)):
            if value is not None:
                _path_params[name] = value
        return self._param_serialize(
            "GET", "/path/{s}/{i}/{b}/{e}/{u}/{a}", _headers, _request_auth,
            path_params=_path_params, collection_formats={"a": "csv"},
        )  # fmt: skip

    @validate_call
    def in_headers(
        self,
        x_s: StrictStr | None = None,
        x_i: StrictInt | None = None,
        x_b: StrictBool | None = None,
        x_e: Colour | None = None,
        x_a: list[StrictStr] | None = None,
        _request_timeout: Timeout = None,
        _request_auth: dict[StrictStr, Any] | None = None,
        _content_type: StrictStr | None = None,
        _headers: dict[StrictStr, Any] | None = None,
        _host_index: Annotated[StrictInt, Field(ge=0, le=0)] = 0,
    ) -> ApiResponse[str]:
        given, timeout = self._given(locals())
        response_data = self.api_client.call_api(*self._in_headers_serialize(**given), **timeout)
        response_data.read()
        return self.api_client.response_deserialize(
            response_data=response_data, response_types_map={"200": "str"}
        )

    def _in_headers_serialize(
        self, x_s, x_i, x_b, x_e, x_a, _request_auth, _content_type, _headers, _host_index
    ) -> RequestSerialized:
        _header_params = _headers or {}
        named = {"X-S": x_s, "X-I": x_i, "X-B": x_b, "X-E": x_e, "X-A": x_a}
        _header_params.update({name: value for name, value in named.items() if value is not None})
        return self._param_serialize(
            "GET", "/headers", _header_params, _request_auth, collection_formats={"X-A": "csv"}
        )

    @validate_call
    def in_query(
        self,
        s: StrictStr | None = None,
        i: StrictInt | None = None,
        n: StrictFloat | StrictInt | None = None,
        b: StrictBool | None = None,
        e: Colour | None = None,
        u: UUID | None = None,
        day: date | None = None,
        when: datetime | None = None,
        dec: Decimal | None = None,
        multi: list[Any] | None = None,
        csv: list[StrictStr] | None = None,
        ssv: list[StrictStr] | None = None,
        pipes: list[StrictStr] | None = None,
        exploded: Filter | None = None,
        plain: Any = None,
        _request_timeout: Timeout = None,
        _request_auth: dict[StrictStr, Any] | None = None,
        _content_type: StrictStr | None = None,
        _headers: dict[StrictStr, Any] | None = None,
        _host_index: Annotated[StrictInt, Field(ge=0, le=0)] = 0,
    ) -> str:
        given, timeout = self._given(locals())
        response_data = self.api_client.call_api(*self._in_query_serialize(**given), **timeout)
        response_data.read()
        return self.api_client.response_deserialize(
            response_data=response_data, response_types_map={"200": "str"}
        ).data

    def _in_query_serialize(
        self, e, day, when, exploded, _request_auth, _content_type, _headers, _host_index, **named
    ) -> RequestSerialized:
        _query_params: list[tuple[str, str]] = []
        for name, value in named.items():
            if value is not None:
                _query_params.append((name, value))
        if e is not None:
            _query_params.append(("e", e.value))
        configuration = self.api_client.configuration
        if day is not None:
            _query_params.append(("day", day.strftime(configuration.date_format)))
        if when is not None:
            _query_params.append(("when", when.strftime(configuration.datetime_format)))
        if exploded is not None:
            _query_params.extend(self._exploded(exploded))
        formats = {"multi": "multi", "csv": "csv", "ssv": "ssv", "pipes": "pipes"}
        return self._param_serialize(
            "GET", "/query", _headers, _request_auth,
            query_params=_query_params, collection_formats=formats,
        )  # fmt: skip

    def _exploded(self, exploded: Filter) -> list[tuple[str, Any]]:
        return self.api_client.explode_query_object("exploded", exploded)

    def send_form(self, _headers=None, **fields) -> str:
        _form_params = [(name, value) for name, value in fields.items() if value is not None]
        return self._sent(
            "POST", "/form", "application/x-www-form-urlencoded", _headers,
            post_params=_form_params, collection_formats={"a": "csv"},
        )  # fmt: skip

    def upload(self, file=None, _headers=None, **fields) -> str:
        _form_params = [(name, value) for name, value in fields.items() if value is not None]
        _files = {} if file is None else {"file": file}
        return self._sent(
            "POST", "/upload", "multipart/form-data", _headers,
            post_params=_form_params, files=_files,
        )  # fmt: skip

    @validate_call
    def send_binary(self, body: StrictBytes | StrictStr | None = None) -> str:
        if isinstance(body, str):
            with open(body, "rb") as _fp:  # noqa: PTH123 - as it is generated
                body = _fp.read()
        return self._sent("POST", "/binary", "application/octet-stream", body=body)

    def send_body(self, body: Any = None, content_type="application/json", method="POST") -> str:
        return self._sent(method, "/thing", content_type, body=body)

    def _sent(self, method, path, content_type, headers=None, **parameters) -> str:
        _header_params = headers or {}
        _header_params["Content-Type"] = self.api_client.select_header_content_type([content_type])
        _param = self._param_serialize(method, path, _header_params, None, **parameters)
        response_data = self.api_client.call_api(*_param, _request_timeout=None)
        response_data.read()
        return self.api_client.response_deserialize(
            response_data=response_data, response_types_map={"200": "str"}
        ).data

    def _param_serialize(
        self, method, path, headers, request_auth, **parameters
    ) -> RequestSerialized:
        _header_params = headers or {}
        if "Accept" not in _header_params:
            _header_params["Accept"] = self.api_client.select_header_accept(["text/plain"])
        defaults = {"path_params": {}, "query_params": [], "body": None, "post_params": []}
        return self.api_client.param_serialize(
            method=method,
            resource_path=path,
            header_params=_header_params,
            auth_settings=["BearerAuth"],
            _host=None,
            _request_auth=request_auth,
            **{"files": {}, "collection_formats": {}, **defaults, **parameters},
        )

    def got(self, types: dict[str, str | None]) -> Any:
        """Any answer, read as the operation that is described by `types`."""
        response_data = self.api_client.call_api(*self._param_serialize("GET", "/got", None, None))
        response_data.read()
        return self.api_client.response_deserialize(
            response_data=response_data, response_types_map=types
        ).data

    def got_without_preload_content(self) -> RESTResponseType:
        response_data = self.api_client.call_api(*self._param_serialize("GET", "/got", None, None))
        return response_data.response


class OlderEchoApi(EchoApi):
    """What 7.1 writes otherwise."""

    def _exploded(self, exploded: Filter) -> list[tuple[str, Any]]:
        return [("exploded", exploded)]

    def _param_serialize(
        self, method, path, headers, request_auth, **parameters
    ) -> RequestSerialized:
        _header_params = dict(headers or {})
        _header_params["Accept"] = self.api_client.select_header_accept(["text/plain"])
        return self.api_client.param_serialize(
            method=method,
            resource_path=path,
            header_params=_header_params,
            auth_settings=["BearerAuth"],
            _request_auth=request_auth,
            **parameters,
        )
