"""Locks on the bytes of a file, which the operating system takes from a process that ends."""

from __future__ import annotations

import os
import sys
import threading

from openapi_client._forks import renew_after_fork

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, slot: int) -> None:
        os.lseek(descriptor, slot, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int, slot: int) -> None:
        os.lseek(descriptor, slot, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int, slot: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)

    def _unlock(descriptor: int, slot: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, slot)


class ByteLocks:
    """The locks of this process on the bytes of one file; get it with `locks_of`.

    To POSIX, a lock belongs to the process and the file: the process that has one is given it
    again, and loses all of them when it closes any descriptor of the file. So there is one
    descriptor per file and process, never closed before the last user is, and beside the locks the
    process keeps note of them for its own threads.
    """

    def __init__(self, path: str) -> None:
        self.users = 0
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._held: dict[int, object] = {}

    def lock(self, slot: int) -> bool:
        """Lock a byte; return `False` if it is locked, by this process or another one.

        Raises:
            OSError: the file system has no locks.
        """
        mine = object()
        # Atomic, and without a lock that a signal handler could wait for.
        if self._held.setdefault(slot, mine) is not mine:
            return False
        try:
            _lock(self._descriptor, slot)
        except BaseException as error:
            del self._held[slot]
            if isinstance(error, (BlockingIOError, PermissionError)):
                return False
            raise
        return True

    def unlock(self, slot: int) -> None:
        """Unlock a byte that this process has locked."""
        if slot in self._held:
            _unlock(self._descriptor, slot)
            self._held.pop(slot, None)

    def after_fork(self) -> None:
        """In a forked child: the locks stayed with the parent."""
        self._held.clear()

    def close(self) -> None:
        """Close the file, and thereby unlock everything."""
        os.close(self._descriptor)


class _Files:
    """The files whose locks this process uses."""

    def __init__(self) -> None:
        self._guard = threading.RLock()
        self._locks: dict[str, ByteLocks] = {}

    def take(self, path: str) -> ByteLocks:
        with self._guard:
            locks = self._locks.get(os.path.realpath(path))
            if locks is None:
                locks = self._locks[os.path.realpath(path)] = ByteLocks(path)
            locks.users += 1
            return locks

    def release(self, locks: ByteLocks) -> None:
        with self._guard:
            locks.users -= 1
            if not locks.users:
                self._locks = {path: one for path, one in self._locks.items() if one is not locks}
                locks.close()

    def after_fork(self) -> None:
        self._guard = threading.RLock()
        for locks in self._locks.values():
            locks.after_fork()


_files = _Files()
renew_after_fork(_files)


def locks_of(path: str) -> ByteLocks:
    """Return the locks on a file, the same for all who ask; `release` them in the end.

    Raises:
        OSError: the file can neither be opened nor made.
    """
    return _files.take(path)


def release(locks: ByteLocks) -> None:
    """Close the file if nobody else has its locks."""
    _files.release(locks)
