"""The loop over attempts: each is one `urlopen` of urllib3, and each is told to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import ClosedPoolError

from openapi_client._http.call import Exchange
from openapi_client._http.connection import Loaded, ResponseTooLarge
from openapi_client._http.errors import FAILURES, failure_of
from openapi_client._http.pool import NoTimeout, Origin
from openapi_client._redaction import scrub, secrets_of, shown_target, told_by
from openapi_client.exceptions import ApiException
from openapi_client.retries import (
    TRANSIENT_STATUSES,
    Attempt,
    RetryBudget,
    RetryPolicy,
    Times,
    parse_retry_after,
    ruling_policy,
)

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_SAFE_METHODS = frozenset({"GET", "HEAD"})

# urllib3 makes exactly one attempt and keeps no time: both are done here, where they can be seen.
_ONE_ATTEMPT = Retry(False, redirect=False)
_NO_TIMEOUT = NoTimeout(connect=None, read=None)


class Call:
    """What stays the same over the attempts of a call.

    Args:
        url: where the first request goes.
        origin: whose URL that is.
        exchange: the request, its limits and how far it has come.
    """

    __slots__ = ("exchange", "method", "origin", "url")

    def __init__(self, url: str, origin: Origin, exchange: Exchange) -> None:
        self.method = exchange.method
        self.url = url
        self.origin = origin
        self.exchange = exchange


class Answer:
    """How a call ended that was answered.

    Args:
        raw: what urllib3 returned.
        attempts: the attempts, the answered one last.
        headers: the headers of the last request.
        retry_after: seconds that the answer asks to wait.
        hint: what the caller can do about this answer.
    """

    __slots__ = ("attempts", "headers", "hint", "raw", "retry_after")

    def __init__(
        self,
        raw: BaseHTTPResponse,
        attempts: list[Attempt],
        headers: dict[str, str],
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        self.raw = raw
        self.attempts = tuple(attempts)
        self.headers = headers
        self.retry_after = retry_after
        self.hint = hint


class _Progress:
    """What a call has used up of what it may do again."""

    def __init__(self, rule: RetryPolicy | Retry | int | None) -> None:
        self.retry = rule if isinstance(rule, Retry) else None
        self.policy = rule if isinstance(rule, RetryPolicy) else RetryPolicy.of(rule)
        self.repeats = 0
        self.redirects = 0
        self.renewed = False
        self.retry_after: float | None = None
        self.hint: str | None = None


class AttemptLoop:
    """Makes the attempts of a client's calls.

    Args:
        configuration: the client's settings.
        budget: the repeats that the client may still make.
        times: time and chance.
    """

    def __init__(self, configuration: Configuration, budget: RetryBudget, times: Times) -> None:
        self._configuration = configuration
        self._budget = budget
        self._times = times

    def run(self, call: Call, headers: dict[str, str]) -> Answer:
        """Make attempts until one is answered for good.

        Raises:
            ApiException: none was.
        """
        exchange = call.exchange
        log = self._configuration.debug_log
        attempts: list[Attempt] = []
        progress: _Progress | None = None
        began = exchange.started
        while True:
            raw: BaseHTTPResponse | None = None
            error: Exception | None = None
            # What urllib3, and those who watch it, get to see of the target holds no secrets.
            shown = shown_target(exchange.target) if "?" in exchange.target else exchange.target
            if progress is not None and progress.redirects:
                # This target is the server's doing.
                shown = scrub(shown, secrets_of(headers, call.url))
            try:
                raw = call.origin.pool.urlopen(
                    call.method,
                    shown,
                    exchange,
                    headers,
                    _ONE_ATTEMPT,
                    False,
                    False,
                    _NO_TIMEOUT,
                    preload_content=exchange.preload,
                )
            except FAILURES as caught:
                error = caught
            duration = self._times.clock() - began
            status = None if raw is None else raw.status
            if log.active:
                what = status if error is None else type(error).__name__
                log.tell("%s %s: %s in %.1f ms", call.method, shown, what, duration * 1e3)
            if status is not None and 200 <= status <= 299 and raw is not None:
                self._budget.give()
                attempts.append(Attempt(status, None, duration, 0.0))
                return Answer(raw, attempts, headers)

            if progress is None:
                progress = _Progress(ruling_policy() or self._configuration.retries)
            headers, wait = self._next(call, headers, raw, error, progress)
            if raw is not None:
                attempts.append(Attempt(raw.status, None, duration, wait or 0.0))
                if wait is None:
                    return Answer(raw, attempts, headers, progress.retry_after, progress.hint)
                if not exchange.preload:
                    raw.close()
            elif error is not None:
                failure = failure_of(error, exchange)
                came = None if exchange.head is None else exchange.head.status
                attempts.append(Attempt(came, failure.reason, duration, wait or 0.0))
                if wait is None:
                    self._raise(failure, error, call, headers, attempts)
            if wait:
                self._times.sleep(wait)
            exchange.begin_attempt()
            began = self._times.clock()

    def _raise(
        self,
        failure: ApiException,
        error: Exception,
        call: Call,
        headers: dict[str, str],
        attempts: list[Attempt],
    ) -> NoReturn:
        secrets = secrets_of(headers, call.url)
        failure.attempts = tuple(
            attempt._replace(cause=attempt.cause and scrub(attempt.cause, secrets))
            for attempt in attempts
        )
        failure.request = f"{call.method} {shown_target(call.url)}"
        failure.scrub(secrets)
        told = told_by(error)
        raise failure from (error if scrub(told, secrets) == told else None)

    # -- what comes after an attempt that did not succeed -----------------------------------------

    def _next(
        self,
        call: Call,
        headers: dict[str, str],
        raw: BaseHTTPResponse | None,
        error: Exception | None,
        progress: _Progress,
    ) -> tuple[dict[str, str], float | None]:
        """The headers of the next attempt and the seconds to wait for it; `None` for no attempt."""
        progress.retry_after = None
        if isinstance(error, (ClosedPoolError, ResponseTooLarge)):
            # The same would happen again.
            return headers, None
        if raw is not None:
            if raw.status not in TRANSIENT_STATUSES:
                self._budget.give()
            if raw.status == 401:
                headers, wait = self._renewed(headers, progress)
                return headers, self._in_time(call.exchange, wait)
            if raw.status in _REDIRECTS:
                return headers, self._in_time(call.exchange, self._redirected(call, raw, progress))
            value = raw.headers.get("Retry-After")
            progress.retry_after = parse_retry_after(value, self._times.wall_clock())
        if progress.retry is not None:
            wait = self._ruled(call, raw, error, progress, progress.retry)
            wait = self._in_time(call.exchange, wait)
        else:
            wait = self._own(call, raw, progress)
        if wait is not None:
            progress.repeats += 1
        return headers, wait

    def _own(self, call: Call, raw: BaseHTTPResponse | None, progress: _Progress) -> float | None:
        retry_after = progress.retry_after if raw is not None else None
        if not progress.policy.may_repeat(
            call.method,
            sent=call.exchange.sent,
            status=None if raw is None else raw.status,
            retry_after=retry_after,
        ):
            return None
        wait = progress.policy.wait(progress.repeats, retry_after, self._times.draw)
        wait = self._in_time(call.exchange, wait)
        # Last, so that nothing is taken for a repeat that is not made.
        return wait if wait is not None and self._budget.take() else None

    def _ruled(
        self,
        call: Call,
        raw: BaseHTTPResponse | None,
        error: Exception | None,
        progress: _Progress,
        retry: Retry,
    ) -> float | None:
        """What the `urllib3.Retry` that the configuration gives says."""
        if raw is not None and not retry.is_retry(
            call.method, raw.status, has_retry_after="Retry-After" in raw.headers
        ):
            return None
        # It looks into the answer as urllib3 makes it.
        response = raw.unread() if isinstance(raw, Loaded) else raw
        try:
            retry = retry.increment(call.method, shown_target(call.url), response, error)
        except FAILURES:
            # Its way to say no: it raises the failure, or a `MaxRetryError`.
            return None
        progress.retry = retry
        if progress.retry_after is not None and retry.respect_retry_after_header:
            return progress.retry_after
        return retry.get_backoff_time()

    def _in_time(self, exchange: Exchange, wait: float | None) -> float | None:
        """`wait`, if there is time for an attempt after it."""
        if wait is None or exchange.expires is None:
            return wait
        return wait if self._times.clock() + wait < exchange.expires else None

    def _renewed(
        self, headers: dict[str, str], progress: _Progress
    ) -> tuple[dict[str, str], float | None]:
        name = next((name for name in headers if name.lower() == "authorization"), "")
        sent = headers.get(name)
        if not progress.renewed:
            progress.renewed = True
            value = self._configuration.renewed_authorization(sent)
            if value is not None:
                return {**headers, name: value}, 0.0
        if sent is None:
            progress.hint = (
                "No Authorization header was sent: set configuration.api_key['BearerAuth'] "
                "or access_token."
            )
        elif not sent.startswith("Bearer "):
            progress.hint = (
                "The token was sent without 'Bearer ' before it: set "
                "configuration.api_key_prefix['BearerAuth'] = 'Bearer', or leave it unset."
            )
        return headers, None

    def _redirected(self, call: Call, raw: BaseHTTPResponse, progress: _Progress) -> float | None:
        """Follow a redirect of a safe method within the origin (RFC 9110, section 15.4)."""
        location = raw.headers.get("Location")
        if not location:
            return None
        origin = call.origin
        try:
            target = urljoin(origin.base + call.exchange.target[len(origin.absolute) :], location)
            within = _origin(target) == _origin(origin.base)
        except ValueError:
            progress.hint = "Redirect to a target that is not a URL (RFC 3986)."
            return None
        if not within or call.method not in _SAFE_METHODS:
            why = "only GET and HEAD follow one" if within else "it leads to another origin"
            progress.hint = f"Redirect to {shown_target(target)} not followed: {why}."
            return None
        if progress.redirects >= _MAX_REDIRECTS:
            progress.hint = f"More than {_MAX_REDIRECTS} redirects."
            return None
        parts = urlsplit(target)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not path.isascii() or not path.isprintable() or " " in path:
            progress.hint = "Redirect to a target that is not a URL (RFC 3986)."
            return None
        progress.redirects += 1
        call.exchange.target = origin.absolute + path
        return 0.0


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 6454, section 4)."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1  # the same as no other
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)
