"""Programs that are typed strictly need no cast, and every public name has its type."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from test.support.pages import ROOT, programs
from test.support.type_checkers import CHECKERS, assert_typed

ANSWERS = """
from openapi_client import ApiClient, MessageMessage, MessagesApi

def latest(client: ApiClient) -> str:
    api = MessagesApi(client)
    sent = api.send("app", "connection", "Hello")
    edited: MessageMessage = api.edit("app", "connection", sent.jti, "Hello!")
    same = api.get("app", "connection", edited.id)
    page = api.list("app", "connection", per_page=page_size(same.body))
    for number, message in enumerate(page.items[: page.total_count], page.page):
        print(number, message.jti.upper(), message.created_at[:10])
    if page.items is None or sent.jti is None:
        return "left out by the server"
    return page.items[0].jti or ""

def page_size(body: str) -> int:
    return len(body)
"""


@pytest.mark.parametrize("checker", CHECKERS)
def test_programs_of_the_readme_need_no_cast(tmp_path: Path, checker: str) -> None:
    found = programs(ROOT / "README.md")
    texts = [program.text for program in found if program.first.language == "python"]
    assert_typed(checker, tmp_path, {f"program_{n}.py": text for n, text in enumerate(texts)})


@pytest.mark.parametrize("checker", CHECKERS)
def test_answers_need_neither_a_cast_nor_a_check(tmp_path: Path, checker: str) -> None:
    assert_typed(checker, tmp_path, {"answers.py": ANSWERS})


def test_every_public_name_has_a_complete_type(tmp_path: Path) -> None:
    # Only what is installed is verified, so it is installed, without its metadata.
    command = [sys.executable, "-m", "pyright", "--verifytypes", "openapi_client"]
    command += ["--ignoreexternal", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Type completeness score: 100%" in done.stdout
