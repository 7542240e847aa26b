"""The fixtures work beside other pytest plugins and options, each with the real package."""

from __future__ import annotations

import pytest

FIXTURES = "-p", "openapi_client.testing.pytest_plugin"
TESTS = """
class TestGreeting:
    def test_greeting_is_sent(self, messages_api, messages_server):
        messages_api.send("app", "friend", "Hello")
        messages_server.requests.assert_received(1, operation="send", json={"body": "Hello"})

    def test_conversation(self, conversation):
        assert conversation.list().items == []


class TestSecond(TestGreeting):
    pass
"""


@pytest.fixture(autouse=True)
def _nothing_else_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "")


@pytest.mark.parametrize(
    ("package", "options"),
    [
        ("pytest_socket", ("-p", "pytest_socket", "--allow-hosts=127.0.0.1")),
        ("pytest_timeout", ("-p", "pytest_timeout", "--timeout=60")),
        ("pytest_timeout", ("-p", "pytest_timeout", "--timeout=60", "--timeout-method=thread")),
        ("xdist", ("-p", "xdist", "-n", "2", "--dist", "loadscope")),
        ("pytest_randomly", ("-p", "no:randomly")),
        ("pytest", ("--import-mode=importlib",)),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_fixtures_work_beside(
    pytester: pytest.Pytester, package: str, options: tuple[str, ...]
) -> None:
    pytest.importorskip(package)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(*FIXTURES, "-W", "error", *options)
    result.assert_outcomes(passed=4)


def test_fixtures_work_in_coroutines(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(
        """
        import asyncio

        import pytest


        @pytest.mark.asyncio
        async def test_greeting_is_sent(messages_api, messages_server):
            await asyncio.to_thread(messages_api.send, "app", "friend", "Hello")
            messages_server.requests.assert_received(1, operation="send")
        """
    )
    options = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function")
    pytester.runpytest_subprocess(*FIXTURES, "-W", "error", *options).assert_outcomes(passed=1)


UNITTEST = """
import unittest

import pytest


@pytest.mark.usefixtures("given")
class GreetingTest(unittest.TestCase):
    @pytest.fixture
    def given(self, messages_api, messages_server):
        self.api, self.server = messages_api, messages_server

    def test_greeting_is_sent(self):
        self.server.add_connection("app", "friend")
        assert self.api.send_with_http_info("app", "friend", "Hello").status_code == {status}
"""


@pytest.mark.parametrize(("generation", "status"), [("2023", 201), ("2024", 202)])
def test_unittest_classes_meet_the_generation_that_was_chosen(
    pytester: pytest.Pytester, generation: str, status: int
) -> None:
    pytester.makepyfile(UNITTEST.format(status=status))
    option = f"messages_server_generation={generation}"
    pytester.runpytest_subprocess(*FIXTURES, "-o", option).assert_outcomes(passed=1)


def test_unittest_classes_are_told_that_they_can_meet_only_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNITTEST.format(status=200))
    result = pytester.runpytest_subprocess(*FIXTURES, "-o", "messages_server_generation=all")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*can meet only one of the generations documented, 2023, 2024;*"])


def test_address_is_chosen_by_a_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def messages_server_host():
            return "localhost"

        def test_fixture(messages_server, messages_api):
            assert messages_server.url.startswith("http://localhost:")
            messages_api.send("app", "friend", "Hello")
        """
    )
    pytester.runpytest_subprocess(*FIXTURES).assert_outcomes(passed=1)


def test_address_is_chosen_by_ini_and_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_ini(messages_server, messages_api):
            assert messages_server.url.startswith("http://127.0.0.2:")
            messages_api.send("app", "friend", "Hello")

        @pytest.mark.messages_server(host="localhost")
        def test_marker(messages_server):
            assert messages_server.url.startswith("http://localhost:")
        """
    )
    option = "messages_server_host=127.0.0.2"
    pytester.runpytest_subprocess(*FIXTURES, "-o", option).assert_outcomes(passed=2)
