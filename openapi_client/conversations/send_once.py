"""A send that is neither lost nor doubled, on servers that cannot tell a repeat from a new one.

If the answer to a send is lost, the message is looked for: an own message with the same text,
stored after a marker that was known from before the send, and not before the send began, that no
other send of this process has claimed. If there is one, that is it: it is of no consequence which
of two equal texts is whose, as long as each send has one. If there is none, it is sent again.

What this cannot know:

* Another process that sends the same text to the same conversation at the same moment (within some
  seconds). Its message can be taken for the one looked for, which then is missing. The same goes
  for sends of this process that are not made by `send_once`: `send` claims nothing.
* A request that is stored only after it was looked for: held up on its way, or in the server, for
  longer than `settle`. It is then there twice.
* A message whose time of storage is before that of the marker, because the server's clock was set
  back meanwhile, or because summer time ended on a server of 2023. It is sent again.
* A message that somebody deletes or edits between its being stored and its being looked for. It is
  sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from openapi_client.conversations._marker import Marker, marker_at, moment_of
from openapi_client.conversations._times import NEVER, Times
from openapi_client.conversations.backoff import may_pass, pause
from openapi_client.conversations.ledger import Ledger, Ticket
from openapi_client.exceptions import (
    ApiException,
    DeserializationException,
    NotFoundException,
)
from openapi_client.models import MessageMessage
from openapi_client.retries import TRANSIENT_STATUSES

OWN = "me"
"""The `iss` of a message that the app itself sent."""


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
        text: the text of the message.
        ledger: the claims on the messages of the conversation.
        settle: seconds after which a message that was not found is looked for again.
        give_up_after: seconds after which no further attempt is begun; `None` for no limit.
        times: time and chance.
    """

    def __init__(
        self,
        calls: Calls,
        text: str,
        ledger: Ledger,
        *,
        settle: float,
        give_up_after: float | None,
        times: Times,
    ) -> None:
        self._calls = calls
        self._text = as_stored(text)
        self._ledger = ledger
        self._settle = settle
        self._give_up_after = give_up_after
        self._times = times
        self._began = times.clock()

    def run(self) -> MessageMessage:
        """Send; return the message that is stored.

        Raises:
            ApiException: there is none, and `outcome` is `"not_sent"` or `"answered"`; or, if it
                is `"unknown"`, the server could not be asked for too long.
        """
        ticket = self._ledger.begin(self._newest)
        try:
            return self._until_known(ticket)
        finally:
            self._ledger.end(ticket)

    def _newest(self) -> Marker | None:
        try:
            message = self._calls.newest()
        except NotFoundException:
            # Some servers know a connection from the first message on; the send will tell.
            return None
        return None if message is None else marker_at(message)

    def _until_known(self, ticket: Ticket) -> MessageMessage:
        failures = 0
        while True:
            failure: ApiException | None = None
            try:
                message = _usable(self._calls.send())
            except ApiException as error:
                if not _may_be_stored(error):
                    raise
                failure = error
            else:
                if self._ledger.claim(ticket, marker_at(message), answered=True):
                    return message
                # Another send, whose answer was lost, took this message for its own.
            found = self._found(ticket, failure)
            if found is not None:
                return found
            if failure is not None:
                failure.hint = "The message was looked for, and is not stored."
                if not _is_worth_another(failure):
                    raise failure
                if not self._waited(failures, failure.retry_after):
                    failure.outcome = "not_sent"
                    raise failure
                failures += 1

    def _found(self, ticket: Ticket, failure: ApiException | None) -> MessageMessage | None:
        """The message that a send has left, if there is one to be claimed."""
        found = self._looked(ticket, failure)
        if found is None and failure is not None and _is_worth_another(failure):
            # The request may still be on its way to where messages are stored.
            self._times.wait(NEVER, self._settle)
            found = self._looked(ticket, failure)
        return found

    def _looked(self, ticket: Ticket, failure: ApiException | None) -> MessageMessage | None:
        failures = 0
        while True:
            try:
                return self._claimed(ticket)
            except ApiException as error:
                look_failure = error
            if not may_pass(look_failure) or not self._waited(failures, look_failure.retry_after):
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
        candidates = [
            message
            for message in self._since(ticket)
            if message.iss == OWN
            and (message.body or "") == self._text
            and not self._ledger.is_claimed(message.jti)
        ]
        for message in reversed(candidates):
            if self._ledger.claim(ticket, marker_at(message), answered=False):
                return message
        return None

    def _since(self, ticket: Ticket) -> Iterator[MessageMessage]:
        """The messages that were stored since a send began, and maybe some before, newest first."""
        marker, not_before = ticket.marker, ticket.not_before
        try:
            for message in self._calls.from_newest():
                if marker is not None and message.jti == marker.jti:
                    return
                moment = moment_of(message)
                if not_before is not None and moment is not None and moment[0] < not_before:
                    return
                yield message
        except NotFoundException:
            return  # no message has made the connection known yet

    def _waited(self, failures: int, retry_after: float | None) -> bool:
        """Wait before another attempt; `False`, at once, if there is no time for one."""
        wait = pause(failures, retry_after, self._times.draw())
        passed = self._times.clock() - self._began
        if self._give_up_after is not None and passed + wait >= self._give_up_after:
            return False
        self._times.wait(NEVER, wait)
        return True


def _usable(message: MessageMessage | None) -> MessageMessage:
    """Return the message of an answer that has one; any other 2xx is a lost answer."""
    if message is None or message.jti is None:
        raise DeserializationException(200, "The response to the send holds no message")
    return message


def _may_be_stored(error: ApiException) -> bool:
    """Whether a failed send may have been stored all the same.

    It was not if nothing was sent, or if the service refused it. An answer from 500 up may come
    from a proxy that had passed the request on, and a 2xx that cannot be read says that it was.
    """
    if error.outcome == "not_sent":
        return False
    return not 300 <= (error.status or 0) <= 499


def _is_worth_another(error: ApiException) -> bool:
    """Whether a failed send that was not stored may succeed if it is made again.

    A plain 500 is how servers of 2023 refuse a text that is empty or too long.
    """
    status = error.status or 0
    return status < 500 or status in TRANSIENT_STATUSES


def as_stored(text: str) -> str:
    """A text as servers keep it: half a surrogate pair is lost (RFC 8259, section 8.2)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
