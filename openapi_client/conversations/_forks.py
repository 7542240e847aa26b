"""What iterators do in a forked child: they go on, with locks and threads of their own."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """What has to be made anew in a forked child."""

    def renew(self) -> None:
        """Leave locks and threads to the parent."""


_renewables: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_after_fork(renewable: Renewable) -> None:
    """In each forked child, let an object begin with locks and threads of its own."""
    _renewables.add(renewable)


def _renew_all() -> None:
    for renewable in list(_renewables):
        renewable.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
