"""The example bot answers each message once, however it is ended."""

from __future__ import annotations

from test.chaos.bot import run


def test_a_bot_that_is_killed_again_and_again_answers_each_message_once() -> None:
    report = run(6)
    assert len(report.asked) > 3
    assert report.is_right, report
