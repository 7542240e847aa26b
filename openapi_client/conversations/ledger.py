"""Which stored messages belong to which sends of this process."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from openapi_client.conversations._marker import Marker
from openapi_client.exceptions import ApiException

_MOST_LEDGERS = 1024

# How far the clocks of client and server may drift apart: some seconds, and a thousandth.
_SLACK_SECONDS = 2.0
_SLACK_SHARE = 0.001


class Known(NamedTuple):
    """A message, and when it was known to be stored, in seconds of the client's clock."""

    marker: Marker
    at: float

    def server_time(self, now: float) -> datetime | None:
        """What the server's clock shows at least, by its own reckoning, at a time of the client's.

        The server's clock cannot be asked, and servers of 2023 write local time as UTC. But when
        the message was known to be stored, it showed what the message says, or later.
        """
        if self.marker.moment is None:
            return None
        passed = now - self.at
        return self.marker.moment[0] + timedelta(
            seconds=passed - _SLACK_SECONDS - passed * _SLACK_SHARE
        )


class Ticket(NamedTuple):
    """A send that has begun and not ended."""

    number: int
    marker: Marker | None
    """A message that was stored before the send began; `None` if there was none."""
    not_before: datetime | None
    """No message of this send says that it was stored before; `None` if that is not known."""
    began: int
    """How many claims there had been when it began."""
    needs: int
    """The first claim that may be of a message stored after the marker."""


class Ledger:
    """The claims on the messages of one conversation; safe for any number of threads.

    Claims are kept for as long as a send can come upon the message: a send that looks for its
    message sees those stored after its marker, and a message stored after the marker was claimed
    after the send that stored the marker began.

    Args:
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._first_look = threading.Lock()
        self._looked = False
        self._known: Known | None = None
        self._known_began = 0
        self._claims: OrderedDict[str, int] = OrderedDict()
        self._claimed = 0
        self._tickets: dict[int, Ticket] = {}
        self._begun = 0

    @property
    def idle(self) -> bool:
        """Whether no send is under way."""
        return not self._tickets

    @property
    def size(self) -> int:
        """How many claims are kept."""
        return len(self._claims)

    def begin(self, newest: Callable[[], Marker | None]) -> Ticket:
        """Begin a send.

        Args:
            newest: asks the server for the newest message; used for the first send only, by one
                thread, while others wait.

        Raises:
            ApiException: that failed. Nothing was sent, and its `outcome` says so.
        """
        if not self._looked:
            with self._first_look:
                if not self._looked:
                    try:
                        marker = newest()
                    except ApiException as error:
                        error.outcome = "not_sent"
                        raise
                    self._known = None if marker is None else Known(marker, self._clock())
                    self._looked = True
        with self._lock:
            known = self._known
            self._begun += 1
            ticket = Ticket(
                self._begun,
                None if known is None else known.marker,
                None if known is None else known.server_time(self._clock()),
                self._claimed,
                self._known_began,
            )
            self._tickets[ticket.number] = ticket
            return ticket

    def claim(self, ticket: Ticket, marker: Marker, *, answered: bool) -> bool:
        """Claim a message for a send.

        Args:
            ticket: the send.
            marker: the message.
            answered: whether the server named it in its answer to that send.

        Returns:
            `False` if another send has claimed it.
        """
        if marker.jti is None:
            return True
        with self._lock:
            if marker.jti in self._claims:
                return False
            self._claims[marker.jti] = self._claimed
            self._claimed += 1
            # The message of the send that began last is the one that leaves least to look through.
            if answered and ticket.began >= self._known_began:
                self._known = Known(marker, self._clock())
                self._known_began = ticket.began
            return True

    def is_claimed(self, jti: str | None) -> bool:
        """Whether a message belongs to a send of this process."""
        with self._lock:
            return jti in self._claims

    def end(self, ticket: Ticket) -> None:
        """End a send."""
        with self._lock:
            del self._tickets[ticket.number]
            needed = min([self._known_began, *(t.needs for t in self._tickets.values())])
            while self._claims and next(iter(self._claims.values())) < needed:
                self._claims.popitem(last=False)


class Ledgers:
    """The ledgers of a process, by conversation. Those used last are kept, and those in use.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = _MOST_LEDGERS) -> None:
        self._most = most
        self._start_empty()

    def __len__(self) -> int:
        return len(self._ledgers)

    def _start_empty(self) -> None:
        self._lock = threading.Lock()
        self._ledgers: OrderedDict[tuple[str, ...], Ledger] = OrderedDict()

    def of(self, conversation: tuple[str, ...], clock: Callable[[], float]) -> Ledger:
        """The ledger of a conversation; `clock` is for one that is made now."""
        with self._lock:
            ledger = self._ledgers.get(conversation)
            if ledger is None:
                ledger = self._ledgers[conversation] = Ledger(clock)
            self._ledgers.move_to_end(conversation)
            if len(self._ledgers) > self._most:
                oldest = next(iter(self._ledgers))
                if self._ledgers[oldest].idle:
                    del self._ledgers[oldest]
                else:
                    self._ledgers.move_to_end(oldest)
            return ledger

    def after_fork(self) -> None:
        """In a forked child: leave the parent's sends and locks to the parent."""
        self._start_empty()


LEDGERS = Ledgers()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LEDGERS.after_fork)
