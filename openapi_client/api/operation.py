"""How an operation is described once, and the views of it that a class shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, update_wrapper
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Concatenate,
    Generic,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
    overload,
)

from pydantic import Field, StrictStr, ValidationError
from typing_extensions import NotRequired, ParamSpec, TypedDict
from urllib3 import BaseHTTPResponse

from openapi_client._encoding.request_parts import has_header, merged_headers
from openapi_client._redaction import HIDDEN
from openapi_client.api_client import ApiClient, RequestSerialized
from openapi_client.api_response import ApiResponse
from openapi_client.rest import unread_answers

if TYPE_CHECKING:
    from pydantic import TypeAdapter

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
RequestTimeout: TypeAlias = _Seconds | tuple[_Seconds | None, _Seconds | None] | None


class RequestOptions(TypedDict, total=False):
    """What every operation takes besides its own parameters."""

    _request_timeout: RequestTimeout
    """Seconds for the whole call; or a pair (connect, read), each `None` for no limit."""
    _content_type: StrictStr | None
    """The content type of the request's body."""
    _host_index: Annotated[int, Field(strict=True, ge=0, le=0)]
    """0: the operations have no hosts of their own."""
    _request_auth: Mapping[StrictStr, Any] | None
    """Credentials instead of the configured ones: `type`, `in`, `key` and `value`."""
    _headers: Mapping[StrictStr, Any] | None
    """More headers; they go before all others."""


_SECRET_OPTIONS = frozenset({"_request_auth", "_headers"})
_TEXT = frozenset({str})
_NUMBER_OR_NONE = frozenset({int, type(None)})
NO_OPTIONS = RequestOptions()


@cache
def _adapter(arguments: type) -> TypeAdapter[Any]:
    """What checks arguments; made when it is first needed, so that no import waits for it."""
    from pydantic import TypeAdapter

    return TypeAdapter(arguments)


def _check(name: str, value: object) -> None:
    try:
        _adapter(RequestOptions).validate_python({name: value})
    except ValidationError as error:
        if name not in _SECRET_OPTIONS:
            raise
        raise _without_input(error) from None


def _without_input(error: ValidationError) -> ValidationError:
    """The same error without what was given, which its text, details and pickle would show."""
    return ValidationError.from_exception_data(
        error.title,
        [
            {"type": one["type"], "loc": one["loc"], "input": HIDDEN}
            for one in error.errors(include_input=False, include_url=False)
        ],
        hide_input=True,
    )


def given_options(
    request_timeout: RequestTimeout,
    request_auth: Mapping[str, Any] | None,
    content_type: str | None,
    headers: Mapping[str, Any] | None,
    host_index: int,
) -> RequestOptions:
    """The options of a generated-style signature, in its order."""
    if (
        request_timeout is None
        and request_auth is None
        and content_type is None
        and headers is None
        and host_index == 0
    ):
        return NO_OPTIONS
    return RequestOptions(
        _request_timeout=request_timeout,
        _request_auth=request_auth,
        _content_type=content_type,
        _headers=headers,
        _host_index=host_index,
    )


class Description(Generic[R_co]):
    """An operation: all that does not depend on the call.

    Args:
        method: the HTTP method.
        path: the path below the host, with `{name}` for each path parameter.
        result: the model that a 2xx answer holds.
        **arguments: the types of the parameters: those in `path` go there, `request` is the body,
            the others are the query.
    """

    def __init__(self, method: str, path: str, result: type[R_co], /, **arguments: Any) -> None:
        self.method = method
        self.path = path
        self.result_types = {"2XX": result.__name__}
        self.headers = {"Accept": "application/json"}
        self._arguments = arguments
        self._has_body = "request" in arguments
        if self._has_body:
            self.headers["Content-Type"] = "application/json"

    @cached_property
    def _validate(self) -> Callable[[Any], Any]:
        types = dict(self._arguments)
        if self._has_body:
            # A text in its place was seen to be one.
            types["request"] = NotRequired[types["request"]]
        name = f"the arguments of {self.method} {self.path}"
        return _adapter(cast("Any", TypedDict)(name, types)).validate_python

    def request(
        self,
        path: dict[str, str],
        options: RequestOptions,
        *,
        query: Sequence[tuple[str, int | None]] = (),
        body: Any = None,
        text: str | None = None,
    ) -> Request[R_co]:
        """This operation with the arguments of one call.

        Args:
            path: the path parameters.
            options: the call's options.
            query: the query parameters; those that are `None` are left out.
            body: the argument `request`: a model, or a `dict` like one.
            text: the text of the message, instead of `body`.

        Raises:
            pydantic.ValidationError: an argument has the wrong type; the message names it.
            TypeError: there is no such option.
        """
        if self._has_body and text is None:
            body = self._validate({**path, "request": body})["request"]
        elif not (
            _TEXT.issuperset(map(type, path.values()))
            and _NUMBER_OR_NONE.issuperset([type(value) for _, value in query])
        ):
            # Something to complain about; or a subclass, which is right.
            self._validate({**path, **dict(query)})
        if text is not None:
            body = {"body": text}
        headers = self._headers_of(options) if options else {}
        return Request(self, path, query, body, headers, options)

    def _headers_of(self, options: RequestOptions) -> dict[str, Any]:
        """The headers that a call's options say, all options checked."""
        unknown = options.keys() - RequestOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"unexpected option {min(unknown)!r}")
        for name, value in options.items():
            _check(name, value)
        headers = dict(options.get("_headers") or {})
        content_type = options.get("_content_type")
        if content_type is not None and self._has_body:
            headers = merged_headers(headers, {"Content-Type": content_type})
        return headers


class Request(Generic[R_co]):
    """One call of an operation."""

    __slots__ = ("_body", "_headers", "_options", "_path", "_query", "_what")

    def __init__(
        self,
        what: Description[R_co],
        path: dict[str, str],
        query: Sequence[tuple[str, int | None]],
        body: Any,
        headers: dict[str, str],
        options: RequestOptions,
    ) -> None:
        self._what = what
        self._path = path
        self._query = query
        self._body = body
        self._headers = headers
        self._options = options

    def _serialized(self, client: ApiClient) -> RequestSerialized:
        what, options = self._what, self._options
        headers = what.headers
        if len(client.default_headers) > 1:
            # What is set on the client goes before what the operation says of itself.
            set_there = client.default_headers
            headers = {
                name: value for name, value in headers.items() if not has_header(set_there, name)
            }
        return client.param_serialize(
            method=what.method,
            resource_path=what.path,
            path_params=self._path,
            query_params=[pair for pair in self._query if pair[1] is not None],
            header_params=merged_headers(headers, self._headers),
            body=self._body,
            auth_settings=["BearerAuth"],
            _request_auth=options.get("_request_auth"),
        )

    def answer(self, client: ApiClient) -> ApiResponse[R_co]:
        """Make the call; decode the answer."""
        serialized = self._serialized(client)
        timeout = self._options.get("_request_timeout")
        response = client.call_api(*serialized, _request_timeout=timeout)
        response.read()
        return client.response_deserialize(
            response_data=response, response_types_map=self._what.result_types
        )

    def unread(self, client: ApiClient) -> BaseHTTPResponse:
        """Make the call; return urllib3's response, its body unread."""
        # Before it, because a provider of tokens may make a request to serialize this one.
        serialized = self._serialized(client)
        timeout = self._options.get("_request_timeout")
        with unread_answers():
            return client.call_api(*serialized, _request_timeout=timeout).response


class HasClient(Protocol):
    """A class of operations."""

    api_client: ApiClient


class View(Protocol[P, R_co]):
    """A method, to type checkers: they lose the binding of a plain `Callable`."""

    @overload
    def __get__(self, instance: None, owner: Any) -> Callable[Concatenate[Any, P], R_co]: ...
    @overload
    def __get__(self, instance: HasClient, owner: Any) -> Callable[P, R_co]: ...


def decoded(request: Callable[Concatenate[Any, P], Request[R]]) -> View[P, R]:
    """The operation as a method that returns the model."""

    def view(self: HasClient, *args: P.args, **kwargs: P.kwargs) -> R:
        return request(self, *args, **kwargs).answer(self.api_client).data

    named: View[P, R] = _named(view, request, "", "")
    return named


def with_http_info(request: Callable[Concatenate[Any, P], Request[R]]) -> View[P, ApiResponse[R]]:
    """The operation as a method that returns the whole answer."""

    def view(self: HasClient, *args: P.args, **kwargs: P.kwargs) -> ApiResponse[R]:
        return request(self, *args, **kwargs).answer(self.api_client)

    named: View[P, ApiResponse[R]] = _named(
        view, request, "_with_http_info", "Returns an `ApiResponse`."
    )
    return named


def without_preload_content(
    request: Callable[Concatenate[Any, P], Request[R]],
) -> View[P, BaseHTTPResponse]:
    """The operation as a method that returns urllib3's response."""

    def view(self: HasClient, *args: P.args, **kwargs: P.kwargs) -> BaseHTTPResponse:
        return request(self, *args, **kwargs).unread(self.api_client)

    named: View[P, BaseHTTPResponse] = _named(
        view, request, "_without_preload_content", "Returns urllib3's response, unread."
    )
    return named


def _named(view: Callable[..., Any], request: Callable[..., Any], suffix: str, note: str) -> Any:
    update_wrapper(view, request)
    view.__name__ = request.__name__.lstrip("_") + suffix
    view.__qualname__ = f"{request.__qualname__.rpartition('.')[0]}.{view.__name__}"
    if note:
        summary, _, rest = (request.__doc__ or "").partition("\n")
        view.__doc__ = f"{summary} {note}\n{rest}"
    return view
