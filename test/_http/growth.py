"""What is left after many calls, many failures and many clients: `python -m test._http.growth`.

Each measurement runs in a process of its own. `--short` for a quick look.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import stat
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

from openapi_client import ApiClient, ApiException, MessagesApi
from test.support.calls import client_for, configuration_for, get, send
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, always, message

GOOD = message("good")
ROOT = Path(__file__).resolve().parent.parent.parent


def resident(which: str = "VmRSS") -> int:
    """Bytes of memory that this process has now, or with "VmHWM" had at most."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell the resident memory")


def open_sockets() -> set[tuple[int, int]]:
    """The open sockets of this process."""
    found: set[tuple[int, int]] = set()
    for descriptor in range(os.sysconf("SC_OPEN_MAX") if sys.platform != "linux" else 65536):
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add((descriptor, status.st_ino))
    return found


def mixed(peer: Peer) -> None:
    """Each connection goes wrong in another way, after some calls that go well."""
    for _ in range(peer.number % 3):
        peer.request()
        peer.send(GOOD)
    peer.request()
    way = peer.number % 9
    if way == 0:
        peer.reset()
    elif way == 1:
        peer.send(GOOD[:-5])
    elif way == 2:
        peer.send(b"no http at all\r\n\r\n")
    elif way == 3:
        peer.send(http_answer(503, "<html>"))
        peer.wait_closed()
    elif way == 4:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    elif way == 5:
        peer.send(GOOD + b"stray")
        peer.wait_closed()
    elif way == 6:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        peer.wait_closed()
    elif way == 7:
        peer.send(http_answer(200, "no json"))
        peer.end()
    else:
        peer.wait_for_more(timeout=0.005)


def failures(count: int) -> dict[str, int]:
    """Sockets that are left after mixed failures over TLS and plain, in 8 threads."""
    failed: list[int] = []
    with ScriptedServer(mixed) as plain, ScriptedServer(mixed, tls=True) as secure:
        clients = [
            ApiClient(configuration_for(server.url, retries=0, timeout=(5, 0.5)))
            for server in (plain, secure)
        ]
        # The listeners and what the threads of the servers hold are not the client's.
        apis = [MessagesApi(client) for client in clients]

        def work(number: int) -> None:
            lost = 0
            while lost < count // 8:
                api = apis[(number + lost) % 2]
                lost += fails(get, api) + fails(send, api)
            failed.append(lost)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
        gc.collect()
        peers = {plain.port, secure.port}
        left = sum(_leads_to(descriptor, peers) for descriptor, _ in open_sockets())
    return {"failures": sum(failed), "sockets left": left}


def fails(call: Callable[[MessagesApi], object], api: MessagesApi) -> bool:
    """Whether a call ends in an `ApiException`."""
    try:
        call(api)
    except ApiException:
        return True
    return False


def _leads_to(descriptor: int, ports: set[int]) -> bool:
    """Whether this is a client's end of a connection to one of these ports."""
    try:
        # The threads of the servers close theirs meanwhile.
        with socket.socket(fileno=os.dup(descriptor)) as sock:
            if sock.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            port: int = sock.getpeername()[1]
    except OSError:
        return False
    return port in ports


def clients(count: int) -> dict[str, int]:
    """Memory that is left by clients that were made, used and closed."""

    def one(url: str) -> None:
        with client_for(url) as client:
            get(MessagesApi(client))

    with ScriptedServer(always(GOOD), tls=True) as server:
        for _ in range(20):
            one(server.url)
        gc.collect()
        before = resident()
        for _ in range(count):
            one(server.url)
        gc.collect()
        return {"clients": count, "KiB left": (resident() - before) // 1024}


def calls(count: int) -> dict[str, int]:
    """Memory that is left by calls of one client."""

    def many(times: int, client: ApiClient) -> None:
        api = MessagesApi(client)
        for _ in range(times // 2):
            get(api)
            send(api)

    with _quiet_server() as server, client_for(server) as client:
        many(2_000, client)
        gc.collect()
        before = resident()
        many(count, client)
        gc.collect()
        return {"calls": count, "KiB left": (resident() - before) // 1024}


def bomb(mebibytes: int) -> dict[str, int]:
    """Memory that an answer costs which unpacks to far more than is allowed."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(mebibytes)) + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    limit = 16 * 2**20
    server = ScriptedServer(always(head + packed))
    with server, client_for(server, retries=0, max_response_bytes=limit) as client:
        before = resident("VmHWM")
        if not fails(get, MessagesApi(client)):
            raise RuntimeError("the answer was taken")
        cost = resident("VmHWM") - before
    return {"MiB unpacked": mebibytes, "percent of the limit": 100 * cost // limit}


def _quiet_server() -> ScriptedServer:
    """A server that does not note its requests, whose list would grow."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.server.requests.clear()
            peer.send(GOOD)

    return ScriptedServer(script)


MEASUREMENTS: dict[str, tuple[Callable[[int], dict[str, int]], int, int]] = {
    "failures": (failures, 10_000, 400),
    "clients": (clients, 100, 30),
    "calls": (calls, 100_000, 4_000),
    "bomb": (bomb, 1_024, 64),
}
"""Name -> the measurement, how many in full, how many in short."""


def measured(name: str, count: int) -> dict[str, int]:
    """A measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "test._http.growth", "--one", name, str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the measurement {name} failed: {done.stderr}")
    pairs = (line.rpartition(" ") for line in done.stdout.splitlines())
    return {what: int(number) for what, _, number in pairs}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m test._http.growth", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer of everything")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "COUNT"), help="one of them, here")
    given = parser.parse_args()
    if given.one:
        name, count = given.one
        for what, number in MEASUREMENTS[name][0](int(count)).items():
            print(what, number)
        return
    for name, (_, full, short) in MEASUREMENTS.items():
        print(measured(name, short if given.short else full))


if __name__ == "__main__":
    main()
