"""The page that shows a given part of a conversation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openapi_client.conversations._windows import (
    LARGEST,
    Snapshot,
    Window,
    snapshot_of,
    window_over,
)
from openapi_client.models import MessageMessage, MessageResponse

parts = st.tuples(st.integers(0, 1_000_000), st.integers(1, LARGEST // 2))


@given(part=parts)
def test_a_part_well_below_the_largest_page_is_on_one_page(part: tuple[int, int]) -> None:
    start, width = part
    window = window_over(start, start + width, start)
    assert window.start <= start
    assert window.start + window.size >= start + width
    assert 1 <= window.size <= LARGEST


@given(start=st.integers(0, 1_000_000), width=st.integers(1, 2 * LARGEST), keep=st.integers(0))
def test_the_page_holds_what_must_be_kept_whatever_the_part(
    start: int, width: int, keep: int
) -> None:
    kept = start + keep % width
    window = window_over(start, start + width, kept)
    assert window.start <= kept < window.start + window.size
    assert 1 <= window.size <= LARGEST


@given(part=parts)
def test_no_smaller_page_holds_the_part(part: tuple[int, int]) -> None:
    start, width = part
    window = window_over(start, start + width, start)
    assert not any(
        start // size == (start + width - 1) // size for size in range(width, window.size)
    )


def test_a_part_at_the_newest_message_is_the_first_page() -> None:
    assert window_over(0, 100, 0) == Window(page=1, size=100)


def test_a_page_past_the_end_is_taken_for_the_page_that_it_says_it_is() -> None:
    response = MessageResponse(items=[], page=3, per_page=10)
    assert snapshot_of(response, Window(7, 10)).start == 20


def test_an_answer_that_does_not_say_which_page_it_is_is_the_one_asked_for() -> None:
    snapshot = snapshot_of(MessageResponse(items=[MessageMessage(jti="1")]), Window(7, 10))
    assert snapshot == Snapshot(60, 10, 10, MessageResponse(items=[MessageMessage(jti="1")]))
    assert snapshot.end == 61
    assert snapshot.ends
