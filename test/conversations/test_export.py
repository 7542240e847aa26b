"""The example that exports conversations: with real processes, and killed in the midst."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from openapi_client import MessageMessage
from openapi_client.testing import MessagesServer
from test.support.pages import ROOT
from test.support.world import APP

CONNECTIONS = [f"friend-{number}" for number in range(200)]
SECONDS = 120
"""For what does not take nearly as long, unless it hangs."""


@pytest.fixture
def export(tmp_path: Path) -> Iterator[Export]:
    with MessagesServer(tls=False) as server:
        for number, connection in enumerate(CONNECTIONS):
            server.load(APP, connection, 250 if number % 8 == 0 else 15)
        yield Export(server, tmp_path)


class Export:
    """The program, its server and its files."""

    def __init__(self, server: MessagesServer, home: Path) -> None:
        self.server = server
        self.home = home
        self.folder = home / "exported"
        self.choose(CONNECTIONS)

    def choose(self, connections: list[str]) -> None:
        """Say which conversations are to be exported."""
        (self.home / "list").write_text("".join(f"{APP} {each}\n" for each in connections))

    @contextmanager
    def running(self) -> Generator[subprocess.Popen[bytes]]:
        """The program; whatever is left of it in the end is killed."""
        program = ROOT / "docs" / "examples" / "export.py"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, str(program), "list", "exported"],
            cwd=self.home,
            env={
                **inherited,
                "OPENAPI_CLIENT_HOST": self.server.url,
                "API_KEY": self.server.token,
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "error",
                "TMPDIR": str(self.home),
            },
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def files(self) -> dict[str, Path]:
        """The files that are whole, by connection."""
        return {path.stem.partition(" ")[2]: path for path in self.folder.glob("*.jsonl")}

    def partial(self) -> list[Path]:
        """The files that are not whole."""
        return list(self.folder.glob("*.part"))

    def ids_in(self, path: Path) -> list[str | None]:
        """The messages of a file."""
        lines = path.read_text("utf-8").splitlines()
        return [MessageMessage.model_validate_json(line).jti for line in lines]

    def run_to_the_end(self) -> str:
        with self.running() as process:
            _, complaints = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, complaints.decode()
        assert b"Traceback" not in complaints, complaints.decode()
        return complaints.decode()

    def kill_in_the_midst(self) -> None:
        with self.running() as process, ExitStack() as stalled:
            self.server.requests.wait_for(200, timeout=SECONDS, operation="list")
            # Nothing gets further from here on, so it is in the midst whenever the signal arrives.
            stalled.enter_context(self.server.faults.no_answer())
            process.kill()
            process.wait(SECONDS)


def test_an_export_that_is_killed_and_restarted_has_every_message_once(export: Export) -> None:
    export.kill_in_the_midst()
    whole = export.files()
    assert 0 < len(whole) < len(CONNECTIONS)
    assert export.partial()
    export.server.requests.clear()

    export.run_to_the_end()
    files = export.files()
    assert sorted(files) == sorted(CONNECTIONS)
    for connection, path in files.items():
        stored = [message.jti for message in export.server.messages(APP, connection)]
        assert export.ids_in(path) == stored
    assert export.partial() == []
    asked = sum(request.operation == "list" for request in export.server.requests)
    assert asked < 3 * len(CONNECTIONS) + 50


def test_an_export_goes_on_within_a_conversation_and_adds_what_came_since(export: Export) -> None:
    export.server.load(APP, "long", 30_000)
    export.choose(["long"])
    with export.running() as process:
        export.server.requests.wait_for(15, timeout=SECONDS, operation="list")
        process.kill()
        process.wait(SECONDS)
    (part,) = export.partial()
    written = part.read_bytes().count(b"\n")
    assert 0 < written < 30_000
    for expected in (30_000, 30_005):
        export.server.requests.clear()
        complaints = export.run_to_the_end()
        stored = [message.jti for message in export.server.messages(APP, "long")]
        assert export.ids_in(export.files()["long"]) == stored
        assert len(stored) == expected
        lists = [request for request in export.server.requests if request.operation == "list"]
        assert len(lists) < (30_000 - written) // 1000 + 30
        written = expected
        for number in range(5):
            export.server.receive(APP, "long", f"new {number}")
    assert "5/5" in complaints


def test_a_conversation_that_fails_is_named_and_stops_no_other(export: Export) -> None:
    export.choose(CONNECTIONS[:5])
    export.server.faults.status(403, operation="list", times=1)
    with export.running() as process:
        _, complaints = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert complaints.decode().splitlines()[-1].startswith("403 Forbidden")
    assert len(export.files()) == 4
