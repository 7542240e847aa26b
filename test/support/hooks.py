"""Hooks that keep what they are told."""

from __future__ import annotations

from openapi_client.hooks import AttemptEnded, AttemptStarted, CallEnded, CallStarted

Event = CallStarted | AttemptStarted | AttemptEnded | CallEnded


class Told:
    """Keeps every event, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def call_started(self, event: CallStarted) -> None:
        self.events.append(event)

    def attempt_started(self, event: AttemptStarted) -> None:
        self.events.append(event)

    def attempt_ended(self, event: AttemptEnded) -> None:
        self.events.append(event)

    def call_ended(self, event: CallEnded) -> None:
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        """The kinds of the events."""
        return [type(event).__name__ for event in self.events]

    @property
    def started(self) -> list[CallStarted]:
        return [event for event in self.events if isinstance(event, CallStarted)]

    @property
    def attempts(self) -> list[AttemptEnded]:
        return [event for event in self.events if isinstance(event, AttemptEnded)]

    @property
    def ended(self) -> list[CallEnded]:
        return [event for event in self.events if isinstance(event, CallEnded)]
