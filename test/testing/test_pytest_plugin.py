"""The fixtures that users' tests get, seen from test runs of their own."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points

import pytest

PLUGIN = ("-p", "openapi_client.testing.pytest_plugin")
INSTALLED = bool(entry_points(group="pytest11", name="openapi_client"))

FIRST_TEST = """
def test_greeting_is_sent(messages_api, messages_server):
    messages_api.send("app", "friend", "Hello")
    messages_server.requests.assert_received(operation="send", json={"body": "Hello"})
"""


@pytest.fixture(autouse=True)
def _runs_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    # Runs in this process forget what they imported, and not everything can be imported twice.
    for name in ("trustme", "openapi_client.api.messages_api"):
        importlib.import_module(name)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # In this process the plugin is imported already, which pytest remarks on.
    warnings = ("-W", "error", "-W", "ignore:Module already imported")
    return pytester.runpytest_inprocess(*PLUGIN, *warnings, "--strict-markers", *arguments)


def test_first_test_of_a_users_own_is_four_lines(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIRST_TEST)
    run(pytester).assert_outcomes(passed=1)


def test_fixtures_fit_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(messages_server, messages_configuration, messages_api):
            assert messages_configuration.host == messages_server.url
            assert messages_api.api_client.configuration is messages_configuration
            assert messages_server.url.startswith("http://")
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_conversation_is_known_and_empty(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.messages_server(generation="all")
        def test_it(conversation, messages_server):
            assert conversation.list().items == []
            messages_server.receive("test-app", "test-connection", "Hello")
            assert [message.body for message in conversation.list().items] == ["Hello"]
        """
    )
    run(pytester).assert_outcomes(passed=3)


def test_server_is_started_once_and_fresh_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        ports = set()

        @pytest.mark.parametrize("round", range(3))
        def test_it(messages_server, round):
            assert messages_server.messages() == []
            assert len(messages_server.requests) == 0
            assert messages_server.token != "changed"
            assert messages_server.generation == "documented"
            messages_server.receive("app", "friend", "Hello")
            messages_server.faults.status(503)
            messages_server.generation = "2024"
            messages_server.token = "changed"
            ports.add(messages_server.port)
            assert len(ports) == 1
        """
    )
    run(pytester).assert_outcomes(passed=3)


def test_marker_chooses_generation_and_tls(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.messages_server(tls=True)

        @pytest.mark.messages_server(generation="2024")
        def test_both(messages_api, messages_server):
            assert messages_server.generation == "2024"
            assert messages_server.url.startswith("https://")
            messages_server.receive("app", "friend", "Hello")
            assert messages_api.list("app", "friend").total_count == 1

        @pytest.mark.messages_server(tls=False)
        def test_nearest(messages_server):
            assert messages_server.url.startswith("http://")
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_all_generations_in_turn(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.messages_server(generation="all")
        def test_all(messages_server, request):
            assert messages_server.generation in request.node.name

        @pytest.mark.messages_server(generation=["2023", "2024"])
        def test_some(messages_api, messages_server, request):
            assert messages_server.generation in request.node.name

        def test_one(messages_server):
            assert messages_server.generation == "documented"
        """
    )
    result = run(pytester, "-v")
    result.assert_outcomes(passed=6)
    for name in ("test_all[documented]", "test_all[2023]", "test_all[2024]", "test_some[2023]"):
        result.stdout.fnmatch_lines([f"*{name.replace('[', '[[]')} PASSED*"])


@pytest.mark.parametrize(("generation", "passed"), [("2023", 1), ("all", 3)])
def test_ini_options(pytester: pytest.Pytester, generation: str, passed: int) -> None:
    pytester.makeini(
        f"[pytest]\nmessages_server_generation = {generation}\nmessages_server_tls = true"
    )
    pytester.makepyfile(
        f"""
        def test_it(messages_server):
            assert {generation!r} in (messages_server.generation, "all")
            assert messages_server.url.startswith("https://")
        """
    )
    run(pytester, "--strict-config").assert_outcomes(passed=passed)


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("generation='2022'", "must be one of documented, 2023, 2024 or all, not '2022'"),
        ("'2024'", "takes generation=..., tls=... and host=..., nothing else"),
        ("generatoin='2024'", "takes generation=..., tls=... and host=..., nothing else"),
    ],
)
def test_wrong_marker_is_an_error(pytester: pytest.Pytester, marker: str, complaint: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.messages_server({marker})
        def test_it(messages_server):
            pass
        """
    )
    result = run(pytester)
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*{complaint}*"])


def test_nothing_of_the_package_is_imported_by_a_run_without_the_fixtures(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "openapi_client.testing.pytest_plugin" in sys.modules
            for name in ("pydantic", "urllib3", "openapi_client.testing._server"):
                assert name not in sys.modules
        """
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_under_xdist_and_randomly(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile(
        FIRST_TEST
        + """
import pytest

@pytest.mark.parametrize("number", range(12))
def test_of_many(messages_api, messages_server, number):
    messages_server.load("app", "friend", number)
    if number:
        assert messages_api.list("app", "friend").total_count == number
    assert len(messages_server.messages()) == number
"""
    )
    # Unconfigured, it warns; see test_other_plugins.py for tests beside it.
    options = ("-p", "no:asyncio", "-n", "2", "-W", "error")
    result = pytester.runpytest_subprocess(*(() if INSTALLED else PLUGIN), *options)
    result.assert_outcomes(passed=13)


def test_threads_and_sockets_of_the_servers_end_with_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import threading

        def pytest_unconfigure(config):
            names = [thread.name for thread in threading.enumerate()]
            print("left:", [name for name in names if name.startswith("openapi_client")])
        """
    )
    pytester.makepyfile(FIRST_TEST)
    result = pytester.runpytest_subprocess(*PLUGIN, "-W", "error", "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["left: []"])
