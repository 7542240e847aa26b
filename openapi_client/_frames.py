"""The frames of a failed call: what programs that show their variables would find in them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from traceback import clear_frames
from typing import TypeVar

from typing_extensions import ParamSpec

P = ParamSpec("P")
R = TypeVar("R")


def forget_locals(error: BaseException, until: BaseException | None) -> None:
    """Empty the finished frames that led to an error, and to those that it came of.

    Lines and functions stay. Programs that show the variables of frames (Sentry does, by default)
    would show the headers of the request.

    Args:
        error: its frames that still run are left alone.
        until: an error of the time before, whose frames are somebody else's.
    """
    seen = {id(until)}
    following: list[object] = [error]
    while following:
        one = following.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            clear_frames(one.__traceback__)
            following += (one.__cause__, one.__context__)
            if isinstance(group := getattr(one, "exceptions", None), tuple):
                following += group


def without_locals(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose failures keep no credential in their frames; see `forget_locals`."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        handled = sys.exc_info()[1]
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs  # the only ones of this frame, which still runs
            forget_locals(error, handled)
            raise

    return guarded
