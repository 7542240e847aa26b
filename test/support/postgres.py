"""A PostgreSQL server of the test's own, in a folder that goes with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

_USER = "postgres"
_MISSING = "no PostgreSQL is installed (initdb and pg_ctl): apt-get install postgresql"


def programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are; `None` if no PostgreSQL is installed."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    # Debian keeps them out of the way, one folder per version.
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


def missing() -> str | None:
    """Why no server can be started; `None` if one can."""
    if programs() is None:
        return _MISSING
    if _is_root() and not shutil.which("setpriv"):
        return "PostgreSQL does not run as root, and there is no setpriv to run it as another user"
    return None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _as_user(*command: str | Path) -> list[str]:
    other = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
    return [*(other if _is_root() else ()), *map(str, command)]


@contextlib.contextmanager
def postgres() -> Generator[str]:
    """Start a server that listens on a socket in its folder only; yield its URL."""
    where = programs()
    assert where is not None, _MISSING
    # A socket's path has at most 107 bytes, so the folder is not pytest's.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if _is_root():
        shutil.chown(folder, _USER, _USER)
    data = folder / "data"
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=200"
    try:
        _run(where / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        _run(where / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", settings, "start")
        try:
            yield f"postgresql://{_USER}@/postgres?host={folder}"
        finally:
            _run(where / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        _as_user(*command),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
