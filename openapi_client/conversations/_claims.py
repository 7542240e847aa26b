"""Which stored messages belong to which sends of this process."""

from __future__ import annotations

import copy
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from typing_extensions import Self
from urllib3.util import parse_url

from openapi_client._forks import renew_after_fork
from openapi_client._hosts import origin_key
from openapi_client.conversations._marker import Marker
from openapi_client.exceptions import ApiException

_MOST_CONVERSATIONS = 1024

# How far the clocks of client and server may drift apart: some seconds, and a thousandth.
_SLACK_SECONDS = 2.0
_SLACK_SHARE = 0.001

# What is known without a time of storage ages: others may have sent the same text since.
_UNTIMED_SECONDS = 60.0


def conversation_name(host: str, app_id: str, connection_id: str) -> str:
    """Return a name of a conversation, the same for each spelling of its host."""
    path = (parse_url(host).path or "").rstrip("/")
    return json.dumps([*origin_key(host), path, app_id, connection_id])


class Known(NamedTuple):
    """What a look at the newest message, or the answer to a send, has shown."""

    marker: Marker | None
    """The message; `None` if there was none."""
    at: float
    """When it was known to be stored, in seconds of the client's clock."""
    empty: bool = False
    """Whether the server has shown the conversation without messages."""

    def server_time(self, now: float) -> datetime | None:
        """Return what the server's clock shows at least, at a time of the client's.

        The server's clock cannot be asked, and servers of 2023 write local time as UTC. But when
        the message was known to be stored, it showed what the message says, or later.
        """
        if self.marker is None or self.marker.moment is None:
            return None
        passed = now - self.at
        return self.marker.moment[0] + timedelta(
            seconds=passed - _SLACK_SECONDS - passed * _SLACK_SHARE
        )

    def is_current(self, now: float) -> bool:
        """Return whether a send that begins now can build on it."""
        if self.marker is not None and self.marker.moment is not None:
            return True
        return (self.marker is not None or self.empty) and now - self.at < _UNTIMED_SECONDS


class Since(NamedTuple):
    """What was known before a send began; no message of this send is older."""

    jti: str | None
    """A message that was stored before; `None` if none is known."""
    not_before: datetime | None
    """No message of the send says that it was stored before this; `None` if that is not known."""
    empty: bool
    """Whether the conversation was seen without messages."""

    def to_text(self) -> str:
        """Return a text that `from_text` reads, also in another process."""
        return json.dumps([self.jti, self.not_before and self.not_before.isoformat(), self.empty])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a text of `to_text`."""
        jti, not_before, empty = json.loads(text)
        return cls(jti, not_before and datetime.fromisoformat(not_before), empty)


class Ticket(NamedTuple):
    """A send that has begun and not ended."""

    number: int
    since: Since
    began: int
    """How many claims there had been when it began."""
    needs: int
    """The first claim that may be of a message stored after `since`."""


class _Look:
    """A look at the newest message that other threads wait for."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.done = threading.Event()
        self.result: Known | None = None
        self.failure: ApiException | None = None


class Claims:
    """The claims on the messages of one conversation; safe for any number of threads.

    Claims are kept for as long as a send can come upon the message: a send that looks for its
    message sees those stored after its marker, and a message stored after the marker was claimed
    after the send that stored the marker began.

    Args:
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Reentrant, because a signal handler may send while its thread holds it.
        self._lock = threading.RLock()
        self._looks: dict[str, _Look] = {}
        self._known = Known(None, 0.0)
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

    def begin(self, newest: Callable[[], Known], since: Since | None = None) -> Ticket:
        """Begin a send.

        Args:
            newest: asks the server for the newest message; used if nothing is known, by one
                thread, while others wait.
            since: what was known when the send began in another process; nothing is asked then.

        Raises:
            ApiException: that failed. Nothing was sent, and its `outcome` says so.
        """
        looked = self._known
        while since is None and not looked.is_current(self._clock()):
            result = self._look_together(newest)
            if result is not None:
                looked = result
                break
            looked = self._known
        with self._lock:
            now = self._clock()
            known = self._known if self._known.is_current(now) else looked
            if since is None:
                jti = None if known.marker is None else known.marker.jti
                since = Since(jti, known.server_time(now), known.empty)
            self._begun += 1
            ticket = Ticket(self._begun, since, self._claimed, self._known_began)
            self._tickets[ticket.number] = ticket
            return ticket

    def _look_together(self, newest: Callable[[], Known]) -> Known | None:
        """Return what one thread sees for all; `None` if it was interrupted.

        No lock is held meanwhile: the call may run a program's own code, which may send, too.
        """
        mine = _Look()
        look = self._looks.setdefault("", mine)
        if look is not mine and look.thread != mine.thread:
            look.done.wait()
            if look.failure is not None:
                raise copy.copy(look.failure)
            return look.result
        try:
            self._known = mine.result = newest()
        except ApiException as error:
            error.outcome = "not_sent"
            mine.failure = error
            raise
        finally:
            if look is mine:
                del self._looks[""]
            mine.done.set()
        return mine.result

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

    def unclaim(self, jti: str | None) -> None:
        """Take a claim back."""
        with self._lock:
            self._claims.pop(jti or "", None)

    def is_claimed(self, jti: str | None) -> bool:
        """Return whether a message belongs to a send of this process."""
        with self._lock:
            return jti in self._claims

    def end(self, ticket: Ticket) -> None:
        """End a send."""
        with self._lock:
            del self._tickets[ticket.number]
            needed = min([self._known_began, *(t.needs for t in self._tickets.values())])
            while self._claims and next(iter(self._claims.values())) < needed:
                self._claims.popitem(last=False)


class ClaimsByConversation:
    """The claims of a process, by conversation. Those used last are kept, and those in use.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int = _MOST_CONVERSATIONS) -> None:
        self._most = most
        self.after_fork()

    def __len__(self) -> int:
        return len(self._claims)

    def of(self, conversation: str, clock: Callable[[], float]) -> Claims:
        """Return the claims on a conversation; `clock` is for those that are made now."""
        with self._lock:
            claims = self._claims.get(conversation)
            if claims is None:
                claims = self._claims[conversation] = Claims(clock)
            self._claims.move_to_end(conversation)
            if len(self._claims) > self._most:
                oldest = next(iter(self._claims))
                if self._claims[oldest].idle:
                    del self._claims[oldest]
                else:
                    self._claims.move_to_end(oldest)
            return claims

    def after_fork(self) -> None:
        """Begin anew: in a forked child, the parent's sends and locks are the parent's."""
        self._lock = threading.RLock()
        self._claims: OrderedDict[str, Claims] = OrderedDict()


CLAIMS = ClaimsByConversation()
renew_after_fork(CLAIMS)
