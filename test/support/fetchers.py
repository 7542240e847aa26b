"""The same question asked by this package and by plain urllib3.

What only this package gets right is shown by running one script against both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import urllib3

from test.support.authority import authority
from test.support.calls import api_for
from test.support.scripted import Peer, message

Fetch = Callable[[str], str]
"""Asks for the message with this id, and returns the text that came: the id, if all is well."""


@contextmanager
def ours(url: str, **settings: Any) -> Generator[Fetch]:
    """The operation `get` of this package."""
    with api_for(url, **settings) as api:

        def fetch(jti: str) -> str:
            return api.get("app", "connection", jti).body or ""

        yield fetch


@contextmanager
def bare(url: str, ca_cert: str | None = None) -> Generator[Fetch]:
    """A pool of urllib3, without repeats."""
    with urllib3.PoolManager(
        retries=False, timeout=10.0, ca_certs=ca_cert or authority().ca_cert
    ) as pool:

        def fetch(jti: str) -> str:
            answer = pool.request("GET", f"{url}/apps/app/connections/connection/messages/{jti}")
            return str(json.loads(answer.data)["body"]) if answer.data else f"empty {answer.status}"

        yield fetch


def answer_to(target: str) -> bytes:
    """The right answer to a request: a message whose text is the id that was asked for."""
    return message(target.rpartition("/")[2])


def rightly(peer: Peer) -> None:
    """A script that answers every request as it should be."""
    while True:
        peer.send(answer_to(peer.request().target))
