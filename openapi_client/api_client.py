"""From arguments to a request and from an answer to a typed result."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from typing_extensions import Self

from openapi_client import __version__, rest
from openapi_client._encoding.foreign_response import AnyResponse, ForeignResponse
from openapi_client._encoding.generic_methods import GenericMethods
from openapi_client._encoding.header_fields import truth_in_lower_case
from openapi_client._encoding.native_types import NATIVE_TYPES_MAPPING, PRIMITIVE_TYPES
from openapi_client._encoding.request_parts import (
    OWN_HEADERS,
    SAFE_IN_PATH,
    add_credential,
    checked_auth,
    has_header,
    merged_headers,
    pairs,
    path_segment,
    path_template,
)
from openapi_client._encoding.response_body import (
    SMALL,
    check_expansion,
    is_utf8_json,
    kept_of,
    model_decoder,
    raise_not_as_promised,
    text_of,
    type_for,
)
from openapi_client._frames import without_locals
from openapi_client._http.call import Call, Method, call_of
from openapi_client._installation import DISTRIBUTION
from openapi_client._options import WithOptions
from openapi_client.api_response import ApiResponse
from openapi_client.configuration import Configuration
from openapi_client.exceptions import (
    ApiException,
    ApiValueError,
    BadRequestException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    UnauthorizedException,
)
from openapi_client.rest import RESTClientObject, RESTResponse
from openapi_client.retries import Attempt, Retries

__all__ = [
    "ApiClient",
    "ApiException",
    "ApiResponse",
    "ApiValueError",
    "BadRequestException",
    "Configuration",
    "ForbiddenException",
    "NotFoundException",
    "RequestSerialized",
    "ServiceException",
    "UnauthorizedException",
]

RequestSerialized = tuple[str, str, dict[str, str], Any, list[tuple[str, Any]]]
"""Method, URL, headers, body and form fields, as `call_api` takes them."""

_AnyApiResponse = cast("type[ApiResponse[Any]]", ApiResponse)


class ApiClient(GenericMethods, WithOptions):
    """Builds requests, hands them to the transport and decodes what comes back.

    Safe for any number of threads. Use it in a `with` block, or `close()` it.

    Args:
        configuration: the settings; default `Configuration.get_default()`.
        header_name: name of a header sent with each request.
        header_value: its value.
        cookie: value of a `Cookie` header sent with each request.
    """

    PRIMITIVE_TYPES: ClassVar[tuple[type, ...]] = PRIMITIVE_TYPES
    NATIVE_TYPES_MAPPING: ClassVar[Mapping[str, Any]] = NATIVE_TYPES_MAPPING

    _default: ClassVar[ApiClient | None] = None

    def __init__(
        self,
        configuration: Configuration | None = None,
        header_name: str | None = None,
        header_value: str | None = None,
        cookie: str | None = None,
    ) -> None:
        self.configuration: Configuration = (
            Configuration.get_default() if configuration is None else configuration
        )
        # By its module, because programs put another class there.
        self.rest_client: RESTClientObject = rest.RESTClientObject(self.configuration)
        self.default_headers: dict[str, str] = {}
        if header_name is not None:
            self.default_headers[header_name] = header_value or ""
        self.cookie = cookie
        self.user_agent = f"{DISTRIBUTION}/{__version__}"
        self.client_side_validation: bool = self.configuration.client_side_validation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: object, exc_value: object, traceback: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. A call after this raises `ClientClosedException`."""
        # What a program has put into its place need not have more than `request`.
        close = getattr(self.rest_client, "close", None)
        if close is not None and not self._borrows:
            close()

    def __getstate__(self) -> dict[str, Any]:
        # Connections cannot travel; what is unpickled opens its own.
        state = dict(self.__dict__)
        if isinstance(cast("object", self.rest_client), RESTClientObject):
            del state["rest_client"]
            state.pop("_borrows", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "rest_client" not in state:
            self.rest_client = rest.RESTClientObject(self.configuration)

    def __repr__(self) -> str:
        return f"<ApiClient of {self.configuration!r}>"

    @property
    def user_agent(self) -> str:
        """The `User-Agent` header."""
        return self.default_headers["User-Agent"]

    @user_agent.setter
    def user_agent(self, value: str) -> None:
        self.default_headers["User-Agent"] = value

    def set_default_header(self, header_name: str, header_value: str) -> None:
        """Send a header with each request."""
        self.default_headers[header_name] = header_value

    @classmethod
    def get_default(cls) -> ApiClient:
        """Return the client of the process, which `MessagesApi()` uses; made the first time."""
        if cls._default is None:
            cls._default = ApiClient()
        return cls._default

    @classmethod
    def set_default(cls, default: ApiClient | None) -> None:
        """Make `default` the client of the process."""
        cls._default = default

    # -- the way down -----------------------------------------------------------------------------

    def begin_call(
        self,
        method: str,
        request_timeout: float | tuple[float | None, float | None] | None = None,
        retries: Retries = None,
        *,
        preload: bool = True,
    ) -> Method:
        """Begin a call: its deadline counts from now, the wait for a token included.

        Args:
            method: the HTTP method, upper case.
            request_timeout: as of `call_api`.
            retries: overrides `Configuration.retries`.
            preload: whether the body of the response is read before the call returns.

        Returns:
            The method, for `param_serialize` and `call_api`, which the call travels with.
        """
        client: Any = self.rest_client
        clock = client.clock if isinstance(client, RESTClientObject) else time.monotonic
        limits = self.configuration.limits
        if request_timeout is not None:
            limits = limits.for_call(request_timeout)
        handle = Method(method)
        handle.call = Call(
            method,
            self.configuration,
            limits,
            clock,
            request_timeout=request_timeout,
            retries=retries,
            preload=preload,
        )
        return handle

    @without_locals
    def param_serialize(
        self,
        method: str,
        resource_path: str,
        path_params: Mapping[str, Any] | None = None,
        query_params: Sequence[tuple[str, Any]] | Mapping[str, Any] | None = None,
        header_params: Mapping[str, Any] | None = None,
        body: Any = None,
        post_params: Sequence[tuple[str, Any]] | Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        auth_settings: Sequence[str] | None = None,
        collection_formats: Mapping[str, str] | None = None,
        _host: str | None = None,
        _request_auth: Mapping[str, Any] | None = None,
    ) -> RequestSerialized:
        """Build a request: the arguments of `call_api`, or `ApiValueError` if it cannot be sent.

        Args:
            method: the HTTP method.
            resource_path: path below the host, with `{name}` for each path parameter.
            path_params: values of the path parameters.
            query_params: names and values of the query.
            header_params: headers; they take precedence over the client's default headers.
            body: the request's body, made of models, dictionaries, lists and plain values.
            post_params: fields of a form.
            files: files of a form: name -> path, bytes, (name, bytes) or a list of these.
            auth_settings: names of the schemes whose credentials are added.
            collection_formats: name of a parameter -> csv, ssv, tsv, pipes or multi.
            _host: another base URL; without effect if `ignore_operation_servers` is set.
            _request_auth: credentials instead of the configured ones.
        """
        headers, given = self._headers(header_params or {}, collection_formats)
        url = self._url(resource_path, path_params or {}, collection_formats, _host)
        form = post_params or files
        fields = self._fields(post_params, files, collection_formats) if form else []
        body = None if body is None else self.sanitize_for_serialization(body)
        queries = pairs(query_params) if query_params else []
        if auth_settings:
            self.update_params_for_auth(
                headers, queries, auth_settings, resource_path, method, body, _request_auth
            )
            if given and not _request_auth:  # they take precedence over what is configured
                headers = merged_headers(headers, given)
        if queries:
            url += "?" + self.parameters_to_url_query(queries, collection_formats)
        if type(method) is not Method:
            method = Method.of(method, self.configuration, resource_path, path_params or {})
        return method, url, headers, body, fields

    def _headers(
        self, given: Mapping[str, Any], collection_formats: Mapping[str, str] | None
    ) -> tuple[dict[str, str], Mapping[str, Any]]:
        """Return the headers, and those of them that are the caller's own."""
        if given.keys() <= OWN_HEADERS and not self.cookie:
            return merged_headers(self.default_headers, given), {}
        if collection_formats:
            given = dict(self.parameters_to_tuples(given, collection_formats))
        given = self.sanitize_for_serialization(given)
        headers = merged_headers(self.default_headers, given)
        if self.cookie and not has_header(given, "Cookie"):
            headers = merged_headers(headers, {"Cookie": self.cookie})
        return headers, given

    def _fields(
        self,
        post_params: Sequence[tuple[str, Any]] | Mapping[str, Any] | None,
        files: Mapping[str, Any] | None,
        collection_formats: Mapping[str, str] | None,
    ) -> list[tuple[str, Any]]:
        """Return the fields of a form."""
        fields = self.sanitize_for_serialization(pairs(post_params or ()))
        fields = self.parameters_to_tuples(fields, collection_formats)
        fields.extend(self.files_parameters(files))
        return fields

    def _url(
        self,
        resource_path: str,
        values: Mapping[str, Any],
        collection_formats: Mapping[str, str] | None,
        host: str | None,
    ) -> str:
        """Return the URL without its query."""
        configuration = self.configuration
        if not host or configuration.ignore_operation_servers:
            host = configuration.host
        if collection_formats:
            values = dict(self.parameters_to_tuples(values, collection_formats))
        pattern, names = path_template(resource_path)
        safe = configuration.safe_chars_for_path_param or SAFE_IN_PATH
        try:
            return host + pattern % tuple([path_segment(values[name], safe) for name in names])
        except (KeyError, TypeError, ValueError):
            # A number, a date, or something to complain about by its name.
            segments = [self._any_segment(name, values, safe) for name in names]
            return host + pattern % tuple(segments)

    def _any_segment(self, name: str, values: Mapping[str, Any], safe: str) -> str:
        if name not in values:
            raise ApiValueError(f"the path parameter {name!r} is missing")
        try:
            text = str(truth_in_lower_case(self.sanitize_for_serialization(values[name])))
        except ValueError:
            raise ApiValueError(f"{name} has too many digits") from None
        try:
            return path_segment(text, safe)
        except ValueError as error:
            raise ApiValueError(f"{name} {error}: {text!r}") from None

    def update_params_for_auth(
        self,
        headers: dict[str, str],
        queries: list[tuple[str, Any]],
        auth_settings: Sequence[str] | None,
        resource_path: str,
        method: str,
        body: Any,
        request_auth: Mapping[str, Any] | None = None,
    ) -> None:
        """Add credentials to `headers` or `queries`, which are changed.

        Args:
            headers: the request's headers.
            queries: its query parameters.
            auth_settings: names of the schemes.
            resource_path: its path.
            method: its method.
            body: its body.
            request_auth: credentials instead of the configured ones: `type`, `in` ("header",
                "query" or "cookie"), `key` and `value`.

        Raises:
            ApiValueError: a credential cannot be sent.
        """
        if not auth_settings:
            return
        if request_auth:
            auth = checked_auth(request_auth)
            self._apply_auth_params(headers, queries, resource_path, method, body, auth)
            return
        call = call_of(method)
        if call is None:
            self.configuration.prepare_token(lambda: self.configuration.limits.deadline)
        else:
            call.token_epoch = self.configuration.prepare_token(call.seconds_left)
        configured = self.configuration.auth_settings()
        for scheme in auth_settings:
            setting = configured.get(scheme)
            if setting is not None:
                self._apply_auth_params(headers, queries, resource_path, method, body, setting)

    # Programs override it, to sign requests. Not a method of its own: that is a call less in each.
    _apply_auth_params = staticmethod(add_credential)

    @without_locals
    def call_api(
        self,
        method: str,
        url: str,
        header_params: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Sequence[tuple[str, Any]] | None = None,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
    ) -> RESTResponse:
        """Make the request; see `RESTClientObject.request`."""
        if getattr(method, "call", None) is None:
            template, ids = getattr(method, "template", ""), getattr(method, "ids", {})
            method = Method.of(method, self.configuration, template, ids)
        return self.rest_client.request(
            method,
            url,
            headers=header_params,
            body=body,
            post_params=post_params,
            _request_timeout=_request_timeout,
        )

    # -- the way back -----------------------------------------------------------------------------

    @without_locals
    def response_deserialize(
        self,
        response_data: AnyResponse | None = None,
        response_types_map: Mapping[str, Any] | None = None,
    ) -> ApiResponse[Any]:
        """Decode an answer.

        Args:
            response_data: the answer, its body read.
            response_types_map: status ("200"), class of status ("2XX") or "default" -> a type or
                its name. A 2xx that none of them is for has the type of another 2xx.

        Returns:
            The answer with its data; `None` for an empty body, but for types that can be empty:
            `str`, `bytes` and files.

        Raises:
            ApiException: the status is not 2xx; of the class for the status.
            DeserializationException: it is 2xx, but the body is not what was promised.
        """
        if response_data is None:
            raise ApiValueError("response_data must be given")
        if not isinstance(response_data, RESTResponse):
            response_data = ForeignResponse(response_data)
        data = self.deserialized(response_data, response_types_map)
        attempts: tuple[Attempt, ...] = ()
        if isinstance(response_data, RESTResponse):
            headers, attempts = response_data.plain_headers(), response_data.attempts
        else:  # what a program has put into the place of one
            headers = dict(response_data.getheaders())
        parts = {
            "status_code": response_data.status,
            "headers": headers,
            "data": data,
            "raw_data": response_data.data,
            "attempts": attempts,
        }
        return _AnyApiResponse.model_validate(parts)

    def deserialized(
        self, response_data: AnyResponse, response_types_map: Mapping[str, Any] | None
    ) -> Any:
        """Return the data of a response alone; see `response_deserialize`."""
        if response_data.data is None:
            raise ApiValueError("response_data must have been read: call its read()")
        if not isinstance(response_data, (RESTResponse, ForeignResponse)):
            response_data = ForeignResponse(response_data)
        status, content = response_data.status, response_data.data or b""
        succeeded = 200 <= status <= 299
        if not succeeded:
            content = kept_of(response_data, content)
        response_type = type_for(status, response_types_map or {}, content)
        data: Any = None
        if response_type is not None:
            if succeeded and len(content) > SMALL:
                check_expansion(response_data, content, self.configuration.max_response_expansion)
            try:
                data = self._decoded(content, response_data, response_type)
            except (ValueError, OSError) as error:  # the latter: its file cannot be written
                if succeeded:
                    raise_not_as_promised(response_data, response_type, content, error)
        if not succeeded:
            raise ApiException.from_response(
                http_resp=response_data, body=text_of(response_data, content), data=data
            )
        return data

    def _decoded(self, content: bytes, response: AnyResponse, response_type: Any) -> Any:
        content_type = response.getheader("Content-Type")
        validate = model_decoder(response_type)
        if validate is not None and is_utf8_json(content_type):
            # Servers end their JSON with a line end.
            return None if len(content) < 9 and content.strip() == b"null" else validate(content)
        from openapi_client._encoding import serialization

        return serialization.deserialize_response(
            content,
            response.getheader,
            response_type,
            folder=self.configuration.temp_folder_path,
        )
