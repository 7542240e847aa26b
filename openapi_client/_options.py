"""A client with other options, on the connections of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from openapi_client._encoding.header_fields import checked_headers
from openapi_client._encoding.request_parts import merged_headers

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3 import Retry

    from openapi_client.configuration import Configuration
    from openapi_client.hooks import Hook
    from openapi_client.retries import RetryPolicy

T = TypeVar("T")

_AS_IT_IS: Any = object()


class WithOptions:
    """What `ApiClient` has of it."""

    configuration: Configuration
    default_headers: dict[str, str]
    _borrows = False
    """Whether the transport is that of another client, which `with_options` was called on."""

    def with_options(
        self,
        *,
        timeout: float | tuple[float | None, float | None] | None = _AS_IT_IS,
        deadline: float | None = _AS_IT_IS,
        retries: RetryPolicy | Retry | int | None = _AS_IT_IS,
        headers: Mapping[str, str] | None = None,
        hooks: Sequence[Hook] | None = _AS_IT_IS,
    ) -> Self:
        """Return a client with other options that uses this client's connections and tokens.

        Pool, budget of repeats, TLS, tokens and log are the same; the other settings are those that
        this client has now. It is closed with this client; to close it alone does nothing.

        Args:
            timeout: as of `Configuration`, as are `deadline`, `retries` and `hooks`.
            deadline: seconds for a whole call; `None` for no limit.
            retries: a number of repeats or a policy; `None` for 2.
            headers: more headers, as `set_default_header` sets them.
            hooks: instead of the configured ones; `None` for none.

        Raises:
            ApiValueError: an option makes no sense; the message names it.
        """
        options = {"timeout": timeout, "deadline": deadline, "retries": retries, "hooks": hooks}
        twin = _shallow_copy(self)
        twin.configuration = _shallow_copy(self.configuration)
        for name, value in options.items():
            if value is not _AS_IT_IS:
                setattr(twin.configuration, name, value)
        twin.default_headers = merged_headers(
            self.default_headers, checked_headers("headers", headers) or {}
        )
        twin._borrows = True
        return twin


def _shallow_copy(value: T) -> T:
    # `copy.copy` of a configuration has tokens of its own.
    twin = object.__new__(type(value))
    twin.__dict__.update(value.__dict__)
    return twin
