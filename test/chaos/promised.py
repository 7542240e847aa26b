"""The end of a report: what is promised to be zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_SHOWN_ERRORS = 5


def promised(zeros: Mapping[str, int], errors: Sequence[BaseException]) -> Iterator[str]:
    """Lines that tell how often each promise was broken, and some errors that nobody promised."""
    yield "promised to be zero, from the server's database"
    for what, count in zeros.items():
        yield f"  {count:6} {what}"
    for error in errors[:_SHOWN_ERRORS]:
        yield f"         {error!r}"
