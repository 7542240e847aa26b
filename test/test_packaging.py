"""What is shipped: the contents of the distributions, and the wheel in an empty environment."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement

import openapi_client
from openapi_client._installation import DISTRIBUTION

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "openapi_client"
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
FILES = ("pyproject.toml", "setup.cfg", "tox.ini", "README.md", "CHANGELOG.md", "LICENSE")
RUNTIME = {"urllib3", "pydantic", "python-dateutil", "typing-extensions"}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, each made from the tree, which stays as it was."""
    folder = tmp_path_factory.mktemp("distributions")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("openapi_client", "docs", "test", ".ci"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    before = set(source.rglob("*"))
    # Without isolation nothing is downloaded: the backend is the one that is installed.
    command = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel"]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(source.rglob("*")) == before, "a tree that is read-only could not be built"
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    return distributions / f"openapi_messages_client-{VERSION}-py3-none-any.whl"


def package_files() -> set[str]:
    """Every file of the package in this tree that belongs into a distribution."""
    return {
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_the_package_with_its_types_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"openapi_messages_client-{VERSION}.dist-info"
    assert "openapi_client/py.typed" in names
    assert {name for name in names if not name.startswith(f"{info}/")} == package_files()
    assert f"{info}/licenses/LICENSE" in names


def test_sdist_holds_the_package_with_its_tests_and_docs(distributions: Path) -> None:
    top = f"openapi_messages_client-{VERSION}"
    with tarfile.open(distributions / f"{top}.tar.gz") as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    paths = [*(ROOT / "test").rglob("*.py"), *(ROOT / "docs").rglob("*.*")]
    own = {str(path.relative_to(ROOT)) for path in paths if "__pycache__" not in path.parts}
    assert package_files() | own | {*FILES, ".ci/run", ".ci/try.py"} <= names


def test_hints_name_the_distribution() -> None:
    assert PROJECT["name"] == DISTRIBUTION
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        hints = re.findall(
            r"install '?(openapi-[\w-]*)|(openapi-[\w-]*)\[", path.read_text("utf-8")
        )
        assert {name for pair in hints for name in pair if name} <= {DISTRIBUTION}, path


def test_version_is_told_the_same_everywhere() -> None:
    assert openapi_client.__version__ == VERSION
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_package_requires_the_four_runtime_packages_only() -> None:
    assert {Requirement(line).name for line in PROJECT["dependencies"]} == RUNTIME


def test_lowest_versions_are_those_that_tox_tries() -> None:
    tox = (ROOT / "tox.ini").read_text("utf-8")
    tried = re.findall(r"lowest: ([\w-]+)==([\w.]+)", tox)
    allowed = [re.split(r"[>=,]+", line)[:2] for line in PROJECT["dependencies"]]
    assert sorted(map(list, tried)) == sorted(allowed)


def test_wheel_works_in_an_environment_with_only_what_it_requires(
    wheel: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site_packages)
    for name in with_requirements(RUNTIME):
        link_installed(name, site_packages)
    done = subprocess.run(
        [environment / "bin" / "python", "-I", ROOT / "test" / "four_operations.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"the four operations work with openapi-messages-client {VERSION}\n"


def with_requirements(names: set[str]) -> set[str]:
    """The distributions, and those that they require in turn, without extras."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        for line in importlib.metadata.requires(name) or []:
            requirement = Requirement(line)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and requirement.name not in found:
                waiting.add(requirement.name)
    return found


def link_installed(name: str, site_packages: Path) -> None:
    """Make an installed distribution importable from another environment as well."""
    for file in importlib.metadata.files(name) or []:
        link = site_packages / file.parts[0]
        if file.parts[0] not in ("..", "__pycache__") and not link.exists():
            link.symlink_to(str(importlib.metadata.distribution(name).locate_file(file.parts[0])))
