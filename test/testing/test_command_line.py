"""`python -m openapi_client.testing`, from a shell's point of view."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.exceptions import ServiceException
from openapi_client.testing import Faults, MessagesServer
from openapi_client.testing.__main__ import command_fault
from test.support.raw import RawClient

EXAMPLE = ("app_id_example", "connection_id_example")
SECONDS = 20


class Running:
    """A server in a process of its own, its three lines read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.lines = [process.stdout.readline() for _ in range(3)]
        self.variables: dict[str, str] = {}
        for line in self.lines:
            name, _, value = shlex.split(line)[1].partition("=")
            self.variables[name] = value

    def client(self) -> ApiClient:
        return ApiClient(
            Configuration(
                host=self.variables["OPENAPI_CLIENT_HOST"],
                api_key={"BearerAuth": self.variables["API_KEY"]},
                ssl_ca_cert=self.variables["SSL_CERT_FILE"] or None,
                retries=0,
            )
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """What it prints from here to its end."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=SECONDS)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "openapi_client.testing", *arguments]


@contextmanager
def running(*arguments: str) -> Generator[Running]:
    with subprocess.Popen(
        command("--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def refused(*arguments: str) -> str:
    """The one line on standard error of a command that cannot start, without the newline."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1
    return done.stderr[:-1]


def test_a_shell_can_evaluate_it_in_the_background() -> None:
    script = f"""
    eval "$({shlex.join(command("--no-tls", "--port", "0"))} & echo server=$!)"
    echo $OPENAPI_CLIENT_HOST
    kill $server
    """
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("http://localhost:")
    assert done.stderr == ""


def test_three_lines_that_a_shell_can_evaluate() -> None:
    with running() as server:
        names = [line.partition("=")[0] for line in server.lines]
        assert names == [*("export OPENAPI_CLIENT_HOST", "export API_KEY", "export SSL_CERT_FILE")]
        script = "".join(server.lines) + 'echo "$OPENAPI_CLIENT_HOST $API_KEY $SSL_CERT_FILE"'
        echoed = subprocess.check_output(["sh", "-euc", script], text=True)
        assert echoed.split() == list(server.variables.values())
        assert server.variables["OPENAPI_CLIENT_HOST"].startswith("https://localhost:")
        assert server.variables["OPENAPI_CLIENT_HOST"].endswith("/v1")
        with server.client() as client:
            assert MessagesApi(client).get(*EXAMPLE, "jti_example").jti == "jti_example"
        assert server.end() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    with running("--no-tls") as server:
        assert server.end(number) == ("", "")
        assert server.process.returncode == 0


def test_temporary_ca_certificate_is_gone_afterwards() -> None:
    with running() as server:
        certificate = Path(server.variables["SSL_CERT_FILE"])
        assert certificate.is_file()
        server.end()
        assert not certificate.exists()


def test_without_tls_the_variable_of_the_certificate_is_empty() -> None:
    with running("--no-tls") as server:
        assert server.lines[2] == "export SSL_CERT_FILE=\n"
        assert server.variables["OPENAPI_CLIENT_HOST"].startswith("http://")
        with server.client() as client:
            assert MessagesApi(client).list(*EXAMPLE).total_count == 1


def test_values_are_quoted_for_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "it's a $file.pem"
    with running("--token", "a'$(b)", "--ca-cert", str(path)) as server:
        assert server.variables["API_KEY"] == "a'$(b)"
        assert server.variables["SSL_CERT_FILE"] == str(path)
        with server.client() as client:
            assert MessagesApi(client).list(*EXAMPLE).total_count == 1
    assert path.is_file()


def test_generation_and_host() -> None:
    with running("--no-tls", "--generation", "2024", "--host", "127.0.0.1") as server:
        assert server.variables["OPENAPI_CLIENT_HOST"].startswith("http://127.0.0.1:")
        with server.client() as client:
            answer = MessagesApi(client).send_with_http_info(*EXAMPLE, "Hello")
            assert answer.status_code == 202


def test_database_survives_a_restart(tmp_path: Path) -> None:
    database = ("--no-tls", "--database", str(tmp_path / "messages.db"))
    with running(*database) as server, server.client() as client:
        MessagesApi(client).send(*EXAMPLE, "Hello")
        server.end()
    with running(*database) as server, server.client() as client:
        assert MessagesApi(client).list(*EXAMPLE).total_count == 2


def test_faults_and_log() -> None:
    with running(
        *("--no-tls", "--log", "--seed", "5"),
        *("--fault", "status:503,nth=2", "--fault", "latency:0.001"),
    ) as server:
        with server.client() as client:
            api = MessagesApi(client)
            api.list(*EXAMPLE)
            with pytest.raises(ServiceException):
                api.list(*EXAMPLE)
        first, second = server.end()[1].splitlines()
        assert "  200  GET  /v1/apps/app_id_example/" in first
        assert first.endswith("[latency]")
        assert "  503  GET  " in second
        assert second.endswith("[latency, status]")


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        complaint = refused("--no-tls", "--host", "127.0.0.1", "--port", port)
    assert complaint == (
        f"python -m openapi_client.testing: cannot listen on 127.0.0.1 port {port}: "
        f"{os.strerror(98)}"
    )


def test_what_cannot_be_opened_or_written(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "file"
    assert f"cannot open the database {missing}: unable to open" in refused(
        "--port", "0", "--database", str(missing)
    )
    assert f"cannot write {missing}: {os.strerror(2)}" in refused(
        "--port", "0", "--ca-cert", str(missing)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "x"], "argument --port: invalid int value: 'x'"),
        (["--port", "65536"], "port must be from 0 to 65535, not 65536"),
        (["--generation", "2022"], "argument --generation: invalid choice: '2022'"),
        (["--token", ""], "token must be one or more visible ASCII characters"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--fault", "flood"], "the fault 'flood': the faults are status, latency,"),
        (["--port", "0", "--host", "unknown.invalid"], "cannot listen on unknown.invalid port 0"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str) -> None:
    assert message in refused("--no-tls", *arguments)


@pytest.mark.parametrize(
    ("text", "status", "headers"),
    [
        ("status:503", 503, {}),
        ("status:429,retry_after=3", 429, {"Retry-After": "3"}),
        (" status : 429 , retry-after = 3 ", 429, {"Retry-After": "3"}),
        ("status:429,header=Retry-After: 3,header=X-A:b", 429, {"Retry-After": "3", "X-A": "b"}),
        ("status,status=500,stored=true", 500, {}),
    ],
)
def test_fault_as_text(
    messages_server: MessagesServer, text: str, status: int, headers: dict[str, str]
) -> None:
    command_fault(messages_server.faults, text)
    with RawClient(messages_server) as call:
        answer = call("GET", "/nothing")
    assert answer.status == status
    assert answer.headers.items() >= headers.items()


def test_body_of_a_fault_as_text_may_hold_commas(messages_server: MessagesServer) -> None:
    command_fault(messages_server.faults, 'status:503,"body=slow down, please"')
    with RawClient(messages_server) as call:
        assert call("GET", "/nothing").body == b"slow down, please"


@pytest.mark.parametrize(
    "text",
    [
        *("latency:0.5,operation=send", "no-answer,stored=true,nth=3", "no_answer:false"),
        *("reset:true,share=0.5", "truncate:0.1", "truncate", "garble,times=2", "drip"),
        *("drip:0.1,size=3", "wrong-length:-3", "expire-token,nth=3", "generation:2024,nth=10"),
        *("refuse:0.1,share=0.1", "refuse"),
    ],
)
def test_every_fault_can_be_written_as_text(messages_server: MessagesServer, text: str) -> None:
    fault = command_fault(messages_server.faults, text)
    assert text.replace("-", "_").startswith(fault.name)


def test_every_fault_of_the_vocabulary_can_be_written() -> None:
    from openapi_client.testing.__main__ import FAULT_ARGUMENTS

    words = {name for name, value in vars(Faults).items() if callable(value) and name[0] != "_"}
    assert set(FAULT_ARGUMENTS) == words - {"seed", "clear", "strike", "before_next", "remove"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the faults are status"),
        ("latency", "seconds"),
        ("latency:soon", "'soon' is no value of seconds"),
        ("reset,stored=yes", "'yes' is no value of stored"),
        ("reset,when=now", "'when=now' is not KEY=VALUE"),
        ("reset,nth", "'nth' is not KEY=VALUE"),
        ("reset,keep=0.5", "no argument keep"),
        ("status:503,share=2", "share must be above 0 and at most 1"),
        ("garble:1", "'=1' is not KEY=VALUE"),
    ],
)
def test_text_that_is_no_fault(messages_server: MessagesServer, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        command_fault(messages_server.faults, text)
