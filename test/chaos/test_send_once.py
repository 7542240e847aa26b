"""The run of `send_once` in small."""

from __future__ import annotations

import pytest

from test.chaos.send_once import main, run


def test_no_send_is_lost_or_doubled() -> None:
    report = run(sends=640, threads=16, seed=5)
    assert set(report.zeros.values()) == {0}
    assert report.cuts["reset_before"] > 5
    assert report.cuts["reset_after"] > 5
    assert report.stored == report.sends - report.not_stored


def test_the_command_prints_the_zeros(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sends", "64", "--threads", "4"]) == 0
    printed = capsys.readouterr().out
    assert "64 sends to 8 conversations" in printed
    assert "0 messages lost" in printed
    assert "0 messages doubled" in printed
