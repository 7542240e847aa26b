"""Try this project in a clone of it: `python3 .ci/try.py example`, or `tests`.

All that is needed is Python 3.10 or newer. The first run makes an environment in `.venv` and
installs the project there with what it requires; later runs need no network. What comes after
`tests` is passed to pytest.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# The extra that each needs, and what it runs.
TASKS = {
    "example": ("testing", ["docs/examples/conversation.py"]),
    "tests": ("dev", ["-m", "pytest", "-n", "auto"]),
}


def works() -> bool:
    """Return whether there is an environment, and its Python still starts."""
    try:
        return subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def install(extra: str) -> None:
    """Install the project with an extra, unless it was done for the same `pyproject.toml`."""
    wanted = (ROOT / "pyproject.toml").read_bytes()
    if not works():
        print("Making an environment in .venv", flush=True)
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
    # All that `testing` needs is in `dev` too.
    for done in {extra, "dev"}:
        stamp = ENVIRONMENT / f"installed-{done}"
        if stamp.is_file() and stamp.read_bytes() == wanted:
            return
    print(f"Installing the project with its extra {extra!r}", flush=True)
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[{extra}]"]
    if status := subprocess.call(command):
        sys.exit(status)
    (ENVIRONMENT / f"installed-{extra}").write_bytes(wanted)


def main(task: str, *arguments: str) -> int:
    """Run a task, and return its exit status."""
    extra, command = TASKS[task]
    install(extra)
    return subprocess.call([PYTHON, *command, *arguments], cwd=ROOT)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
