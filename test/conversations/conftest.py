"""What the tests of conversations share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer
from test.support import postgres
from test.support.world import World, world


@pytest.fixture(scope="session")
def server() -> Iterator[MessagesServer]:
    """One server for all tests, which each of them finds empty."""
    with MessagesServer(tls=False) as running:
        yield running


@pytest.fixture(params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> GenerationName:
    """Each generation in turn."""
    chosen: GenerationName = request.param
    return chosen


@pytest.fixture
def here(server: MessagesServer, generation: GenerationName) -> Iterator[World]:
    """A conversation on a server of each generation; its client repeats nothing by itself."""
    with world(server, generation, retries=0) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server of PostgreSQL; where none is installed, the tests that ask for it say so."""
    why = postgres.missing()
    if why is not None:
        pytest.skip(why)
    with postgres.postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A database of that server, empty for each test."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS openapi_client_sends")
    return postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `Ledger` opens: a file, or a database, empty for each test."""
    if request.param == "sqlite":
        return str(tmp_path / "sends.db")
    url: str = request.getfixturevalue("postgres_url")
    return url
