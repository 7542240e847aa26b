"""The generations of the service: what each answers, and in which shape.

`2023` and `2024` are servers in the field, with their mistakes; `documented` is the service as
its documentation describes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, get_args

from openapi_client.testing._clock import rfc3339
from openapi_client.testing._go import to_json
from openapi_client.testing._store import Page, StoredMessage
from openapi_client.testing._wire import Reply

GenerationName = Literal["documented", "2023", "2024"]
GENERATIONS: tuple[GenerationName, ...] = get_args(GenerationName)

BODY_LIMIT_BYTES = 128

_BLANK = "body: cannot be blank."
_TOO_LONG = f"body: the length must be no more than {BODY_LIMIT_BYTES}."
_NO_ROWS = "sql: no rows in result set"


def error_object(status: int, error: str, details: str) -> Reply:
    """An error in the shape of 2024."""
    return Reply(status, to_json({"status": status, "error": error, "details": details}))


NOT_FOUND = error_object(
    404,
    "Not found",
    "The requested resource does not exist, or you don't have permissions to access it",
)
PASSWORD_CHANGE_DUE = error_object(
    423,
    "You're required to change your password",
    "Please change your password before consuming the api.",
)
ROUTE_NOT_FOUND = Reply(404, to_json({"message": "Not Found"}))
TOKEN_MISSING = Reply(401, to_json({"message": "missing or malformed jwt"}))
LOGIN_REFUSED = Reply(401, to_json({"message": "Unauthorized"}))
TOKEN_INVALID = Reply(401, to_json({"message": "invalid or expired jwt"}))


def _invalid_input(details: str) -> Reply:
    return error_object(400, "Invalid input", details)


def internal_error() -> Reply:
    """What a server of 2024 answers when something failed inside, each time with a new code."""
    return error_object(
        500,
        "Internal error",
        f"There was a problem with your request. Error code [{uuid.uuid4()}]",
    )


def _fields_2023(message: StoredMessage, written: Callable[[int], str]) -> dict[str, Any]:
    return {
        "body": message.body,
        "cid": message.cid,
        "created_at": written(message.created_ns),
        "iat": written(message.iat_ns),
        "iss": message.iss,
        "jti": message.jti,
        "rid": message.rid,
        "updated_at": written(message.updated_ns),
    }


def _fields_2024(message: StoredMessage, written: Callable[[int], str]) -> dict[str, Any]:
    return {
        "id": message.jti,
        "connection_id": message.iss,
        "cid": message.cid,
        "rid": message.rid,
        "body": message.body,
        "iat": written(message.iat_ns),
        "read": bool(message.read),
        "received": bool(message.received),
        "created_at": written(message.created_ns),
        "updated_at": written(message.updated_ns),
    }


@dataclass(frozen=True)
class Generation:
    """How one generation behaves; each attribute is a row of its behaviour."""

    name: GenerationName
    fields: Callable[[StoredMessage, Callable[[int], str]], dict[str, Any]]
    sent_status: int
    message_not_found: Reply
    edit_not_found: Callable[[], Reply]
    list_unknown_connection: Reply
    send_unknown_connection: Reply | None  # None: a send makes the connection known
    invalid_json: Reply
    null_is_blank: bool  # whether a JSON null in place of the object is read as no text
    blank_body: Reply | None  # None: an empty text is accepted
    long_body: Reply | None  # None: no limit
    counts_everything: bool
    always_z: bool

    def message(self, message: StoredMessage, zone: tzinfo | None, status: int = 200) -> Reply:
        """The answer that shows one message."""
        return Reply(status, to_json(self.fields(message, self._written(zone))))

    def page(self, page: Page, zone: tzinfo | None) -> Reply:
        """The answer that shows one page."""
        written = self._written(zone)
        return Reply(
            200,
            to_json(
                {
                    "page": page.page,
                    "per_page": page.per_page,
                    "page_count": page.page_count,
                    "total_count": page.total_count,
                    "items": [self.fields(message, written) for message in page.items],
                }
            ),
        )

    def refuse_body(self, body: str) -> Reply | None:
        """The answer to a text that breaks the generation's rules, None where it keeps them."""
        if not body:
            return self.blank_body
        if self.long_body is not None and len(body.encode()) > BODY_LIMIT_BYTES:
            return self.long_body
        return None

    def _written(self, zone: tzinfo | None) -> Callable[[int], str]:
        always_z = self.always_z
        return lambda nanoseconds: rfc3339(nanoseconds, zone, always_z=always_z)


_NO_ROWS_404 = Reply(404, to_json(_NO_ROWS))
_NO_ROWS_500 = Reply(500, to_json(_NO_ROWS))

_INVALID_JSON = _invalid_input("The provided body is not valid")

_BY_NAME: dict[str, Generation] = {
    generation.name: generation
    for generation in (
        Generation(
            name="documented",
            fields=_fields_2023,
            sent_status=200,
            message_not_found=NOT_FOUND,
            edit_not_found=lambda: NOT_FOUND,
            list_unknown_connection=NOT_FOUND,
            send_unknown_connection=None,
            invalid_json=_INVALID_JSON,
            null_is_blank=False,
            blank_body=None,
            long_body=None,
            counts_everything=False,
            always_z=False,
        ),
        Generation(
            name="2023",
            fields=_fields_2023,
            sent_status=201,
            message_not_found=_NO_ROWS_404,
            edit_not_found=lambda: _NO_ROWS_500,
            list_unknown_connection=_NO_ROWS_404,
            send_unknown_connection=Reply(404, to_json("connection not found")),
            invalid_json=Reply(400, to_json("")),
            null_is_blank=True,
            blank_body=Reply(500, to_json(_BLANK)),
            long_body=Reply(500, to_json(_TOO_LONG)),
            counts_everything=True,
            always_z=True,
        ),
        Generation(
            name="2024",
            fields=_fields_2024,
            sent_status=202,
            message_not_found=NOT_FOUND,
            edit_not_found=internal_error,
            list_unknown_connection=NOT_FOUND,
            send_unknown_connection=NOT_FOUND,
            invalid_json=_INVALID_JSON,
            null_is_blank=True,
            blank_body=_invalid_input(_BLANK),
            long_body=_invalid_input(_TOO_LONG),
            counts_everything=False,
            always_z=False,
        ),
    )
}


def generation_named(name: str) -> Generation:
    """The generation of that name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        allowed = ", ".join(repr(known) for known in GENERATIONS)
        raise ValueError(f"generation must be one of {allowed}, not {name!r}") from None
