"""Without a network: decoding a page, and a client's work around a transport that does nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any, cast

from pydantic import BaseModel

from test.benchmarks.answers import (
    APP_ID,
    CONNECTION_ID,
    JTI,
    TEXT,
    TOKEN,
    message_body,
    page_bodies,
)
from test.benchmarks.contenders import FLOOR, HTTP_CLIENT, OURS
from test.benchmarks.floor import Floor, PlainPage
from test.benchmarks.measure import Effort, Figure, interleave, time_figures

DECODE = "decode of 1,000"
DECODE_2024 = "decode of 1,000, fields of 2024"
OWN_GET = "own work of a get"
OWN_SEND = "own work of a send"


class PlainMessage2024(BaseModel):
    """A message as the current servers tell it, pydantic's own settings."""

    id: str | None = None
    connection_id: str | None = None
    cid: str | None = None
    rid: str | None = None
    body: str | None = None
    iat: str | None = None
    read: bool | None = None
    received: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None


class PlainPage2024(BaseModel):
    """A page as the current servers tell it."""

    items: list[PlainMessage2024] | None = None
    page: int | None = None
    page_count: int | None = None
    per_page: int | None = None
    total_count: int | None = None


class CannedAnswer:
    """An answer that is there already, as programs put it into the place of a real one."""

    reason = "OK"
    headers: Mapping[str, str] = {"Content-Type": "application/json; charset=UTF-8"}

    def __init__(self, status: int) -> None:
        self.status = status
        self.data = message_body()

    def read(self) -> bytes:
        """Return the body."""
        return self.data

    def getheaders(self) -> Mapping[str, str]:
        """Return all header fields."""
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return one header field."""
        return self.headers.get(name, default)


class Transport:
    """A transport that sends nothing, for our client (`request`) and for the floor (`urlopen`)."""

    def __init__(self, status: int) -> None:
        self._answer = CannedAnswer(status)

    def request(self, *_: Any, **__: Any) -> CannedAnswer:
        """Return the answer, whatever was asked."""
        return self._answer

    def urlopen(self, *_: Any, **__: Any) -> CannedAnswer:
        """Return the answer, whatever was asked."""
        return self._answer

    def close(self) -> None:
        """There is nothing to close."""


def own_work() -> Mapping[str, Mapping[str, Callable[[], object]]]:
    """Return both operations of both clients, transports stubbed, by case and contender."""
    from openapi_client import ApiClient, Configuration, MessagesApi

    host = "https://localhost:8080/v1"
    calls: dict[str, Mapping[str, Callable[[], object]]] = {}
    for case, status in ((OWN_GET, 200), (OWN_SEND, 202)):
        transport = Transport(status)
        client = ApiClient(Configuration(host=host, api_key={"BearerAuth": TOKEN}))
        cast("Any", client).rest_client = transport
        ours, floor = MessagesApi(client), Floor(transport, host, TOKEN)
        if case == OWN_GET:
            calls[case] = {
                OURS: partial(ours.get, APP_ID, CONNECTION_ID, JTI),
                FLOOR: partial(floor.get, APP_ID, CONNECTION_ID, JTI),
            }
        else:
            calls[case] = {
                OURS: partial(ours.send, APP_ID, CONNECTION_ID, TEXT),
                FLOOR: partial(floor.send, APP_ID, CONNECTION_ID, TEXT),
            }
    return calls


def decoding() -> Mapping[str, Mapping[str, Callable[[], object]]]:
    """Return the decoding of a page of 1,000, by case and contender."""
    from openapi_client import MessageResponse

    documented, current = page_bodies(1000), page_bodies(1000, "2024")
    return {
        DECODE: {
            OURS: decode_each(MessageResponse.model_validate_json, documented),
            FLOOR: decode_each(PlainPage.model_validate_json, documented),
            HTTP_CLIENT: decode_each(json.loads, documented),
        },
        DECODE_2024: {
            OURS: decode_each(MessageResponse.model_validate_json, current),
            FLOOR: decode_each(PlainPage2024.model_validate_json, current),
            HTTP_CLIENT: decode_each(json.loads, current),
        },
    }


def decode_each(decode: Callable[[bytes], object], bodies: Sequence[bytes]) -> Callable[[], object]:
    """Return a call that decodes one body after the other, and begins again after the last."""
    turns = cycle(bodies)
    return lambda: decode(next(turns))


def measure_offline(effort: Effort) -> list[Figure]:
    """Measure decoding and own work."""
    figures: list[Figure] = []
    for case, calls in {**decoding(), **own_work()}.items():
        figures += time_figures(case, interleave(calls, effort), FLOOR)
    return figures
