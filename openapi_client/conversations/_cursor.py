"""A place in a conversation, as a value that can be kept."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, cast

from openapi_client.conversations._arguments import check_text
from openapi_client.exceptions import ApiValueError
from openapi_client.models import MessageMessage

_VERSION = 1
_PREFIX = '{"cursor":'

_NEIGHBOURS = 8
"""Messages before the last one that a cursor knows too: any of them leads to its place."""

_MOST_READ = 1000
"""Messages of the same time that a cursor knows; on one page there are no more."""

_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(?:[Zz]|([+-])(\d\d):?(\d\d))"
)
_FINE_DIGITS = 6


class Stamp(NamedTuple):
    """A `created_at` that can be compared, to the nanosecond, across generations of servers."""

    local: int
    """What the server's clock showed, in nanoseconds. Servers of 2024 order by this."""
    offset: int | None
    """The offset from UTC, in nanoseconds; `None` for `Z`, which servers of 2023 always write."""
    fine: bool
    """Whether there are digits below the microsecond, which servers of 2023 do not keep."""

    @property
    def arrival(self) -> int:
        """The instant, in nanoseconds, of a server that tells its offset."""
        return self.local - (self.offset or 0)

    def compared_to(self, other: Stamp, *, exactly: bool = False) -> int:
        """Return the nanoseconds by which this is later; 0 if it may be the same time.

        It may be within a microsecond, unless both are told `exactly` by servers of one generation.

        Where both tell different offsets, summer time began or ended between them, and the instants
        count. In every other case what the clock showed does: it is the same on all generations.
        """
        difference = self.local - other.local
        if self.offset is not None and other.offset is not None:
            difference -= self.offset - other.offset
        if abs(difference) < 1000 and not exactly and not (self.fine and other.fine):
            return 0
        return difference


def stamp_of(created_at: str | None) -> Stamp | None:
    """Read a time; `None` if there is none, or not in RFC 3339."""
    found = _RFC_3339.fullmatch(created_at or "")
    if found is None:
        return None
    day, clock, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day} {clock}")
    except ValueError:
        return None
    seconds = moment.toordinal() * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    fraction = (fraction or "").ljust(9, "0")
    offset = None
    if sign is not None:
        offset = int(f"{sign}1") * (int(hours) * 60 + int(minutes)) * 60 * 10**9
    return Stamp(seconds * 10**9 + int(fraction), offset, bool(int(fraction[_FINE_DIGITS:])))


def identity(message: MessageMessage) -> str:
    """Return what a message is told from others by: its `jti`, or all else if it has none."""
    if message.jti:
        return message.jti
    return "\0".join(
        str(part) for part in (message.created_at, message.iat, message.iss, message.body)
    )


def digest(key: str) -> str:
    """Return 8 characters that stand for an identity."""
    hashed = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return base64.urlsafe_b64encode(hashed).decode("ascii")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a conversation: after a message, or before all of them.

    It is a small value: `str()` makes a text of it (JSON in ASCII), `parse` reads it. It is made by
    `Conversation.cursor` and by the `cursor` of every iterator, and means the same in another
    process, on another machine and later, also if the message was edited or deleted meanwhile, or
    the server was replaced by one of another generation. Two cursors are equal if they are after
    the same message.

    Args:
        jti: the message; `None` for the place before all messages.
        created_at: when the server stored it, as the server wrote it.
        read: digests of messages that were read just before it.
        rank: how many messages the server counted up to it, as far as that is known.

    Raises:
        ApiValueError: an argument has the wrong type.
    """

    jti: str | None = None
    created_at: str | None = None
    read: tuple[str, ...] = field(default=(), repr=False, compare=False)
    rank: int | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("jti", "created_at"):
            if getattr(self, name) is not None:
                check_text(name, getattr(self, name))
        read, rank = cast("tuple[object, object]", (self.read, self.rank))
        if not isinstance(read, tuple) or not all(
            isinstance(one, str) for one in cast("tuple[object, ...]", read)
        ):
            raise ApiValueError(f"read must be a tuple of str, not a {type(self.read).__name__}")
        if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool)):
            raise ApiValueError(f"rank must be an int or None, not a {type(rank).__name__}")

    def __str__(self) -> str:
        told: dict[str, Any] = {"cursor": _VERSION, "jti": self.jti, "created_at": self.created_at}
        if self.read:
            told["read"] = self.read
        if self.rank is not None:
            told["rank"] = self.rank
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str()` made of a cursor; blanks around it do no harm.

        Raises:
            ApiValueError: it is no such text, or was made by a later version of this package.
        """
        told = _mapping(text)
        if "cursor" not in told:
            given = f"{len(text)} other characters" if _is_text(text) else repr(type(text))
            raise ApiValueError(f"text must be what str() made of a Cursor, not {given}")
        if told["cursor"] != _VERSION:
            raise ApiValueError(
                f"the text is a cursor of version {told['cursor']!r:.20}; this package reads "
                f"version {_VERSION}"
            )
        read = told.get("read", [])
        if not isinstance(read, list):
            raise ApiValueError("the text is a cursor that was changed: read is no list")
        digests = tuple(cast("list[str]", read))
        return cls(told.get("jti"), told.get("created_at"), digests, told.get("rank"))


def _is_text(text: object) -> bool:
    return isinstance(text, str)


def _mapping(text: object) -> dict[str, Any]:
    """Return the object that a JSON text holds; an empty one if it is no such text."""
    told: object = None
    if isinstance(text, str):
        with suppress(ValueError, RecursionError):
            told = json.loads(text)
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def cursor_of(after: object) -> Cursor | None:
    """Return the place that an argument `after` names.

    Raises:
        ApiValueError: it names none.
    """
    if after is None or isinstance(after, Cursor):
        return after
    if isinstance(after, MessageMessage):
        return Cursor(check_text("the jti of after", after.jti), after.created_at or None)
    if isinstance(after, str) and after.lstrip().startswith(_PREFIX):
        return Cursor.parse(after)
    return Cursor(check_text("after", after))


def cursor_after(
    start: Cursor, given: Sequence[MessageMessage], rank: int | None, late: int = 0
) -> Cursor:
    """Return the place after some messages.

    Args:
        start: the place before them.
        given: the messages, in the order in which they were given.
        rank: the number of the last one, counted from the oldest, as far as it is known.
        late: so many of the first of them stand before `start`, where they came in late.
    """
    if not given:
        return start
    if len(given) <= late:
        anchor, rank = start, None if start.rank is None else start.rank + len(given)
    else:
        anchor = Cursor(given[-1].jti or None, given[-1].created_at or None)
    read = tuple(islice(_read_before(start, given, anchor.created_at), _MOST_READ))
    return Cursor(anchor.jti, anchor.created_at, read, rank)


def _read_before(
    start: Cursor, given: Sequence[MessageMessage], created_at: str | None
) -> Iterator[str]:
    """Digests of the messages that were given last, and of all of those of one time."""
    stamp = stamp_of(created_at)

    def is_of_that_time(other: str | None) -> bool:
        if other == created_at:
            return True
        there = stamp_of(other)
        return stamp is not None and there is not None and there.compared_to(stamp) == 0

    known = start.read or (() if start.jti is None else (digest(start.jti),))
    for number, message in enumerate(reversed(given)):
        if number >= _NEIGHBOURS and not is_of_that_time(message.created_at):
            return
        yield digest(message.jti or identity(message))
    if is_of_that_time(start.created_at):
        yield from known
    else:
        yield from known[: max(0, _NEIGHBOURS - len(given))]


class Batch(NamedTuple):
    """Messages that are being given one by one; kept in one attribute, and replaced at once.

    So a cursor can be had at any moment: in another thread, or in a signal handler in the midst of
    `next()`.
    """

    start: Cursor
    """The place before them."""
    messages: list[MessageMessage]
    to_come: deque[MessageMessage]
    """Those that were not given yet."""
    rank: int | None = None
    """The number of the last one, counted from the oldest."""
    newest_first: bool = False
    late: int = 0
    """So many of the first of them stand before `start`."""

    @property
    def cursor(self) -> Cursor:
        """The place after the message that was given last."""
        ungiven = len(self.to_come)
        given = self.messages[: len(self.messages) - ungiven]
        rank = self.rank
        if rank is not None:
            rank += ungiven if self.newest_first else -ungiven
        return cursor_after(self.start, given, rank, self.late)
