"""What a generator makes of docs/openapi.yaml has the names of this package, and runs its programs.

Needs Java and `openapi-generator-cli`; where they are missing, the names are read from the
description alone.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import openapi_client
from openapi_client import MessagesApi, models
from openapi_client.testing import MessagesServer
from test.support.pages import ROOT, Program, pages, programs

DESCRIPTION = ROOT / "docs" / "openapi.yaml"
KEPT = ROOT / "test" / "kept"
GENERATOR = shutil.which("openapi-generator-cli")
INTEGERS = ("messages_since", "page", "per_page")
# The programs of the documentation that use the names of generators.
PROGRAMS = [
    program
    for page in pages()
    for program in programs(page)
    if program.first.language == "python" and "connections_connection_id_messages_" in program.text
]


def generated(description: Path, folder: Path) -> Path:
    if GENERATOR is None or shutil.which("java") is None:
        pytest.skip("needs Java and the generator")
    command = [GENERATOR, "generate", "-g", "python", "-i", str(description), "-o", str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the client that the generator makes."""
    return generated(DESCRIPTION, tmp_path_factory.mktemp("made"))


def test_description_names_what_generators_name_after_it() -> None:
    description: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    for path in description["paths"].values():
        for method in path.keys() - {"parameters"}:
            operation = path[method]
            assert hasattr(MessagesApi, operation["operationId"])
            named = operation.get("x-codegen-request-body-name")
            assert named == ("request" if "requestBody" in operation else None)
            for parameter in operation.get("parameters", ()):
                assert parameter["name"] in INTEGERS
                assert parameter["schema"] == {"type": "integer"}


def test_generated_client_has_our_names(made: Path) -> None:
    made = made / "openapi_client"
    api = ast.parse((made / "api" / "messages_api.py").read_text("utf-8"))
    methods = {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.walk(api)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("apps_")
    }
    assert len(methods) == 12
    for name, parameters in methods.items():
        ours = [
            parameter.name
            for parameter in inspect.signature(getattr(MessagesApi, name)).parameters.values()
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
        ]
        assert ours == parameters
    names = {
        node.name
        for module in (made / "models").glob("*.py")
        for node in ast.parse(module.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert names == set(models.__all__)
    assert names <= set(openapi_client.__all__)


def test_there_are_programs_with_generated_names() -> None:
    assert PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.first.place)
@pytest.mark.parametrize("package", ["generated", "ours"])
def test_programs_run_on_either_client(
    request: pytest.FixtureRequest, package: str, program: Program
) -> None:
    folder = request.getfixturevalue("made") if package == "generated" else ROOT
    with MessagesServer(tls=True, example=True) as server:
        result = subprocess.run(
            [sys.executable, "-P" if sys.version_info >= (3, 11) else "-B", "-"],
            input=program.text.replace("https://localhost:8080/v1", server.url),
            env=dict(os.environ)
            | {"PYTHONPATH": str(folder), "API_KEY": server.token}
            | {"SSL_CERT_FILE": str(server.ca_cert)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    assert program.expected in ([None], [result.stdout])


# -- other endpoints -------------------------------------------------------------------------------

# What is not the same on purpose; each has its row in docs/differences.md. The first is all with
# generator 7.26: a comma in a path. With 7.1, also truth values, and `data` and class of errors.
DEPARTURES = {"path", "credentials", "400", "409"}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent, or what `X-Answer` asks for."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        del args

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        boundary = self.headers.get_boundary()
        if boundary is not None:
            body = body.replace(boundary, "boundary")
        headers = {
            name.lower(): value.replace(boundary or "boundary", "boundary")
            for name, value in self.headers.items()
            if name.lower() not in ("host", "accept-encoding", "connection", "content-length")
        }
        told = f"echo {json.dumps([self.command, self.path, headers, body], sort_keys=True)}"
        asked = self.headers.get("X-Answer")
        status, answer, content_type = 200, told, "text/plain"
        if asked is not None:
            # In hexadecimal, for what a server repeats of a header is blotted out of errors.
            status, answer, content_type = json.loads(bytes.fromhex(asked))
        content = answer if isinstance(answer, str) else json.dumps(answer)
        content = "" if status == 204 else content
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status != 204:
            self.send_header("Content-Length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    do_POST = do_PATCH = do_GET  # noqa: N815 - as http.server names them


def test_modules_of_other_endpoints_do_the_same_on_our_core(tmp_path: Path) -> None:
    folder = generated(KEPT / "openapi.yaml", tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever).start()
    host = f"http://127.0.0.1:{server.server_address[1]}"
    outcomes: list[dict[str, Any]] = []
    try:
        for path, modules in ((folder, []), (ROOT, [str(folder / "openapi_client")])):
            result = subprocess.run(
                [sys.executable, str(KEPT / "exercise.py"), host, *modules],
                env=dict(os.environ) | {"PYTHONPATH": str(path)},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert result.returncode == 0, result.stderr
            outcomes.append(json.loads(result.stdout))
    finally:
        server.shutdown()
        server.server_close()
    theirs, ours = outcomes
    assert ours.keys() == theirs.keys()
    different = {name: (theirs[name], ours[name]) for name in ours if theirs[name] != ours[name]}
    assert different.keys() <= DEPARTURES, different
