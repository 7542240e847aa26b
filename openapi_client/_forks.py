"""What a forked child makes anew: whatever has locks, threads or connections of its parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What begins anew in a forked child."""

    def after_fork(self) -> None:
        """Leave locks, threads and connections to the parent."""


_objects: weakref.WeakSet[Forkable] = weakref.WeakSet()


def renew_after_fork(forkable: Forkable) -> None:
    """In each forked child, let an object begin anew; for as long as somebody else holds it."""
    _objects.add(forkable)


def _renew_all() -> None:
    for forkable in list(_objects):
        forkable.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
