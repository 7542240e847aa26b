"""A program that forks with a connection open; both processes then ask for something of their own.

`python -m test.support.forking ours|bare URL CA_FILE` prints one JSON line for each process:
what it asked for, what it got, and how many sockets it still shared with the other process.
"""

from __future__ import annotations

import json
import os
import stat
import sys

from test.support.fetchers import bare, ours


def sockets() -> set[int]:
    """What identifies the open sockets of this process."""
    found: set[int] = set()
    for descriptor in range(256):
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add(status.st_ino)
    return found


def main(whose: str, url: str, ca_cert: str) -> None:
    """Ask, fork, ask again in both."""
    with ours(url, ssl_ca_cert=ca_cert) if whose == "ours" else bare(url, ca_cert) as fetch:
        fetch("first")
        before = sockets()
        child = os.fork()
        shared = len(before & sockets())
        asked = "parent" if child else "child"
        try:
            got = fetch(asked)
        except Exception as error:  # noqa: BLE001 - told to the test
            got = type(error).__name__
        line = json.dumps({"asked": asked, "got": got, "shared": shared}) + "\n"
        os.write(1, line.encode())
        if not child:
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
