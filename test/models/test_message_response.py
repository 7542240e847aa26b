"""A page of messages."""

from __future__ import annotations

import json
from inspect import signature
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from openapi_client.models import MessageMessage, MessageResponse

NUMBERS = ["page", "page_count", "per_page", "total_count"]

Json = str | bytes


def page_of(count: int, **more: Any) -> bytes:
    items = [{"id": f"m{number}", "body": "x", **more} for number in range(count)]
    return json.dumps({"items": items, "page": 1, "total_count": count}).encode()


@pytest.fixture(params=[True, False], ids=["extra per call", "extra per model"])
def each_pydantic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What works on the newest pydantic works the same where an option is missing."""
    if not request.param:
        monkeypatch.setattr(
            "openapi_client.models.message_response._EXTRA_IS_AN_OPTION", request.param
        )


def test_every_field_is_none_at_first() -> None:
    page = MessageResponse()
    assert page.items is None
    assert [getattr(page, name) for name in NUMBERS] == [None] * 4
    assert list(MessageResponse.model_fields) == ["items", *NUMBERS]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["1", 1.0, True, [1]])
def test_nothing_but_an_integer_is_taken_for_one(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        MessageResponse.model_validate({name: value})


@pytest.mark.parametrize("items", ["x", 1, {"jti": "j"}, [1], ["jti"]])
def test_items_are_a_list_of_messages_and_nothing_else(items: object) -> None:
    with pytest.raises(ValidationError, match="items"):
        MessageResponse.model_validate_json(json.dumps({"items": items}))


def test_messages_may_be_given_as_models_and_as_dictionaries() -> None:
    page = MessageResponse.model_validate({"items": [{"id": "a"}, MessageMessage(jti="b")]})
    assert page.items == [MessageMessage(jti="a"), MessageMessage(jti="b")]
    assert MessageResponse(items=page.items, page=1).to_dict() == {
        "items": [{"jti": "a"}, {"jti": "b"}],
        "page": 1,
    }


def test_a_subclass_of_a_message_keeps_its_own_fields_in_the_dictionary() -> None:
    class Starred(MessageMessage):
        stars: int = 5

    items: list[MessageMessage] = [Starred(jti="a")]
    assert MessageResponse(items=items).to_dict() == {"items": [{"jti": "a", "stars": 5}]}


@pytest.mark.usefixtures("each_pydantic")
def test_unknown_fields_of_a_page_and_of_its_messages_are_kept() -> None:
    text = '{"items": [{"jti": "a"}, {"jti": "b", "later": 1}], "next": "c", "per_page": null}'
    page = MessageResponse.from_json(text)
    assert page is not None
    assert page.items is not None
    assert page.model_extra == {"next": "c"}
    assert [message.model_extra for message in page.items] == [{}, {"later": 1}]
    assert page.to_dict() == {"items": [{"jti": "a"}, {"jti": "b", "later": 1}], "next": "c"}


@pytest.mark.usefixtures("each_pydantic")
def test_a_page_without_unknown_fields_is_equal_to_one_that_was_built() -> None:
    page = MessageResponse.model_validate_json(page_of(2))
    built = [MessageMessage(jti="m0", body="x"), MessageMessage(jti="m1", body="x")]
    assert page == MessageResponse(items=built, page=1, total_count=2)
    assert page.model_extra == {}
    assert page.items == built


@pytest.mark.parametrize("name", ["note", "later"])
def test_a_field_can_be_added_to_a_message_of_a_page(name: str) -> None:
    page = MessageResponse.model_validate_json(page_of(1))
    assert page.items is not None
    message = page.items[0]
    with pytest.raises(ValidationError, match=f"no attribute '{name}'"):
        setattr(message, name, "mine")
    message.additional_properties[name] = "mine"
    assert getattr(message, name) == "mine"
    assert message.to_dict() == {"jti": "m0", "body": "x", name: "mine"}


@pytest.mark.usefixtures("each_pydantic")
@pytest.mark.parametrize("new", [{}, {"new": 1}])
@pytest.mark.parametrize("count", [-1, 0, 10**20])
def test_a_page_of_any_server_is_usable(new: dict[str, Any], count: int) -> None:
    numbers = dict.fromkeys(NUMBERS, count)
    text = json.dumps({"items": [None, {"id": "a"}, None, {"jti": "b", **new}], **numbers, **new})
    for page in (MessageResponse.model_validate_json(text), MessageResponse.from_json(text)):
        assert page is not None
        assert [message.jti for message in page.items or []] == ["a", "b"]
        assert [getattr(page, name) for name in NUMBERS] == [count] * 4
        assert page == MessageResponse.from_dict(json.loads(text))
    empty = MessageResponse.from_json('{"items": null}')
    assert empty is not None
    assert empty.items is None


@pytest.mark.usefixtures("each_pydantic")
@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "{", '{"page": "1"}', '{"items": [{"jti": 1}]}', '{"items": [{"new": 1}, 1]}'],
)
def test_json_that_is_no_page_is_a_validation_error(text: str) -> None:
    with pytest.raises(ValidationError):
        MessageResponse.model_validate_json(text)


def test_the_first_message_that_is_none_ends_the_reading() -> None:
    with pytest.raises(ValidationError) as raised:
        MessageResponse.model_validate_json(json.dumps({"items": [{"jti": 1}] * 1000}))
    assert [error["loc"] for error in raised.value.errors()] == [("items", 0, "jti")]


def test_the_options_of_pydantic_are_passed_on() -> None:
    with pytest.raises(ValidationError, match="page"):
        MessageResponse.model_validate_json('{"page": "1"}', strict=True)


@pytest.mark.skipif(
    "extra" not in signature(BaseModel.model_validate_json).parameters, reason="an older pydantic"
)
def test_the_newest_option_of_pydantic_is_passed_on() -> None:
    unknown = page_of(1, later=1)
    ignored = MessageResponse.model_validate_json(unknown, extra="ignore")
    assert ignored.to_dict()["items"] == [{"jti": "m0", "body": "x"}]
    with pytest.raises(ValidationError, match="later"):
        MessageResponse.model_validate_json(unknown, extra="forbid")


json_values = st.sampled_from([None, True, 1, "", "text", ["later"]])
names = st.sampled_from(["jti", "id", "iss", "body", "read", "later"])
pages = st.fixed_dictionaries(
    {},
    optional={
        "items": st.none() | st.lists(st.dictionaries(names, json_values, max_size=3), max_size=3),
        "page": json_values,
        "next": json_values,
    },
)


@given(pages)
@settings(deadline=None)
def test_a_page_is_read_from_json_as_from_a_dictionary(page: dict[str, Any]) -> None:
    try:
        expected = MessageResponse.model_validate(page)
    except ValidationError:
        with pytest.raises(ValidationError):
            MessageResponse.model_validate_json(json.dumps(page))
    else:
        read = MessageResponse.model_validate_json(json.dumps(page))
        assert read == expected
        assert read.to_dict() == expected.to_dict()
        assert MessageResponse.from_json(read.model_dump_json()) == read


def test_a_subclass_reads_its_own_fields() -> None:
    class Mine(MessageResponse):
        model_config = ConfigDict(extra="ignore")
        next_page: int | None = None

    mine = Mine.model_validate_json('{"items": [{"id": "a"}], "next_page": 2, "later": 1}')
    assert type(mine) is Mine
    assert mine.to_dict() == {"items": [{"jti": "a"}], "next_page": 2}
