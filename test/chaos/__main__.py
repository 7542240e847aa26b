"""The chaos run from a shell; exits with 1 if something that has to be zero is not."""

from __future__ import annotations

import argparse
import sys

from test.chaos import send_once
from test.chaos.run import run


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and tell whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m test.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="1,600 calls instead of 10,000")
    parser.add_argument("--calls", type=int, help="how many calls")
    parser.add_argument("--threads", type=int, default=16, help="how many at the same time")
    parser.add_argument("--seed", type=int, default=1, help="the same gives the same faults")
    given = parser.parse_args(arguments)
    calls = given.calls or (1_600 if given.short else 10_000)
    report = run(calls, given.threads, given.seed)
    print("\n".join(report.lines()))
    once = send_once.run(calls, given.threads, given.seed)
    print("\n".join(("", "send_once", *once.lines())))
    return int(any(report.zeros.values()) or any(once.zeros.values()))


if __name__ == "__main__":
    sys.exit(main())
