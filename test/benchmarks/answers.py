"""The canned answers of the stub server: bytes, made before the first request comes.

Values are made up from a seeded generator, so that every run and every process has the same ones:
UUIDs, time stamps with nine fraction digits, texts of 5 to 110 characters, some with an escaped
``&`` or with letters outside ASCII.
"""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Literal

Framing = Literal["chunked", "length"]
Generation = Literal["documented", "2024"]

APP_ID = "5f8d6c1a-93c4-4c0b-9d5e-0c8f6c3f7a11"
CONNECTION_ID = "16294712938471928371"
JTI = "0b9f2f3e-7c38-4f0a-8a56-2f4be7a3c1d4"
TEXT = "Thanks, that works. See you on Monday?"
TOKEN = "not-a-secret-" + "0123456789abcdef" * 8
PAGE_SIZES = (10, 100, 1000)

CHUNKED_ABOVE = 2048
"""Bytes of body above which the service's HTTP library sends chunks instead of a Content-Length."""

_WORDS = (
    *("the", "order", "arrived", "this", "morning", "and", "everything", "is", "fine", "thanks"),
    *("see", "you", "on", "monday", "could", "you", "send", "me", "that", "invoice", "again"),
    *("über", "naïve", "Größe", "café", "👍", "R&D", "<ok>"),
)


DIFFERENT_MESSAGES = 8000
"""Messages in all the pages of one size together. Pydantic keeps strings that it has seen, up to
16,384 of them: to decode a few pages again and again would show a speed that nobody has whose pages
differ. These have three times as many strings."""


def messages(
    count: int, generation: Generation = "documented", variant: int = 0
) -> list[dict[str, Any]]:
    """Return ``count`` messages as a server tells them, newest first."""
    rng = random.Random(variant)
    newest = datetime(2024, 2, 29, 12, 0, 0, tzinfo=timezone.utc)
    return [
        _message(rng, newest - timedelta(seconds=37 * number), generation)
        for number in range(count)
    ]


def _message(rng: random.Random, created: datetime, generation: Generation) -> dict[str, Any]:
    stamp = f"{created:%Y-%m-%dT%H:%M:%S}.{rng.randrange(10**9):09d}Z"
    own = rng.random() < 0.5
    text = " ".join(rng.choices(_WORDS, k=rng.randint(1, 20)))[:110].ljust(5, "!")
    sender = "me" if own else CONNECTION_ID
    shared = {
        "cid": str(uuid.UUID(int=rng.getrandbits(128))),
        "rid": "" if own else str(uuid.UUID(int=rng.getrandbits(128))),
        "body": text,
        "iat": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "created_at": stamp,
        "updated_at": stamp,
    }
    jti = str(uuid.UUID(int=rng.getrandbits(128)))
    if generation == "documented":
        return {"iss": sender, "jti": jti, **shared}
    return {"id": jti, "connection_id": sender, "read": not own, "received": True, **shared}


def go_json(value: object) -> bytes:
    """Encode as the service does: UTF-8, ``<``, ``>`` and ``&`` escaped, a newline at the end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode() + b"\n"


def message_body(generation: Generation = "documented") -> bytes:
    """Return the body of the answer to a get, and to a send."""
    return go_json({**messages(1, generation)[0], "body": TEXT})


def page_bodies(per_page: int, generation: Generation = "documented") -> list[bytes]:
    """Return bodies of answers to a list: as many as it takes until no string is remembered."""
    told = {"page": 1, "page_count": 5, "per_page": per_page, "total_count": 5 * per_page}
    return [
        go_json({"items": messages(per_page, generation, variant), **told})
        for variant in range(max(1, DIFFERENT_MESSAGES // per_page))
    ]


def conversation_id(total: int) -> str:
    """Return the id of a connection whose conversation has that many messages."""
    return f"holds-{total}"


def messages_held(connection: str) -> int | None:
    """Return how many messages the conversation of such a connection has."""
    prefix, _, total = connection.partition("-")
    return int(total) if prefix == "holds" and total.isdigit() else None


def conversation_page(total: int, page: int, per_page: int) -> bytes:
    """Return a page of such a conversation; past its end the last page again, as servers do."""
    page_count = -(-total // per_page)
    page = max(1, min(page, page_count))
    oldest = datetime(2024, 1, 1, tzinfo=timezone.utc)
    numbers = range(total - (page - 1) * per_page, max(0, total - page * per_page), -1)
    items = [_numbered(number, oldest + timedelta(seconds=number)) for number in numbers]
    told = {"page": page, "page_count": page_count, "per_page": per_page, "total_count": total}
    return go_json({"items": items, **told})


def _numbered(number: int, created: datetime) -> dict[str, Any]:
    stamp = f"{created:%Y-%m-%dT%H:%M:%SZ}"
    jti = f"{number:08x}-7c38-4f0a-8a56-2f4be7a3c1d4"
    times = dict.fromkeys(("iat", "created_at", "updated_at"), stamp)
    return {"iss": CONNECTION_ID, "jti": jti, "cid": jti, "rid": jti, "body": TEXT, **times}


def answer(status: str, body: bytes, framing: Framing = "chunked") -> bytes:
    """Return a whole HTTP answer with the header fields that the service sends.

    ``chunked`` sends one chunk when the body is larger than :data:`CHUNKED_ABOVE` bytes, as the
    service does; ``length`` always tells the length before.
    """
    chunked = framing == "chunked" and len(body) > CHUNKED_ABOVE
    head = (
        f"HTTP/1.1 {status}\r\n"
        "Content-Type: application/json; charset=UTF-8\r\n"
        f"Date: {format_datetime(datetime.now(timezone.utc), usegmt=True)}\r\n"
        f"{'Transfer-Encoding: chunked' if chunked else f'Content-Length: {len(body)}'}\r\n\r\n"
    ).encode()
    return head + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
