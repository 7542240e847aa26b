"""A message, whichever server sent it."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from openapi_client.models import (
    MessageCreateMessageRequest,
    MessageMessage,
    MessageResponse,
)

STRINGS = ["body", "cid", "created_at", "iat", "iss", "jti", "rid", "updated_at"]
TRUTHS = ["read", "received"]
TIMES = ["created_at", "iat", "updated_at"]

OF_2024 = {
    "id": "a1",
    "connection_id": "me",
    "cid": "c",
    "rid": "",
    "body": "hello",
    "iat": "2024-05-01T10:00:00+02:00",
    "read": True,
    "received": False,
    "created_at": "2024-05-01T10:00:00.5+02:00",
    "updated_at": "2024-05-01T10:00:01+02:00",
}

texts = st.text(st.characters(exclude_categories=["Cs"]))
messages: st.SearchStrategy[MessageMessage] = st.builds(
    MessageMessage,
    **{name: st.none() | texts for name in STRINGS},
    **{name: st.none() | st.booleans() for name in TRUTHS},
)


def test_every_field_is_none_at_first() -> None:
    message = MessageMessage()
    assert [getattr(message, name) for name in STRINGS + TRUTHS] == [None] * 10
    assert list(MessageMessage.model_fields) == STRINGS + TRUTHS


def test_a_message_of_the_documented_generation_is_read_by_its_names() -> None:
    message = MessageMessage.model_validate({"jti": "j", "iss": "me", "body": "hello"})
    assert (message.jti, message.iss, message.body) == ("j", "me", "hello")
    assert (message.read, message.received) == (None, None)


def test_a_message_of_2024_has_its_id_in_jti_and_its_connection_in_iss() -> None:
    message = MessageMessage.model_validate(OF_2024)
    assert (message.jti, message.iss) == ("a1", "me")
    assert (message.read, message.received) == (True, False)
    assert message.model_extra == {}


def test_the_documented_name_wins_when_a_server_sends_both() -> None:
    both = {"id": "new", "jti": "old", "connection_id": "new", "iss": "old"}
    message = MessageMessage.model_validate(both)
    assert (message.jti, message.iss) == ("old", "old")


def test_unknown_fields_are_kept_and_reachable() -> None:
    message = MessageMessage.from_json('{"jti": "j", "priority": {"level": 3}, "copy": 1}')
    assert message is not None
    assert message.model_extra == {"priority": {"level": 3}, "copy": 1}
    assert [getattr(message, name) for name in ["priority"]] == [{"level": 3}]
    assert message.to_dict() == {"jti": "j", "priority": {"level": 3}, "copy": 1}


def test_model_extra_is_an_empty_dictionary_without_unknown_fields() -> None:
    assert MessageMessage(jti="j").model_extra == {}


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("value", [1, 1.5, True, b"x", ["x"], {}])
def test_nothing_but_a_string_is_taken_for_one(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        MessageMessage.model_validate({name: value})


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("value", [0, 1, "true", "yes", [], 1.0])
def test_nothing_but_a_truth_value_is_taken_for_one(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        MessageMessage.model_validate({name: value})


@pytest.mark.parametrize("json", ['{"id": 1}', '{"read": "true"}', '{"body": ["x"]}', "[]", "1"])
def test_json_of_the_wrong_shape_is_a_value_error(json: str) -> None:
    with pytest.raises(ValueError, match="MessageMessage"):
        MessageMessage.from_json(json)


@pytest.mark.parametrize("name", STRINGS)
def test_an_assignment_is_validated(name: str) -> None:
    message = MessageMessage()
    setattr(message, name, "changed")
    with pytest.raises(ValidationError, match=name):
        setattr(message, name, 1)
    assert message.to_dict() == {name: "changed"}


@given(messages)
@settings(deadline=None)
def test_a_message_survives_its_own_json_and_dictionary(message: MessageMessage) -> None:
    assert MessageMessage.from_json(message.to_json()) == message
    assert MessageMessage.from_dict(message.to_dict()) == message
    assert None not in message.to_dict().values()


@given(messages)
@settings(deadline=None)
def test_a_copy_a_deep_copy_and_a_pickle_are_equal_and_independent(
    message: MessageMessage,
) -> None:
    again: list[MessageMessage] = [
        copy.copy(message),
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
        message.model_copy(),
    ]
    assert again == [message] * 4
    for one in again:
        one.body = "another"
    assert message.body != "another" or message == again[0]
    assert all(type(one) is MessageMessage for one in again)


def test_unknown_fields_survive_copying_and_pickling() -> None:
    message = MessageMessage.model_validate({"jti": "j", "later": [1]})
    deep = copy.deepcopy(message)
    assert [copy.copy(message), deep, pickle.loads(pickle.dumps(message))] == [message] * 3
    deep.model_extra["later"].append(2)
    assert message.model_extra == {"later": [1]}


def test_messages_are_equal_if_all_their_fields_are() -> None:
    one = MessageMessage(jti="j", body="x")
    assert one == MessageMessage(jti="j", body="x")
    assert one != MessageMessage(jti="j", body="y")
    assert one != MessageMessage.model_validate({"jti": "j", "body": "x", "later": 1})


def test_a_subclass_adds_fields_and_keeps_the_methods() -> None:
    class Mine(MessageMessage):
        stars: int = 0

        @property
        def shout(self) -> str:
            return (self.body or "").upper()

    mine = Mine.from_dict({"id": "j", "body": "hi", "stars": 2})
    assert isinstance(mine, Mine)
    assert (mine.jti, mine.shout, mine.stars) == ("j", "HI", 2)
    assert mine.to_dict() == {"jti": "j", "body": "hi", "stars": 2}


@pytest.mark.parametrize("name", TIMES)
def test_beside_each_time_there_is_an_aware_datetime(name: str) -> None:
    message = MessageMessage.model_validate({name: "2023-11-03T10:00:00.123Z"})
    moment = getattr(message, f"{name}_datetime")
    assert moment == datetime(2023, 11, 3, 10, 0, 0, 123000, timezone.utc)
    assert getattr(message, name) == "2023-11-03T10:00:00.123Z"


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", [None, ""])
def test_without_a_time_there_is_no_datetime(name: str, value: str | None) -> None:
    assert getattr(MessageMessage.model_validate({name: value}), f"{name}_datetime") is None


offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@given(st.datetimes(), st.text("0123456789", max_size=9), offsets)
@settings(deadline=None)
def test_a_datetime_has_any_offset_and_up_to_nine_digits_cut_to_microseconds(
    moment: datetime, digits: str, minutes: int
) -> None:
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    whole = moment.replace(microsecond=0).isoformat()
    fraction = f".{digits}" if digits else ""

    read = MessageMessage(iat=f"{whole}{fraction}{offset}").iat_datetime

    assert read is not None
    assert read.utcoffset() == timedelta(minutes=minutes)
    assert read.replace(tzinfo=None) == moment.replace(microsecond=int(f"{digits:0<6}"[:6]))


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2023-11-03T10:00:00",  # whose midnight?
        "2023-11-03",
        "2023-13-03T10:00:00Z",
        "2023-11-03T10:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "1699005600",
        "٢٠٢٣-11-03T10:00:00Z",
        "x" * 100_000,
    ],
)
@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_is_none_is_a_value_error_that_names_the_field(name: str, text: str) -> None:
    message = MessageMessage.model_validate({name: text})
    with pytest.raises(ValueError, match=f"^{name} must be a date and time") as raised:
        getattr(message, f"{name}_datetime")
    assert len(str(raised.value)) < 200


def test_a_field_of_the_server_never_hides_a_method() -> None:
    named_like_ours: dict[str, Any] = {"to_dict": 1, "iat_datetime": 2, "model_extra": 3}
    message = MessageMessage.model_validate(named_like_ours)
    assert message.to_dict() == named_like_ours
    assert message.iat_datetime is None


@pytest.mark.parametrize(
    "sent", [{"jti": "j", "iss": "me"}, {"id": "j", "connection_id": "me"}], ids=["2023", "2024"]
)
def test_ids_have_the_names_of_both_generations(sent: dict[str, str]) -> None:
    message = MessageMessage.model_validate(sent)
    assert (message.id, message.connection_id) == (message.jti, message.iss) == ("j", "me")
    message.id, message.connection_id = "k", "you"
    assert message.to_dict() == {"jti": "k", "iss": "you"}
    wrong: Any = 5
    with pytest.raises(ValidationError):
        message.id = wrong
    with pytest.raises(ValidationError):
        message.connection_id = wrong
    assert (MessageMessage().id, MessageMessage().connection_id) == (None, None)


def test_a_typo_in_an_attribute_is_an_error_when_it_is_assigned() -> None:
    message = MessageMessage.from_dict({"jti": "j", "mood": "good"})
    assert message is not None
    models: list[Any] = [message, MessageResponse(), MessageCreateMessageRequest()]
    for model in models:
        with pytest.raises(ValidationError, match="no attribute 'boddy'"):
            model.boddy = "x"
    extra: Any = message
    extra.mood = "bad"
    assert extra.mood == "bad"
    assert message.additional_properties == message.model_extra == {"mood": "bad"}
    assert message == MessageMessage.from_dict({"jti": "j", "mood": "bad"})


def test_the_documented_fields_alone_can_be_had() -> None:
    message = MessageMessage.from_dict({"id": "j", "read": True, "mood": "good"})
    assert message is not None
    documented = MessageMessage.model_fields.keys() - {"read", "received"}
    assert len(documented) == 8
    assert message.model_dump(include=documented, exclude_none=True) == {"jti": "j"}
