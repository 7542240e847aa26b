"""What a call costs, told without a clock: what one warm call enters, and what a first one imports.

Time differs from machine to machine and from moment to moment, these do not. They grow when
somebody adds work to every call or every import, which is what these tests are to notice. Whoever
has a good reason for more work raises the bound, and says so in the change.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from openapi_client import ApiClient, MessagesApi
from openapi_client.testing import MessagesServer

GET_BOUND = 118
"""Python functions that a get may enter; bare urllib3 and pydantic enter about 290."""

SEND_BOUND = 126
"""Python functions that a send may enter."""

_APP, _CONNECTION, _JTI = "app_id_example", "connection_id_example", "jti_example"
_WARM_UP = 5


def entered(call: Callable[[], object]) -> Counter[str]:
    """Return the Python functions that this thread enters during a call, and how often each."""
    functions: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            functions[f"{frame.f_code.co_filename}:{frame.f_code.co_name}"] += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return functions


@pytest.fixture
def messages() -> Iterator[MessagesApi]:
    with (
        MessagesServer(tls=False, example=True) as server,
        ApiClient(server.configuration()) as client,
    ):
        yield MessagesApi(client)


def test_the_count_counts_python_functions() -> None:
    def inner() -> None:
        len("not a Python function")

    def outer() -> None:
        inner()
        inner()

    assert entered(outer).total() == 3


def test_a_get_enters_few_functions(messages: MessagesApi) -> None:
    _stays_under(GET_BOUND, lambda: messages.get(_APP, _CONNECTION, _JTI))


def test_a_send_enters_few_functions(messages: MessagesApi) -> None:
    _stays_under(SEND_BOUND, lambda: messages.send(_APP, _CONNECTION, "a text"))


def test_a_call_enters_as_many_functions_after_a_hundred_calls(messages: MessagesApi) -> None:
    def get() -> object:
        return messages.get(_APP, _CONNECTION, _JTI)

    _warm_up(get)
    first = entered(get).total()
    for _ in range(100):
        get()
    assert entered(get).total() == first


NOT_FOR_A_GET = {
    f"openapi_client.{name}"
    for name in (
        "_encoding.files",
        "_encoding.media_types",
        "_http.tls_in_tls",
        "_caller",
        "_http.watch",
        "conversations",
        "hooks",
        "login",
        "_encoding.serialization",
        "testing",
    )
}

_FIRST_CALL = """
import sys
from test.benchmarks.floor import Floor, pool_manager

url, token, *message = sys.argv[1:]
Floor(pool_manager(), url, token).get(*message)
known = set(sys.modules)
import openapi_client
print(*set(sys.modules) - known)
client = openapi_client.ApiClient(openapi_client.Configuration(url, {"BearerAuth": token}))
openapi_client.MessagesApi(client).get(*message)
print(*set(sys.modules) - known)
"""


def test_import_and_first_call_load_nothing_that_they_do_not_need() -> None:
    with MessagesServer(tls=False, example=True) as server:
        done = subprocess.run(
            [sys.executable, "-c", _FIRST_CALL, server.url, server.token, _APP, _CONNECTION, _JTI],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    imported, called = (set(line.split()) for line in done.stdout.splitlines())
    assert imported == {"openapi_client"}
    assert {name for name in called if not name.startswith("openapi_client")} == set()
    assert called & NOT_FOR_A_GET == set()


def _stays_under(bound: int, call: Callable[[], object]) -> None:
    _warm_up(call)
    functions = entered(call)
    busiest = "\n".join(f"{count:4} {name}" for name, count in functions.most_common(15))
    assert functions.total() <= bound, f"{functions.total()} functions, among them\n{busiest}"


def _warm_up(call: Callable[[], object]) -> None:
    for _ in range(_WARM_UP):
        call()
