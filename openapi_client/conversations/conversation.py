"""A conversation: its ids bound once, and what spans many calls."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from openapi_client._caller import called_by
from openapi_client._limits import seconds
from openapi_client.conversations._arguments import check_at_least, check_text
from openapi_client.conversations._claims import CLAIMS, conversation_name
from openapi_client.conversations._cursor import Cursor, cursor_of
from openapi_client.conversations._entry import entry_of
from openapi_client.conversations._follow import ONE_ATTEMPT, Follower, newest_part, place_after
from openapi_client.conversations._iterate import MessageIterator, PageIterator
from openapi_client.conversations._send_many import Body, Outcome, Sender, paired, request_of
from openapi_client.conversations._send_once import OnceSender, as_stored, calls_of
from openapi_client.conversations._times import Stop, Times
from openapi_client.conversations._windows import FetchPage, Snapshot, Window, page_of, snapshot_of
from openapi_client.conversations.ledger import Ledger, check_ledger
from openapi_client.exceptions import ApiValueError
from openapi_client.models import (
    MessageMessage,
    MessageResponse,
    MessageUpdateMessageRequest,
)
from openapi_client.retries import RetryPolicy

if TYPE_CHECKING:
    from openapi_client.api.operation import RequestOptions
    from openapi_client.conversations._operations import Operations


class Conversation:
    """The conversation of an app with one connection; made by `MessagesApi.conversation`.

    `list`, `get`, `edit` and `send` are the operations without the two ids. Everything else makes
    as many calls as it takes. Every method takes the `RequestOptions`, for each of its calls.

    It holds nothing but the API and the ids, so it can be shared by threads as the client can, and
    pickled as the client can: with its credentials.

    Args:
        messages: the API.
        app_id: the app.
        connection_id: the other side of the conversation.
        times: time and chance, for programs and tests that have their own.
        ledger: remembers the sends of `send_once`.

    Raises:
        ApiValueError: an id is not a `str`, or is empty.
    """

    def __init__(
        self,
        messages: Operations,
        app_id: str,
        connection_id: str,
        times: Times | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        check_text("app_id", app_id)
        check_text("connection_id", connection_id)
        self._messages = messages
        self._app_id = app_id
        self._connection_id = connection_id
        self._times = Times() if times is None else times
        self._ledger = check_ledger(ledger)

    @property
    def api(self) -> Operations:
        """The API that makes the calls."""
        return self._messages

    @property
    def app_id(self) -> str:
        """The app."""
        return self._app_id

    @property
    def connection_id(self) -> str:
        """The other side of the conversation."""
        return self._connection_id

    @property
    def ledger(self) -> Ledger | None:
        """What remembers the sends of `send_once`, if anything does."""
        return self._ledger

    def __repr__(self) -> str:
        return f"<Conversation of {self.app_id!r} with {self.connection_id!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        names = (self._messages, self._app_id, self._connection_id)
        return type(self), names if self._ledger is None else (*names, None, self._ledger)

    # -- the operations ---------------------------------------------------------------------------

    def list(
        self,
        *,
        messages_since: int | None = None,
        page: int | None = None,
        per_page: int | None = None,
        **options: Unpack[RequestOptions],
    ) -> MessageResponse:
        """List a page of messages, newest first; see `MessagesApi.list`."""
        return self._messages.list(
            self._app_id,
            self._connection_id,
            messages_since=messages_since,
            page=page,
            per_page=per_page,
            **options,
        )

    def get(self, jti: str, **options: Unpack[RequestOptions]) -> MessageMessage:
        """Get one message; see `MessagesApi.get`."""
        return self._messages.get(self._app_id, self._connection_id, jti, **options)

    def edit(
        self,
        jti: str,
        request: str | MessageUpdateMessageRequest | dict[str, Any],
        **options: Unpack[RequestOptions],
    ) -> MessageMessage:
        """Give a message another text; see `MessagesApi.edit`."""
        return self._messages.edit(self._app_id, self._connection_id, jti, request, **options)

    def send(self, request: Body, **options: Unpack[RequestOptions]) -> MessageMessage:
        """Send a message; see `MessagesApi.send`."""
        return self._messages.send(self._app_id, self._connection_id, request, **options)

    # -- every message ----------------------------------------------------------------------------

    def __iter__(self) -> MessageIterator:
        return self.messages()

    def messages(
        self,
        *,
        per_page: int = 100,
        max_items: int | None = None,
        workers: int = 1,
        newest_first: bool = True,
        after: Cursor | MessageMessage | str | None = None,
        **options: Unpack[RequestOptions],
    ) -> MessageIterator:
        """Every message of the conversation, each once, in memory of a few pages.

        Nothing is asked for before the first `next()` or `len()`. It ends, and misses nothing that
        was there all the time, while messages come in, are edited and are deleted, on servers of
        every generation. After an error, `next()` goes on where it was.

        Args:
            per_page: messages per request, about, from 1; more than 1000 count as 1000.
            max_items: at most so many; `None` for all.
            workers: requests at a time, from 1: pages are asked for ahead, in threads.
            newest_first: from the newest message to the oldest, or the other way. From the oldest
                on, messages that come in meanwhile come at the end.
            after: go on after this place, in the direction of reading: a `Cursor` (or its text), a
                message, or the `jti` of one. `None`: begin at the beginning.
            **options: see `RequestOptions`.

        Raises:
            ApiValueError: an argument makes no sense; the message names it.
        """
        return MessageIterator(
            self.pages(
                per_page=per_page,
                max_items=max_items,
                workers=workers,
                newest_first=newest_first,
                after=after,
                **options,
            )
        )

    def pages(
        self,
        *,
        per_page: int = 100,
        max_items: int | None = None,
        workers: int = 1,
        newest_first: bool = True,
        after: Cursor | MessageMessage | str | None = None,
        **options: Unpack[RequestOptions],
    ) -> PageIterator:
        """Return the messages of `messages`, page by page.

        Each page is an answer of the server, its `items` without the messages that were on a page
        before it. A conversation without messages has no page.

        Args:
            per_page: messages on a page, from 1; more than 1000 count as 1000.
            max_items: at most so many messages on all pages together; `None` for all.
            workers: requests at a time, from 1.
            newest_first: from the newest message to the oldest, or the other way.
            after: go on after this place; see `messages`.
            **options: see `RequestOptions`.

        Raises:
            ApiValueError: an argument makes no sense; the message names it.
        """
        return PageIterator(
            self._fetch_page("messages", options),
            called_by("messages", lambda jti: self.get(jti, **options)),
            after=cursor_of(after),
            times=self._times,
            per_page=per_page,
            max_items=max_items,
            workers=workers,
            newest_first=newest_first,
        )

    def follow(
        self,
        *,
        after: Cursor | MessageMessage | str | None = None,
        poll_interval: float = 1.0,
        stop: Stop | None = None,
        give_up_after: float | None = None,
        **options: Unpack[RequestOptions],
    ) -> Follower:
        """Follow the messages that come, in the order of their creation, each once, without end.

        Own messages come too: their `iss` is `"me"`. Edits are no new messages. To go on in another
        process, keep the follower's `cursor` and give it as `after`.

        Args:
            after: begin after this place: a `Cursor` (or its text), a message, or the `jti` of one;
                `None`: with what comes from this call on, which makes a request. Of a `jti` alone
                the place is lost if the message is deleted.
            poll_interval: seconds between two requests while nothing comes. Each is one request for
                a few messages.
            stop: ends the iteration when it is set, such as a `threading.Event`; it also ends the
                wait for the next request at once. A request that is under way is not interrupted.
            give_up_after: seconds for which the server may fail before the error is raised; `None`
                for as long as it takes. A further `next()` goes on.
            **options: see `RequestOptions`.

        Raises:
            ApiValueError: an argument makes no sense; the message names it.
            ApiException: the server refuses the request (401, 404, ...).
        """
        if options.get("_retries") is None:
            options["_retries"] = ONE_ATTEMPT
        return Follower(
            self._fetch_page("follow", options),
            called_by("follow", lambda jti: self.get(jti, **options)),
            after=cursor_of(after),
            poll_interval=poll_interval,
            stop=stop,
            give_up_after=give_up_after,
            times=self._times,
        )

    def cursor(self, **options: Unpack[RequestOptions]) -> Cursor:
        """Return the place after the newest message: what comes from now on is after it.

        In a conversation without messages it is the place before the first one that ever comes.

        Raises:
            ApiException: the request failed.
        """
        return place_after(newest_part(self._fetch_page("cursor", options)))

    # -- sends ------------------------------------------------------------------------------------

    def send_many(
        self,
        bodies: Iterable[Body],
        *,
        workers: int = 8,
        once: bool = False,
        keys: Iterable[str] | None = None,
        ledger: Ledger | None = None,
        stop_on_error: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Generator[Outcome]:
        """Send many messages, several at a time; yield the outcome of each, in order.

        Nothing is sent before the first `next()`, and bodies are taken a few ahead of the outcomes.
        Messages are stored in any order; with `workers=1` it is that of the bodies. After a 429 all
        workers pause, and the message is offered again for as long as a call may take
        (`Configuration.deadline`), unless `Configuration.retries` is 0.

        Args:
            bodies: texts, or models or `dict`s that hold one as `body`.
            workers: sends at a time, each in a thread, from 1.
            once: send each as `send_once` does.
            keys: the keys of the bodies, in their order, for `once=True` with a ledger.
            ledger: see `send_once`.
            stop_on_error: after a failure take no more bodies, and send none of those that were
                taken and have not been sent: their outcome is an error that says so.
            **options: see `RequestOptions`.

        Yields:
            The message; or the `ApiException`, whose `outcome` tells whether it may be stored.

        Raises:
            ApiValueError: an argument makes no sense; the message names it.
        """
        check_at_least("workers", workers, 1)
        ledger = check_ledger(ledger) or self._ledger
        if keys is not None and (not once or ledger is None or isinstance(keys, str)):
            raise ApiValueError("keys must be an iterable of str, with once=True and a ledger")
        configuration = self._messages.api_client.configuration
        sender = Sender(
            called_by("send_many", partial(self._send_one, once, ledger, options)),
            workers=workers,
            stop_on_error=stop_on_error,
            retries=configuration.retries,
            patience=configuration.limits.for_call(options.get("_request_timeout")).deadline,
            times=self._times,
        )
        return sender.outcomes(paired(bodies, keys))

    def _send_one(
        self,
        once: bool,
        ledger: Ledger | None,
        options: RequestOptions,
        item: tuple[Body, str | None],
        policy: RetryPolicy,
    ) -> MessageMessage:
        body, key = item
        each = options.copy()
        each["_retries"] = policy
        if once:
            return self.send_once(body, key=key, ledger=ledger, **each)
        return self.send(body, **each)

    def send_once(
        self,
        body: Body,
        *,
        key: str | None = None,
        ledger: Ledger | None = None,
        settle: float = 1.0,
        give_up_after: float | None = 60.0,
        **options: Unpack[RequestOptions],
    ) -> MessageMessage:
        """Send a message so that it is stored exactly once, or raise an error: then it is not.

        If the answer is lost, the message is looked for among the own messages that were stored
        since, and sent again only if it is not there; docs/conversations.md tells its limits.

        Args:
            body: the text, or a model or `dict` that holds it as `body`.
            key: names this send within the conversation, for good: the same key again, in any
                process, returns the message that is stored, and sends nothing. While another
                process sends it, this one waits. It needs a ledger.
            ledger: remembers the send; default: the conversation's, if it has one.
            settle: seconds after which a message that was not found is looked for once more, since
                its request may still be on its way. Only then is it sent again.
            give_up_after: seconds after which no further attempt is begun; `None` for no limit.
            **options: see `RequestOptions`.

        Raises:
            ApiValueError: an argument makes no sense, or the key was used with another text.
            pydantic.ValidationError: `body` has the wrong type. Nothing was sent.
            ApiException: it is not stored; if `outcome` is `"unknown"`, that is not sure.
        """
        request = request_of(body)
        seconds("settle", settle)
        if give_up_after is not None:
            seconds("give_up_after", give_up_after)
        ledger = check_ledger(ledger) or self._ledger
        configuration = self._messages.api_client.configuration
        name = conversation_name(configuration.host, self._app_id, self._connection_id)
        text = as_stored(request.body or "")
        send = partial(self.send, request)
        sender = OnceSender(
            calls_of(send, self.list, self.messages, configuration.retries, options),
            text,
            CLAIMS.of(name, self._times.clock),
            entry_of(ledger, name, key, text),
            settle=settle,
            give_up_after=give_up_after,
            times=self._times,
        )
        return called_by("send_once", sender.run)()

    def _fetch_page(self, caller: str, options: RequestOptions) -> FetchPage:
        def look(window: Window) -> Snapshot:
            response = page_of(self.list(page=window.page, per_page=window.size, **options))
            return snapshot_of(response, window)

        return called_by(caller, look)
