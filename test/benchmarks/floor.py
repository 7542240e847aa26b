"""The floor: bare ``urllib3.PoolManager`` and plain pydantic models; every ratio is to this.

It imports nothing but these two packages, because importing it is measured, too.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

import urllib3
from pydantic import BaseModel


class PlainMessage(BaseModel):
    """The documented fields of a message, pydantic's own settings."""

    body: str | None = None
    cid: str | None = None
    created_at: str | None = None
    iat: str | None = None
    iss: str | None = None
    jti: str | None = None
    rid: str | None = None
    updated_at: str | None = None


class PlainPage(BaseModel):
    """The documented fields of a page."""

    items: list[PlainMessage] | None = None
    page: int | None = None
    page_count: int | None = None
    per_page: int | None = None
    total_count: int | None = None


class PlainCreate(BaseModel):
    """The documented fields of a request to send."""

    body: str | None = None


class PlainUpdate(BaseModel):
    """The documented fields of a request to edit."""

    body: str | None = None


class Answer(Protocol):
    """What the floor reads of an answer."""

    @property
    def data(self) -> bytes:
        """The body."""
        ...


class Pool(Protocol):
    """What the floor calls: a ``PoolManager``, a pool of one host, or a stub."""

    def urlopen(
        self,
        method: str,
        url: str,
        /,
        *,
        headers: dict[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send a request and return the answer, its body read."""
        ...


_SAFE = "$&+,:;=@"


class Floor:
    """The three measured operations, as short as one would write them by hand, and right."""

    def __init__(self, pool: Pool, base_url: str, token: str) -> None:
        self.pool = pool
        self.base_url = base_url
        self.headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        self.json_headers = {**self.headers, "Content-Type": "application/json"}

    def _messages(self, app_id: str, connection_id: str) -> str:
        app, connection = quote(app_id, safe=_SAFE), quote(connection_id, safe=_SAFE)
        return f"{self.base_url}/apps/{app}/connections/{connection}/messages"

    def get(self, app_id: str, connection_id: str, jti: str) -> PlainMessage:
        """Read one message."""
        url = f"{self._messages(app_id, connection_id)}/{quote(jti, safe=_SAFE)}"
        answer = self.pool.urlopen("GET", url, headers=self.headers)
        return PlainMessage.model_validate_json(answer.data)

    def send(self, app_id: str, connection_id: str, text: str) -> PlainMessage:
        """Send one message."""
        url = self._messages(app_id, connection_id)
        body = PlainCreate(body=text).model_dump_json().encode()
        answer = self.pool.urlopen("POST", url, headers=self.json_headers, body=body)
        return PlainMessage.model_validate_json(answer.data)

    def list(self, app_id: str, connection_id: str, per_page: int) -> PlainPage:
        """Read a page of messages."""
        url = self._messages(app_id, connection_id)
        answer = self.pool.urlopen("GET", f"{url}?per_page={per_page}", headers=self.headers)
        return PlainPage.model_validate_json(answer.data)


def pool_manager(ca_cert: str | None = None, maxsize: int = 1) -> urllib3.PoolManager:
    """Return urllib3's usual entry; ``ca_cert`` is the path of a PEM file."""
    return urllib3.PoolManager(maxsize=maxsize, ca_certs=ca_cert)
