"""A call gets its own answer or an error, never the answer to another request."""

from __future__ import annotations

import contextlib
import gc
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import urllib3

from openapi_client.exceptions import ProtocolException, TimeoutException
from test.support.authority import authority
from test.support.calls import FakeTime, api_for, failure_of, get
from test.support.fetchers import answer_to, bare, ours, rightly
from test.support.scripted import Peer, ScriptedServer, Waiting, message

ROOT = Path(__file__).resolve().parent.parent.parent


class EarlyHints:
    """`103 Early Hints` (RFC 8297), then the answer when the next request comes or `go` is set."""

    def __init__(self) -> None:
        self.go = Waiting()

    def __call__(self, peer: Peer) -> None:
        request = peer.request()
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
        peer.wait_for_more(self.go)
        peer.send(answer_to(request.target))
        rightly(peer)


def test_after_early_hints_a_call_gets_its_answer_and_so_does_the_next(tls: bool) -> None:
    script = EarlyHints()
    script.go.set()
    with ScriptedServer(script, tls=tls) as server, ours(server.url) as fetch:
        assert [fetch("1"), fetch("2")] == ["1", "2"]
    script.go.close()


def test_after_early_hints_plain_urllib3_gets_the_answer_to_the_call_before(tls: bool) -> None:
    script = EarlyHints()
    with ScriptedServer(script, tls=tls) as server, bare(server.url) as fetch:
        assert [fetch("1"), fetch("2")] == ["empty 103", "1"]
    script.go.close()


def unasked(peer: Peer) -> None:
    """Two answers that nobody asked for: one comes with the first answer, one before the second."""
    request = peer.request()
    peer.send(answer_to(request.target) + message("unasked"))
    request = peer.request()
    peer.send(message("unasked") + answer_to(request.target))
    rightly(peer)


def once_unasked(peer: Peer) -> None:
    if peer.number == 0:
        unasked(peer)
    rightly(peer)


def test_an_unasked_answer_is_not_taken_for_the_next_calls(tls: bool) -> None:
    with ScriptedServer(once_unasked, tls=tls) as server, ours(server.url) as fetch:
        assert [fetch("1"), fetch("2"), fetch("3")] == ["1", "2", "3"]
    assert server.connections == 2


def test_an_unasked_answer_is_taken_for_the_next_calls_by_plain_urllib3(tls: bool) -> None:
    with ScriptedServer(once_unasked, tls=tls) as server, bare(server.url) as fetch:
        assert [fetch("1"), fetch("2")] == ["1", "unasked"]


def test_an_unasked_answer_that_comes_between_two_calls_is_not_taken(tls: bool) -> None:
    sent = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(answer_to(peer.request().target))
        if peer.number == 0:
            peer.send(message("unasked"))
            sent.set()
        rightly(peer)

    with ScriptedServer(script, tls=tls) as server, ours(server.url) as fetch:
        assert fetch("1") == "1"
        sent.wait()
        assert fetch("2") == "2"
    assert server.connections == 2


@pytest.mark.parametrize("stray", [b"\r\n", b"\0", b"HTTP/1.1 200 OK\r\n"])
def test_a_connection_with_stray_bytes_is_not_used_again(stray: bytes, tls: bool) -> None:
    def script(peer: Peer) -> None:
        while True:
            peer.send(answer_to(peer.request().target) + stray)

    with ScriptedServer(script, tls=tls) as server, ours(server.url) as fetch:
        assert [fetch("1"), fetch("2"), fetch("3")] == ["1", "2", "3"]
    assert server.connections == 3


@pytest.mark.parametrize("status", [204, 304])
def test_a_body_that_must_not_be_there_is_not_taken_for_an_answer(status: int, tls: bool) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            if request.target.endswith("/1"):
                peer.send(b"HTTP/1.1 %d Nothing\r\n\r\n" % status + message("unasked"))
            else:
                peer.send(answer_to(request.target))

    with ScriptedServer(script, tls=tls) as server, api_for(server) as api:
        if status == 204:
            assert api.get("app", "connection", "1") is None
        else:
            failure_of(api.get, "app", "connection", "1")
        assert api.get("app", "connection", "2").body == "2"
    assert server.connections == 2


def held_back(peer: Peer) -> None:
    """The body of the first answer comes when the next request does, and looks like an answer."""
    peer.request()
    body = message("of the first call")
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
    peer.request()
    peer.send(body)
    peer.wait_closed()


def held_back_once(peer: Peer) -> None:
    if peer.number == 0:
        held_back(peer)
    rightly(peer)


def test_a_connection_given_back_before_its_answer_was_read_is_not_used_again(tls: bool) -> None:
    with ScriptedServer(held_back_once, tls=tls) as server, api_for(server) as api:
        unread: Any = api.get_without_preload_content("app", "connection", "1")
        unread.release_conn()
        assert api.get("app", "connection", "2").body == "2"
        with pytest.raises(urllib3.exceptions.HTTPError):
            unread.read()
        assert api.get("app", "connection", "3").body == "3"


def test_an_answer_that_is_dropped_unread_takes_its_connection_with_it(tls: bool) -> None:
    def script(peer: Peer) -> None:
        if peer.number:
            rightly(peer)
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        peer.wait_closed()

    with ScriptedServer(script, tls=tls) as server, api_for(server) as api:
        api.get_without_preload_content("app", "connection", "1")
        gc.collect()
        assert api.get("app", "connection", "2").body == "2"
    assert server.connections == 2


def test_an_unread_answer_that_is_read_gives_its_connection_back(tls: bool) -> None:
    with ScriptedServer(rightly, tls=tls) as server, api_for(server) as api:
        for jti in "123":
            unread = api.get_without_preload_content("app", "connection", jti)
            assert json.loads(unread.read())["body"] == jti
    assert server.connections == 1


def test_an_answer_that_comes_after_its_call_has_given_up_is_nobodys(tls: bool) -> None:
    late = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number:
            rightly(peer)
        request = peer.request()
        late.wait()
        peer.send(answer_to(request.target))
        rightly(peer)

    with ScriptedServer(script, tls=tls) as server, api_for(server, retries=0) as api:
        error = failure_of(api.get, "app", "connection", "1", _request_timeout=0.05)
        assert isinstance(error, TimeoutException)
        late.set()
        assert api.get("app", "connection", "2").body == "2"


@pytest.mark.parametrize("when", range(1, 5))
def test_an_interrupted_call_leaves_nothing_to_the_next(when: int, tls: bool) -> None:
    class Interrupted(FakeTime):
        left = 0

        def clock(self) -> float:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            return self.now

    time = Interrupted()
    with ScriptedServer(rightly, tls=tls) as server, api_for(server, time) as api:
        assert api.get("app", "connection", "0").body == "0"
        time.left = when
        with contextlib.suppress(KeyboardInterrupt):
            assert api.get("app", "connection", "1").body == "1"
        time.left = 0
        assert [api.get("app", "connection", jti).body for jti in "23"] == ["2", "3"]


@pytest.mark.parametrize("count", [1, 5, 31])
def test_interim_answers_are_read_past(count: int, tls: bool) -> None:
    def script(peer: Peer) -> None:
        while True:
            request = peer.request()
            interim = b"".join(b"HTTP/1.1 1%02d Wait\r\n\r\n" % (n % 90 + 2) for n in range(count))
            peer.send(interim + answer_to(request.target))

    with ScriptedServer(script, tls=tls) as server, ours(server.url) as fetch:
        assert [fetch("1"), fetch("2")] == ["1", "2"]
    assert server.connections == 1


def test_interim_answers_are_read_past_byte_by_byte(tls: bool) -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        answer = b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer_to(request.target)
        peer.send_each(answer[at : at + 1] for at in range(len(answer)))
        rightly(peer)

    with ScriptedServer(script, tls=tls) as server, ours(server.url) as fetch:
        assert [fetch("1"), fetch("2")] == ["1", "2"]


def test_endless_interim_answers_end_the_call(tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")

    with ScriptedServer(script, tls=tls) as server, api_for(server, retries=0) as api:
        error = failure_of(get, api)
    assert isinstance(error, ProtocolException)
    assert error.outcome == "unknown"
    assert "interim" in str(error)


def test_a_protocol_that_nobody_asked_for_ends_the_call(tls: bool) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + message())
        peer.wait_closed()

    with ScriptedServer(script, tls=tls) as server, api_for(server, retries=0) as api:
        assert isinstance(failure_of(get, api), ProtocolException)


# -- fork --------------------------------------------------------------------------------------


class BothArrived:
    """Answers parent and child when the requests of both are there, each on its connection."""

    def __init__(self) -> None:
        self.both = Waiting()
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self, peer: Peer) -> None:
        peer_answers: list[bytes] = []
        while True:
            request = peer.request()
            if request.target.endswith("/first"):
                peer.send(answer_to(request.target))
                continue
            peer_answers.append(answer_to(request.target))
            with self._lock:
                self._count += 1
                if self._count == 2:
                    self.both.set()
            if self._count < 2 and peer.wait_for_more(self.both):
                continue
            peer.send(b"".join(peer_answers))
            peer.end()


def forked(whose: str, tls: bool) -> dict[str, dict[str, Any]]:
    """What parent and child got."""
    script = BothArrived()
    with ScriptedServer(script, tls=tls) as server:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "test.support.forking",
                whose,
                server.url,
                authority().ca_cert,
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    script.both.close()
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["asked"]: each for each in told}


def test_after_a_fork_parent_and_child_get_their_own_answers(tls: bool) -> None:
    told = forked("ours", tls)
    assert {name: each["got"] for name, each in told.items()} == {
        "parent": "parent",
        "child": "child",
    }


def test_after_a_fork_the_child_has_no_socket_of_its_parent(tls: bool) -> None:
    assert forked("ours", tls)["child"]["shared"] == 0


def test_after_a_fork_plain_urllib3_mixes_the_answers_up(tls: bool) -> None:
    told = forked("bare", tls)
    assert [told[name]["got"] for name in ("parent", "child")] != ["parent", "child"]
    assert told["child"]["shared"] == 1
