"""Strictly typed programs, those of the README among them, need neither casts nor checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from test.support.pages import ROOT, programs

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


MODELS = """
from datetime import datetime
from openapi_client.models import MessageMessage, MessageResponse, MessageCreateMessageRequest

message = MessageMessage(jti="x", read=True)
identifier: str | None = message.jti
moment: datetime | None = message.created_at_datetime
page = MessageResponse(items=[message], page=1)
items: list[MessageMessage] | None = page.items
maybe: MessageResponse | None = MessageResponse.from_json(page.to_json())
again: MessageResponse = MessageResponse.model_validate_json(b"{}")
request = MessageCreateMessageRequest(body="x")
print(identifier, moment, items, maybe, again, request.to_dict())
"""

CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-incremental"],
    # Without the option it would look for packages with the `python` of PATH.
    "pyright": ["pyright", "--warnings", "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_strictly_typed_programs_need_no_cast(tmp_path: Path, checker: str) -> None:
    texts = {"answers.py": ANSWERS, "models.py": MODELS}
    for program in programs(ROOT / "README.md"):
        if program.first.language == "python":
            texts[f"readme_{program.first.line}.py"] = program.text
    for name, text in texts.items():
        (tmp_path / name).write_text(f"# pyright: strict\n{text}", "utf-8")
    command = [sys.executable, "-m", *CHECKERS[checker], *(str(tmp_path / name) for name in texts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
