"""urllib3's pools, with this package's connections in them."""

from __future__ import annotations

from collections import deque
from queue import Empty, Full
from typing import Any, cast

from urllib3 import HTTPConnectionPool

from openapi_client._http.connect import Route
from openapi_client._http.connection import Connection


class Stack:
    """The idle connections of a pool: last in, first out, and never a wait.

    A `deque` takes and gives in one step, so it needs no lock and no condition, which in
    `queue.LifoQueue` cost more than all else that a pool does.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._items: deque[Any] = deque()
        self.maxsize = maxsize

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the item put last; `queue.Empty` if there is none."""
        try:
            return self._items.pop()
        except IndexError:
            raise Empty from None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep an item; `queue.Full` if there are `maxsize` already."""
        if item is None:
            # urllib3 puts a place-holder for a connection that is to be made. An empty stack says
            # the same: a connection is made when there is none.
            return
        if len(self._items) >= self.maxsize:
            raise Full
        self._items.append(item)

    def qsize(self) -> int:
        """Return the number of idle connections."""
        return len(self._items)


class Pool(HTTPConnectionPool):
    """The connections to one origin over plain HTTP."""

    # Both do what urllib3's pools ask of them; its types ask for more.
    ConnectionCls = cast("Any", Connection)
    QueueCls = cast("Any", Stack)

    def __init__(self, host: str, port: int, *, maxsize: int, route: Route) -> None:
        # urllib3 puts `maxsize` place-holders into a new queue, however large that is.
        super().__init__(host, port, maxsize=0, route=route)
        cast("Any", self.pool).maxsize = maxsize


class SecurePool(Pool):
    """The connections to one origin over TLS, which the route makes."""

    scheme = "https"
