"""Faults and answers on command: one vocabulary, used from Python and the command line."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping

from typing_extensions import Unpack

import openapi_client.testing._effects as effects
from openapi_client.testing._effects import Fault, When
from openapi_client.testing._generations import Generation, GenerationName, generation_named
from openapi_client.testing._go import Operation, to_json
from openapi_client.testing._service import PendingRequest, Service


class Faults:
    """What goes wrong on this server, on command.

    Each method commands one fault and returns it: it lasts until its `remove`, to the end of
    its `with` block, or until `clear`. Several compose: every fault that only delays or changes
    the server applies; of those that decide the answer, the one commanded first, and a request
    that it took is not counted by the ones after it.

    Args:
        service: what the faults change.
        gate: closes the port (True) and opens it again (False).
        seed: what the shares are drawn from.
    """

    def __init__(self, service: Service, gate: Callable[[bool], None], seed: int) -> None:
        self._service = service
        self._gate = gate
        self._lock = threading.RLock()
        self._faults: tuple[Fault, ...] = ()
        self._refusals: dict[Fault, float | None] = {}
        self._closed_by: dict[Fault, threading.Timer | None] = {}
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin the draws anew: the same commands and requests then give the same faults."""
        self._seed = seed
        self._numbers = itertools.count()

    # The vocabulary.

    def status(
        self,
        status: int,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        retry_after: float | str | None = None,
        stored: bool = False,
        **when: Unpack[When],
    ) -> Fault:
        """Answer with another status.

        Args:
            status: 200 to 599.
            body: text (HTML if it begins with `<`), bytes, or anything else as JSON. None: what
                the service answers with that status, else a proxy's page in HTML.
            headers: further header fields; a Content-Type replaces the one chosen.
            retry_after: the value of Retry-After: seconds, or text as it is.
            stored: True: the request takes effect first, as behind a proxy that lost the
                answer.
            **when: which requests.
        """
        fields = dict(headers or {})
        if retry_after is not None:
            fields["Retry-After"] = (
                retry_after if isinstance(retry_after, str) else f"{retry_after:g}"
            )
        return self._add("status", effects.replacement(status, body, fields, stored=stored), when)

    def latency(self, seconds: float, *, stored: bool = False, **when: Unpack[When]) -> Fault:
        """Pause before the answer.

        Args:
            seconds: how long.
            stored: True: the request takes effect before the pause, else after it.
            **when: which requests.
        """
        return self._add("latency", effects.delay(seconds, stored=stored), when)

    def no_answer(self, *, stored: bool = False, **when: Unpack[When]) -> Fault:
        """Give no answer at all; the connection stays open until the client closes it.

        Args:
            stored: True: the request takes effect.
            **when: which requests.
        """
        return self._add("no_answer", effects.silence(stored=stored), when)

    def reset(self, *, stored: bool = False, **when: Unpack[When]) -> Fault:
        """Reset the connection in place of the answer.

        Args:
            stored: True: the request takes effect first.
            **when: which requests.
        """
        return self._add("reset", effects.reset(stored=stored), when)

    def truncate(self, keep: float = 0.5, **when: Unpack[When]) -> Fault:
        """Break off the body; the request took effect.

        Args:
            keep: the fraction of the body that arrives, from 0 to below 1.
            **when: which requests.
        """
        return self._add("truncate", effects.truncation(keep), when)

    def garble(self, **when: Unpack[When]) -> Fault:
        """Send a body of the right length, neither JSON nor UTF-8; the request took effect."""
        return self._add("garble", effects.garbling(), when)

    def drip(self, interval: float = 0.05, *, size: int = 1, **when: Unpack[When]) -> Fault:
        """Send the body in small pieces; the request took effect.

        Args:
            interval: seconds before each piece.
            size: bytes in a piece.
            **when: which requests.
        """
        return self._add("drip", effects.dripping(interval, size), when)

    def wrong_length(self, by: int = 10, **when: Unpack[When]) -> Fault:
        """Send a Content-Length that does not fit the body; the request took effect.

        Args:
            by: bytes that it says too much (the client waits for them) or, negative, too little
                (they are left on the connection, which stays open).
            **when: which requests.
        """
        return self._add("wrong_length", effects.wrong_length(by), when)

    def expire_token(self, **when: Unpack[When]) -> Fault:
        """Let the token expire, now or, with `when`, at the request that is struck first.

        It stays so until the fault is removed; a token assigned to `server.token` is valid.
        """
        service = self._service

        def begin() -> None:
            service.expired_token = service.token

        def undo() -> None:
            service.expired_token = None

        return self._add_lasting("expire_token", begin, undo, when)

    def generation(self, name: GenerationName, **when: Unpack[When]) -> Fault:
        """Let another generation answer, now or, with `when`, from the request that is struck.

        Args:
            name: which one.
            **when: which requests.
        """
        service, chosen = self._service, generation_named(name)
        before: list[Generation] = []

        def begin() -> None:
            if not before:
                before.append(service.generation)
                service.generation = chosen

        def undo() -> None:
            if before:
                service.generation = before.pop()

        return self._add_lasting("generation", begin, undo, when)

    def refuse(
        self,
        seconds: float | None = None,
        *,
        nth: int | None = None,
        share: float | None = None,
        times: int | None = None,
    ) -> Fault:
        """Close the port, so that connections are refused; open connections end too.

        A request that is refused never arrives, so it is chosen ahead: the port closes just
        before its turn.

        Args:
            seconds: how long it stays closed; None: until the fault is removed.
            nth: just before the n-th request; left out with `share`: at once.
            share: before each request with this probability; needs `seconds`.
            times: close it at most so often.
        """
        if seconds is None and share is not None:
            raise ValueError("refuse with a share needs seconds, or the port never opens again")
        when: When = {}
        if nth is not None:
            when["nth"] = nth
        if share is not None:
            when["share"] = share
        if times is not None or not when:
            when["times"] = 1 if times is None else times
        closed_for = None if seconds is None else effects.positive("seconds", seconds)
        fault = self._make("refuse", None, when)
        with self._lock:
            self._refusals[fault] = closed_for
        self.before_next()
        return fault

    def clear(self) -> None:
        """End all faults and begin the draws anew."""
        for fault in (*self._faults, *self._refusals):
            self.remove(fault)
        self.seed(self._seed)

    # For the server.

    @property
    def closes_the_port(self) -> bool:
        """Whether connections are to be refused now."""
        return bool(self._closed_by)

    def strike(self, operation: Operation | None) -> list[Fault]:
        """Return the faults that strike a request, in the order in which they are to be applied."""
        if not self._faults:
            return []
        before: list[Fault] = []
        taking_over: list[Fault] = []
        with self._lock:
            for fault in self._faults:
                if not (fault.takes_over and taking_over) and fault.chooses(operation):
                    (taking_over if fault.takes_over else before).append(fault)
        return before + taking_over

    def before_next(self) -> None:
        """Close the port if the next request is to be refused."""
        if not self._refusals:
            return
        with self._lock:
            if self._closed_by:
                return
            for fault, seconds in self._refusals.items():
                if fault.chooses(None):
                    self._close(fault, seconds)
                    return

    def _close(self, fault: Fault, seconds: float | None) -> None:
        timer = None
        if seconds is not None:
            timer = threading.Timer(seconds, self._open, (fault,))
            timer.daemon = True
            timer.start()
        self._closed_by[fault] = timer
        self._gate(True)

    def _open(self, fault: Fault) -> threading.Timer | None:
        with self._lock:
            if fault not in self._closed_by:
                return None
            timer = self._closed_by.pop(fault)
            self.before_next()
            if not self._closed_by:
                self._gate(False)
            return timer

    def remove(self, fault: Fault) -> None:
        """End a fault."""
        with self._lock:
            if fault in self._refusals:
                del self._refusals[fault]
                timer = self._open(fault)
            else:
                timer = None
                if fault in self._faults:
                    self._faults = tuple(f for f in self._faults if f is not fault)
                    if fault.effect is not None and fault.effect.undo is not None:
                        fault.effect.undo()
        if timer is not None:
            timer.cancel()
            timer.join()  # without the lock, which the timer's thread may be waiting for

    def _make(self, name: str, effect: effects.Effect | None, when: When) -> Fault:
        return Fault(name, effect, when, f"{self._seed}/{next(self._numbers)}", self.remove)

    def _add(self, name: str, effect: effects.Effect, when: When) -> Fault:
        fault = self._make(name, effect, when)
        with self._lock:
            self._faults = (*self._faults, fault)
        return fault

    def _add_lasting(
        self, name: str, begin: Callable[[], None], undo: Callable[[], None], when: When
    ) -> Fault:
        def apply(_: PendingRequest) -> bool:
            begin()  # for this request already
            return True

        effect = effects.Effect(apply, takes_over=False, undo=undo)
        fault = self._add(name, effect, {"times": 1, **when})
        if not when:
            with self._lock:
                fault.strikes = 1
                begin()
        return fault


class Answers:
    """Single answers in place of the service's, for tests that need no state.

    Args:
        faults: what they are added to.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def add(
        self,
        *,
        status: int = 200,
        json: object = None,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **when: Unpack[When],
    ) -> Fault:
        """Answer so in place of the service, which is not asked, not even for the token.

        Those added first answer first, so that with `times=1` they come one after another.

        Args:
            status: 200 to 599.
            json: the body, as JSON; None for another one.
            body: the body, as text or bytes; None for an empty one.
            headers: further header fields.
            **when: which requests, as of any fault.

        Returns:
            The fault that it is: it lasts until its `remove`, to the end of its `with` block, or
            until `faults.clear`.

        Raises:
            ValueError: both `json` and `body` are given, or one cannot be sent.
        """
        if json is not None and body is not None:
            raise ValueError("an answer has either json or body")
        if json is None:
            return self._faults.status(status, body or b"", headers=headers, **when)
        headers = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
        return self._faults.status(status, to_json(json), headers=headers, **when)
