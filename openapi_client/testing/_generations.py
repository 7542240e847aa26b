"""The generations of the service: one table of what each answers, and in which shape.

`2023` and `2024` are servers in the field, with their mistakes; `documented` is the service as
its documentation describes it. Nothing elsewhere asks which generation it is: whoever needs to know
reads a row of `Generation`, so that another generation is added here alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, get_args

from openapi_client.testing._go import (
    FieldCheck,
    is_list_of_filled_objects,
    is_object,
    is_text,
    to_json,
)
from openapi_client.testing._messages import Page, StoredMessage, rfc3339
from openapi_client.testing._ranks import Order
from openapi_client.testing._wire import Reply

GenerationName = Literal["documented", "2023", "2024"]
GENERATIONS: tuple[GenerationName, ...] = get_args(GenerationName)

BODY_LIMIT_BYTES = 128
LOGIN_LENGTHS = range(5, 129)

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
METHOD_NOT_ALLOWED = to_json({"message": "Method Not Allowed"})
TOKEN_MISSING = Reply(401, to_json({"message": "missing or malformed jwt"}))
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


Written = Callable[[int], str]


def _fields_2023(message: StoredMessage, written: Written) -> dict[str, Any]:
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


def _fields_2024(message: StoredMessage, written: Written) -> dict[str, Any]:
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


def _login_invalid_2023(errors: dict[str, str]) -> Reply:
    details = [{"field": field, "error": error} for field, error in errors.items()]
    message = "There is some problem with the data you submitted."
    return Reply(400, to_json({"status": 400, "message": message, "details": details}))


def _login_invalid_2024(errors: dict[str, str]) -> Reply:
    return _invalid_input("; ".join(f"{field}: {error}" for field, error in errors.items()) + ".")


@dataclass(frozen=True)
class Generation:
    """How one generation behaves; each attribute is a row of its behaviour.

    Attributes:
        name: what programs choose it by.
        fields: a message as it stands in JSON.
        sent_status: the status of a successful send.
        cid_per_message: True: each own message has a `cid` of its own, incoming ones none; False:
            all messages of a conversation share one.
        message_not_found: a get of no message.
        id_decides: True: get and edit find a message by its id alone, whatever the app and the
            connection in the path.
        id_with_slash: True: the rest of the path is the id, slashes included.
        edit_not_found: an edit of no message in a conversation that is known.
        edit_unknown_connection: an edit in a conversation that is not; None: as of no message.
        list_unknown_connection: a list of a conversation that is not known.
        send_unknown_connection: a send to one; None: it makes the connection known.
        connection_before_body: True: a send judges the connection before the text.
        invalid_json: a body that is no JSON, or has another Content-Type.
        body_fields: the fields of a send's or edit's body, and what they have to be.
        null_is_blank: whether a JSON null in place of the object is read as no text.
        form_is_blank: whether a form is read as no text, in place of being refused.
        blank_body: an empty text; None: it is accepted.
        long_body: a text above `BODY_LIMIT_BYTES`; None: there is no limit.
        nul_body: a text with U+0000; None: it is accepted.
        counts_everything: whether totals count all messages of the server.
        order: how messages of one list are ordered.
        always_z: whether timestamps in local time are labelled `Z`.
        fraction_digits: the most that a timestamp has; but that of an edit's answer has up to 9.
        always_has_login: whether `/login` and `/refresh` are there without any user.
        login_refused: wrong credentials.
        login_invalid: credentials that are blank or not of `LOGIN_LENGTHS`, from the error of each
            field; None: they are refused like wrong ones.
        guards_everything: whether paths outside `/v1/apps` ask for a token too.
        any_authorization: whether one good Authorization header among several is enough.
    """

    name: GenerationName
    fields: Callable[[StoredMessage, Written], dict[str, Any]]
    sent_status: int
    cid_per_message: bool
    message_not_found: Reply
    id_decides: bool
    id_with_slash: bool
    edit_not_found: Callable[[], Reply]
    edit_unknown_connection: Reply | None
    list_unknown_connection: Reply
    send_unknown_connection: Reply | None
    connection_before_body: bool
    invalid_json: Reply
    body_fields: Mapping[str, FieldCheck]
    null_is_blank: bool
    form_is_blank: bool
    blank_body: Reply | None
    long_body: Reply | None
    nul_body: Reply | None
    counts_everything: bool
    order: Order
    always_z: bool
    fraction_digits: int
    always_has_login: bool
    login_refused: Reply
    login_invalid: Callable[[dict[str, str]], Reply] | None
    guards_everything: bool
    any_authorization: bool

    def message(
        self, message: StoredMessage, zone: tzinfo | None, status: int = 200, *, digits: int = 0
    ) -> Reply:
        """Show one message, with timestamps of the generation's digits, or of more."""
        written = self._written(zone, max(digits, self.fraction_digits))
        return Reply(status, to_json(self.fields(message, written)))

    def page(self, page: Page, zone: tzinfo | None) -> Reply:
        """Show one page."""
        written = self._written(zone, self.fraction_digits)
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
        """Refuse a text that breaks the generation's rules; None where it keeps them."""
        if not body:
            return self.blank_body
        if self.long_body is not None and len(body.encode()) > BODY_LIMIT_BYTES:
            return self.long_body
        return self.nul_body if "\0" in body else None

    def refuse_login(self, given: Mapping[str, object]) -> Reply | None:
        """Refuse credentials that could be nobody's; None where they could be somebody's."""
        if self.login_invalid is None:
            return None
        errors: dict[str, str] = {}
        for field in ("password", "username"):
            length = len(str(given.get(field, "")))
            if not length:
                errors[field] = "cannot be blank"
            elif length not in LOGIN_LENGTHS:
                errors[field] = (
                    f"the length must be between {LOGIN_LENGTHS[0]} and {LOGIN_LENGTHS[-1]}"
                )
        return self.login_invalid(errors) if errors else None

    def _written(self, zone: tzinfo | None, digits: int) -> Written:
        always_z = self.always_z
        return lambda nanoseconds: rfc3339(nanoseconds, zone, always_z=always_z, digits=digits)


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
            cid_per_message=False,
            message_not_found=NOT_FOUND,
            id_decides=False,
            id_with_slash=False,
            edit_not_found=lambda: NOT_FOUND,
            edit_unknown_connection=None,
            list_unknown_connection=NOT_FOUND,
            send_unknown_connection=None,
            connection_before_body=False,
            invalid_json=_INVALID_JSON,
            body_fields={"body": is_text},
            null_is_blank=False,
            form_is_blank=False,
            blank_body=None,
            long_body=None,
            nul_body=None,
            counts_everything=False,
            order="exact",
            always_z=False,
            fraction_digits=9,
            always_has_login=False,
            login_refused=Reply(401, to_json({"message": "Unauthorized"})),
            login_invalid=None,
            guards_everything=True,
            any_authorization=False,
        ),
        Generation(
            name="2023",
            fields=_fields_2023,
            sent_status=201,
            cid_per_message=True,
            message_not_found=_NO_ROWS_404,
            id_decides=True,
            id_with_slash=True,
            edit_not_found=lambda: _NO_ROWS_500,
            edit_unknown_connection=None,
            list_unknown_connection=_NO_ROWS_404,
            send_unknown_connection=Reply(404, to_json("connection not found")),
            connection_before_body=True,
            invalid_json=Reply(400, to_json("")),
            body_fields={"body": is_text},
            null_is_blank=True,
            form_is_blank=True,
            blank_body=Reply(500, to_json(_BLANK)),
            long_body=Reply(500, to_json(_TOO_LONG)),
            nul_body=Reply(500, to_json('pq: invalid byte sequence for encoding "UTF8": 0x00')),
            counts_everything=True,
            order="ties vary",
            always_z=True,
            fraction_digits=6,
            always_has_login=True,
            login_refused=Reply(
                401,
                to_json(
                    {
                        "status": 401,
                        "message": "You are not authenticated to perform the requested action.",
                    }
                ),
            ),
            login_invalid=_login_invalid_2023,
            guards_everything=True,
            any_authorization=False,
        ),
        Generation(
            name="2024",
            fields=_fields_2024,
            sent_status=202,
            cid_per_message=True,
            message_not_found=NOT_FOUND,
            id_decides=False,
            id_with_slash=False,
            edit_not_found=internal_error,
            edit_unknown_connection=NOT_FOUND,
            list_unknown_connection=NOT_FOUND,
            send_unknown_connection=NOT_FOUND,
            connection_before_body=False,
            invalid_json=_INVALID_JSON,
            body_fields={
                "body": is_text,
                "options": is_object,
                "objects": is_list_of_filled_objects,
            },
            null_is_blank=True,
            form_is_blank=True,
            blank_body=_invalid_input(_BLANK),
            long_body=_invalid_input(_TOO_LONG),
            nul_body=None,
            counts_everything=False,
            order="local",
            always_z=False,
            fraction_digits=9,
            always_has_login=True,
            login_refused=error_object(
                401,
                "You're unauthorized to perform this action",
                "Provided auth credentials are invalid",
            ),
            login_invalid=_login_invalid_2024,
            guards_everything=False,
            any_authorization=True,
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
