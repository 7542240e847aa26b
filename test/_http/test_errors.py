"""Every way to fail: which exception, which outcome, and nothing of other libraries."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from openapi_client import ApiException, exceptions
from test.support.calls import OPERATIONS, TOKEN, FakeTime, failure_of
from test.support.outcomes import CASES, Case, table

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "transport.md"

each_case = pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])


@each_case
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_error_its_outcome_and_how_often_it_was_tried(
    operation: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = FakeTime()
    with case.met(time, monkeypatch) as api:
        error = failure_of(OPERATIONS[operation], api)
    repeated = case.send if operation == "send" else case.get
    assert type(error) is case.error
    assert (error.status, error.outcome) == (case.status, case.outcome)
    assert len(error.attempts) == (3 if repeated else 1)


@each_case
def test_the_error_is_one_of_this_package(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with case.met(FakeTime(), monkeypatch) as api:
        error = failure_of(OPERATIONS["send"], api)
    assert type(error).__module__ == exceptions.__name__
    is_transport = isinstance(error, exceptions.TransportException)
    assert is_transport == (case.status == 0)
    if is_transport:
        assert isinstance(error, urllib3.exceptions.HTTPError)
        # What happened beneath is there for those who look.
        assert error.__cause__ is not None
    if 200 <= case.status <= 299:
        assert isinstance(error, exceptions.DeserializationException)
        assert error.raw_data
    assert isinstance(error, ValueError) == (200 <= case.status <= 299)


@each_case
def test_the_text_of_the_error_is_one_short_paragraph_without_secrets(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with case.met(FakeTime(), monkeypatch) as api:
        error = failure_of(OPERATIONS["send"], api)
    text = str(error)
    assert len(text.encode()) <= 2048
    assert text.isprintable()
    assert case.outcome in text
    assert "POST http" in text
    everything = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert TOKEN not in everything


def pickled(error: ApiException) -> ApiException:
    twin: ApiException = pickle.loads(pickle.dumps(error))
    return twin


@each_case
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_the_error_survives_copying(
    copied: Callable[[ApiException], ApiException], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with case.met(FakeTime(), monkeypatch) as api:
        error = failure_of(OPERATIONS["send"], api)
    twin = copied(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    for name in ("status", "reason", "outcome", "attempts", "body", "data", "retry_after"):
        assert getattr(twin, name) == getattr(error, name)


def test_the_page_of_the_documentation_has_these_rows() -> None:
    page = PAGE.read_text("utf-8").splitlines()
    begin = page.index(table()[0])
    assert page[begin : begin + len(table())] == table()
