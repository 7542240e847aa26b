"""The memory of this process as the system counts it.

It imports nothing that the interpreter has not loaded already, because what importing costs is
measured, too.
"""

from __future__ import annotations

from io import FileIO


def peak_kilobytes() -> int:
    """Return the most memory that the process has held so far."""
    return _of_status(b"VmHWM:")


def kilobytes() -> int:
    """Return the memory that the process holds."""
    return _of_status(b"VmRSS:")


def _of_status(field: bytes) -> int:
    # Not ru_maxrss of getrusage: it begins with what the parent process held.
    with FileIO("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))
