"""The embedded server against docs/openapi.yaml, by Schemathesis: `python -m test.testing.fuzz`.

All checks, in all phases: every case that it makes from the description, good or bad, has to be
answered as the description says.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from openapi_client.testing import MessagesServer

DESCRIPTION = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yaml"
# Of the description clients are made, whose pages are to be numbers. Servers take any text, and
# ignore what is no number.
FOR_CLIENTS, FOR_SERVERS = "{type: integer}", "{anyOf: [{type: integer}, {type: string}]}"


class Outcome(NamedTuple):
    """How many cases were made, how many were answered as described, and what was printed."""

    generated: int
    passed: int
    printed: str


def fuzz(examples: int, seed: int) -> Outcome:
    """Runs that many examples for each operation, beside the cases that are always made."""
    with MessagesServer(tls=False, example=True) as server, tempfile.TemporaryDirectory() as folder:
        told = DESCRIPTION.read_text("utf-8")
        description = Path(folder, DESCRIPTION.name)
        description.write_text(
            told.replace(f"schema: {FOR_CLIENTS}", f"schema: {FOR_SERVERS}"), "utf-8"
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", str(description)),
                *("--url", server.url, "--header", f"Authorization: Bearer {server.token}"),
                *("--checks", "all", "--mode", "all", "--workers", "1"),
                *("--max-examples", str(examples), "--seed", str(seed), "--no-color"),
            ],
            cwd=folder,  # it leaves its notes where it runs
            capture_output=True,
            text=True,
            check=False,
        )
    printed = done.stdout + done.stderr
    counted = re.search(r"(\d+) generated, (\d+) passed", printed)
    if done.returncode != 0 or counted is None:
        return Outcome(0, 0, printed)
    return Outcome(int(counted[1]), int(counted[2]), printed)


def main() -> None:
    """Prints what Schemathesis prints, and fails where it finds anything or makes too few cases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=200, help="for each operation")
    parser.add_argument("--cases", type=int, default=2000, help="how many there must be in all")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = fuzz(given.examples, given.seed)
    print(outcome.printed)
    if outcome.passed != outcome.generated or outcome.generated < given.cases:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
