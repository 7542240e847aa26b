"""Every message of a conversation, each once, whatever the generation of the server."""

from __future__ import annotations

import contextlib
import gc
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from operator import length_hint
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from rich.progress import Progress
from tqdm import tqdm

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.conversations import Conversation
from openapi_client.conversations._windows import LARGEST
from openapi_client.exceptions import ApiValueError, NotFoundException, ServiceException
from openapi_client.models import MessageMessage, MessageResponse
from openapi_client.testing import MessagesServer
from test.support.world import APP, CONNECTION, OTHER, World, texts


def numbered(count: int) -> list[str]:
    return [f"message {number}" for number in range(1, count + 1)]


@pytest.fixture
def crowded(here: World) -> World:
    """Others have more messages on the same server, which servers of 2023 count too."""
    here.server.load(APP, OTHER, 2500)
    return here


def test_every_message_comes_once_from_the_newest_on(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 250)
    assert texts(list(crowded.conversation.messages())) == numbered(250)[::-1]


def test_every_message_comes_once_from_the_oldest_on(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 250)
    assert texts(list(crowded.conversation.messages(newest_first=False))) == numbered(250)


def test_a_conversation_is_iterable_itself(here: World) -> None:
    here.receive("one", "two")
    assert [message.body for message in here.conversation] == ["two", "one"]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("per_page", [1, 2, 7, 50, 99, 100, 101, LARGEST, 5000])
def test_every_message_comes_once_whatever_the_size_of_a_page(
    crowded: World, per_page: int, newest_first: bool
) -> None:
    crowded.server.load(APP, CONNECTION, 100)
    iterator = crowded.conversation.messages(per_page=per_page, newest_first=newest_first)
    assert texts(list(iterator)) == numbered(100)[:: -1 if newest_first else 1]


@pytest.mark.parametrize("newest_first", [True, False])
def test_more_messages_than_the_largest_page_come_once(here: World, newest_first: bool) -> None:
    here.server.load(APP, CONNECTION, 2 * LARGEST)
    iterator = here.conversation.messages(per_page=LARGEST, newest_first=newest_first)
    assert sorted(texts(list(iterator))) == sorted(numbered(2 * LARGEST))


def test_messages_stored_at_the_same_time_come_once(here: World) -> None:
    here.server.load(APP, CONNECTION, 100, interval=0)
    assert texts(list(here.conversation.messages(per_page=10))) == numbered(100)[::-1]


def test_nothing_is_asked_for_before_it_is_wanted_and_then_a_page_at_a_time(here: World) -> None:
    here.server.load(APP, CONNECTION, 250)
    iterator = here.conversation.messages()
    assert len(here.server.requests) == 0
    for _ in range(100):
        next(iterator)
    here.server.requests.assert_received(times=1, query={"page": "1", "per_page": "100"})
    assert len(here.server.requests) == 1
    next(iterator)
    assert len(here.server.requests) == 2


@pytest.mark.parametrize(("count", "requests"), [(250, 3), (300, 3), (299, 3), (301, 4), (99, 1)])
def test_a_conversation_that_stands_still_costs_a_request_per_page(
    crowded: World, count: int, requests: int
) -> None:
    crowded.server.load(APP, CONNECTION, count)
    assert sum(1 for _ in crowded.conversation) == count
    assert len(crowded.server.requests) == requests


def test_it_ends_where_servers_answer_with_the_last_page_again(here: World) -> None:
    here.server.load(APP, CONNECTION, 30)
    past_the_end = here.conversation.list(page=9, per_page=10)
    assert past_the_end.page == 3
    iterator = here.conversation.messages(per_page=10)
    assert sum(1 for _ in iterator) == 30
    assert list(iterator) == []


def test_it_ends_where_servers_count_the_messages_of_others(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 30)
    assert sum(1 for _ in crowded.conversation.messages(per_page=10)) == 30


@pytest.mark.parametrize("newest_first", [True, False])
def test_an_empty_conversation_has_no_messages_and_no_pages(
    crowded: World, newest_first: bool
) -> None:
    assert list(crowded.conversation.messages(newest_first=newest_first)) == []
    assert list(crowded.conversation.pages(newest_first=newest_first)) == []


def test_messages_that_arrive_meanwhile_cause_no_duplicate(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    here.changes = [lambda: None, *[lambda: here.receive("new", "new", "new")] * 8]
    assert [m.body for m in here.conversation.messages(per_page=10)] == numbered(40)[::-1]


def test_messages_that_arrive_meanwhile_come_last_from_the_oldest_on(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    here.changes = [lambda: None] * 4 + [lambda: here.receive("new")]
    read = texts(list(here.conversation.messages(per_page=10, newest_first=False)))
    assert read == [*numbered(40), "new"]


def test_what_comes_in_late_is_not_read_after_what_was_stored_later(here: World) -> None:
    """Not even if all that was read after its place is deleted."""
    here.server.load(APP, CONNECTION, 6)
    iterator = here.conversation.messages(per_page=2, newest_first=False)
    assert [next(iterator).body for _ in range(4)] == numbered(6)[:4]
    _, *others = here.stored()
    here.server.receive(APP, CONNECTION, "late", at=others[0].created_at)
    here.delete(*others)
    assert here.bodies() == ["message 1", "late"]
    assert list(iterator) == []


@pytest.mark.skipif("Europe/Berlin" not in available_timezones(), reason="no time zones here")
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_end_of_summer_time_and_a_deletion_cause_no_miss(newest_first: bool) -> None:
    """Servers of 2023 write local time as if it were UTC: an hour comes twice."""
    with MessagesServer(tls=False, generation="2023", timezone=ZoneInfo("Europe/Berlin")) as server:
        server.clock.set(datetime(2023, 10, 29, 0, 57, tzinfo=timezone.utc))
        server.add_connection(APP, CONNECTION)
        stored = [server.receive(APP, CONNECTION, "1")]
        for number in range(2, 9):
            server.clock.advance(60)
            stored.append(server.receive(APP, CONNECTION, str(number)))
        with ApiClient(server.configuration()) as client:
            conversation = MessagesApi(client).conversation(APP, CONNECTION)
            iterator = conversation.messages(per_page=2, newest_first=newest_first)
            read = [next(iterator).body for _ in range(4)]
            server.delete(APP, CONNECTION, stored[4 if newest_first else 3].jti)
            read += texts(list(iterator))
    numbers = [str(number) for number in range(1, 9)]
    assert read == (numbers[::-1] if newest_first else numbers)


def test_a_deletion_among_those_that_were_read_causes_no_miss(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    newest = here.stored()[::-1]
    here.changes = [lambda: None, lambda: here.delete(*newest[2:9])]
    assert [m.body for m in here.conversation.messages(per_page=10)] == numbered(40)[::-1]


def test_a_deletion_of_all_that_were_read_causes_no_miss(here: World) -> None:
    here.server.load(APP, CONNECTION, 400)
    newest = here.stored()[::-1]
    here.changes = [*[lambda: None] * 20, lambda: here.delete(*newest[:200])]
    assert [m.body for m in here.conversation.messages(per_page=10)] == numbered(400)[::-1]


def test_a_deletion_that_total_count_does_not_show_causes_no_miss(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    newest = here.stored()[::-1]

    def swap() -> None:
        before = here.conversation_total()
        here.delete(*newest[10:15])
        here.server.load(APP, OTHER, 5)
        if here.server.generation == "2023":
            assert here.conversation_total() == before

    here.changes = [lambda: None, lambda: None, swap]
    assert [m.body for m in here.conversation.messages(per_page=10)] == numbered(40)[::-1]


def test_pages_are_the_servers_answers_as_if_the_conversation_stood_still(here: World) -> None:
    here.server.load(APP, CONNECTION, 25)
    pages = list(here.conversation.pages(per_page=10))
    assert all(isinstance(page, MessageResponse) for page in pages)
    assert [page.page for page in pages] == [1, 2, 3]
    assert [page.per_page for page in pages] == [10, 10, 10]
    assert [page.page_count for page in pages] == [3, 3, 3]
    assert [page.total_count for page in pages] == [25, 25, 25]
    bodies = [texts(page.items or []) for page in pages]
    assert bodies == [numbered(25)[:-11:-1], numbered(25)[14:4:-1], numbered(25)[4::-1]]


def test_pages_know_how_many_of_them_are_to_come(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 25)
    pages = crowded.conversation.pages(per_page=10)
    assert pages
    assert length_hint(pages) == 3
    next(pages)
    assert len(pages) == 2
    assert pages.total_count == 25


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [0, 5, 10, 25, 999, 1000, 1001, 2345])
def test_the_iterator_knows_its_length_whatever_the_server_counts(
    crowded: World, count: int, newest_first: bool
) -> None:
    crowded.server.load(APP, CONNECTION, count)
    iterator = crowded.conversation.messages(per_page=10, newest_first=newest_first)
    assert iterator
    assert iterator.total_count == count
    assert length_hint(iterator) == len(iterator) == count
    if count:
        next(iterator)
        assert len(iterator) == count - 1


def test_the_length_of_an_iterator_that_ended_is_zero(here: World) -> None:
    here.receive("one")
    iterator = here.conversation.messages()
    assert list(iterator)
    assert len(iterator) == 0


def test_asking_for_the_length_takes_a_request_that_is_used(here: World) -> None:
    here.server.load(APP, CONNECTION, 25)
    iterator = here.conversation.messages()
    assert len(iterator) == 25
    assert len(list(iterator)) == 25
    assert len(here.server.requests) == 1


def test_tqdm_shows_true_progress(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 250)
    bar = tqdm(crowded.conversation.messages(), disable=True)
    shown = tqdm(crowded.conversation.messages(), file=Nowhere())
    assert shown.total == len(bar) == 250
    assert sum(1 for _ in shown) == shown.n == 250


def test_rich_shows_true_progress(crowded: World) -> None:
    crowded.server.load(APP, CONNECTION, 250)
    with Progress(disable=True) as progress:
        for _ in progress.track(crowded.conversation.messages()):
            pass
        (task,) = progress.tasks
        assert task.total == task.completed == 250


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("newest_first", [True, False])
def test_after_an_error_it_goes_on_where_it_was(
    here: World, workers: int, newest_first: bool
) -> None:
    here.server.load(APP, CONNECTION, 100)
    iterator = here.conversation.messages(per_page=7, workers=workers, newest_first=newest_first)
    read: list[MessageMessage] = []
    errors = 0
    with here.server.faults.status(500, share=0.4):
        while len(read) < 100:
            asked = len(read)
            with contextlib.suppress(ServiceException):
                read.append(next(iterator))
            errors += len(read) == asked
    assert errors > 3
    assert list(iterator) == []
    assert texts(read) == numbered(100)[:: -1 if newest_first else 1]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [0, 3, 40, 65])
def test_with_workers_the_order_is_kept(crowded: World, count: int, newest_first: bool) -> None:
    crowded.server.load(APP, CONNECTION, count)
    iterator = crowded.conversation.messages(per_page=10, workers=8, newest_first=newest_first)
    assert texts(list(iterator)) == numbered(count)[:: -1 if newest_first else 1]


@pytest.mark.parametrize("newest_first", [True, False])
def test_workers_ask_for_pages_at_the_same_time(here: World, newest_first: bool) -> None:
    here.server.load(APP, CONNECTION, 400)
    one_by_one = 1 if newest_first else 2
    numbers = itertools.count()
    four_at_a_time = threading.Barrier(4)

    def before() -> None:
        if one_by_one <= next(numbers) < one_by_one + 4:
            four_at_a_time.wait(timeout=20)

    here.client.before = before
    iterator = here.conversation.messages(per_page=10, workers=4, newest_first=newest_first)
    for _ in range(20):
        next(iterator)
    assert not four_at_a_time.broken
    iterator.close()


def test_with_workers_no_more_than_their_pages_are_asked_for_ahead(here: World) -> None:
    here.server.load(APP, CONNECTION, 400)
    iterator = here.conversation.messages(per_page=10, workers=4)
    for _ in range(11):
        next(iterator)
    here.server.requests.wait_for(5)
    iterator.close()
    assert len(here.server.requests) == 5


def test_without_workers_there_are_no_threads_and_with_them_none_is_left(here: World) -> None:
    here.server.load(APP, CONNECTION, 100)
    for _ in here.conversation.messages(per_page=10):
        assert not page_threads()
    seen: set[str] = set()
    for _ in here.conversation.messages(per_page=10, workers=4):
        seen.update(page_threads())
    assert seen
    assert not page_threads()


def page_threads() -> set[str]:
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith("openapi-client")}


@pytest.mark.parametrize(("workers", "pages"), [(1, 3), (4, 7)])
def test_it_holds_a_few_pages_at_a_time(here: World, workers: int, pages: int) -> None:
    here.server.load(APP, CONNECTION, 1500)
    gc.collect()
    others, most = messages_in_memory(), 0
    iterator = here.conversation.messages(per_page=50, workers=workers)
    for number, _ in enumerate(iterator):
        if number % 50 == 0:
            most = max(most, messages_in_memory() - others)
    assert most <= pages * 50


def messages_in_memory() -> int:
    return sum(isinstance(thing, MessageMessage) for thing in gc.get_objects())


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("max_items", [0, 1, 10, 15, 40, 1000])
@pytest.mark.parametrize("workers", [1, 3])
def test_max_items_is_the_most_that_come(
    crowded: World, max_items: int, newest_first: bool, workers: int
) -> None:
    crowded.server.load(APP, CONNECTION, 40)
    iterator = crowded.conversation.messages(
        per_page=10, max_items=max_items, newest_first=newest_first, workers=workers
    )
    assert len(iterator) == min(max_items, 40)
    wanted = numbered(40)[:: -1 if newest_first else 1][:max_items]
    assert texts(list(iterator)) == wanted


def test_no_more_is_asked_for_than_max_items_need(here: World) -> None:
    here.server.load(APP, CONNECTION, 400)
    assert len(list(here.conversation.pages(max_items=5))) == 1
    here.server.requests.assert_received(times=1, query={"page": "1", "per_page": "5"})
    assert len(here.server.requests) == 1


def test_one_iterator_can_be_used_by_several_threads(here: World) -> None:
    here.server.load(APP, CONNECTION, 300)
    iterator = here.conversation.messages(per_page=10)
    read: list[str | None] = []

    def use() -> None:
        for message in iterator:
            read.append(message.body)  # noqa: PERF401 - the list is shared by the threads

    run_in_threads(4, use)
    assert sorted(map(str, read)) == sorted(numbered(300))


def run_in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_closed_iterator_has_ended(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    iterator = here.conversation.messages(per_page=10, workers=2)
    next(iterator)
    iterator.close()
    assert list(iterator) == []
    assert len(iterator) == 0


def test_options_go_with_each_request(here: World) -> None:
    here.server.load(APP, CONNECTION, 40)
    list(here.conversation.messages(per_page=10, _headers={"X-Reader": "me"}))
    assert len(here.server.requests) == len(
        here.server.requests.matching(headers={"X-Reader": "me"})
    )


def test_its_errors_are_the_clients(here: World) -> None:
    unknown = here.messages.conversation(APP, "nobody")
    for iterator in (unknown.messages(), unknown.pages(), unknown.messages(newest_first=False)):
        with pytest.raises(NotFoundException):
            next(iterator)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"per_page": 0}, "per_page must be an int from 1, not 0"),
        ({"per_page": True}, "per_page must be an int from 1, not True"),
        ({"per_page": "10"}, "per_page must be an int from 1, not '10'"),
        ({"workers": 0}, "workers must be an int from 1, not 0"),
        ({"max_items": -1}, "max_items must be an int from 0, not -1"),
        (
            {"max_items": -(10**5000)},
            "max_items must be an int from 0, not an int with",
        ),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_at_once(
    arguments: dict[str, Any], message: str
) -> None:
    with ApiClient(Configuration(host="http://localhost:1")) as client:
        conversation = MessagesApi(client).conversation("app", "friend")
        for method in (conversation.messages, conversation.pages):
            with pytest.raises(ApiValueError, match=message):
                method(**arguments)


@pytest.mark.parametrize("ids", [("", "friend"), ("app", ""), (None, "friend"), ("app", 7)])
def test_ids_that_make_no_sense_are_refused_at_once(ids: tuple[str, str]) -> None:
    with (
        ApiClient(Configuration(host="http://localhost:1")) as client,
        pytest.raises(ApiValueError, match="_id must be a str that is not empty"),
    ):
        MessagesApi(client).conversation(*ids)


def test_a_server_that_gives_smaller_pages_than_asked_for_is_read_too(here: World) -> None:
    here.server.load(APP, CONNECTION, 95)

    class SmallPages(Conversation):
        def list(self, **arguments: Any) -> MessageResponse:
            arguments["per_page"] = min(arguments["per_page"], 8)
            return super().list(**arguments)

    conversation = SmallPages(here.messages, APP, CONNECTION)
    assert texts(list(conversation.messages(per_page=20))) == numbered(95)[::-1]
    assert texts(list(conversation.messages(per_page=20, newest_first=False))) == numbered(95)


class Nowhere:
    """Where a progress bar is written to that nobody looks at."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
