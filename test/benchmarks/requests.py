"""Requests that reading takes while messages come in or go: python -m test.benchmarks.requests.

The conversation is a list in memory that changes before each request, paged as servers page. So the
counts are exact and the same everywhere.
"""

from __future__ import annotations

import itertools
import random
import sys
import threading
from collections.abc import Iterator
from math import ceil
from typing import Any, Literal, NamedTuple

from openapi_client import ApiClient, MessagesApi
from openapi_client.conversations import Conversation, Stop, Times
from openapi_client.exceptions import NotFoundException
from openapi_client.models import MessageMessage, MessageResponse

Change = Literal["new", "deleted"]

RATES = (0, 1, 2, 5, 20, 90)
PER_PAGE = (10, 100, 1000)
WORKERS = (1, 8)

MOST = 1.25
"""Times the requests of a conversation that stands still, beside what the new messages need."""

_SLACK = 4
"""Requests more, until the rate is known; as many are under way as there are workers."""


class Changing(Conversation):
    """A conversation of a list in memory, newest message last.

    Args:
        messages: how many there are at first.
        rate: how many come in, or are deleted anywhere, before each request but the first.
        change: which of the two.
    """

    def __init__(self, messages: int, rate: int = 0, change: Change = "new") -> None:
        super().__init__(MessagesApi(ApiClient()), "app", "friend", Times(wait=_wait))
        self._numbers = itertools.count()
        self._draw = random.Random(1)
        self.stored = [self._message() for _ in range(messages)]
        self._lock = threading.Lock()
        self.requests = 0
        self.rate = rate
        self.change = change

    def _message(self) -> MessageMessage:
        number = next(self._numbers)
        seconds, fraction = divmod(number, 1000)
        hours, seconds = divmod(seconds, 3600)
        moment = (
            f"2024-01-{1 + hours // 24:02}T{hours % 24:02}:{seconds // 60:02}:{seconds % 60:02}"
        )
        return MessageMessage.model_construct(
            jti=f"jti-{number}", created_at=f"{moment}.{fraction:03}Z"
        )

    def list(
        self, *, page: int | None = None, per_page: int | None = None, **_: Any
    ) -> MessageResponse:
        """Change, then show a page."""
        with self._lock:
            self._count_request()
            return self._page(page or 1, min(per_page or 100, 1000))

    def get(self, jti: str, **_: Any) -> MessageMessage:
        """Change, then look for a message."""
        with self._lock:
            self._count_request()
            for message in self.stored:
                if message.jti == jti:
                    return message
        raise NotFoundException(404, "Not Found")

    def _count_request(self) -> None:
        if self.requests:
            self._change()
        self.requests += 1

    def _page(self, page: int, size: int) -> MessageResponse:
        pages = ceil(len(self.stored) / size)
        number = max(1, min(page, pages))
        end = max(0, len(self.stored) - (number - 1) * size)
        return MessageResponse.model_construct(
            items=self.stored[max(0, end - size) : end][::-1],
            page=number,
            per_page=size,
            page_count=pages,
            total_count=len(self.stored),
        )

    def _change(self) -> None:
        for _ in range(self.rate):
            if self.change == "new":
                self.stored.append(self._message())
            elif self.stored:
                del self.stored[self._draw.randrange(len(self.stored))]


def _wait(stop: Stop, seconds: float) -> bool:
    return stop.is_set()


class Case(NamedTuple):
    """What is read, and how."""

    change: Change
    newest_first: bool
    workers: int
    per_page: int
    rate: int

    @property
    def messages(self) -> int:
        """How many there are at first: 40 pages."""
        return 40 * self.per_page


class Counted(NamedTuple):
    """What a reading took."""

    requests: int
    read: int
    allowed: float


def measure(case: Case, quiet: int) -> Counted:
    """Read a conversation that changes.

    Args:
        case: what is read, and how.
        quiet: the requests of one that stands still.
    """
    conversation = Changing(case.messages, case.rate, case.change)
    limit = 20 * quiet + 400
    read: set[str | None] = set()
    for message in conversation.messages(
        per_page=case.per_page, workers=case.workers, newest_first=case.newest_first
    ):
        assert message.jti not in read, "a message came twice"
        read.add(message.jti)
        if conversation.requests > limit:
            break
    allowed = MOST * quiet + _SLACK + case.workers - 1
    if case.change == "new" and not case.newest_first:
        allowed += max(0, len(read) - case.messages) / case.per_page
    return Counted(conversation.requests, len(read), allowed)


def cases() -> Iterator[Case]:
    """All of them."""
    changes: tuple[Change, ...] = ("new", "deleted")
    for change, newest_first, workers, per_page, rate in itertools.product(
        changes, (True, False), WORKERS, PER_PAGE, RATES
    ):
        yield Case(change, newest_first, workers, per_page, rate)


def main() -> int:
    """Print a table; return 1 if a case takes more than is allowed."""
    failed = 0
    print(f"{'':34}" + "".join(f"{f'k={rate}':>12}" for rate in RATES))
    for _, group in itertools.groupby(cases(), lambda case: case[:4]):
        row = list(group)
        quiet = measure(row[0]._replace(rate=0), 0).requests
        cells = []
        for case in row:
            counted = measure(case, quiet)
            bad = counted.requests > counted.allowed
            failed += bad
            cells.append(f"{counted.requests}/{counted.allowed:.0f}{'!' if bad else ''}")
        case = row[0]
        order = "newest first" if case.newest_first else "oldest first"
        name = f"{case.change:8}{order:13} {case.workers} x {case.per_page}"
        print(f"{name:34}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
