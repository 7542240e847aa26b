"""`python -m openapi_client.testing`: the embedded server from a shell.

It prints three lines that a shell can evaluate, then serves until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import shlex
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Generator, Sequence
from typing import Any, NoReturn

from openapi_client.testing._effects import Fault
from openapi_client.testing._faults import Faults
from openapi_client.testing._generations import GENERATIONS
from openapi_client.testing._server import MessagesServer

_PROGRAM = "python -m openapi_client.testing"
_CANNOT_START = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(_refuse(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_PROGRAM,
        description="A server of the messages API, with the documentation's example conversation. "
        "Prints three export lines when it accepts connections; Ctrl-C or SIGTERM ends it.",
    )
    parser.add_argument("--host", default="localhost", help="where to listen (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one (%(default)s)")
    parser.add_argument("--no-tls", action="store_true", help="plain HTTP instead of HTTPS")
    parser.add_argument("--database", metavar="FILE", help="an SQLite file (default: in memory)")
    parser.add_argument(
        "--generation", choices=GENERATIONS, default="documented", help="(%(default)s)"
    )
    parser.add_argument("--token", help="the token to accept (default: a random one)")
    parser.add_argument(
        "--ca-cert",
        metavar="FILE",
        help="where to write the CA certificate (default: a temporary file, deleted at the end)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:VALUE][,KEY=VALUE...]",
        help="what goes wrong, such as status:503,share=0.1 or latency:0.5,operation=send or "
        "reset,nth=3; may be given several times",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="what the faults' shares are drawn from (%(default)s)"
    )
    parser.add_argument("--log", action="store_true", help="one line per request on standard error")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until a signal ends it; return the exit status, 2 if it cannot start."""
    given = _parser().parse_args(arguments)
    with _signals() as wait_for_signal:
        return _run(given, wait_for_signal)


@contextlib.contextmanager
def _signals() -> Generator[Callable[[], object], None, None]:
    """Within this context SIGINT, SIGTERM and SIGBREAK end no more than the wait that it gives.

    By a descriptor, because a signal that comes a moment before the wait, or that the system hands
    to another thread, would not end a wait for a lock.
    """
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    with woken, wakes:
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last one is Ctrl+Break on Windows
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda _number, _frame: None)
        signal.set_wakeup_fd(wakes.fileno())
        try:
            yield lambda: woken.recv(1)
        finally:
            signal.set_wakeup_fd(-1)


def _run(given: argparse.Namespace, wait_for_signal: Callable[[], object]) -> int:
    try:
        server = MessagesServer(
            generation=given.generation,
            tls=not given.no_tls,
            token=given.token,
            database=given.database,
            host=given.host,
            port=given.port,
            example=True,
            ca_cert=given.ca_cert,
            seed=given.seed,
            keep_requests=0,
            log=_write_to_stderr if given.log else None,
        )
    except ValueError as error:
        return _refuse(str(error))
    except sqlite3.Error as error:
        return _refuse(f"cannot open the database {given.database}: {error}")
    try:
        for text in given.fault:
            command_fault(server.faults, text)
        server.start()
        sys.stdout.write(
            f"export OPENAPI_CLIENT_HOST={shlex.quote(server.url)}\n"
            f"export API_KEY={shlex.quote(server.token)}\n"
            f"export SSL_CERT_FILE={shlex.quote(server.ca_cert) if server.ca_cert else ''}\n"
        )
        sys.stdout.flush()
        # A shell with `eval "$(... &)"` waits for more lines as long as anybody can write some.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        wait_for_signal()
    except (ImportError, ValueError) as error:
        return _refuse(str(error))
    except OSError as error:
        where = (
            f"cannot write {error.filename}"
            if error.filename
            else (f"cannot listen on {given.host} port {given.port}")
        )
        return _refuse(f"{where}: {error.strerror or error}")
    finally:
        server.close()
    return 0


def _write_to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")  # in one piece, so that lines of threads do not mix
    sys.stderr.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{_PROGRAM}: {' '.join(reason.split())}\n")
    return _CANNOT_START


# Faults as text.

FAULT_ARGUMENTS = {
    "status": "status",
    "latency": "seconds",
    "no_answer": "stored",
    "reset": "stored",
    "truncate": "keep",
    "garble": "",
    "drip": "interval",
    "wrong_length": "by",
    "expire_token": "",
    "generation": "name",
    "refuse": "seconds",
}


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


_VALUES: dict[str, Callable[[str], object]] = {
    "status": int,
    "body": str,
    "retry_after": str,
    "stored": _flag,
    "seconds": float,
    "keep": float,
    "interval": float,
    "size": int,
    "by": int,
    "name": str,
    "operation": str,
    "nth": int,
    "share": float,
    "times": int,
}


def command_fault(faults: Faults, text: str) -> Fault:
    """Command the fault that `NAME[:VALUE][,KEY=VALUE...]` describes.

    The names and keys are those of `Faults` (`-` stands for `_`, too), VALUE is the first argument:
    `status:503,share=0.1,retry_after=2`, `latency:0.5,operation=send`, `no-answer,nth=3`,
    `generation:2024,nth=10`. A part that holds a comma stands in double quotes, and `header` may
    come several times: `status:429,header=Retry-After: 3,"body=slow down, please"`.

    Raises:
        ValueError: the text is no fault; the message says what is wrong.
    """
    parts = next(csv.reader([text or " "], skipinitialspace=True))
    name, colon, value = parts[0].partition(":")
    name = name.strip().replace("-", "_")
    if name not in FAULT_ARGUMENTS:
        raise ValueError(f"the fault {text!r}: the faults are {', '.join(FAULT_ARGUMENTS)}")
    if colon:
        parts[0] = f"{FAULT_ARGUMENTS[name]}={value}"
    arguments: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for part in parts if colon else parts[1:]:
        key, equals, value = part.partition("=")
        key = key.strip().replace("-", "_")
        if key == "header":
            field, _, content = value.partition(":")
            headers[field.strip()] = content.strip()
            continue
        if not equals or key not in _VALUES:
            raise ValueError(
                f"the fault {text!r}: {part!r} is not KEY=VALUE with a key that there is"
            )
        try:
            arguments[key] = _VALUES[key](value.strip())
        except (KeyError, ValueError):
            raise ValueError(f"the fault {text!r}: {value!r} is no value of {key}") from None
    if headers:
        arguments["headers"] = headers
    try:
        fault: Fault = getattr(faults, name)(**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the fault {text!r}: {error}") from None
    return fault


if __name__ == "__main__":
    sys.exit(main())
