"""The chaos run in small, and that it would tell if a promise were broken."""

from __future__ import annotations

import pytest
from urllib3 import Retry

from test.chaos.__main__ import main
from test.chaos.run import run


def test_what_is_promised_to_be_zero_is_zero() -> None:
    report = run(calls=320, threads=8, seed=7)
    assert set(report.zeros.values()) == {0}
    assert report.outcomes["done"] > 200
    assert report.outcomes.total() == report.calls == 320


def test_a_client_that_repeats_sends_is_found_out() -> None:
    careless = Retry(3, allowed_methods=None, status_forcelist=[502, 503, 504])
    report = run(calls=480, threads=8, seed=7, retries=careless)
    assert report.stored_twice > 0


def test_the_command_prints_the_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--calls", "32", "--threads", "4", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    assert "32 calls" in printed
    assert "0 sends stored twice" in printed
