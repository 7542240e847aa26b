"""What importing costs: fresh interpreters, contenders in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

from test.benchmarks.answers import APP_ID, CONNECTION_ID, JTI, TOKEN
from test.benchmarks.contenders import FLOOR, HTTPX, OURS, REQUESTS
from test.benchmarks.measure import Figure, figure
from test.benchmarks.server_process import ROOT, StubServer

NOTHING_USED = "import, nothing used"
FIRST_CALL = "import and first call"
FIRST_CALL_TLS = "import and first call, TLS"

_PROBE = """
import sys
from time import perf_counter, process_time
from test.benchmarks.resident import kilobytes, peak_kilobytes
loaded, held = len(sys.modules), kilobytes()
cpu, wall = process_time(), perf_counter()
{statements}
wall, cpu = perf_counter() - wall, process_time() - cpu
print([wall * 1e3, cpu * 1e3, len(sys.modules) - loaded, (peak_kilobytes() - held) / 1024])
"""
_QUANTITIES = (("modules", "modules"), ("peak memory", "MiB"))

_IMPORTS = {
    OURS: "import openapi_client",
    FLOOR: "from test.benchmarks import floor",
    REQUESTS: "import requests",
    HTTPX: "import httpx",
}


def _first_calls(url: str, ca_cert: str) -> dict[str, str]:
    path = f"{url}/apps/{APP_ID}/connections/{CONNECTION_ID}/messages/{JTI}"
    headers = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}
    ids = f"{APP_ID!r}, {CONNECTION_ID!r}, {JTI!r}"
    return {
        OURS: f"""{_IMPORTS[OURS]}
configuration = openapi_client.Configuration({url!r}, {{"BearerAuth": {TOKEN!r}}})
configuration.ssl_ca_cert = {ca_cert!r}
openapi_client.MessagesApi(openapi_client.ApiClient(configuration)).get({ids})""",
        FLOOR: f"""{_IMPORTS[FLOOR]}
floor.Floor(floor.pool_manager({ca_cert!r}), {url!r}, {TOKEN!r}).get({ids})""",
        REQUESTS: f"""{_IMPORTS[REQUESTS]}
requests.get({path!r}, headers={headers!r}, verify={ca_cert!r}).json()""",
        HTTPX: f"""{_IMPORTS[HTTPX]}
import ssl
context = ssl.create_default_context(cafile={ca_cert!r})
httpx.get({path!r}, headers={headers!r}, verify=context).json()""",
    }


def probe(statements: str) -> list[float]:
    """Run statements in a fresh interpreter.

    Returns milliseconds (wall, CPU), the number of modules loaded, and MiB held more at the peak.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROBE.format(statements=statements)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    values: list[float] = json.loads(done.stdout)
    return values


def _measure(case: str, statements: Mapping[str, str], rounds: int) -> list[Figure]:
    for each in statements.values():
        probe(each)  # byte code is written, files are in the system's cache
    samples: dict[str, list[list[float]]] = {name: [] for name in statements}
    for _ in range(rounds):
        for name, each in statements.items():
            samples[name].append(probe(each))
    figures: list[Figure] = []
    for name, rows in samples.items():
        (wall, cpu, *others), floors = (
            zip(*rows, strict=True),
            list(zip(*samples[FLOOR], strict=True)),
        )
        cpu_ratio = figure(case, name, "ms", cpu, floors[1]).ratio
        figures.append(replace(figure(case, name, "ms", wall, floors[0]), cpu_ratio=cpu_ratio))
        for (quantity, unit), values, floor in zip(_QUANTITIES, others, floors[2:], strict=True):
            figures.append(figure(f"{case}: {quantity}", name, unit, values, floor))
    return figures


def measure_imports(server: StubServer, rounds: int) -> list[Figure]:
    """Measure importing alone, and importing and one call."""
    figures = _measure(NOTHING_USED, _IMPORTS, rounds)
    for case, tls in ((FIRST_CALL, False), (FIRST_CALL_TLS, True)):
        figures += _measure(case, _first_calls(server.url(tls=tls), server.ca_cert), rounds)
    return figures
