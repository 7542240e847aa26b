"""The run of restarts in small, and that it would tell if a promise were broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.chaos import restarts
from test.support import postgres


def test_killed_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    report = restarts.run([str(tmp_path / "sends.db")], sends=160, kills=4)
    assert set(report.zeros.values()) == {0}
    assert report.stored == 160
    assert report.kills >= 4
    assert report.broken > 10


def test_machines_that_share_a_database_lose_and_double_nothing() -> None:
    why = postgres.missing()
    if why is not None:
        pytest.skip(why)
    report = restarts.run_in_postgres(sends=96, kills=3)
    assert set(report.zeros.values()) == {0}
    assert report.stored == 96


def test_ledgers_that_know_nothing_of_each_other_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "DELIVERED_TWICE", 0.5)
    ledgers = [str(tmp_path / f"{number}.db") for number in range(2)]
    report = restarts.run(ledgers, sends=64, kills=0)
    assert report.lost + report.doubled > 0


def test_the_command_prints_the_zeros(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "missing", lambda: "none is installed")
    assert restarts.main(["--sends", "32", "--kills", "1"]) == 0
    printed = capsys.readouterr().out
    assert "PostgreSQL is left out: none is installed" in printed
    assert "32 sends to 16 conversations" in printed
    assert "0 messages lost" in printed
    assert "0 messages doubled" in printed
