"""Which method of a `Conversation` makes a call, for hooks to tell calls apart."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from typing_extensions import ParamSpec

P = ParamSpec("P")
R = TypeVar("R")

CALLER: ContextVar[str | None] = ContextVar("openapi_client caller", default=None)
"""The outermost method that is running in this context; `None` outside of one."""


def called_by(name: str, function: Callable[P, R]) -> Callable[P, R]:
    """Return `function`, its calls told to be made by `name` unless another method called that."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        token = CALLER.set(CALLER.get() or name)
        try:
            return function(*args, **kwargs)
        finally:
            CALLER.reset(token)

    return call
