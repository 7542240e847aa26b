"""Change the core here and there, and see whether its tests notice.

    python .ci/mutants.py 20                  twenty changes of each module, drawn at random
    python .ci/mutants.py 0 retries.py        all changes of one module

`tox -e mutants -- ...` is the same in an environment with what it needs. The tree is not touched:
a copy of it is changed. The tests are those of the module's room, with the first failure as the
end. Prints a table by module, and each change that no test has noticed.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).resolve().parent.parent
# A part of the package, and the tests that have to notice what changes there.
CORE = {
    "_http/": "test/_http test/test_frames.py test/test_secrets.py",
    "retries.py": "test/test_retries.py test/_http/test_retrying.py",
    "_redaction.py": "test/test_redaction.py test/test_secrets.py test/test_frames.py",
    "credentials.py": "test/test_credentials.py test/test_token_renewal.py test/test_login.py",
    "api/": "test/api test/test_wire.py test/test_seams.py",
    "conversations/": "test/conversations",
}
# They change types only, which nothing evaluates.
IDLE = ("core/ReplaceBinaryOperator_BitOr", "core/RemoveDecorator")
SECONDS = 120.0


def modules(part: str) -> list[Path]:
    """Return the modules of a part of the package."""
    path = ROOT / "openapi_client" / part
    found = sorted(path.glob("*.py")) if path.is_dir() else [path]
    return [module.relative_to(ROOT) for module in found if module.name != "__init__.py"]


def changes(module: Path, tests: str, count: int, copy: Path) -> tuple[int, list[str]]:
    """Make changes in a module of the copy.

    Returns:
        How many were tried, and those that no test noticed, as diffs.
    """
    command = f"{sys.executable} -m pytest -q -x -p no:randomly -p no:cacheprovider {tests}"
    settings, session = copy / "mutants.toml", copy / "mutants.sqlite"
    settings.write_text(
        f"""[cosmic-ray]
module-path = "{module}"
timeout = {SECONDS}
excluded-modules = []
test-command = "{command}"
[cosmic-ray.distributor]
name = "local"
"""
    )
    session.unlink(missing_ok=True)
    path = [str(copy), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    tool = [sys.executable, "-m", "cosmic_ray.cli"]
    subprocess.run([*tool, "init", settings, session], cwd=copy, env=environment, check=True)
    with use_db(str(session), WorkDB.Mode.open) as database:
        items = database.pending_work_items
        useful = [i for i in items if not i.mutations[0].operator_name.startswith(IDLE)]
        chosen = random.sample(useful, min(count or len(useful), len(useful)))
        kept = {item.job_id for item in chosen}
        skipped = [item.job_id for item in items if item.job_id not in kept]
        database.set_multiple_results(skipped, WorkResult(WorkerOutcome.SKIPPED))
    subprocess.run([*tool, "exec", settings, session], cwd=copy, env=environment, check=True)
    with use_db(str(session), WorkDB.Mode.open) as database:
        survivors = [
            result.diff or ""
            for _, result in database.results
            if result.test_outcome == TestOutcome.SURVIVED
        ]
    return len(chosen), survivors


def main(count: int, *names: str) -> None:
    """Try changes of the core's modules, or of those that are named."""
    tried = noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", ".tox", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for part, tests in CORE.items():
            for module in modules(part):
                if names and not str(module).endswith(names):
                    continue
                number, survivors = changes(module, tests, count, copy)
                tried, noticed = tried + number, noticed + number - len(survivors)
                print(f"{module}: {number - len(survivors)} of {number}", flush=True)
                for diff in survivors:
                    print(diff)
    print(f"noticed: {noticed} of {tried}, {noticed / max(tried, 1):.0%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, *sys.argv[2:])
