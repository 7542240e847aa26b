"""Values to and from the wire, for calls other than the four operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from threading import Thread
from typing import Any, Optional, Union
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretBytes, SecretStr
from typing_extensions import TypedDict
from urllib3 import HTTPHeaderDict

from openapi_client import ApiClient, Configuration, models
from openapi_client._encoding import native_types
from openapi_client._encoding.serialization import (
    deserialize,
    deserialize_response,
    explode_query_object,
    parameters_to_tuples,
    parameters_to_url_query,
    sanitize,
)
from openapi_client.models import MessageCreateMessageRequest, MessageMessage, MessageResponse

texts = st.text(st.characters(exclude_categories=["Cs"]))

FORMATS = [
    ("csv", "1,2,x"),
    ("ssv", "1 2 x"),
    ("tsv", "1\t2\tx"),
    ("pipes", "1|2|x"),
]

# -- values ---------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"
    WHEN = date(2020, 1, 2)


class Number(IntEnum):
    ONE = 1


class Plain(BaseModel):
    camel_case: int = Field(default=1, serialization_alias="camelCase")
    nothing: None = None


@dataclass
class Point:
    x: int
    y: Decimal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (1, 1),
        (1.5, 1.5),
        ("text", "text"),
        (b"bytes", b"bytes"),
        (SecretStr("s"), "s"),
        (SecretBytes(b"s"), b"s"),
        (Colour.RED, "red"),
        (Colour.WHEN, "2020-01-02"),
        (Number.ONE, 1),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3, tzinfo=timezone.utc), "2020-01-02T03:00:00+00:00"),
        ([Colour.RED, (date(2020, 1, 2),)], ["red", ("2020-01-02",)]),
        ({"a": Decimal(1), "b": None}, {"a": "1", "b": None}),
        (MessageMessage(jti="j"), {"jti": "j"}),
        ([MessageResponse(items=[MessageMessage(jti="j")])], [{"items": [{"jti": "j"}]}]),
        (Plain(), {"camelCase": 1, "nothing": None}),
        (Point(1, Decimal(2)), {"x": 1, "y": "2"}),
    ],
)
def test_values_become_what_json_knows(value: object, expected: object) -> None:
    sanitized = sanitize(value)
    assert sanitized == expected
    assert type(sanitized) is type(expected)


def test_a_to_dict_of_its_own_decides() -> None:
    class Custom:
        def to_dict(self) -> dict[str, object]:
            return {"when": date(2020, 1, 2)}

    assert sanitize(Custom()) == {"when": "2020-01-02"}


@pytest.mark.parametrize("value", [object(), {1, 2}, time(1, 2), 1j])
def test_what_cannot_be_sent_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=f"type {type(value).__name__} cannot be sent"):
        sanitize(value)


def test_the_native_types_are_known_by_their_names() -> None:
    assert list(native_types.PRIMITIVE_TYPES) == [float, bool, bytes, str, int]
    names = {"int", "long", "float", "str", "bool", "date", "datetime", "object"}
    assert names <= set(native_types.NATIVE_TYPES_MAPPING)


# -- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("collection_format", "joined"), FORMATS)
def test_a_collection_is_joined_as_its_format_says(collection_format: str, joined: str) -> None:
    formats = {"ids": collection_format}
    assert parameters_to_tuples({"ids": [1, 2, "x"], "n": 5}, formats) == [
        ("ids", joined),
        ("n", 5),
    ]


def test_a_collection_of_the_format_multi_is_repeated() -> None:
    assert parameters_to_tuples([("ids", (1, 2))], {"ids": "multi"}) == [("ids", 1), ("ids", 2)]
    assert parameters_to_url_query({"ids": ["a&b", 2]}, {"ids": "multi"}) == "ids=a%26b&ids=2"


def test_values_without_a_format_are_left_as_they_are() -> None:
    values: dict[str, Any] = {"a": [1], "b": None, "c": 1, "d": "True"}
    assert parameters_to_tuples(values, None) == list(values.items())


def test_truth_values_are_in_lower_case() -> None:
    values: dict[str, Any] = {"a": True, "b": [True, 1], "c": [False, "x"]}
    assert parameters_to_tuples(values, {"b": "multi", "c": "csv"}) == [
        ("a", "true"),
        ("b", "true"),
        ("b", 1),
        ("c", "false,x"),
    ]
    assert parameters_to_url_query(values, {"b": "multi"}) == "a=true&b=true&b=1&c=false,x"


EXPLODED: list[tuple[Any, list[tuple[str, Any]]]] = [
    ({"a": 1, "b": None, "c": ["x", None, True]}, [("a", 1), ("c", "x"), ("c", True)]),
    (MessageCreateMessageRequest(body="hi"), [("body", "hi")]),
    ({"day": date(2024, 2, 29), "colour": Colour.RED}, [("day", "2024-02-29"), ("colour", "red")]),
    ({}, []),
    (None, []),
    (5, [("p", 5)]),
    (["a", "b"], [("p", "a"), ("p", "b")]),
]


@pytest.mark.parametrize(("value", "exploded"), EXPLODED)
def test_an_object_of_the_query_is_exploded(value: Any, exploded: list[tuple[str, Any]]) -> None:
    assert explode_query_object("p", value) == exploded
    with ApiClient(Configuration()) as client:
        assert client.explode_query_object("p", value) == exploded


UUID_1 = UUID(int=1)
NAMED: list[tuple[str, Any, Any]] = [
    ("null", None, None),
    ("null", "Optional[int]", None),
    ("5", "Optional[int]", 5),
    ("[1, null]", "List[Optional[int]]", [1, None]),
    ('{"a": null, "b": [true]}', "Dict[str, Optional[List[bool]]]", {"a": None, "b": [True]}),
    ('{"id": "j"}', "Optional[MessageMessage]", MessageMessage(jti="j")),
    (f'"{UUID_1}"', "UUID", UUID_1),
    (f'"{UUID_1}"', UUID, UUID_1),
    (f'["{UUID_1}"]', "List[UUID]", [UUID_1]),
    ("5", "Union[int, List[str]]", 5),
    ('["a"]', "Union[int, List[str]]", ["a"]),
    ('{"a": {"b": 1}}', "Union[int, Dict[str, Dict[str, int]]]", {"a": {"b": 1}}),
    ("5", Union[int, str], 5),  # noqa: UP007 - as generated modules have it
    ("null", Optional[int], None),  # noqa: UP045 - as generated modules have it
    ('"red"', Colour, Colour.RED),
    ('["red"]', list[Colour], [Colour.RED]),
    ('{"a": "red"}', dict[str, Colour], {"a": Colour.RED}),
    ("", "str", ""),
    ("", "object", ""),
    ("", "Optional[str]", ""),
    ("{}", "bytes", b"{}"),
]


@pytest.mark.parametrize(("text", "response_type", "value"), NAMED)
def test_types_are_those_of_both_generators(text: str, response_type: Any, value: Any) -> None:
    found = deserialize(text, response_type, JSON)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("collection_format", "query"),
    [
        ("csv", "ids=1,2,a%2Cb"),
        ("ssv", "ids=1%202%20a%2Cb"),
        ("tsv", "ids=1%092%09a%2Cb"),
        ("pipes", "ids=1%7C2%7Ca%2Cb"),
    ],
)
def test_the_delimiters_of_a_query_are_legal_and_those_in_values_are_encoded(
    collection_format: str, query: str
) -> None:
    assert parameters_to_url_query({"ids": [1, 2, "a,b"]}, {"ids": collection_format}) == query


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a b&c=d", "a%20b%26c%3Dd"),
        ("a/b", "a/b"),
        ("grün", "gr%C3%BCn"),
        (5, "5"),
        (-1.5, "-1.5"),
        (True, "true"),
        (False, "false"),
        ({"a": [1, True]}, "%7B%22a%22%3A%20%5B1%2C%20true%5D%7D"),
        (b"raw", "raw"),
        (date(2020, 1, 2), "2020-01-02"),
        (Colour.RED, "red"),
        (SecretStr("s"), "s"),
        ([1, 2], "1,2"),
        ([True, {"a": 1}], "true,%7B%22a%22%3A%201%7D"),
        ("", ""),
    ],
)
def test_a_value_in_a_query(value: object, encoded: str) -> None:
    assert parameters_to_url_query({"v": value}, None) == f"v={encoded}"


def test_none_and_empty_collections_are_left_out_of_a_query() -> None:
    assert parameters_to_url_query({"a": None, "b": [], "c": 1}, None) == "c=1"
    assert parameters_to_url_query({"a": []}, {"a": "multi"}) == ""
    assert parameters_to_url_query({}, None) == ""


def test_names_are_encoded_only_where_they_must_be() -> None:
    query = parameters_to_url_query([("filter[a]", 1), ("$top", 2), ("x&y=z+#%", 3)], None)
    assert query == "filter%5Ba%5D=1&$top=2&x%26y%3Dz%2B%23%25=3"


@pytest.mark.parametrize("write", [parameters_to_tuples, parameters_to_url_query])
def test_an_unknown_format_is_a_value_error_that_names_the_parameter(write: Any) -> None:
    with pytest.raises(ValueError, match=r"^collection_formats\['ids'\] must be one of csv, ssv"):
        write({"ids": [1]}, {"ids": "yaml"})


@pytest.mark.parametrize("value", ["abc", 5, b"abc"])
def test_a_single_value_under_a_format_is_a_collection_of_one(value: object) -> None:
    expected = "abc" if value != 5 else "5"
    assert parameters_to_tuples({"v": value}, {"v": "csv"}) == [("v", expected)]
    assert parameters_to_url_query({"v": value}, {"v": "pipes"}) == f"v={expected}"


@given(st.lists(st.tuples(texts, texts)))
@settings(deadline=None)
def test_a_form_decoder_reads_the_same_names_and_values(pairs: list[tuple[str, str]]) -> None:
    query = parameters_to_url_query(pairs, None)
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)) == pairs
    allowed = set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%"
    )
    assert set(query) <= allowed  # RFC 3986, section 3.4


@given(
    st.lists(texts.filter(lambda text: text != ""), min_size=1),
    st.sampled_from(sorted(dict(FORMATS))),
)
@settings(deadline=None)
def test_a_collection_can_be_taken_apart_again(items: list[str], collection_format: str) -> None:
    query = parameters_to_url_query({"v": items}, {"v": collection_format})
    delimiter = {"csv": ",", "ssv": "%20", "tsv": "%09", "pipes": "%7C"}[collection_format]
    if delimiter == ",":
        assert [parse_qsl(f"v={part}")[0][1] for part in query[2:].split(delimiter)] == items
    else:
        plain = {"%20": " ", "%09": "\t", "%7C": "|"}[delimiter]
        assert parse_qsl(query) == [("v", plain.join(items))]


# -- answers --------------------------------------------------------------------------------------

MOMENT = datetime(2023, 11, 3, 10, 0, 0, 123456, timezone.utc)
JSON = "application/json; charset=UTF-8"


class Shape(TypedDict):
    sides: int


class Other:
    """A class of another generated package: all that is known of it is `from_dict`."""

    def __init__(self, sides: int) -> None:
        self.sides = sides

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Other:
        return cls(data["sides"])


@pytest.mark.parametrize(
    ("text", "response_type", "expected"),
    [
        ('"x"', "str", "x"),
        ("5", "str", "5"),
        ("5", "int", 5),
        ("5", "long", 5),
        ('"5"', "int", 5),
        ("5", "float", 5.0),
        ("1.5", "float", 1.5),
        ("true", "bool", True),
        ("false", "bool", False),
        ('"2023-11-03"', "date", date(2023, 11, 3)),
        ('"2023-11-03T10:00:00.123456789Z"', "datetime", MOMENT),
        ('"Fri, 03 Nov 2023 10:00:00.123456 +0000"', "datetime", MOMENT),
        ("1.25", "decimal", Decimal("1.25")),
        ('{"a": [1, null]}', "object", {"a": [1, None]}),
        ("[1, 2]", "List[int]", [1, 2]),
        ("[1, null]", "list[int]", [1, None]),
        ('{"a": 1}', "Dict[str, int]", {"a": 1}),
        ('{"a": 1}', "dict[str,int]", {"a": 1}),
        ('{"a": [{"b": 1}]}', "Dict[str, List[Dict[str, int]]]", {"a": [{"b": 1}]}),
        ('["2023-11-03"]', "List[date]", [date(2023, 11, 3)]),
        ('{"id": "j"}', "MessageMessage", MessageMessage(jti="j")),
        ('{"id": "j"}', MessageMessage, MessageMessage(jti="j")),
        ('[{"id": "j"}, null]', "List[MessageMessage]", [MessageMessage(jti="j"), None]),
        ('{"a": {"id": "j"}}', "Dict[str, MessageMessage]", {"a": MessageMessage(jti="j")}),
        ('[{"id": "j"}]', list[MessageMessage], [MessageMessage(jti="j")]),
        ('{"items": []}', "MessageResponse", MessageResponse(items=[])),
        ("5", int, 5),
        ('"red"', Colour, Colour.RED),
        ('{"sides": 3}', Shape, {"sides": 3}),
        ('{"x": 1, "y": "2"}', Point, Point(1, Decimal(2))),
        ('{"camel_case": 2}', Plain, Plain(camel_case=2)),
    ],
)
@pytest.mark.parametrize("as_bytes", [True, False])
def test_json_is_read_as_the_type_says(
    text: str, response_type: Any, expected: object, as_bytes: bool
) -> None:
    read = deserialize(text.encode() if as_bytes else text, response_type, JSON)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    "response_type",
    ["str", "int", "date", "object", "List[int]", "Dict[str, X]", "MessageMessage", Colour],
)
def test_null_is_none_for_every_type(response_type: Any) -> None:
    response_type = (
        response_type.replace("X", "str") if response_type == "Dict[str, X]" else response_type
    )
    assert deserialize("null", response_type, JSON) is None


def test_a_class_with_from_dict_reads_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "Other", Other, raising=False)
    assert deserialize('{"sides": 4}', Other).sides == 4
    assert [other.sides for other in deserialize('[{"sides": 3}]', "List[Other]")] == [3]
    assert deserialize("null", Other) is None


def test_a_class_that_cannot_be_read_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"Thread.* is not a type that can be read from JSON"):
        deserialize("{}", Thread)


def test_a_model_that_changes_from_dict_is_asked() -> None:
    class Loud(MessageMessage):
        @classmethod
        def from_dict(cls, obj: Any) -> Any:
            return super().from_dict({**obj, "body": obj["body"].upper()})

    assert deserialize('{"body": "hi"}', Loud).body == "HI"


def test_a_model_that_a_program_adds_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "Added", Plain, raising=False)
    assert deserialize('[{"camel_case": 3}]', "List[Added]") == [Plain(camel_case=3)]


@pytest.mark.parametrize(
    ("text", "response_type"),
    [
        ("{", "object"),
        ("", "int"),
        ("", "MessageMessage"),
        ("text", "str"),
        ("<html>", "MessageMessage"),
        ('"x"', "int"),
        ("1.5", "int"),
        ('"maybe"', "bool"),
        ("{}", "str"),
        ("[]", "int"),
        ('"yesterday"', "date"),
        ("5", "datetime"),
        ('"99999999999999999999"', "datetime"),
        ('"x"', "decimal"),
        ("{}", "List[int]"),
        ("[]", "Dict[str, int]"),
        ('{"a": "x"}', "Dict[str, int]"),
        ('"text"', "MessageMessage"),
        ('{"jti": 1}', "MessageMessage"),
        ('"blue"', Colour),
        ("[" * 100_000, "object"),
        ("1" * 10_000, "int"),
    ],
)
def test_what_is_not_of_the_type_is_a_value_error(text: str, response_type: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        deserialize(text, response_type, JSON)


@pytest.mark.parametrize(
    "name",
    ["Nonsense", "List[Nonsense]", "message_message", "__doc__", "List[]", ""],
)
def test_an_unknown_type_is_a_value_error_that_names_it(name: str) -> None:
    with pytest.raises(ValueError, match=r"^there is no type .* in openapi_client\.models$"):
        deserialize("{}", name)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/octet-stream"])
@pytest.mark.parametrize(
    ("text", "response_type", "expected"),
    [
        ("hello", "str", "hello"),
        ("hello", "object", "hello"),
        ("2023-11-03", "date", date(2023, 11, 3)),
        ("5", "int", 5),
        ("true", "bool", True),
        ('{"id": "j"}', "MessageMessage", MessageMessage(jti="j")),
        ("", "str", ""),
    ],
)
def test_what_does_not_say_that_it_is_json_may_be_plain_text(
    content_type: str | None, text: str, response_type: str, expected: object
) -> None:
    assert deserialize(text, response_type, content_type) == expected


def test_a_text_is_not_read_as_json_if_a_text_is_wanted() -> None:
    assert deserialize('"quoted"', "str", "text/plain") == '"quoted"'
    assert deserialize(b'"quoted"', str, "TEXT/plain; charset=utf-8") == '"quoted"'
    assert deserialize('"quoted"', "str", None) == "quoted"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda v: st.lists(v) | st.dictionaries(texts, v),
    )
)
@settings(deadline=None)
def test_any_json_is_an_object(value: object) -> None:
    assert deserialize(json.dumps(value), "object", JSON) == value


@pytest.mark.parametrize("headers", [{"Content-Type": JSON}, {"content-type": JSON}, {}])
def test_an_answer_is_decoded_by_its_headers(headers: Mapping[str, str]) -> None:
    assert deserialize_response(
        b'{"id": "j"}', HTTPHeaderDict(headers).get, "MessageMessage"
    ) == MessageMessage(jti="j")


def test_the_charset_of_an_answer_is_honoured() -> None:
    header = {"Content-Type": "application/json; charset=utf-16"}.get
    content = '{"body": "grün"}'.encode("utf-16")
    assert deserialize_response(content, header, "MessageMessage").body == "grün"
    with pytest.raises(ValueError, match="charset 'klingon'"):
        deserialize_response(b"x", {"Content-Type": "text/plain; charset=klingon"}.get, "str")


@pytest.mark.parametrize("response_type", ["bytes", "bytearray"])
def test_raw_types_are_the_body_itself(response_type: str) -> None:
    header = {"Content-Type": "text/plain; charset=klingon"}.get
    assert deserialize_response(b"\xff\x00", header, response_type) == b"\xff\x00"


@pytest.mark.parametrize("response_type", ["bytes", bytes])
def test_bytes_are_the_text_encoded(response_type: Any) -> None:
    assert deserialize("grün", response_type) == "grün".encode()
    assert deserialize(b"\xff", response_type) == b"\xff"


def test_without_a_type_there_is_no_data() -> None:
    assert deserialize_response(b"{}", lambda name: None, None) is None


def test_a_file_is_written_and_its_path_returned(tmp_path: Path) -> None:
    headers = {"content-disposition": 'attachment; filename="../a.bin"'}
    path = deserialize_response(b"\xff", HTTPHeaderDict(headers).get, "file", folder=str(tmp_path))
    assert path == str(tmp_path / "a.bin")
    assert Path(path).read_bytes() == b"\xff"


@pytest.mark.parametrize("number", ["1.0", "1", "-0.5", "12345678901234567890123"])
@pytest.mark.parametrize("kind", ["str", str, "List[str]", "Dict[str, str]"])
def test_a_number_is_read_as_text_as_it_is_written(number: str, kind: Any) -> None:
    text = {"List[str]": f"[{number}]", "Dict[str, str]": f'{{"a": {number}}}'}.get(kind, number)
    value = deserialize(text, kind, JSON)
    assert value in (number, [number], {"a": number})


@pytest.mark.parametrize("keys", ["str", "int", "UUID"])
def test_keys_of_a_dict_are_texts(keys: str) -> None:
    assert deserialize('{"1": [2]}', f"Dict[{keys}, List[int]]", JSON) == {"1": [2]}


class Choosy:
    """As generated models with a discriminator are."""

    @classmethod
    def from_dict(cls, obj: Any) -> Any:
        kind = obj.get("kind")
        if kind not in ("cat", None):
            raise ValueError(f"Choosy failed to lookup discriminator value from {obj}")
        return kind or obj["kind"]


def test_a_generated_model_says_itself_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "Choosy", Choosy, raising=False)
    assert deserialize('{"kind": "cat"}', "Choosy", JSON) == "cat"
    assert deserialize("null", "Choosy", JSON) is None
    with pytest.raises(ValueError, match=r"^Choosy failed to lookup discriminator value from {'"):
        deserialize('{"kind": "dog"}', "Choosy", JSON)


@pytest.mark.parametrize("kind", ["Choosy", "List[Choosy]"])
@pytest.mark.parametrize("answer", ["5", '"text"', "{}", "[1]"])
def test_what_generated_code_stumbles_over_is_a_value_error(
    monkeypatch: pytest.MonkeyPatch, kind: str, answer: str
) -> None:
    monkeypatch.setattr(models, "Choosy", Choosy, raising=False)
    answer = f"[{answer}]" if kind.startswith("List") else answer
    with pytest.raises(
        ValueError, match=r"AttributeError: '(int|str|list)' object|KeyError: 'kind'"
    ):
        deserialize(answer, kind, JSON)
