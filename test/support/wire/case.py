"""What a call sends: how a row of the wire test's tables is written.

What the tables say is what a client made by openapi-generator (python, urllib3, pydantic 2) sends
for the same call. Where this package means to send something else, the row says so with `DEPARTS`,
and the page "Differences from the generated package" says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openapi_client import ApiClient, MessagesApi, __version__
from test.support.recorder import TOKEN

DEPARTS = True
USUAL = {
    "Accept-Encoding": "identity",
    "Accept": "application/json",
    "User-Agent": f"openapi-messages-client/{__version__}",
    "Authorization": f"Bearer {TOKEN}",
}
"""The headers of every call, but for `Host`. A generated client sends the token as it is given,
and a `User-Agent` of its generator's."""

LIST = "apps_app_id_connections_connection_id_messages_get"
GET = "apps_app_id_connections_connection_id_messages_jti_get"
EDIT = "apps_app_id_connections_connection_id_messages_jti_put"
SEND = "apps_app_id_connections_connection_id_messages_post"

LIST_LINE = "GET /apps/a/connections/c/messages"
GET_LINE = "GET /apps/a/connections/c/messages/j"
EDIT_LINE = "PUT /apps/a/connections/c/messages/j"
SEND_LINE = "POST /apps/a/connections/c/messages"
HI = {"body": "hi"}


def call_nothing(api: MessagesApi) -> None:
    """For cases whose call the test itself makes."""


@dataclass(frozen=True)
class Case:
    """A call and what it sends."""

    name: str
    call: Callable[[MessagesApi], object]
    line: str
    """The request line without the path of the base URL and the protocol version."""
    headers: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """What differs from the usual headers; None is a header that is not sent."""
    body: object = None
    """The JSON body; None for no body at all."""
    departs: bool = False
    client: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is set before on the client or its configuration."""

    def set_up(self, client: ApiClient) -> None:
        for name, value in self.client.items():
            if name == "default_headers":
                client.default_headers.update(value)
            else:
                setattr(client if hasattr(client, name) else client.configuration, name, value)


def sent(line: str, body: object = None, headers: Mapping[str, str | None] | None = None) -> Case:
    """What is sent, for a call that the test itself makes."""
    return Case("", call_nothing, line, headers or {}, body)
