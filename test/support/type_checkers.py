"""Programs as mypy and pyright see them, each as strict as it can be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from test.support.pages import ROOT

CHECKERS: Mapping[str, list[str]] = {
    "mypy": ["mypy", "--strict", "--no-incremental"],
    # Without the option it would look for packages with the `python` of PATH.
    "pyright": ["pyright", "--warnings", "--pythonpath", sys.executable],
}


def assert_typed(checker: str, folder: Path, programs: Mapping[str, str]) -> None:
    """Check programs, by their names, in files in a folder."""
    for name, text in programs.items():
        (folder / name).write_text(f"# pyright: strict\n{text}", "utf-8")
    command = [sys.executable, "-m", *CHECKERS[checker], *(str(folder / name) for name in programs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
