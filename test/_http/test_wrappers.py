"""The real packages that wrap `HTTPConnectionPool.urlopen` work with this client, and see calls.

Each runs in a process of its own, because it patches what the whole process uses. Packages that
are not installed are left out, and named.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CALLS = """
from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.testing import MessagesServer

def calls():
    with MessagesServer(tls=False, example=True) as server:
        with ApiClient(server.configuration()) as client:
            api = MessagesApi(client)
            ids = "app_id_example", "connection_id_example"
            assert api.list(*ids).total_count == 1
            assert api.send(*ids, "hello").body == "hello"
        return [request.headers for request in server.requests]
"""

ELASTIC_APM = """
import elasticapm
client = elasticapm.Client(
    service_name="test", disable_send=True, metrics_interval="0s", central_config=False,
    cloud_provider="none",
)
elasticapm.instrument()
client.begin_transaction("test")
assert all("traceparent" in headers for headers in calls())
client.end_transaction("test", "success")
client.close()
"""

DDTRACE = """
import os
os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
from ddtrace import patch
patch(urllib3=True)
assert all("x-datadog-trace-id" in headers for headers in calls())
os._exit(0)  # nobody takes its traces
"""

NEWRELIC = """
import os
os.environ.update(
    NEW_RELIC_DEVELOPER_MODE="true", NEW_RELIC_APP_NAME="test", NEW_RELIC_LICENSE_KEY="0" * 40
)
import newrelic.agent
newrelic.agent.initialize()
with newrelic.agent.BackgroundTask(newrelic.agent.register_application(timeout=5), name="test"):
    assert len(calls()) == 2
"""

POOK = """
import pook
pook.on()
url = "https://service.example/v1/apps/a/connections/c/messages"
pook.get(url).reply(200).json({"items": [], "total_count": 7})
with ApiClient(Configuration("https://service.example/v1", {"BearerAuth": "a-token"})) as client:
    assert MessagesApi(client).list("a", "c").total_count == 7
"""


@pytest.mark.parametrize(
    ("package", "program"),
    [("elasticapm", ELASTIC_APM), ("ddtrace", DDTRACE), ("newrelic", NEWRELIC), ("pook", POOK)],
)
def test_what_wraps_urlopen_works_and_sees_each_call(package: str, program: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", CALLS + program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
