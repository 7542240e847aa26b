"""What the tests of conversations share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer
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
