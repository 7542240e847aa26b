"""The deadline as promised and as taken: `python -m test._http.deadlines`.

Each row is a server that keeps a client waiting, met by a call with a deadline of one second. The
table is Markdown; docs/transport.md has it. Times depend on the machine, so nothing is asserted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from openapi_client import ApiClient, ApiException, MessagesApi
from test._http.test_limits import ENDLESS, endless, tls_dripping, tls_silent
from test.support.addresses import full_backlog
from test.support.calls import configuration_for
from test.support.misbehaviour import DRIPPING, FOR_EVER, Misbehaviour, deaf, silent
from test.support.proxies import slow_tunnel
from test.support.recorder import http_answer
from test.support.scripted import Peer, Script, ScriptedServer

DEADLINE = 1.0
# Promised: the deadline and a tenth of it, and 50 ms for shorter ones.
PROMISED = DEADLINE + max(0.1 * DEADLINE, 0.05)

_pause = threading.Event()


def _pace() -> None:
    """Between two pieces: short enough that no limit but the deadline is reached."""
    _pause.wait(0.02)


def _redirecting(peer: Peer) -> None:
    while True:
        target = peer.request().target
        _pause.wait(0.25)
        peer.send(http_answer(307, "", {"Location": f"{target}/again"}))


def _late_interim(peer: Peer) -> None:
    peer.request()
    while True:
        peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        _pause.wait(0.1)


class Row(NamedTuple):
    """A server that keeps a client waiting."""

    what: str
    script: Script | None
    tls: bool = False
    """Whether it speaks TLS."""
    scheme: str | None = None
    """What the client takes it for, if not for what it is."""
    repeats: int = 2
    text: str | None = None
    """A message to send; without one, one is asked for."""
    tunnel: bool = False
    """Whether there is a proxy on the way that lets bytes through one by one."""


def _of(what: str, misbehaviour: Misbehaviour, **more: Any) -> Row:
    return Row(what, misbehaviour(_pace), **more)


def rows() -> list[Row]:
    """All that the table has, in its order."""
    return [
        Row("never accepts", None),
        Row("never accepts, over TLS", None, scheme="https"),
        Row("says nothing to the greeting of TLS", tls_silent, scheme="https"),
        Row("drips a TLS handshake", tls_dripping, scheme="https"),
        _of("reads the request and says nothing", silent),
        _of("reads the request and says nothing, over TLS", silent, tls=True),
        _of("does not read a request of 16 MiB", deaf, text="x" * 2**24),
        *[_of(f"drips {what}", drips) for what, drips in DRIPPING.items()],
        *[_of(f"drips {what}, over TLS", drips, tls=True) for what, drips in DRIPPING.items()],
        Row("an interim answer each 100 ms", _late_interim),
        Row("a redirect each 250 ms", _redirecting),
        *[_of(f"{what}, for ever", fails, repeats=10**6) for what, fails in FOR_EVER.items()],
        Row("a tunnel that drips", _answering_much, tls=True, tunnel=True),
        *[Row(f"endless {what}", endless(*pieces), repeats=0) for what, pieces in ENDLESS.items()],
    ]


def _answering_much(peer: Peer) -> None:
    peer.request()
    peer.send(http_answer(200, " " * 100_000))
    peer.wait_closed()


@contextmanager
def _met(row: Row) -> Generator[tuple[str, dict[str, Any]]]:
    """The URL of a row's server, and the settings that lead there."""
    settings: dict[str, Any] = {"deadline": DEADLINE, "retries": row.repeats}
    with ExitStack() as stack:
        if row.script is None:
            port = stack.enter_context(full_backlog())
            url = f"http://127.0.0.1:{port}/v1"
        else:
            server = stack.enter_context(ScriptedServer(row.script, tls=row.tls))
            url = server.url
        if row.tunnel:
            slow = threading.Event()
            slow.set()
            proxy = stack.enter_context(ScriptedServer(slow_tunnel(slow)))
            settings["proxy"] = proxy.origin
        if row.scheme is not None:
            url = f"{row.scheme}://{url.partition('://')[2]}"
        yield url, settings


def measured(row: Row) -> tuple[float, ApiException | None]:
    """The seconds that a call takes, and what it ends with."""
    with _met(row) as (url, settings), ApiClient(configuration_for(url, **settings)) as client:
        api = MessagesApi(client)
        began = time.perf_counter()
        try:
            if row.text is None:
                api.get("app", "connection", "jti")
            else:
                api.send("app", "connection", row.text)
        except ApiException as error:
            return time.perf_counter() - began, error
        return time.perf_counter() - began, None


def main() -> None:
    """Print the table and its worst row."""
    print("| the server | taken / deadline | ends with | `outcome` | attempts |")
    print("|---|--:|---|---|--:|")
    worst = 0.0
    for row in rows():
        taken, error = measured(row)
        worst = max(worst, taken)
        ends = (
            "a result | | 1"
            if error is None
            else (f"`{type(error).__name__}` | `{error.outcome}` | {len(error.attempts)}")
        )
        print(f"| {row.what} | {taken / DEADLINE:.2f} | {ends} |", flush=True)
    print(f"\nPromised: {PROMISED / DEADLINE:.2f}. The worst of all: {worst / DEADLINE:.2f}.")


if __name__ == "__main__":
    main()
