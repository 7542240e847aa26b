"""The loop over the attempts of a call: make one, decide, finish it.

Each attempt is one `urlopen` of urllib3, called as any program would call it, so that whoever wraps
`HTTPConnectionPool.urlopen` (OpenTelemetry and its like) sees each attempt. The one thing that is
not as it seems is the `timeout`: see `Exchange`.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from urllib3 import Retry
from urllib3.exceptions import ClosedPoolError

from openapi_client._http import redirects
from openapi_client._http.call import Call, Exchange
from openapi_client._http.errors import FAILURES, error_of, innermost
from openapi_client._http.response import PreloadedResponse, ResponseTooLarge
from openapi_client._redaction import redacted_target, traceback_text
from openapi_client._scrubbing import HIDDEN, scrub
from openapi_client.exceptions import ApiException
from openapi_client.retries import (
    TRANSIENT_STATUSES,
    Attempt,
    RetryBudget,
    RetryPolicy,
    Times,
    parse_retry_after,
)

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration

# urllib3 makes one attempt and follows nothing: both are done here, where they can be seen.
_ONE_ATTEMPT = Retry(False, redirect=False)


class Decision:
    """What comes after an attempt.

    Args:
        wait: seconds before the next attempt; `None` for no further one.
        headers: the headers of the next attempt, if they are others.
        target: the request target of the next attempt, if it is another.
        hint: what the caller can do about the end of the call.
    """

    __slots__ = ("headers", "hint", "target", "wait")

    def __init__(
        self,
        wait: float | None = None,
        *,
        headers: dict[str, str] | None = None,
        target: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.wait = wait
        self.headers = headers
        self.target = target
        self.hint = hint


_STOP = Decision()


class RetryLoop:
    """Makes the attempts of a client's calls.

    Args:
        configuration: the client's settings.
        budget: the retries that the client may still make.
        times: time and chance.
    """

    def __init__(self, configuration: Configuration, budget: RetryBudget, times: Times) -> None:
        self._configuration = configuration
        self._budget = budget
        self._times = times

    def run(self, call: Call) -> Any:
        """Make attempts until one ends the call; return its response.

        Raises:
            ApiException: no attempt brought a usable response.
        """
        while True:
            exchange = Exchange(call, call.headers)
            plain = "?" not in call.target and not call.redirects
            shown = call.target if plain else _shown(exchange)
            try:
                if call.watch is not None:
                    call.watch.attempt_started(call, shown)
                self._attempt(exchange, shown)
                decision = self._decide(exchange)
            except BaseException as error:
                # An interrupt, or a provider of tokens that failed: nobody is to read this response
                # any more.
                _discard(exchange.response)
                self._finish(exchange, None, error)
                if isinstance(error, ApiException):
                    error.outcome = "answered"
                    error.attempts = error.attempts or call.attempts
                    error.request = error.request or call.request_line
                raise
            cause = exchange.error
            failure = self._finish(exchange, decision.wait)
            call.hint = decision.hint
            if failure is not None and decision.wait is None:
                raise failure from self._completed(call, failure, cause)
            if decision.wait is None:
                # An unread response holds its connection, and that the exchange: no circle of them.
                response, exchange.response = exchange.response, None
                return response
            self._go_on(exchange, decision)

    # -- one attempt ------------------------------------------------------------------------------

    def _attempt(self, exchange: Exchange, shown: str) -> None:
        """Make one attempt; its response, or its error, is in `exchange`."""
        call = exchange.call
        try:
            exchange.response = call.origin.pool.urlopen(
                call.method,
                shown,
                body=call.body,
                headers=exchange.headers,
                retries=_ONE_ATTEMPT,
                redirect=False,
                assert_same_host=False,
                timeout=exchange,
                preload_content=call.preload,
            )
        except FAILURES as error:
            exchange.error = error

    # -- what comes after it ----------------------------------------------------------------------

    def _decide(self, exchange: Exchange) -> Decision:
        call, response = exchange.call, exchange.response
        call.retry_after = None
        if response is None:
            return _STOP if _is_permanent(exchange.error) else self._repeated(exchange)
        status = response.status
        if 200 <= status <= 299:
            return _STOP
        if status == 401:
            return self._renewed(exchange)
        if status in redirects.STATUSES:
            return self._redirected(exchange)
        value = response.headers.get("Retry-After")
        call.retry_after = parse_retry_after(value, self._times.wall_clock())
        return self._repeated(exchange)

    def _repeated(self, exchange: Exchange) -> Decision:
        """Decide by the policy of the call, or of the configuration."""
        call = exchange.call
        retries = call.configuration.retries if call.retries is None else call.retries
        if isinstance(retries, Retry):
            wait = _asked_of_urllib3(retries, exchange)
        else:
            wait = self._asked_of_policy(RetryPolicy.of(retries), exchange)
        if wait is None or not call.leaves_time_for(wait):
            return _STOP
        if not isinstance(retries, Retry) and not self._budget.take():
            # Asked last, so that nothing is taken for an attempt that is not made.
            return _STOP
        call.repeats += 1
        return Decision(wait)

    def _asked_of_policy(self, policy: RetryPolicy, exchange: Exchange) -> float | None:
        call, response = exchange.call, exchange.response
        may_repeat = policy.may_repeat(
            call.method,
            sent=exchange.sent,
            status=None if response is None else response.status,
            retry_after=call.retry_after,
        )
        return policy.wait(call.repeats, call.retry_after, self._times.draw) if may_repeat else None

    def _renewed(self, exchange: Exchange) -> Decision:
        """After a 401: try once with another token, if there is one."""
        call, headers = exchange.call, exchange.headers
        name = next((name for name in headers if name.lower() == "authorization"), "")
        sent = headers.get(name)
        if not call.renewed:
            call.renewed = True
            value = self._configuration.renewed_authorization(
                sent, call.token_epoch, call.seconds_left()
            )
            if value is not None:
                renewed = {**headers, name: value}
                return Decision(0.0, headers=renewed) if call.leaves_time_for(0.0) else _STOP
        if sent is None:
            return Decision(
                hint="No Authorization header was sent: set configuration.api_key['BearerAuth'] "
                "or access_token."
            )
        if not sent.startswith("Bearer "):
            return Decision(
                hint="The token was sent without 'Bearer ' before it: set "
                "configuration.api_key_prefix['BearerAuth'] = 'Bearer', or leave it unset."
            )
        return _STOP

    def _redirected(self, exchange: Exchange) -> Decision:
        call, location = exchange.call, exchange.response.headers.get("Location")
        if not location:
            return _STOP
        target, hint = redirects.redirected(call, location)
        if target is None or not call.leaves_time_for(0.0):
            return Decision(hint=hint)
        call.redirects += 1
        return Decision(0.0, target=target)

    # -- the end of an attempt --------------------------------------------------------------------

    def _finish(
        self, exchange: Exchange, wait: float | None, interrupt: BaseException | None = None
    ) -> ApiException | None:
        """Count an attempt, log it, tell it.

        Args:
            exchange: the attempt.
            wait: seconds until the next one; `None` if this is the last.
            interrupt: what has ended the call from outside of the attempt.

        Returns:
            The exception for an attempt without a usable response.
        """
        call, response = exchange.call, exchange.response
        error = exchange.error if interrupt is None else interrupt
        duration = call.clock() - exchange.started
        call.may_have_arrived |= exchange.sent
        call.answered = exchange.head is not None or response is not None
        # Broken out of the cycle of error, traceback and frames, which would keep all of them.
        exchange.error = None
        if response is not None and response.status not in TRANSIENT_STATUSES:
            self._budget.give()
        failure = error_of(error, exchange) if isinstance(error, FAILURES) else None
        name = cause = None
        if response is None:
            name = type(error if failure is None else failure).__name__
            cause = name if failure is None else scrub(failure.reason or "", call.secrets())
        status = response.status if response is not None else exchange.status
        call.attempts += (Attempt(status, cause, duration, wait or 0.0),)
        if self._configuration.debug_log.active:
            self._log(exchange, status if error is None else type(error).__name__)
        if call.watch is not None:
            call.watch.attempt_ended(exchange, name, wait)
        return failure

    def _log(self, exchange: Exchange, what: object) -> None:
        """Log the last attempt of a call, in words and as fields."""
        call, attempt = exchange.call, exchange.call.attempts[-1]
        hidden = self._configuration.hide_ids
        target = (call.template or HIDDEN) if hidden else _shown(exchange)
        message = ("%s %s: %s in %.1f ms", call.method, target, what, attempt.duration * 1e3)
        self._configuration.debug_log.tell(
            *message,
            operation=call.operation,
            attempt=len(call.attempts),
            status=attempt.status,
            outcome=call.outcome(),
            duration=attempt.duration,
        )

    def _completed(
        self, call: Call, failure: ApiException, error: Exception | None
    ) -> Exception | None:
        """Complete the exception that a call ends with; return the error that may be its cause."""
        secrets = call.secrets()
        failure.attempts = call.attempts
        failure.request = call.request_line
        failure.outcome = call.outcome()
        failure.scrub(secrets)
        told = "" if error is None else traceback_text(error)
        return error if scrub(told, secrets) == told else None

    def _go_on(self, exchange: Exchange, decision: Decision) -> None:
        """Make a call ready for the next attempt, and wait for it."""
        call = exchange.call
        if decision.headers is not None:
            call.refused_headers.append(call.headers)
            call.headers = decision.headers
        call.target = decision.target or call.target
        _discard(exchange.response)
        if decision.wait:
            self._times.sleep(decision.wait)


def _discard(response: Any) -> None:
    """Give up a response that nobody will read, and with it its connection."""
    if not (response is None or isinstance(response, PreloadedResponse)):
        response.close()


def _is_permanent(error: Exception | None) -> bool:
    """Return whether the same would happen again, whenever it is tried."""
    if isinstance(error, (ClosedPoolError, ResponseTooLarge)):
        return True
    return error is not None and isinstance(innermost(error), ssl.SSLCertVerificationError)


def _shown(exchange: Exchange) -> str:
    """Return the target as urllib3, its wrappers and the log get to see it: without secrets."""
    call, target = exchange.call, exchange.target
    if call.redirects:
        # This target is the server's doing, and may repeat a credential.
        return scrub(redacted_target(target), call.secrets())
    return redacted_target(target)


def _asked_of_urllib3(retries: Retry, exchange: Exchange) -> float | None:
    """Return the wait that a `urllib3.Retry` of the configuration says."""
    call, response, error = exchange.call, exchange.response, exchange.error
    if response is not None and not retries.is_retry(
        call.method, response.status, has_retry_after="Retry-After" in response.headers
    ):
        return None
    # It looks into the response as urllib3 makes it.
    unread = response.unread() if isinstance(response, PreloadedResponse) else response
    try:
        retries = retries.increment(call.method, redacted_target(call.url), unread, error)
    except FAILURES:
        # Its way to say no: it raises the failure, or a `MaxRetryError`.
        return None
    # A `Retry` counts by making another one, which the rest of the call goes on with.
    call.retries = retries
    if call.retry_after is not None and retries.respect_retry_after_header:
        return call.retry_after
    return retries.get_backoff_time()
