"""A send that is neither lost nor doubled, on servers that cannot tell a repeat from a new one.

If the answer to a send is lost, the message is looked for: an own message with the same text,
stored after what was known before the send began, that no other send has claimed. If there is one,
that is it: it is of no consequence which of two equal texts is whose, as long as each send has one.
If there is none, it is sent again.

What is claimed is known to the sends of this process, and, with a ledger, to all that use it. What
`send_once` cannot know is told in docs/conversations.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from openapi_client.conversations._backoff import may_pass, pause
from openapi_client.conversations._claims import Claims, Known, Since, Ticket
from openapi_client.conversations._entry import Entry
from openapi_client.conversations._marker import marker_at, moment_of
from openapi_client.conversations._times import NEVER, Times
from openapi_client.conversations._windows import page_of
from openapi_client.exceptions import (
    ApiException,
    DeserializationException,
    LedgerException,
    NotFoundException,
    TimeoutException,
)
from openapi_client.models import MessageMessage, MessageResponse
from openapi_client.retries import TRANSIENT_STATUSES, RetryPolicy

if TYPE_CHECKING:
    from openapi_client.api.operation import RequestOptions

OWN = "me"
"""The `iss` of a message that the app itself sent."""

_POLL_SECONDS = 0.1
_LOOKS_AT_404 = 3


class Calls(NamedTuple):
    """What `send_once` asks of the server."""

    send: Callable[[], MessageMessage]
    """Sends the message."""
    newest: Callable[[], MessageMessage | None]
    """The newest message of the conversation."""
    from_newest: Callable[[], Iterator[MessageMessage]]
    """The messages of the conversation, newest first."""


class OnceSender:
    """Sends one message once.

    Args:
        calls: the calls to the server.
        text: the text of the message, as it is stored.
        claims: the claims on the messages of the conversation.
        entry: its key in a ledger.
        settle: seconds after which a message that was not found is looked for again.
        give_up_after: seconds after which no further attempt is begun; `None` for no limit.
        times: time and chance.
    """

    def __init__(
        self,
        calls: Calls,
        text: str,
        claims: Claims,
        entry: Entry | None = None,
        *,
        settle: float,
        give_up_after: float | None,
        times: Times,
    ) -> None:
        self._calls = calls
        self._text = text
        self._claims = claims
        self._entry = entry
        self._settle = settle
        self._give_up_after = give_up_after
        self._times = times
        self._began = times.clock()
        self._may_have_arrived = False

    def run(self) -> MessageMessage:
        """Send; return the message that is stored.

        Raises:
            ApiException: there is none, and `outcome` is `"not_sent"` or `"answered"`; or, if it
                is `"unknown"`, the server could not be asked for too long.
        """
        entry = self._entry
        if entry is None:
            with self._ticket(None) as ticket:
                return self._until_known(ticket)
        while True:
            while not entry.take():
                if not self._has_time(_POLL_SECONDS):
                    raise TimeoutException(0, "Another send with the same key is under way")
                self._times.wait(NEVER, _POLL_SECONDS)
            try:
                if entry.message is not None:
                    return entry.message
                with self._ticket(entry.since) as ticket:
                    if entry.since is not None or entry.add(ticket.since):
                        return self._send_entry(entry, ticket)
            finally:
                entry.release()

    @contextmanager
    def _ticket(self, since: Since | None) -> Generator[Ticket]:
        ticket = self._claims.begin(self._newest, since)
        try:
            yield ticket
        finally:
            self._claims.end(ticket)

    def _send_entry(self, entry: Entry, ticket: Ticket) -> MessageMessage:
        # Whoever began the send of this key before may have sent the message.
        self._may_have_arrived = entry.since is not None
        try:
            return self._until_known(ticket)
        except ApiException:
            if not self._may_have_arrived:
                entry.remove()
            raise

    def _newest(self) -> Known:
        """Look at the newest message.

        Some servers know a connection from its first message on, so a 404 does not end it: the
        send will tell. But gateways say 404, too, for a moment or in words of their own.
        """
        for looks_left in reversed(range(_LOOKS_AT_404)):
            try:
                message = self._calls.newest()
            except NotFoundException as error:  # noqa: PERF203
                if not looks_left and not _is_of_the_service(error):
                    raise
            else:
                marker = None if message is None else marker_at(message)
                return Known(marker, self._times.clock(), message is None)
        return Known(None, self._times.clock())

    def _until_known(self, ticket: Ticket) -> MessageMessage:
        failures = 0
        found = self._found(ticket, None) if self._may_have_arrived else None
        while found is None:
            try:
                message = _usable(self._calls.send(), ticket.since)
                self._may_have_arrived = True
                if self._claim(ticket, message, answered=True):
                    return message
                # Another send, whose answer was lost, took this message for its own.
                failure: ApiException = DeserializationException(
                    200, "Another send has its message"
                )
            except LedgerException:
                raise
            except ApiException as error:
                if not _may_be_stored(error):
                    raise
                self._may_have_arrived = True
                failure = error
            found = self._found(ticket, failure)
            if found is None:
                failure.hint = "The message was looked for, and is not stored."
                if not _is_worth_another(failure):
                    raise failure
                if not self._waited(failures, failure.retry_after):
                    failure.outcome = "not_sent"
                    raise failure
                failures += 1
                if self._entry is not None:
                    self._entry.check()
        return found

    def _found(self, ticket: Ticket, failure: ApiException | None) -> MessageMessage | None:
        """Return the message that a send has left, if there is one to be claimed."""
        found = self._looked(ticket, failure)
        if found is None and (failure is None or _is_worth_another(failure)):
            # The request may still be on its way to where messages are stored.
            self._times.wait(NEVER, self._settle)
            found = self._looked(ticket, failure)
        return found

    def _looked(self, ticket: Ticket, failure: ApiException | None) -> MessageMessage | None:
        failures = 0
        while True:
            try:
                return self._claimed(ticket)
            except LedgerException:
                raise
            except ApiException as error:
                look_failure = error
            # Where there was a message, a 404 is none of the service, and may pass.
            passing = may_pass(look_failure) or isinstance(look_failure, NotFoundException)
            if not passing or not self._waited(failures, look_failure.retry_after):
                break
            failures += 1
        unknown = look_failure if failure is None else failure
        unknown.outcome = "unknown"
        unknown.hint = f"Whether it is stored could not be found out: {look_failure.reason}."
        raise unknown

    def _claimed(self, ticket: Ticket) -> MessageMessage | None:
        """Claim the oldest message that fits.

        The oldest, because other sends that began later can claim the later ones only.
        """
        for message in reversed(self._candidates(ticket.since)):
            if self._claim(ticket, message, answered=False):
                return message
        return None

    def _claim(self, ticket: Ticket, message: MessageMessage, *, answered: bool) -> bool:
        if not self._claims.claim(ticket, marker_at(message), answered=answered):
            return False
        if self._entry is None:
            return True
        try:
            return self._entry.claim(message)
        except BaseException:
            self._claims.unclaim(message.jti)
            raise

    def _candidates(self, since: Since) -> list[MessageMessage]:
        """Return the messages that may be this send's, newest first.

        Raises:
            ApiException: older ones cannot be told from it.
        """
        candidates: list[MessageMessage] = []
        others = timeless = 0
        try:
            for message in self._calls.from_newest():
                moment = moment_of(message)
                if message.jti is not None and message.jti == since.jti:
                    return candidates
                if since.not_before is not None and moment and moment[0] < since.not_before:
                    return candidates
                if self._claims.is_claimed(message.jti):
                    continue
                if message.iss == OWN and (message.body or "") == self._text and message.jti:
                    candidates.append(message)
                    timeless += moment is None
                else:
                    others += 1
        except NotFoundException as error:
            if since.jti is None and not since.empty and _is_of_the_service(error):
                return []  # no message has made the connection known yet
            raise
        # The end was reached, and nothing on the way that is known to be older.
        by_time = since.not_before is not None and not timeless
        is_new = since.jti is None and (since.empty or not others)
        if candidates and not by_time and not is_new:
            raise ApiException(0, "older messages cannot be told from it")
        return candidates

    def _waited(self, failures: int, retry_after: float | None) -> bool:
        """Wait before another attempt; `False`, at once, if there is no time for one."""
        wait = pause(failures, retry_after, self._times.draw())
        if not self._has_time(wait):
            return False
        self._times.wait(NEVER, wait)
        return True

    def _has_time(self, wait: float) -> bool:
        passed = self._times.clock() - self._began
        return self._give_up_after is None or passed + wait < self._give_up_after


def _usable(message: MessageMessage | None, since: Since) -> MessageMessage:
    """Return the message of an answer that has one; any other 2xx is a lost answer."""
    if message is None or not message.jti or message.jti == since.jti:
        raise DeserializationException(200, "The response to the send holds no new message")
    return message


def _is_of_the_service(error: NotFoundException) -> bool:
    """Return whether a 404 has the shape of the service's: a JSON string, or one with details."""
    try:
        content: object = json.loads(error.body or "")
    except (ValueError, RecursionError):
        return False
    return isinstance(content, str) or (isinstance(content, dict) and "details" in content)


def _may_be_stored(error: ApiException) -> bool:
    """Return whether a failed send may have been stored all the same.

    It was not if nothing was sent, or if the service refused it. An answer from 500 up may come
    from a proxy that had passed the request on, and a 2xx that cannot be read says that it was.
    """
    if error.outcome != "answered":
        return error.outcome == "unknown"
    return not 300 <= (error.status or 0) <= 499


def _is_worth_another(error: ApiException) -> bool:
    """Return whether a failed send that was not stored may succeed if it is made again.

    A plain 500 is how servers of 2023 refuse a text that is empty or too long.
    """
    status = error.status or 0
    return status < 500 or status in TRANSIENT_STATUSES


def as_stored(text: str) -> str:
    """Return a text as servers keep it: half a surrogate pair is lost (RFC 8259, section 8.2)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def calls_of(
    send: Callable[..., MessageMessage],
    list_page: Callable[..., MessageResponse],
    messages: Callable[..., Iterator[MessageMessage]],
    configured: object,
    options: RequestOptions,
) -> Calls:
    """Return the calls that send a message and look for it, none of which sends it twice.

    Args:
        send: sends the message.
        list_page: lists a page of its conversation.
        messages: iterates over its conversation, newest first.
        configured: `Configuration.retries`.
        options: the options of each call.
    """
    given = options.get("_retries")
    # Of a `urllib3.Retry`, or a policy of another class, nobody knows whether it sends again what
    # may have arrived.
    policy = RetryPolicy(*RetryPolicy.of(configured if given is None else given))
    looking, sending = options.copy(), options.copy()
    looking["_retries"] = policy
    # A gateway that says 503, and when to come back, may have passed the request on all the same.
    sending["_retries"] = policy._replace(statuses=policy.statuses & {429})

    def newest() -> MessageMessage | None:
        items = page_of(list_page(page=1, per_page=1, **looking)).items
        if items is None:
            raise DeserializationException(200, "The response is not a page of messages")
        return next(iter(items), None)

    return Calls(
        lambda: send(**sending),
        newest,
        lambda: messages(**looking),
    )
