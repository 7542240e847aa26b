"""A place in a conversation that can be kept: in another process, after weeks, after deletions."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

import openapi_client
from openapi_client import ApiClient, Cursor, MessagesApi
from openapi_client.conversations import Conversation, Follower
from openapi_client.exceptions import ApiValueError, NotFoundException
from openapi_client.models import MessageMessage
from openapi_client.testing import GENERATIONS, GenerationName, MessagesServer
from test.conversations.test_follow import read_until_idle
from test.support.world import APP, CONNECTION, World, texts

PLACES = [Cursor(), Cursor("m-1"), Cursor("m-1", "2024-01-01T00:00:00Z", ("abcdefgh",), 7)]


def numbered(first: int, last: int) -> list[str]:
    return [f"message {number}" for number in range(first, last + 1)]


def kept(cursor: Cursor) -> Cursor:
    """The cursor after it was written to a file and read again."""
    return Cursor.parse(str(cursor))


# -- the value ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cursor", PLACES)
def test_its_text_is_read_again(cursor: Cursor) -> None:
    again = Cursor.parse(f" {cursor}\n")
    assert again == cursor
    assert (again.read, again.rank) == (cursor.read, cursor.rank)
    assert hash(again) == hash(cursor)
    assert str(cursor).isascii()


@given(jti=st.text(min_size=1), created_at=st.none() | st.text(min_size=1))
def test_any_id_survives_its_text(jti: str, created_at: str | None) -> None:
    cursor = Cursor(jti, created_at)
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse(str(cursor).encode("ascii").decode("ascii")) == cursor


@pytest.mark.parametrize("cursor", PLACES)
def test_it_can_be_pickled_and_copied(cursor: Cursor) -> None:
    assert pickle.loads(pickle.dumps(cursor)) == cursor
    assert copy.deepcopy(cursor) == copy.copy(cursor) == cursor


def test_its_text_is_json_with_a_version() -> None:
    assert json.loads(str(Cursor("m-1", "2024-01-01T00:00:00Z"))) == {
        "cursor": 1,
        "jti": "m-1",
        "created_at": "2024-01-01T00:00:00Z",
    }


def test_it_shows_where_it_is() -> None:
    assert repr(PLACES[-1]) == "Cursor(jti='m-1', created_at='2024-01-01T00:00:00Z')"


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PLACES[0].jti = "another"  # type: ignore[misc]


def test_it_has_its_name_in_the_package() -> None:
    assert openapi_client.Cursor is openapi_client.conversations.Cursor is Cursor


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "text must be what str() made of a Cursor, not 0 other characters"),
        ("jti-7", "not 5 other characters"),
        ("{}", "not 2 other characters"),
        ("[1]", "not 3 other characters"),
        ("[" * 100_000, "not 100000 other characters"),
        (7, "not <class 'int'>"),
        (None, "not <class 'NoneType'>"),
        ('{"cursor":2}', "a cursor of version 2; this package reads version 1"),
        ('{"cursor":1,"jti":7}', "jti must be a str that is not empty, not 7"),
        ('{"cursor":1,"jti":""}', "jti must be a str that is not empty"),
        ('{"cursor":1,"read":"abc"}', "read is no list"),
        ('{"cursor":1,"read":[1]}', "read must be a tuple of str"),
        ('{"cursor":1,"rank":"x"}', "rank must be an int"),
    ],
)
def test_another_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ApiValueError) as caught:
        Cursor.parse(text)
    assert message in str(caught.value)


# -- where it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3, 250])
def test_now_is_after_all_that_is_there(here: World, count: int) -> None:
    here.server.load(APP, CONNECTION, count)
    cursor = kept(here.conversation.cursor())
    assert list(here.conversation.messages(after=cursor, newest_first=False)) == []
    here.receive("new", "newer")
    assert texts(read_until_idle(here, here.conversation.follow(after=cursor))) == ["new", "newer"]
    read = here.conversation.messages(after=cursor, newest_first=False)
    assert texts(list(read)) == ["new", "newer"]


def test_after_the_now_of_an_empty_conversation_comes_its_first_message(here: World) -> None:
    cursor = kept(here.conversation.cursor())
    here.server.load(APP, CONNECTION, 1234)
    assert cursor == Cursor()
    followed = read_until_idle(here, here.conversation.follow(after=cursor))
    assert texts(followed) == numbered(1, 1234)


@pytest.mark.parametrize("given", [0, 1, 10, 11, 25, 99, 100])
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("workers", [1, 3])
def test_iterating_goes_on_after_what_came_last(
    here: World, given: int, newest_first: bool, workers: int
) -> None:
    here.server.load(APP, CONNECTION, 100)
    wanted = numbered(1, 100)[:: -1 if newest_first else 1]
    first = here.conversation.messages(per_page=10, newest_first=newest_first, workers=workers)
    assert [next(first).body for _ in range(given)] == wanted[:given]
    cursor = kept(first.cursor)
    first.close()
    assert first.cursor == cursor
    second = here.conversation.messages(
        per_page=7, newest_first=newest_first, after=cursor, workers=workers
    )
    assert second.cursor == cursor
    assert len(second) == 100 - given
    assert texts(list(second)) == wanted[given:]


def test_pages_go_on_after_the_page_that_came_last(here: World) -> None:
    here.server.load(APP, CONNECTION, 50)
    pages = here.conversation.pages(per_page=10, newest_first=False)
    assert texts(next(pages).items or []) == numbered(1, 10)
    again = here.conversation.pages(per_page=20, newest_first=False, after=kept(pages.cursor))
    assert [texts(page.items or []) for page in again] == [numbered(11, 30), numbered(31, 50)]


def test_following_goes_on_after_what_came_last(here: World) -> None:
    here.server.load(APP, CONNECTION, 30)
    follower = here.conversation.follow()
    before = kept(follower.cursor)
    here.receive("one", "two", "three")
    assert next(follower).body == "one"
    after = kept(follower.cursor)
    everything = here.conversation.follow(after=before)
    assert texts(read_until_idle(here, everything)) == ["one", "two", "three"]
    assert everything.cursor.jti == here.stored()[-1].jti
    rest = here.conversation.follow(after=after)
    assert texts(read_until_idle(here, rest)) == ["two", "three"]


def test_the_text_and_the_message_name_the_place_too(here: World) -> None:
    here.server.load(APP, CONNECTION, 30)
    message = next(here.conversation.messages(max_items=1))
    here.receive("new")
    for after in (message, message.jti, str(Cursor(message.jti, message.created_at))):
        read = here.conversation.messages(after=after, newest_first=False)
        assert texts(list(read)) == ["new"]


@pytest.mark.parametrize("deleted", ["it", "its neighbours", "all that was read", "everything"])
@pytest.mark.parametrize("missed", [0, 3, 400])
def test_it_survives_deletions(here: World, deleted: str, missed: int) -> None:
    here.server.load(APP, CONNECTION, 60)
    iterator = here.conversation.messages(newest_first=False)
    for _ in range(60):
        next(iterator)
    cursor = kept(iterator.cursor)
    read = here.stored()
    later = here.server.clock.now() + timedelta(hours=1)
    here.server.load(APP, CONNECTION, missed, until=later)
    gone = {"it": read[-1:], "its neighbours": read[-12:], "all that was read": read}
    here.delete(*gone.get(deleted, here.stored()))
    here.server.clock.set(later + timedelta(seconds=1))
    here.receive("new")
    wanted = [*(numbered(1, missed) if deleted in gone else []), "new"]
    assert texts(read_until_idle(here, here.conversation.follow(after=cursor))) == wanted
    again = here.conversation.messages(after=cursor, newest_first=False)
    assert texts(list(again)) == wanted


def test_it_survives_an_edit(here: World) -> None:
    here.receive("one", "two")
    cursor = kept(here.conversation.cursor())
    here.edit(here.stored()[-1], "edited")
    here.receive("three")
    assert texts(read_until_idle(here, here.conversation.follow(after=cursor))) == ["three"]


@pytest.mark.parametrize("interval", [0, 1])
def test_weeks_later_it_is_found_in_few_requests(here: World, interval: int) -> None:
    here.server.load(APP, CONNECTION, 100)
    cursor = kept(here.conversation.cursor())
    later = here.server.clock.now() + timedelta(weeks=3)
    here.server.load(APP, CONNECTION, 6000, interval=interval, until=later)
    here.server.requests.clear()
    follower = here.conversation.follow(after=cursor)
    assert texts([next(follower) for _ in range(6000)]) == numbered(1, 6000)
    assert len(here.server.requests) < 45


def test_it_is_found_in_few_requests_near_the_oldest_message(here: World) -> None:
    here.server.load(APP, CONNECTION, 6000)
    iterator = here.conversation.messages(newest_first=False)
    texts([next(iterator) for _ in range(5)])
    here.server.requests.clear()
    again = here.conversation.messages(
        newest_first=False, per_page=1000, after=kept(iterator.cursor)
    )
    assert texts(list(again)) == numbered(6, 6000)
    assert len(here.server.requests) < 30


@pytest.mark.parametrize("before", GENERATIONS)
@pytest.mark.parametrize("after", GENERATIONS)
@pytest.mark.parametrize("deleted", [False, True])
def test_it_survives_a_move_to_another_generation(
    before: GenerationName, after: GenerationName, deleted: bool, berlin: ZoneInfo
) -> None:
    with MessagesServer(tls=False, generation=before, timezone=berlin) as server:
        server.clock.set(datetime(2023, 7, 1, 12, 0, 0, 123456, tzinfo=timezone.utc))
        server.add_connection(APP, CONNECTION)
        for number in range(1, 8):
            server.receive(APP, CONNECTION, f"message {number}")
            server.clock.advance(1e-4)
        with ApiClient(server.configuration()) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION)
            iterator = conversation.messages(newest_first=False)
            last = [next(iterator) for _ in range(4)][-1]
            cursor = kept(iterator.cursor)
            if deleted:
                for stored in server.messages()[:4]:
                    server.delete(APP, CONNECTION, stored.jti)
            server.generation = after
            read = conversation.messages(newest_first=False, after=cursor)
            assert last.body == "message 4"
            assert texts(list(read)) == numbered(5, 7)


@pytest.fixture
def berlin() -> ZoneInfo:
    """A zone with summer time."""
    if "Europe/Berlin" not in available_timezones():
        pytest.skip("no time zones here")
    return ZoneInfo("Europe/Berlin")


def test_messages_of_the_same_time_come_once_over_a_restart(here: World) -> None:
    here.server.load(APP, CONNECTION, 300, created_at=here.server.clock.now())
    read: list[MessageMessage] = []
    cursor = Cursor()
    for _ in range(12):
        iterator = here.conversation.messages(newest_first=False, per_page=10, after=cursor)
        read += [next(iterator) for _ in range(20)]
        cursor = kept(iterator.cursor)
        iterator.close()
    read += here.conversation.messages(newest_first=False, after=cursor)
    assert sorted(texts(read)) == sorted(numbered(1, 300))
    assert len(str(cursor)) < 4000


def test_a_message_without_a_jti_is_a_place_by_its_time() -> None:
    class Nameless(Conversation):
        def list(self, **arguments: object) -> openapi_client.MessageResponse:
            items = [
                MessageMessage(jti="", body=f"{n}", created_at=f"2024-01-01T00:00:{n:02}Z")
                for n in range(30, 0, -1)
            ]
            page, size = int(str(arguments["page"])), int(str(arguments["per_page"]))
            return openapi_client.MessageResponse(
                items=items[(page - 1) * size : page * size], page=page, per_page=size
            )

    with ApiClient(openapi_client.Configuration("http://localhost:1")) as client:
        conversation = Nameless(MessagesApi(client), "app", "friend")
        iterator = conversation.messages(newest_first=False, per_page=4)
        assert [next(iterator).body for _ in range(6)] == ["1", "2", "3", "4", "5", "6"]
        cursor = kept(iterator.cursor)
        rest = conversation.messages(newest_first=False, after=cursor)
        assert texts(list(rest)) == [str(n) for n in range(7, 31)]
        assert texts(list(conversation.messages(per_page=4))) == [str(n) for n in range(30, 0, -1)]


def test_a_jti_that_is_gone_is_an_error_that_says_what_to_keep(here: World) -> None:
    here.receive("one")
    iterator = here.conversation.messages(after="gone", newest_first=False)
    with pytest.raises(NotFoundException, match="'gone' to go on after is gone; keep a Cursor"):
        next(iterator)


def test_a_follower_that_could_not_begin_asks_where_it_is(here: World) -> None:
    here.receive("old")
    here.server.faults.status(503, times=1)
    follower: Follower = here.conversation.follow()
    assert follower.cursor.jti == here.stored()[-1].jti


@pytest.fixture
def elsewhere(here: World) -> list[str]:
    """The arguments of another process that reads on."""
    program = (
        "import sys\n"
        "from openapi_client import ApiClient, Configuration, Cursor, MessagesApi\n"
        "host, token, place = sys.argv[1:]\n"
        "with ApiClient(Configuration(host, {'BearerAuth': token})) as client:\n"
        f"    conversation = MessagesApi(client).conversation({APP!r}, {CONNECTION!r})\n"
        "    place = Cursor.parse(place)\n"
        "    print([m.body for m in conversation.messages(after=place, newest_first=False)])\n"
    )
    return [sys.executable, "-c", program, here.server.url, here.server.token]


def test_it_goes_on_in_another_process(here: World, elsewhere: list[str]) -> None:
    here.receive("one", "two")
    cursor = here.conversation.cursor()
    here.receive("three")
    done = subprocess.run([*elsewhere, str(cursor)], capture_output=True, text=True, check=True)
    assert done.stdout == "['three']\n"
