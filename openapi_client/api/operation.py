"""What an operation is: one signature, from which its methods, its checks and its request come."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from types import FunctionType, GenericAlias
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Concatenate,
    Generic,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    overload,
)

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError
from typing_extensions import Never, NotRequired, ParamSpec, TypedDict
from urllib3 import BaseHTTPResponse

from openapi_client import _installation as _installation  # noqa: PLC0414
from openapi_client._encoding.request_parts import has_header, merged_headers
from openapi_client._frames import forget_locals
from openapi_client._scrubbing import HIDDEN
from openapi_client._settings import checked_retries
from openapi_client.api._double import ClientDouble
from openapi_client.api_client import ApiClient, RequestSerialized
from openapi_client.api_response import ApiResponse
from openapi_client.retries import RetryPolicy

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from openapi_client._http.call import Call
    from openapi_client._http.watch import Hooks

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
RequestTimeout: TypeAlias = _Seconds | tuple[_Seconds | None, _Seconds | None] | None


class RequestOptions(TypedDict, total=False):
    """What every operation takes besides its own parameters.

    Attributes:
        _request_timeout: seconds for the whole call; or a pair (connect, read), each `None` for no
            limit.
        _request_auth: credentials instead of the configured ones: `type`, `in`, `key`, `value`.
        _content_type: the content type of the request's body.
        _headers: more headers; they take precedence over all others.
        _host_index: 0, for the operations have no hosts of their own.
        _retries: overrides `Configuration.retries` for this call.
    """

    _request_timeout: RequestTimeout
    _request_auth: Mapping[StrictStr, Any] | None
    _content_type: StrictStr | None
    _headers: Mapping[StrictStr, Any] | None
    _host_index: Annotated[int, Field(strict=True, ge=0, le=0)]
    _retries: RetryPolicy | int | None


# In the docstrings of the methods the options stand in the place of a reference to them.
_REFERENCE = "_request_timeout and what follows: see `RequestOptions`."
_OPTION_LINES = (RequestOptions.__doc__ or "").rpartition("Attributes:\n")[2].strip().splitlines()
_OPTIONS = frozenset(RequestOptions.__annotations__)
_SECRET_OPTIONS = frozenset({"_request_auth", "_headers"})
_BODY = "request"
_CALL = "_call"
# As docs/openapi.yaml has them. What a proxy answers is what its JSON says, or its text.
_ERROR_TYPES = {
    "400": "Error",
    "401": "ErrorMessage",
    "404": "Error",
    "423": "ErrorDetails",
    "500": "Error",
    **dict.fromkeys(("429", "502", "503", "504"), "object"),
}
_SEAM = ApiClient.response_deserialize
_TEXT = frozenset({str})


@cache
def _adapter(arguments: type) -> TypeAdapter[Any]:
    """Return what checks arguments; made when it is first needed, so that no import waits."""
    from pydantic import TypeAdapter

    return TypeAdapter(arguments)


def _check_option(name: str, value: object) -> None:
    if name == "_retries":
        checked_retries(name, value)
        return
    try:
        _adapter(RequestOptions).validate_python({name: value})
    except ValidationError as error:
        if name not in _SECRET_OPTIONS and not isinstance(value, str):
            raise
        raise _without_input(error) from None


def _without_input(error: ValidationError) -> ValidationError:
    """Return the same error without what was given, which its text and details would show."""
    return ValidationError.from_exception_data(
        error.title,
        [
            {"type": one["type"], "loc": one["loc"], "input": HIDDEN}
            for one in error.errors(include_input=False, include_url=False)
        ],
        hide_input=True,
    )


def _unchanged(given: dict[str, Any]) -> dict[str, Any]:
    return given


arguments: Callable[[dict[str, Any]], Never] = cast("Callable[[dict[str, Any]], Never]", _unchanged)
"""Returns its argument, the `locals()` of the function that declares an operation.

Python itself then binds positional, named, missing and surplus arguments, and says so in its own
words, in the name of the method that was called. To type checkers the function returns its result.
"""


class Operation(Generic[P, R_co]):
    """An operation of the API, made of the function that declares it by `operation`.

    Args:
        method: the HTTP method.
        path: the path below the host, with `{name}` for each parameter that goes there.
        function: its parameters, their types and its result. `request` is the body; parameters
            that begin with `_` are `RequestOptions`; all that are not in `path` are the query.
    """

    def __init__(
        self, method: str, path: str, function: Callable[Concatenate[Any, P], R_co]
    ) -> None:
        self.function: FunctionType = cast("FunctionType", function)
        self._method = method
        self._resource_path = path
        self._name = self.function.__name__.lstrip("_")
        code = self.function.__code__
        names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        self._path = tuple(name for name in names if f"{{{name}}}" in path)
        self._query = tuple(n for n in names if n[0] != "_" and n not in {*self._path, _BODY})
        self._options = tuple(name for name in names if name in _OPTIONS)
        self._defaults = [0 if name == "_host_index" else None for name in self._options]
        types = self.function.__annotations__
        self._plain = {name: get_args(types[name]) or (types[name],) for name in self._query}
        self._has_body = _BODY in names
        result = self.function.__annotations__["return"]
        # An operation without a body in its response declares `-> None`.
        self._result_types = {
            **_ERROR_TYPES,
            **({} if result is None else {"2XX": result.__name__}),
        }
        self._headers = {} if result is None else {"Accept": "application/json"}
        self._body_model: type[BaseModel] | None = None
        self.body_keyword: str = ""
        """What newer generators call the body: after its model."""
        if self._has_body:
            self._headers["Content-Type"] = "application/json"
            kinds = get_args(self.function.__annotations__[_BODY])
            self._body_model = model = next(
                kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)
            )
            self.body_keyword = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()

    @cached_property
    def _validate(self) -> Callable[[Any], Any]:
        """What checks the arguments strictly: no number for a text, no text for a number."""
        types = {name: self.function.__annotations__[name] for name in (*self._path, *self._query)}
        if self._has_body:
            types[_BODY] = NotRequired[self._body_model]
        name = f"the arguments of {self._method} {self._resource_path}"
        typed = cast("Any", TypedDict)(name, types)
        typed.__pydantic_config__ = ConfigDict(strict=True)
        return _adapter(typed).validate_python

    def methods(
        self, *, takes_text: bool = True
    ) -> tuple[View[P, R_co], View[P, ApiResponse[R_co]], View[P, BaseHTTPResponse]]:
        """Return the three forms of the operation, for the class to give names to.

        As it is, the operation returns its result; `..._with_http_info` the whole response;
        `..._without_preload_content` urllib3's response, its body unread.

        Args:
            takes_text: whether the body may be given as its text alone, which the methods of
                generated packages refuse.
        """
        result = self.function.__annotations__["return"]
        whole = GenericAlias(ApiResponse, (result,))
        unread = "Return urllib3's response, unread."
        forms: Any = (
            _Form(self, result, "", self._result_of, takes_text),
            _Form(self, whole, "Return the whole response.", self._respond, takes_text),
            _Form(self, BaseHTTPResponse, unread, self._unread, takes_text),
        )
        views: tuple[View[P, R_co], View[P, ApiResponse[R_co]], View[P, BaseHTTPResponse]] = forms
        return views

    def annotations(self, result: Any, *, takes_text: bool) -> dict[str, Any]:
        """Return the types of the parameters and the result of one of the methods."""
        types = {**self.function.__annotations__, "return": result}
        if self._has_body and not takes_text:
            types[_BODY] = Union[tuple(k for k in get_args(types[_BODY]) if k is not str)]  # noqa: UP007 - of a tuple
        return types

    def _result_of(self, client: ApiClient, given: dict[str, Any], takes_text: bool) -> Any:
        serialized, timeout = self._serialized(client, given, takes_text, preload=True)
        response = client.call_api(*serialized, _request_timeout=timeout)
        response.read()
        seam = client.response_deserialize
        if getattr(seam, "__func__", None) is _SEAM:
            # Not overridden: without its `ApiResponse`, which nobody would see, a get is faster.
            return client.deserialized(response, self._result_types)
        return seam(response_data=response, response_types_map=self._result_types).data

    def _respond(
        self, client: ApiClient, given: dict[str, Any], takes_text: bool
    ) -> ApiResponse[R_co]:
        serialized, timeout = self._serialized(client, given, takes_text, preload=True)
        response = client.call_api(*serialized, _request_timeout=timeout)
        response.read()
        return client.response_deserialize(
            response_data=response, response_types_map=self._result_types
        )

    def _unread(
        self, client: ApiClient, given: dict[str, Any], takes_text: bool
    ) -> BaseHTTPResponse:
        serialized, timeout = self._serialized(client, given, takes_text, preload=False)
        return client.call_api(*serialized, _request_timeout=timeout).response

    def _serialized(
        self, client: ApiClient, given: dict[str, Any], takes_text: bool, *, preload: bool
    ) -> tuple[RequestSerialized, RequestTimeout]:
        """Check the arguments of a call and build its request.

        Raises:
            pydantic.ValidationError: an argument has the wrong type; the message names it.
        """
        path = {name: given[name] for name in self._path}
        query = [(name, given[name]) for name in self._query if given[name] is not None]
        body = given[_BODY] if self._has_body else None
        checks_body = self._has_body
        if takes_text and isinstance(body, str):
            body, checks_body = {"body": body}, False
        elif body is None and not takes_text:
            checks_body = False  # newer generators make the body optional
        if (
            checks_body
            or not _TEXT.issuperset(map(type, path.values()))
            or (query and any(type(value) not in self._plain[name] for name, value in query))
        ):
            # Something to complain about; or a subclass, which is right.
            asked = {name: given[name] for name in self._query}
            checked = self._validate({**path, **asked, **({_BODY: body} if checks_body else {})})
            body = checked[_BODY] if checks_body else body
        extra: dict[str, str] = {}
        if [given[name] for name in self._options] != self._defaults:
            extra = self._checked_headers(given)
        headers = self._headers
        if len(client.default_headers) > 1:
            # What is set on the client goes before what the operation says of itself.
            mine = client.default_headers
            headers = {name: v for name, v in headers.items() if not has_header(mine, name)}
        timeout = given["_request_timeout"]
        method = client.begin_call(self._method, timeout, given["_retries"], preload=preload)
        given[_CALL] = call = method.call
        call.operation, call.template = self._name, self._resource_path
        hooks: Hooks | Any = client.configuration.hooks
        if hooks:
            hooks.begin(call, client.configuration.host, path)
        return client.param_serialize(
            method=method,
            resource_path=self._resource_path,
            path_params=path,
            query_params=query,
            header_params=merged_headers(headers, extra),
            body=body,
            auth_settings=["BearerAuth"],
            _request_auth=given["_request_auth"],
        ), timeout

    def _checked_headers(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers that the options of a call say, all options checked."""
        for name in self._options:
            if given[name] is not None:
                _check_option(name, given[name])
        headers = dict(given["_headers"] or {})
        content_type = given["_content_type"]
        if content_type is not None and self._has_body:
            headers = merged_headers(headers, {"Content-Type": content_type})
        return headers


class View(Protocol[P, R_co]):
    """A method, to type checkers: they lose the binding of a plain `Callable`."""

    @overload
    def __get__(self, instance: None, owner: Any) -> Callable[Concatenate[Any, P], R_co]: ...
    @overload
    def __get__(self, instance: HasClient, owner: Any) -> Callable[P, R_co]: ...

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Stand for the bound method: not every checker binds it to compare it with a protocol."""
        ...


class HasClient(Protocol):
    """A class of operations."""

    api_client: ApiClient


class _Form:
    """One form of an operation, until the class gives it a name and it becomes a plain method."""

    def __init__(
        self,
        what: Operation[Any, Any],
        result: Any,
        note: str,
        run: Callable[[ApiClient, dict[str, Any], bool], Any],
        takes_text: bool,
    ) -> None:
        self._takes_text = takes_text
        self._operation = what
        self._result = result
        self._note = note
        self._run = run

    def __set_name__(self, owner: type, name: str) -> None:
        # A function of each name, so that errors, `help` and tracebacks tell what was called.
        function = self._operation.function
        defaults = function.__defaults__ or ()
        body_keyword, takes_text = self._operation.body_keyword, self._takes_text
        if body_keyword and takes_text:
            defaults = defaults[1:]  # a text has to be given, where one is taken
        bind = FunctionType(function.__code__, function.__globals__, name, defaults)
        bind.__kwdefaults__ = function.__kwdefaults__
        bind.__annotations__ = self._operation.annotations(self._result, takes_text=takes_text)
        bind.__qualname__ = f"{owner.__qualname__}.{name}"
        run = self._run

        def method(self: HasClient, *args: Any, **kwargs: Any) -> Any:
            if body_keyword in kwargs:
                if _BODY in kwargs:
                    raise TypeError(f"{name}() got both {_BODY!r} and {body_keyword!r}")
                kwargs[_BODY] = kwargs.pop(body_keyword)
            handled = sys.exc_info()[1]
            given: dict[str, Any] = {}
            try:
                given = bind(self, *args, **kwargs)
                client: Any = self.api_client
                known = issubclass(type(client), ApiClient)  # a mock only says that it is one
                result = run(client if known else ClientDouble(client), given, takes_text)
            except BaseException as error:
                # No frame of a failed call keeps a credential, this one included.
                call: Call | None = given.get(_CALL)
                args, kwargs, given = (), {}, {}
                forget_locals(error, handled)
                if call is not None and call.watch is not None:
                    call.watch.failed(error)
                raise
            if given[_CALL].watch is not None:
                given[_CALL].watch.returned(result)
            return result

        documented = (function.__doc__ or "").replace(_REFERENCE, "\n    ".join(_OPTION_LINES))
        summary, _, rest = documented.partition("\n")
        method.__doc__ = f"{summary} {self._note}\n{rest}" if self._note else documented
        method.__name__, method.__qualname__ = name, bind.__qualname__
        method.__module__ = function.__module__
        method.__wrapped__ = bind  # type: ignore[attr-defined]
        method.__annotations__ = bind.__annotations__
        setattr(owner, name, method)


def operation(
    method: str, path: str
) -> Callable[[Callable[Concatenate[Any, P], R]], Operation[P, R]]:
    """Declare an operation: see `Operation` for what its function says."""
    return lambda function: Operation(method, path, function)
