"""The generations of the service: one table of what each answers, and in which shape.

`2023` and `2024` are servers in the field, with their mistakes; `documented` is the service as
its documentation describes it. Nothing elsewhere asks which generation it is: whoever needs to know
reads a row of `Generation`, so that another generation is added here alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Literal, cast, get_args

from openapi_client.testing._go import APPS_PATH, BASE_PATH, Fields, GoType, to_json
from openapi_client.testing._messages import Order, Page, StoredMessage, rfc3339
from openapi_client.testing._wire import Reply

GenerationName = Literal["documented", "2023", "2024"]
GENERATIONS: tuple[GenerationName, ...] = get_args(GenerationName)

_BLANK = "cannot be blank"
_NO_ROWS = "sql: no rows in result set"


def error_object(status: int, error: str, details: str) -> Reply:
    """Return an error in the shape of 2024."""
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
    """Return the answer of 2024 when something failed inside, each time with a new code."""
    return error_object(
        500,
        "Internal error",
        f"There was a problem with your request. Error code [{uuid.uuid4()}]",
    )


Written = Callable[[int], str]


def _fields_2023(message: StoredMessage, written: Written) -> dict[str, Any]:
    return {
        "iss": message.iss,
        "cid": message.cid,
        "jti": message.jti,
        "rid": message.rid,
        "body": message.body,
        "iat": written(message.iat_ns),
        "created_at": written(message.created_ns),
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


# How long texts may be, in bytes of UTF-8. None may be blank.
BODY_LENGTHS = range(129)
LOGIN_LENGTHS = range(5, 129)
REFRESH_LENGTHS = range(32, 256)
OBJECT_LENGTHS = {"key": range(10, 129), "link": None, "mime": None, "name": range(3, 129)}

Errors = dict[str, str]


def _errors(given: Mapping[str, object], lengths: Mapping[str, range | None]) -> Errors:
    """Tell what is wrong with the fields of a body, in the words of the service."""
    errors: Errors = {}
    for name, allowed in sorted(lengths.items()):
        length = len(str(given.get(name, "")).encode())
        if not length:
            errors[name] = _BLANK
        elif allowed is not None and length not in allowed:
            most = allowed[-1]
            between = f"between {allowed[0]} and {most}" if allowed[0] else f"no more than {most}"
            errors[name] = f"the length must be {between}"
    return errors


def _told(errors: Errors) -> str:
    return "; ".join(f"{field}: {error}" for field, error in errors.items()) + "."


def _login_invalid_2023(errors: Errors) -> Reply:
    details = [{"field": field, "error": error} for field, error in errors.items()]
    message = "There is some problem with the data you submitted."
    return Reply(400, to_json({"status": 400, "message": message, "details": details}))


def _invalid_2024(errors: Errors) -> Reply:
    return _invalid_input(_told(errors))


_NO_ROWS_404 = Reply(404, to_json(_NO_ROWS))
_NO_ROWS_500 = Reply(500, to_json(_NO_ROWS))

_INVALID_JSON = _invalid_input("The provided body is not valid")
_LOGIN_REFUSED = Reply(401, to_json({"message": "Unauthorized"}))
_UNAUTHORIZED = "You're unauthorized to perform this action"
_LOGIN_REFUSED_2023 = Reply(
    401,
    to_json(
        {
            "status": 401,
            "message": "You are not authenticated to perform the requested action.",
        }
    ),
)
_OBJECT: GoType = {"link": str, "name": str, "mime": str, "expires": int, "key": str}


@dataclass(frozen=True)
class Generation:
    """How one generation behaves; each attribute is a row of its behaviour.

    What is left out is as the documentation has it.

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
        strict_body: whether a JSON null and a form are invalid; else they are read as no text.
        send_fields: the fields of a send's body, and the type of each.
        invalid_text: a text that is empty or not of `BODY_LENGTHS`; None: any is accepted.
        nul_body: a text with U+0000; None: it is accepted.
        counts_everything: whether totals count all messages of the server.
        order: how messages of one list are ordered.
        always_z: whether timestamps in local time are labelled `Z`.
        fraction_digits: the most that a timestamp has; but that of an edit's answer has up to 9.
        always_has_login: whether `/login` and `/refresh` are there without any user.
        login_refused: wrong credentials.
        login_invalid: credentials that are blank or not of `LOGIN_LENGTHS`, from the error of each
            field; None: they are refused like wrong ones.
        refresh_refused: a wrong refresh token.
        refresh_invalid: one that is blank or not of `REFRESH_LENGTHS`; None: it is a wrong one.
        guarded: the path below which a token is asked for, known path or not.
    """

    name: GenerationName
    fields: Callable[[StoredMessage, Written], dict[str, Any]] = _fields_2023
    sent_status: int = 200
    cid_per_message: bool = False
    message_not_found: Reply = NOT_FOUND
    id_decides: bool = False
    id_with_slash: bool = False
    edit_not_found: Callable[[], Reply] = lambda: NOT_FOUND
    edit_unknown_connection: Reply | None = None
    list_unknown_connection: Reply = NOT_FOUND
    send_unknown_connection: Reply | None = None
    connection_before_body: bool = False
    invalid_json: Reply = _INVALID_JSON
    strict_body: bool = True
    send_fields: Mapping[str, GoType] = field(default_factory=lambda: {"body": str})
    invalid_text: Callable[[Errors], Reply] | None = None
    nul_body: Reply | None = None
    counts_everything: bool = False
    order: Order = "exact"
    always_z: bool = False
    fraction_digits: int = 9
    always_has_login: bool = False
    login_refused: Reply = _LOGIN_REFUSED
    login_invalid: Callable[[Errors], Reply] | None = None
    refresh_refused: Reply = _LOGIN_REFUSED
    refresh_invalid: Reply | None = None
    guarded: str = BASE_PATH

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

    def refuse_text(self, given: Fields) -> Reply | None:
        """Refuse the fields of a send or an edit that break the generation's rules."""
        errors = _errors(given, {"body": BODY_LENGTHS}) if self.invalid_text else {}
        options = cast("Mapping[str, Any]", given.get("options", {}))
        for attached in () if errors else options.get("objects", ()):
            errors = errors or _errors(attached, OBJECT_LENGTHS)
        if errors and self.invalid_text:
            return self.invalid_text(errors)
        return self.nul_body if "\0" in str(given.get("body")) else None

    def refuse_login(self, given: Fields) -> Reply | None:
        """Refuse credentials that could be nobody's; None where they could be somebody's."""
        errors = _errors(given, {"username": LOGIN_LENGTHS, "password": LOGIN_LENGTHS})
        return self.login_invalid(errors) if errors and self.login_invalid else None

    def refuse_refresh(self, given: Fields) -> Reply | None:
        """Refuse a refresh token that could be nobody's; None where it could be somebody's."""
        return self.refresh_invalid if _errors(given, {"refresh_token": REFRESH_LENGTHS}) else None

    def _written(self, zone: tzinfo | None, digits: int) -> Written:
        always_z = self.always_z
        return lambda nanoseconds: rfc3339(nanoseconds, zone, always_z=always_z, digits=digits)


_BY_NAME: dict[str, Generation] = {
    generation.name: generation
    for generation in (
        Generation(name="documented"),
        Generation(
            name="2023",
            sent_status=201,
            cid_per_message=True,
            message_not_found=_NO_ROWS_404,
            id_decides=True,
            id_with_slash=True,
            edit_not_found=lambda: _NO_ROWS_500,
            list_unknown_connection=_NO_ROWS_404,
            send_unknown_connection=Reply(404, to_json("connection not found")),
            connection_before_body=True,
            invalid_json=Reply(400, to_json("")),
            strict_body=False,
            invalid_text=lambda errors: Reply(500, to_json(_told(errors))),
            nul_body=Reply(500, to_json('pq: invalid byte sequence for encoding "UTF8": 0x00')),
            counts_everything=True,
            order="ties vary",
            always_z=True,
            fraction_digits=6,
            always_has_login=True,
            login_refused=_LOGIN_REFUSED_2023,
            login_invalid=_login_invalid_2023,
            refresh_refused=_LOGIN_REFUSED_2023,
        ),
        Generation(
            name="2024",
            fields=_fields_2024,
            sent_status=202,
            cid_per_message=True,
            edit_not_found=internal_error,
            edit_unknown_connection=NOT_FOUND,
            send_unknown_connection=NOT_FOUND,
            strict_body=False,
            send_fields={"body": str, "options": {"objects": [_OBJECT]}},
            invalid_text=_invalid_2024,
            order="local",
            always_has_login=True,
            login_refused=error_object(401, _UNAUTHORIZED, "Provided auth credentials are invalid"),
            login_invalid=_invalid_2024,
            refresh_refused=error_object(
                401, _UNAUTHORIZED, "You've provided a refresh_token, but it's not valid"
            ),
            refresh_invalid=_invalid_input("You must provide a refresh_token"),
            guarded=APPS_PATH,
        ),
    )
}


def generation_named(name: str) -> Generation:
    """Return the generation of that name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        allowed = ", ".join(repr(known) for known in GENERATIONS)
        raise ValueError(f"generation must be one of {allowed}, not {name!r}") from None
