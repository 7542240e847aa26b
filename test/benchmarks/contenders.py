"""Who is measured: each one gets, sends and lists the same messages at the same server."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import urllib3
from pydantic import BaseModel

from test.benchmarks.answers import APP_ID, CONNECTION_ID, JTI, TEXT, TOKEN
from test.benchmarks.floor import Floor, pool_manager

Operation = Literal["get", "send", "list of 10", "list of 100", "list of 1,000"]
Call = Callable[[], object]

OURS = "openapi_client"
FLOOR = "urllib3 + pydantic"
POOL = "urllib3, pool used directly"
HTTP_CLIENT = "http.client + json"
REQUESTS = "requests"
HTTPX = "httpx"


@dataclass(frozen=True)
class Contender:
    """A client that is set up: its calls by operation, without arguments, and how to close it."""

    calls: Mapping[Operation, Call]
    close: Callable[[], object]


class _List(Protocol):
    def __call__(self, app_id: str, connection_id: str, *, per_page: int) -> object: ...


def _contender(
    get: Callable[[str, str, str], object],
    send: Callable[[str, str, str], object],
    list_page: _List,
    close: Callable[[], object],
) -> Contender:
    page = partial(list_page, APP_ID, CONNECTION_ID)
    return Contender(
        {
            "get": partial(get, APP_ID, CONNECTION_ID, JTI),
            "send": partial(send, APP_ID, CONNECTION_ID, TEXT),
            "list of 10": partial(page, per_page=10),
            "list of 100": partial(page, per_page=100),
            "list of 1,000": partial(page, per_page=1000),
        },
        close,
    )


def ours(base_url: str, ca_cert: str, **settings: Any) -> Contender:
    """Return this project's client, all its promises switched on.

    Args:
        base_url: what the ``Configuration`` takes for its host.
        ca_cert: path of the certificate authority, PEM.
        settings: more for the ``Configuration``.
    """
    from openapi_client import ApiClient, Configuration, MessagesApi

    configuration = Configuration(
        host=base_url, api_key={"BearerAuth": TOKEN}, ssl_ca_cert=ca_cert, **settings
    )
    client = ApiClient(configuration)
    messages = MessagesApi(client)
    return _contender(messages.get, messages.send, messages.list, client.close)


def floor(base_url: str, ca_cert: str, maxsize: int = 1) -> Contender:
    """Return bare urllib3 and plain models."""
    pool = pool_manager(ca_cert, maxsize)
    bare = Floor(pool, base_url, TOKEN)
    return _contender(bare.get, bare.send, bare.list, pool.clear)


def pool_directly(base_url: str, ca_cert: str) -> Contender:
    """Return urllib3 without its ``PoolManager``: the pool of the one host, asked for paths."""
    parts = urlsplit(base_url)
    assert parts.hostname is not None
    pool = (
        urllib3.HTTPSConnectionPool(parts.hostname, parts.port, ca_certs=ca_cert)
        if parts.scheme == "https"
        else urllib3.HTTPConnectionPool(parts.hostname, parts.port)
    )
    bare = Floor(pool, parts.path, TOKEN)
    return _contender(bare.get, bare.send, bare.list, pool.close)


class _Paths:
    """Addresses and header fields, as the contenders that decode with ``json`` need them."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.headers = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}
        self.json_headers = {**self.headers, "Content-Type": "application/json"}

    def messages(self, app_id: str, connection_id: str) -> str:
        return f"{self._base}/apps/{app_id}/connections/{connection_id}/messages"


class _HttpClient(_Paths):
    def __init__(self, base_url: str, ca_cert: str) -> None:
        parts = urlsplit(base_url)
        assert parts.hostname is not None
        super().__init__(parts.path)
        self.connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, context=ssl.create_default_context(cafile=ca_cert)
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port)
        )

    def _call(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> object:
        self.connection.request(method, path, body=body, headers=headers)
        return json.loads(self.connection.getresponse().read())

    def get(self, app_id: str, connection_id: str, jti: str) -> object:
        return self._call(
            "GET", f"{self.messages(app_id, connection_id)}/{jti}", self.headers, None
        )

    def send(self, app_id: str, connection_id: str, text: str) -> object:
        body = json.dumps({"body": text}).encode()
        return self._call("POST", self.messages(app_id, connection_id), self.json_headers, body)

    def list(self, app_id: str, connection_id: str, *, per_page: int) -> object:
        path = f"{self.messages(app_id, connection_id)}?per_page={per_page}"
        return self._call("GET", path, self.headers, None)


class _Answer(Protocol):
    def json(self) -> Any: ...


class _Session(Protocol):
    def get(
        self, url: str, *, headers: Mapping[str, str], params: Mapping[str, int] | None = None
    ) -> _Answer: ...

    def post(self, url: str, *, headers: Mapping[str, str], json: Mapping[str, str]) -> _Answer: ...


class _SessionClient(_Paths):
    """``requests`` and ``httpx`` are used in the same way."""

    def __init__(self, session: _Session, base_url: str) -> None:
        super().__init__(base_url)
        self._session = session

    def get(self, app_id: str, connection_id: str, jti: str) -> object:
        url = f"{self.messages(app_id, connection_id)}/{jti}"
        return self._session.get(url, headers=self.headers).json()

    def send(self, app_id: str, connection_id: str, text: str) -> object:
        url = self.messages(app_id, connection_id)
        return self._session.post(url, headers=self.headers, json={"body": text}).json()

    def list(self, app_id: str, connection_id: str, *, per_page: int) -> object:
        url = self.messages(app_id, connection_id)
        params = {"per_page": per_page}
        return self._session.get(url, headers=self.headers, params=params).json()


def http_client(base_url: str, ca_cert: str) -> Contender:
    """Return the standard library's client."""
    client = _HttpClient(base_url, ca_cert)
    return _contender(client.get, client.send, client.list, client.connection.close)


def with_requests(base_url: str, ca_cert: str) -> Contender:
    """Return a session of ``requests``."""
    import requests

    session = requests.Session()
    session.verify = ca_cert
    client = _SessionClient(session, base_url)
    return _contender(client.get, client.send, client.list, session.close)


def with_httpx(base_url: str, ca_cert: str) -> Contender:
    """Return a client of ``httpx``."""
    import httpx

    session = httpx.Client(verify=ssl.create_default_context(cafile=ca_cert))
    client = _SessionClient(session, base_url)
    return _contender(client.get, client.send, client.list, session.close)


CONTENDERS: Mapping[str, Callable[[str, str], Contender]] = {
    OURS: ours,
    FLOOR: floor,
    POOL: pool_directly,
    HTTP_CLIENT: http_client,
    REQUESTS: with_requests,
    HTTPX: with_httpx,
}
"""How to make each contender, from a base URL and the path of the certificate authority."""


def check(contender: Contender) -> None:
    """Make every call once and look at what came, so that nobody is quick at being wrong."""

    def field(value: Any, name: str) -> Any:
        return getattr(value, name) if isinstance(value, BaseModel) else value[name]

    for operation, call in contender.calls.items():
        result = call()
        if operation in {"get", "send"}:
            assert field(result, "body") == TEXT, (operation, result)
        else:
            items = field(result, "items")
            assert len(items) == int(operation.removeprefix("list of ").replace(",", "")), operation
            assert field(items[-1], "jti"), operation
