"""One fault: when it strikes, and how long it lasts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, get_args

from openapi_client.testing._effects import Effect
from openapi_client.testing._service import Operation

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from openapi_client.testing._exchange import Exchange

_OPERATIONS: tuple[Operation, ...] = get_args(Operation)


class When(TypedDict, total=False):
    """Which requests a fault strikes, counted from when it was commanded; all, if left out.

    operation: only `"list"`, `"get"`, `"edit"` or `"send"`; others are not counted either.
    nth: only the n-th of them, from 1.
    share: each of them with this probability, above 0 and up to 1; drawn from the seed.
    times: at most so many strikes.
    """

    operation: Operation
    nth: int
    share: float
    times: int


class Fault:
    """A fault that was commanded. It lasts until `remove`, or to the end of a `with` block.

    Args:
        name: the word of the vocabulary.
        effect: what it does to a request; None where it keeps requests from arriving.
        when: which requests it strikes.
        draws: what its draws depend on, with the number of the request.
        end: called to end it.

    Raises:
        ValueError: `when` holds what may not be.
    """

    def __init__(
        self,
        name: str,
        effect: Effect | None,
        when: When,
        draws: str,
        end: Callable[[Fault], None],
    ) -> None:
        _check(when)
        self.name = name
        self.strikes = 0
        """How often it struck."""
        self._when = when
        self._draws = draws
        self._end = end
        self._seen = 0
        self.effect = effect

    def chooses(self, operation: Operation | None) -> bool:
        """Whether it strikes a request; counts the request. Called under the faults' lock."""
        when = self._when
        if "operation" in when and when["operation"] != operation:
            return False
        if self.strikes >= when.get("times", self.strikes + 1):
            return False
        self._seen += 1
        if "nth" in when and self._seen != when["nth"]:
            return False
        if "share" in when and _draw(f"{self._draws}/{self._seen}") >= when["share"]:
            return False
        self.strikes += 1
        return True

    @property
    def takes_over(self) -> bool:
        """Whether it decides the answer."""
        return self.effect is not None and self.effect.takes_over

    def apply(self, exchange: Exchange) -> bool:
        """Does to an exchange what it is there for; tells whether the connection goes on."""
        return True if self.effect is None else self.effect.apply(exchange)

    def remove(self) -> None:
        """Ends the fault, and takes back what it changed. Does nothing when it has ended."""
        self._end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        when = "".join(f" {name}={value}" for name, value in self._when.items())
        return f"<Fault {self.name}{when}, {self.strikes} strikes>"


def _draw(key: str) -> float:
    """A number from 0 to below 1 that depends on the key alone, whatever thread asks first."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big") / (1 << 48)


def _check(when: When) -> None:
    """Refuses a choice of requests that could never be meant.

    Raises:
        TypeError: a name is none of `When`.
        ValueError: a value is wrong; the message says what is allowed.
    """
    unknown = when.keys() - When.__annotations__.keys()
    if unknown:
        raise TypeError(
            f"a fault has no argument {', '.join(sorted(unknown))}; which requests it strikes is "
            f"chosen by {', '.join(When.__annotations__)}"
        )
    if "operation" in when and when["operation"] not in _OPERATIONS:
        raise ValueError(f"operation must be one of {_OPERATIONS}, not {when['operation']!r}")
    if when.get("nth", 1) < 1:
        raise ValueError(f"nth must be at least 1, not {when.get('nth')}")
    if when.get("times", 1) < 1:
        raise ValueError(f"times must be at least 1, not {when.get('times')}")
    if not 0 < when.get("share", 1) <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {when.get('share')}")
