"""`MessagesServer`: the stand-in for the service, for tests and for trying things out."""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from openapi_client.testing._contents import Contents
from openapi_client.testing._faults import Answers, Faults
from openapi_client.testing._generations import GenerationName, generation_named
from openapi_client.testing._go import BASE_PATH
from openapi_client.testing._listener import Listener
from openapi_client.testing._messages import steady_seconds
from openapi_client.testing._record import RequestRecord, log_line
from openapi_client.testing._service import PendingRequest, Service, new_token
from openapi_client.testing._store import Store
from openapi_client.testing._wire import AcceptedConnection, MalformedRequestError, ReceivedRequest

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from openapi_client.configuration import Configuration
    from openapi_client.testing._listener import Certificates


class MessagesServer(Contents):
    """A server of the messages API, over real sockets, with a real database.

    It runs in threads of this process from `start` to `stop`, or for the length of a `with`
    block, and can be started again after it was stopped.

    Args:
        generation: which generation of the service answers: `"documented"` (as its
            documentation describes it), `"2023"` or `"2024"` (as those servers really do).
        tls: HTTPS with a certificate of its own authority (needs the extra
            `openapi-messages-client[testing]`); False for plain HTTP.
        token: the bearer token that is accepted; None makes a random one.
        database: the path of an SQLite file, kept between runs; None keeps everything in
            memory.
        host: the name or address to listen on.
        port: the port to listen on; 0 takes a free one.
        example: whether the documentation's example conversation is there: app
            `app_id_example`, connection `connection_id_example`, message `jti_example`.
        timezone: the time zone of the timestamps; None for the computer's own.
        ca_cert: where the authority's certificate (PEM) is written; None for a temporary file,
            deleted when the server stops.
        users: names and passwords of those who may log in: `POST /login` with the JSON
            `{"username": ..., "password": ...}` is answered with `{"token": ...}`. Once the token
            has expired it is a new one. Without users there is no such path.
        seed: what the faults' shares are drawn from.
        keep_requests: how many requests `requests` keeps; the oldest are forgotten.
        keep_bytes: how many bytes of requests it keeps in all, about.
        log: called with one readable line for each request.

    Attributes:
        clock: what time it is on the server; it can be set.
        faults: what goes wrong, on command.
        answers: single answers in place of the service's, on command.
        requests: what was asked, with assertions.
        users: names and passwords of those who may log in; it can be changed.

    Raises:
        ValueError: an argument is not what it may be.
        sqlite3.Error: the database cannot be opened.
    """

    def __init__(
        self,
        *,
        generation: GenerationName = "documented",
        tls: bool = True,
        token: str | None = None,
        database: str | os.PathLike[str] | None = None,
        host: str = "localhost",
        port: int = 0,
        example: bool = False,
        timezone: tzinfo | None = None,
        ca_cert: str | os.PathLike[str] | None = None,
        users: Mapping[str, str] | None = None,
        seed: int = 0,
        keep_requests: int = 10_000,
        keep_bytes: int = 64 << 20,
        log: Callable[[str], None] | None = None,
    ) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"port must be from 0 to 65535, not {port}")
        if keep_requests < 0:
            raise ValueError(f"keep_requests must be 0 or more, not {keep_requests}")
        if keep_bytes < 0:
            raise ValueError(f"keep_bytes must be 0 or more, not {keep_bytes}")
        token = new_token() if token is None else _checked_token(token)
        chosen = generation_named(generation)
        super().__init__(Store(database, zone=timezone, seed=seed))
        self._tls = tls
        self._host = host
        self._port = port
        self._ca_cert_path = None if ca_cert is None else os.fspath(ca_cert)
        self._example = example
        self._log = log
        self._process = os.getpid()
        self._listener: Listener | None = None
        self._certificates: Certificates | None = None
        self._lifecycle = threading.Lock()
        self._service = Service(self._store, self.clock, chosen, token, timezone)
        self._defaults = (chosen, token, dict(users or {}))
        self.users: dict[str, str] = self._service.users
        self.users.update(users or {})
        self.requests: RequestRecord = RequestRecord(keep_requests, keep_bytes)
        self.faults: Faults = Faults(self._service, self._gate, seed)
        self.answers: Answers = Answers(self.faults)
        if example:
            self.seed_example()

    # Starting and stopping.

    def start(self) -> Self:
        """Start to listen; return when connections are accepted.

        Raises:
            ImportError: TLS is on and `trustme` is not installed.
            OSError: the port is in use, or the CA certificate cannot be written.
            RuntimeError: the server runs already.
        """
        with self._lifecycle:
            if self._listener is not None:
                raise RuntimeError("the server runs already")
            context = None
            if self._tls:
                from openapi_client.testing._listener import Certificates

                self._certificates = Certificates(self._name(), self._ca_cert_path)
                context = self._certificates.context
            try:
                self._listener = Listener(self._host, self._port, self._serve, context)
            except OSError:
                self._remove_certificates()
                raise
            self._listener.start()
            self._gate(self.faults.closes_the_port)
        return self

    def stop(self) -> None:
        """End the faults, the sockets and the threads; what was stored stays for a new start.

        Does nothing when it is stopped, and in a process that was forked: it holds nothing of it.
        """
        if self._process != os.getpid():
            return
        self.faults.clear()
        with self._lifecycle:
            if self._listener is not None:
                self._listener.stop()
                self._listener = None
            self._remove_certificates()

    def close(self) -> None:
        """Stop the server for good and close its database; one in memory is gone."""
        self.stop()
        self._store.close()

    def reset(self, *, generation: GenerationName | None = None) -> None:
        """Make it as if it had just been started, without starting it.

        Messages, connections, faults, requests, clock, token and users are as at first, and all
        connections of clients are closed.

        Args:
            generation: which generation answers from now on; None for the one given at first.
        """
        chosen = None if generation is None else generation_named(generation)
        self.faults.clear()
        if self._listener is not None:
            self._listener.drop_connections()
        self.clear()
        self.requests.clear()
        self.clock.reset()
        first, self._service.token, users = self._defaults
        self._service.generation = chosen or first
        self.users.clear()
        self.users.update(users)
        if self._example:
            self.seed_example()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self.url if self._listener is not None else "stopped"
        return f"<MessagesServer {self.generation} {state}>"

    # Where it is and how to reach it.

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            RuntimeError: the server is not running.
        """
        return self._running().port

    @property
    def url(self) -> str:
        """The base URL, ending in `/v1`: what `Configuration(host=...)` takes.

        Raises:
            RuntimeError: the server is not running.
        """
        name = self._name()
        name = f"[{name}]" if ":" in name else name
        return f"{'https' if self._tls else 'http'}://{name}:{self.port}{BASE_PATH}"

    @property
    def token(self) -> str:
        """The bearer token that is accepted; assigning another one makes it the only one."""
        return self._service.token

    @token.setter
    def token(self, token: str) -> None:
        self._service.token = _checked_token(token)

    @property
    def ca_cert(self) -> str | None:
        """The path of the CA certificate (PEM) to trust; None for plain HTTP or when stopped."""
        return None if self._certificates is None else self._certificates.path

    @property
    def generation(self) -> GenerationName:
        """The generation that answers; may be assigned while the server runs."""
        return self._service.generation.name

    @generation.setter
    def generation(self, generation: GenerationName) -> None:
        self._service.generation = generation_named(generation)

    @property
    def open_connections(self) -> int:
        """How many connections of clients are open now.

        Raises:
            RuntimeError: the server is not running.
        """
        return self._running().open_connections

    @property
    def accepted_connections(self) -> int:
        """How many connections of clients were accepted since the start.

        Raises:
            RuntimeError: the server is not running.
        """
        return self._running().accepted

    def configuration(self, **overrides: Any) -> Configuration:
        """Return a `Configuration` for this server: URL, token, CA certificate, no proxy.

        Args:
            **overrides: any arguments of `Configuration`; they win.
        """
        from openapi_client.configuration import Configuration

        arguments: dict[str, Any] = {
            "host": self.url,
            "api_key": {"BearerAuth": self.token},
            "ssl_ca_cert": self.ca_cert,
            "proxy": "",
        }
        return Configuration(**{**arguments, **overrides})

    # The inside.

    def _new_cid(self, *, own: bool) -> str | None:
        return self._service.new_cid(own=own)

    def _serve(self, request: ReceivedRequest, connection: AcceptedConnection) -> bool:
        started = steady_seconds()
        if not _is_addressed(request.header("host"), self._host):
            raise MalformedRequestError(421, "the Host is not this server")
        target = self._service.target_of(request)
        recorded = self.requests.add(request, target)
        struck = self.faults.strike(target.operation if target else None)
        self.faults.before_next()
        closing = self._running().paused
        pending = PendingRequest(
            request, target, connection, self._service, recorded.note_status, closing=closing
        )
        goes_on = True
        try:
            if struck:
                recorded.fault = ", ".join(fault.name for fault in struck)
                for effect in (fault.effect for fault in struck if fault.effect):
                    goes_on = effect.strike(pending)
            if not (struck and struck[-1].takes_over):
                goes_on = pending.deliver(pending.process())
        finally:
            if self._log is not None:
                self._log(log_line(recorded, steady_seconds() - started))
        return goes_on

    def _gate(self, closed: bool) -> None:
        listener = self._listener
        if listener is not None:
            if closed:
                listener.pause()
            else:
                listener.resume()

    def _name(self) -> str:
        return "localhost" if _is_unspecified(self._host) else self._host

    def _running(self) -> Listener:
        if self._listener is None:
            raise RuntimeError(
                "the server is not running: use 'with MessagesServer() as server:' or start()"
            )
        return self._listener

    def _remove_certificates(self) -> None:
        if self._certificates is not None:
            self._certificates.remove()
            self._certificates = None


def _checked_token(token: str) -> str:
    # RFC 9110 section 5.5: what may stand in a header field; a space would end the token.
    if not token or not all("!" <= character <= "~" for character in token):
        raise ValueError("token must be one or more visible ASCII characters without spaces")
    return token


def _is_unspecified(host: str) -> bool:
    """Tell whether a host stands for all addresses of the machine."""
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_addressed(authority: str | None, host: str) -> bool:
    """Tell whether a Host header names a server that listens on `host`.

    A web page whose own name was made to resolve to a loopback address (DNS rebinding) could
    otherwise read the server from a browser. Such a page sends its name; so names are refused, but
    that of the server and `localhost`, and addresses are not. A server that listens on all
    addresses is there for other machines, which may call it anything.
    """
    if authority is None or _is_unspecified(host):
        return True
    name = authority.rpartition("]")[0] + "]" if "]" in authority else authority.partition(":")[0]
    name = name.strip("[]").rstrip(".").lower()
    if name in (host.lower(), "localhost") or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
