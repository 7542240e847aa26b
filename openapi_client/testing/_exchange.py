"""One request on its way to its answer: processed at most once, then delivered, or not."""

from __future__ import annotations

import sqlite3

from openapi_client.testing._generations import internal_error
from openapi_client.testing._listener import Connection
from openapi_client.testing._record import RecordedRequest
from openapi_client.testing._service import Route, Service
from openapi_client.testing._wire import Request, Response, render, render_head


class Exchange:
    """A request, and the means to answer it.

    Args:
        request: the request.
        route: where it goes.
        connection: where the answer goes.
        service: what answers.
        recorded: where the status is noted.
        closing: whether the connection has to end after this answer.
    """

    def __init__(
        self,
        request: Request,
        route: Route | None,
        connection: Connection,
        service: Service,
        recorded: RecordedRequest,
        *,
        closing: bool,
    ) -> None:
        self.request = request
        self.route = route
        self.connection = connection
        self.service = service
        self._recorded = recorded
        self._closing = closing or not request.keep_alive
        self._response: Response | None = None

    def process(self) -> Response:
        """The service's answer; the first time that it is asked for, the request takes effect."""
        if self._response is None:
            try:
                self._response = self.service.answer(self.request, self.route)
            except sqlite3.Error:  # a full disk, a file locked by another program
                self._response = internal_error()
        return self._response

    def deliver(self, response: Response) -> bool:
        """Sends an answer as it should be; tells whether the connection goes on."""
        self.note(response)
        request = self.request
        self.connection.send(
            render(
                response,
                head_only=request.method == "HEAD",
                http10=request.http10,
                close=self._closing,
            )
        )
        return not self._closing

    def head(self, response: Response, length: int) -> bytes:
        """The head of an answer that is sent in pieces, with that Content-Length."""
        self.note(response)
        return render_head(response, (("Content-Length", str(length)),), close=self._closing)

    @property
    def goes_on(self) -> bool:
        """Whether the connection may be used again after this exchange."""
        return not self._closing

    def note(self, response: Response) -> None:
        """Notes the status in the record, before the client can see it."""
        self._recorded.status = response.status
