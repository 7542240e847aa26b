"""`python -m test.typed_pages`: whether the programs of docs/observability.md have strict types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from test.support.pages import ROOT, programs

PAGE = ROOT / "docs" / "observability.md"


def main() -> int:
    """Run both type checkers; return the status to exit with."""
    with TemporaryDirectory() as folder:
        for program in programs(PAGE):
            if program.first.language == "python":
                path = Path(folder, f"line_{program.first.line}.py")
                path.write_text(f"# pyright: strict\n{program.text}", "utf-8")
        checkers = (
            ["mypy", "--strict", "--scripts-are-modules", folder],
            ["pyright", "--pythonpath", sys.executable, folder],
        )
        return max(
            subprocess.run([sys.executable, "-m", *c], check=False).returncode for c in checkers
        )


if __name__ == "__main__":
    sys.exit(main())
