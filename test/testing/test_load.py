"""Under load, and killed under load, the embedded server loses nothing that it answered.

`python -m test.testing.load` and `python -m test.testing.kills` run the same with the full figures.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from openapi_client.testing import MessagesServer
from test.support.raw import RawClient
from test.testing.kills import kill_while_sending
from test.testing.load import drive

CONNECTIONS, REQUESTS = 64, 1920


@pytest.mark.parametrize("in_file", [False, True])
def test_many_connections_at_once_lose_nothing(tmp_path: Path, in_file: bool) -> None:
    database = tmp_path / "messages.db" if in_file else None
    with MessagesServer(tls=False, database=database) as server:
        outcome = drive(server, connections=CONNECTIONS, requests=REQUESTS)
        stored = [message.jti for message in server.messages()]
    assert outcome.statuses == {200: REQUESTS}
    assert len(outcome.answered) > REQUESTS // 2 - CONNECTIONS
    assert sorted(stored) == sorted(outcome.answered)


def test_killed_server_keeps_every_message_that_it_answered(tmp_path: Path) -> None:
    outcome = kill_while_sending(
        tmp_path / "messages.db", kills=4, senders=8, chance=random.Random(1)
    )
    assert len(outcome.answered) >= 4
    assert outcome.answered <= outcome.stored


def test_100_000_messages_are_loaded_and_paged_through() -> None:
    with MessagesServer(tls=False) as server, RawClient(server) as call:
        assert server.load("app", "connection", 100_000) == 100_000
        path = "/apps/app/connections/connection/messages?per_page=1000"
        page = call("GET", f"{path}&page=100").json
        assert (page["page"], page["page_count"], page["total_count"]) == (100, 100, 100_000)
        assert page["items"][-1]["body"] == "message 1"
