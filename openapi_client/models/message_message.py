"""A message of a conversation."""

from __future__ import annotations

from datetime import datetime

from pydantic import AliasChoices, Field, StrictBool, StrictStr

from openapi_client.models.base import OpenModel, Sent


class MessageMessage(OpenModel):
    """A message. Any field is `None` if the server did not send it.

    Servers of every generation are understood: what newer ones call `id` and `connection_id` is
    read as `jti` and `iss`. Fields that are not known here are kept, in `model_extra` and as
    attributes.
    """

    body: Sent[StrictStr] = None
    """The text."""
    cid: Sent[StrictStr] = None
    """The id of the conversation (thread) that it belongs to."""
    created_at: Sent[StrictStr] = None
    """When the server stored it, as the server wrote it (RFC 3339)."""
    iat: Sent[StrictStr] = None
    """When its sender issued it, as the server wrote it (RFC 3339)."""
    iss: Sent[StrictStr] = Field(
        default=None, validation_alias=AliasChoices("iss", "connection_id")
    )
    """Who sent it: the id of a connection, or `"me"` for the app itself."""
    jti: Sent[StrictStr] = Field(default=None, validation_alias=AliasChoices("jti", "id"))
    """Its id."""
    rid: Sent[StrictStr] = None
    """The id of the message that it answers; empty if it answers none."""
    updated_at: Sent[StrictStr] = None
    """When it was last changed, as the server wrote it (RFC 3339)."""
    read: StrictBool | None = None
    """Whether it was read; older servers do not tell."""
    received: StrictBool | None = None
    """Whether it was received; older servers do not tell."""

    @property
    def id(self) -> Sent[str]:
        """The same as `jti`, by the name that servers of 2024 give it."""
        return self.jti

    @id.setter  # noqa: A003 - the name is that of servers
    def id(self, value: str | None) -> None:
        self.jti = value

    @property
    def connection_id(self) -> Sent[str]:
        """The same as `iss`, by the name that servers of 2024 give it."""
        return self.iss

    @connection_id.setter
    def connection_id(self, value: str | None) -> None:
        self.iss = value

    @property
    def created_at_datetime(self) -> datetime | None:
        """`created_at` as an aware `datetime`, cut to microseconds; `None` if absent or empty.

        Raises:
            ValueError: it is not a date and time with an offset.
        """
        return _timestamp("created_at", self.created_at)

    @property
    def iat_datetime(self) -> datetime | None:
        """`iat` as an aware `datetime`, cut to microseconds; `None` if absent or empty.

        Raises:
            ValueError: it is not a date and time with an offset.
        """
        return _timestamp("iat", self.iat)

    @property
    def updated_at_datetime(self) -> datetime | None:
        """`updated_at` as an aware `datetime`, cut to microseconds; `None` if absent or empty.

        Raises:
            ValueError: it is not a date and time with an offset.
        """
        return _timestamp("updated_at", self.updated_at)


def _timestamp(field: str, text: str | None) -> datetime | None:
    if not text:
        return None
    # Not at the top: most programs never ask, and it takes as long to import as the models.
    from dateutil.parser import isoparse

    try:
        moment = isoparse(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            f"{field} must be a date and time with an offset (RFC 3339), not {text[:64]!r}"
        )
    return moment
