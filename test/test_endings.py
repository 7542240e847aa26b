"""Programs end when they are told to, and a client works to their very end, and in their forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openapi_client.testing import MessagesServer
from test.support.ending import WORK
from test.support.recorder import http_answer
from test.support.scripted import PATIENCE, Peer, ScriptedServer

PAGE = {
    "items": [{"jti": "12", "iss": "connection", "created_at": "2024-01-01T00:00:00Z"}],
    "page": 1,
    "per_page": 1,
    "page_count": 12,
    "total_count": 12,
}
ROOT = Path(__file__).parents[1]


@contextmanager
def running(when: str, what: str, url: str) -> Generator[subprocess.Popen[str]]:
    """A program of `test.support.ending`."""
    command = [sys.executable, "-m", "test.support.ending", when, what, url]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def told_by(when: str, what: str) -> list[str]:
    """What a program tells that speaks to a server with a few messages."""
    with MessagesServer(tls=False, token="token", users={"me": "password"}) as server:
        for number in range(12):
            server.receive("app", "connection", str(number))
        with running(when, what, server.url) as program:
            told, complaints = program.communicate(timeout=PATIENCE)
    assert complaints == ""
    return told.splitlines()[1:]


@pytest.mark.parametrize("what", WORK)
def test_ctrl_c_ends_a_program_that_waits_for_a_silent_server(what: str) -> None:
    asked = threading.Event()

    def silent(peer: Peer) -> None:
        peer.request()
        if what == "iterate" and peer.number == 0:
            peer.send(http_answer(200, PAGE))  # the threads begin after the first page
            peer.request()
        asked.set()
        peer.wait_closed()

    with ScriptedServer(silent) as server, running("now", what, server.url) as program:
        assert asked.wait(PATIENCE)
        program.send_signal(signal.SIGINT)
        # Its calls have 60 s: it would not end before this is over.
        _, complaints = program.communicate(timeout=PATIENCE)
    assert program.returncode == -signal.SIGINT
    assert complaints.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("when", ["atexit", "after"])
@pytest.mark.parametrize("what", ["list", "login", "iterate", "send_many"])
def test_a_client_works_after_the_main_thread_has_ended(when: str, what: str) -> None:
    assert told_by(when, what) == ["done"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_goes_on_with_its_parents_iterators_or_says_why_not() -> None:
    assert told_by("fork", "iterate") == ["done", "ApiException"]
