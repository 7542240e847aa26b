"""What the fixtures cost a test run: `python -m test.testing.cost`.

Prints the time to the first test that uses the server, plain and over TLS, and the time of each
further test beside that of a fixture that does nothing. The best of several rounds counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
TESTS = 1000

MANY = f"""
import pytest

@pytest.fixture
def nothing():
    yield

@pytest.mark.parametrize("number", range({TESTS}))
def test_it(number, {{fixture}}):
    {{body}}
"""
PLAIN = "def test_it(messages_server): pass"
TLS = f"import pytest\n@pytest.mark.messages_server(tls=True)\n{PLAIN}"


def run(test: str, *arguments: str) -> tuple[float, str]:
    """How long a run of one file of tests takes, in seconds, and what it prints."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent.parent)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text(test, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        plugin = ["-p", "openapi_client.testing.pytest_plugin"]
        started = time.perf_counter()
        printed = subprocess.check_output(
            [*command, *plugin], cwd=folder, env=environment, text=True
        )
        return time.perf_counter() - started, printed


def setup(test: str) -> float:
    """The time that the setup of a test takes, in milliseconds, as pytest measures it."""
    _, printed = run(test, "--durations=0", "--durations-min=0", "-vv")
    found = re.search(r"([\d.]+)s setup", printed)
    assert found is not None, printed
    return float(found[1]) * 1000


def per_test(fixture: str, body: str = "pass") -> float:
    """The time of one of many tests, in milliseconds, its share of pytest's own included."""
    return run(MANY.format(fixture=fixture, body=body))[0] / TESTS * 1000


def main() -> None:
    """Measures and prints."""
    first = min(setup(PLAIN) for _ in range(ROUNDS))
    first_tls = min(setup(TLS) for _ in range(ROUNDS))
    nothing = min(per_test("nothing") for _ in range(ROUNDS))
    server = min(per_test("messages_server") for _ in range(ROUNDS)) - nothing
    sending = "messages_api.send('app', 'friend', 'Hello')"
    send = min(per_test("messages_api", sending) for _ in range(ROUNDS)) - nothing
    print(f"once per run: {first:.0f} ms plain, {first_tls:.0f} ms over TLS")
    print(f"per test: {server:.2f} ms for messages_server, {send:.2f} ms with a client and a send")


if __name__ == "__main__":
    main()
