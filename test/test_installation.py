"""The package beside another distribution that brings a package of the same name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import openapi_client
from openapi_client import _installation
from openapi_client._installation import DISTRIBUTION
from test.support.pages import ROOT

# Without the folders of `sys.path` that have the package as well, such as this project's own.
ISOLATED = (
    "import os, sys; sys.path[1:] = [folder for folder in sys.path[1:]"
    " if not os.path.isdir(os.path.join(folder, 'openapi_client'))]; "
)
OURS_ALONE = "import openapi_client, openapi_client.testing, openapi_client.conversations"
STRANDED = (
    "openapi_client.api.messages_api",
    "openapi_client.conversations",
    "openapi_client.testing",
    "openapi_client.testing.pytest_plugin",
)


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "openapi_client", tmp_path / "openapi_client", ignore=ignored)
    return tmp_path


def run(site_packages: Path, program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "always", "-c", ISOLATED + program]
    return subprocess.run(
        command, cwd=site_packages, env={}, capture_output=True, text=True, check=False
    )


def test_alone_nothing_is_said(site_packages: Path) -> None:
    done = run(site_packages, OURS_ALONE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_generated_distribution_in_the_same_folder_is_warned_of(site_packages: Path) -> None:
    (site_packages / "openapi_client-1.0.0.dist-info").mkdir()
    done = run(site_packages, OURS_ALONE)
    assert done.returncode == 0
    assert done.stderr.startswith("<string>:1: RuntimeWarning: Another distribution has installed")
    assert "openapi_client-1.0.0.dist-info" in done.stderr
    assert DISTRIBUTION in done.stderr


def test_kept_modules_of_other_endpoints_are_not_warned_of(site_packages: Path) -> None:
    (site_packages / "openapi_client" / "api" / "pets_api.py").write_text("")
    (site_packages / "openapi_messages_client-1.0.0.dist-info").mkdir()
    done = run(site_packages, OURS_ALONE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_name_tells_of_a_distribution_of_another_name(site_packages: Path) -> None:
    info = site_packages / "pets_client-2.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pets-client\nVersion: 2.0.0\n")
    (info / "RECORD").write_text("openapi_client/__init__.py,,\nopenapi_client/api/pets_api.py,,\n")
    assert run(site_packages, OURS_ALONE).stderr == ""
    done = run(site_packages, "from openapi_client import PetsApi")
    assert "RuntimeWarning: The distribution pets-client has installed" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("ImportError: cannot import name 'PetsApi'")


def test_a_missing_name_alone_says_nothing_else(site_packages: Path) -> None:
    done = run(site_packages, "import openapi_client; print(hasattr(openapi_client, 'PetsApi'))")
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.parametrize("module", STRANDED)
@pytest.mark.parametrize("init", [None, "from openapi_client.api.pets_api import PetsApi\n"])
def test_another_distribution_over_this_one_is_an_error_that_says_what_to_do(
    site_packages: Path, init: str | None, module: str
) -> None:
    package = site_packages / "openapi_client"
    if init is None:  # it was removed again, and its files with it
        (package / "__init__.py").unlink()
    else:
        (package / "__init__.py").write_text(init)
        (package / "api" / "__init__.py").write_text("")
        (package / "api" / "pets_api.py").write_text("class PetsApi: ...\n")
        (package / "exceptions.py").write_text("class ApiException(Exception): ...\n")
    done = run(site_packages, f"import {module}")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: openapi_client/__init__.py is missing, or belongs to")
    assert last.endswith(f"pip install --force-reinstall {DISTRIBUTION}")


def test_a_zip_file_of_the_package_is_no_other_distribution(site_packages: Path) -> None:
    archive = shutil.make_archive(str(site_packages / "package"), "zip", site_packages)
    folder = site_packages / "elsewhere"
    folder.mkdir()
    program = f"import sys; sys.path.insert(0, {archive!r}); import openapi_client; print('found')"
    done = run(folder, program)
    assert (done.stdout, done.stderr) == ("found\n", "")


def test_the_checks_in_this_process(site_packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openapi_client, "__path__", [str(site_packages / "openapi_client")])
    info = site_packages / "openapi_client-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openapi-client\nVersion: 1.0.0\n")
    (info / "RECORD").write_text("openapi_client/__init__.py,,\n")
    with pytest.warns(RuntimeWarning, match=r"openapi_client-1\.0\.0\.dist-info"):
        openapi_client._warn_of_other_distributions()
    _installation.warn_of_others.cache_clear()
    with pytest.warns(RuntimeWarning, match="The distribution openapi-client has installed"):
        assert not hasattr(openapi_client, "PetsApi")
    monkeypatch.setattr(openapi_client, "__path__", [str(site_packages / "missing" / "package")])
    openapi_client._warn_of_other_distributions()
    monkeypatch.setattr(openapi_client, "_DISTRIBUTION", "another")
    assert _installation.__spec__ is not None
    assert _installation.__spec__.loader is not None
    with pytest.raises(ImportError, match="belongs to another distribution"):
        _installation.__spec__.loader.exec_module(_installation)
