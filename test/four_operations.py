"""The four operations with nothing installed but the package and what it requires.

A program for an environment that holds the installed wheel: `python -I four_operations.py`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path

import openapi_client
from openapi_client import ApiClient, MessagesApi
from openapi_client.testing import MessagesServer

RUNTIME = {"urllib3", "pydantic", "python-dateutil", "typing-extensions"}


def main() -> None:
    package = Path(openapi_client.__file__).parent
    assert package.parent.name == "site-packages", "not the installed package"
    assert (package / "py.typed").is_file()
    required = importlib.metadata.requires("openapi-messages-client") or []
    plain = {re.split(r"[^\w.-]", line)[0] for line in required if "extra ==" not in line}
    assert plain == RUNTIME, plain
    assert importlib.util.find_spec("trustme") is None, "the environment is not empty"
    with MessagesServer(tls=False) as server, ApiClient(server.configuration()) as client:
        messages = MessagesApi(client)
        jti = messages.send("app", "connection", "Hello").jti
        assert jti is not None
        messages.edit("app", "connection", jti, "Hello, world")
        read = messages.get("app", "connection", jti)
        listed = messages.list("app", "connection").items
        assert read.body == "Hello, world"
        assert listed == [read]
    print(f"the four operations work with openapi-messages-client {openapi_client.__version__}")


if __name__ == "__main__":
    main()
