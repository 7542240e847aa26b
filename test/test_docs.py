"""Every code block of README.md, CHANGELOG.md and docs/ is run or checked, by its info string:

- ``python``: a whole program; it ends with 0, prints no traceback, and warnings are errors.
- ``python continued``: goes on from the page's ``python`` block before it, in the same program.
- ``LANGUAGE file=NAME``: is written to NAME beside the page's later programs; one of them names it.
- ``sh``: is run by ``bash -eu``; ``sh continued`` goes on from the one before it.
- ``sh ci``: stands, line for line, in .ci/run, which runs it.
- ``console``: the lines after ``$`` are run, the others are what they print.
- ``text output``: is what the program before it prints; ``...`` stands for anything.
- ``text doc=MODULE``: stands in the docstring of MODULE.
- ``mermaid``: is read as a flowchart whose boxes all have labels.
- ``json``, ``toml``, ``yaml``, ``ini``: are parsed; ``http``: is parsed as a request or an answer.

Anything else fails. A ``pip install`` line is not run: it has to name this project and extras that
it has.

Each program finds a server of its own, over TLS, that holds the example conversation, and the
environment variables that ``python -m openapi_client.testing`` prints. ``https://localhost:8080``
in its text is replaced by the address of that server. It runs in a folder of its own with a link
``examples`` to docs/examples. The programs of docs/examples are run as well: by the page that names
them, or else alone.
"""

from __future__ import annotations

import configparser
import contextlib
import email
import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import tomli
import yaml

from openapi_client.testing import MessagesServer
from test.support.pages import (
    ROOT,
    Block,
    Program,
    anchors,
    blocks,
    console_commands,
    links,
    pages,
    programs,
)

DOCUMENTED_ORIGIN = "https://localhost:8080"
SECONDS_PER_PROGRAM = 60
PROGRAM_LANGUAGES = ("python", "sh", "console")


def is_pip_install(line: str) -> bool:
    return re.match(r"(\$ )?(python3? -m )?pip install\b", line) is not None


def environment(server: MessagesServer) -> dict[str, str]:
    """The variables that a program of the documentation finds."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        # Celery warns whoever runs it as root, as CI does.
        "PYTHONWARNINGS": "error,ignore:::celery.platforms",
        "OPENAPI_CLIENT_HOST": server.url,
        "API_KEY": server.token,
        "SSL_CERT_FILE": str(server.ca_cert),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider -p openapi_client.testing.pytest_plugin",
    }


def run(command: list[str], folder: Path, env: Mapping[str, str]) -> str:
    """What ``command`` prints; whatever it leaves running is ended with it."""
    with (folder / "stdout").open("w+") as stdout, (folder / "stderr").open("w+") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            status = process.wait(SECONDS_PER_PROGRAM)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        printed, complaints = (folder / "stdout").read_text(), (folder / "stderr").read_text()
    assert status == 0, f"exit status {status}\n{printed}\n{complaints}"
    assert "Traceback" not in complaints, complaints
    return printed


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(tls=True, example=True) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "docs" / "examples")
    return tmp_path


ALL_BLOCKS = [block for page in pages() for block in blocks(page)]
ALL_PROGRAMS = [program for page in pages() for program in programs(page)]
STATIC_BLOCKS = [block for block in ALL_BLOCKS if block.language not in PROGRAM_LANGUAGES]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.mark.parametrize("program", ALL_PROGRAMS, ids=lambda program: program.first.place)
def test_program_of_the_documentation(
    program: Program, server: MessagesServer, folder: Path
) -> None:
    for name, text in program.files.items():
        (folder / name).write_text(text, "utf-8")
    text = program.text
    if program.first.language == "console":
        text = console_commands(text)
    text = text.replace(DOCUMENTED_ORIGIN, server.url.removesuffix("/v1"))
    if program.first.language == "python":
        command = [sys.executable, "program.py"]
    else:
        text = "".join("\n" if is_pip_install(x) else x for x in text.splitlines(keepends=True))
        command = ["bash", "-eu", "program.py"]
    (folder / "program.py").write_text(text, "utf-8")
    printed = run(command, folder, environment(server))
    assert_prints(printed, program.expected)


def assert_prints(printed: str, expected: list[str | None]) -> None:
    """Each part of a program prints its text; ``...`` and None stand for anything."""
    texts = ["..." if text is None else tidy(text) for text in expected]
    pattern = "".join(".*".join(map(re.escape, text.split("..."))) for text in texts)
    assert re.fullmatch(pattern, tidy(printed), re.DOTALL), f"{printed}\nis not\n{expected}"


def tidy(text: str) -> str:
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("block", STATIC_BLOCKS, ids=lambda block: block.place)
def test_block_that_is_no_program(block: Block) -> None:
    if block.language in ("json", "toml", "yaml", "ini"):
        parse(block)
    elif block.language == "http":
        parse_http(block.text)
    elif block.language == "mermaid":
        parse_mermaid(block.text)
    elif module := block.option("doc"):
        lines = {
            line.strip() for line in (importlib.import_module(module).__doc__ or "").splitlines()
        }
        missing = [line for line in block.text.splitlines() if line.strip() not in lines]
        assert not missing, f"not in the docstring of {module}"
    else:
        assert block.words == ("text", "output"), f"{block.place}: {block.words} is never checked"


def parse(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        tomli.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)
    else:
        configparser.ConfigParser(interpolation=None).read_string(block.text)


def parse_mermaid(text: str) -> None:
    """Check a flowchart: an arrow a line, between boxes that have a label where they come first."""
    first, *lines = text.splitlines()
    assert re.fullmatch("flowchart (TD|LR)", first), first
    box, labelled = r'(\w+)(?:\["[^"]+"\])?', set[str]()
    for line in lines:
        arrow = re.fullmatch(rf"    {box} --> {box}", line)
        assert arrow, line
        labelled |= set(re.findall(r'(\w+)\["', line))
        assert {arrow[1], arrow[2]} <= labelled, line


def parse_http(text: str) -> None:
    first, _, rest = text.partition("\n")
    assert re.fullmatch(r"[A-Z]+ /\S* HTTP/1\.1|HTTP/1\.1 [1-5]\d\d .*", first), first
    message = email.message_from_string(rest)
    assert not message.defects
    if message.get_content_type() == "application/json":
        json.loads(str(message.get_payload()))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_word_of_a_block_means_something(page: Path) -> None:
    for block in blocks(page):
        rest = [word for word in block.words[1:] if not word.startswith(("file=", "doc="))]
        assert rest in ([], ["continued"], ["output"], ["ci"]), block.place


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_a_page_is_used_by_a_later_program(page: Path) -> None:
    for block in blocks(page):
        if name := block.option("file"):
            later = [p for p in programs(page) if p.first.line > block.line]
            assert any(re.search(rf"\b{Path(name).stem}\b", p.text) for p in later), block.place


def test_every_pip_install_names_this_project_and_its_extras() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [
        line for block in ALL_BLOCKS for line in block.text.splitlines() if is_pip_install(line)
    ]
    for line in lines:
        for word in shlex.split(line)[shlex.split(line).index("install") + 1 :]:
            extras = re.fullmatch(rf"-q|-e|(?:\.|{project['name']})(?:\[([\w,-]+)\])?", word)
            assert extras, f"{line}: {word}"
            assert set((extras[1] or "dev").split(",")) <= set(project["optional-dependencies"])


def test_the_commands_of_the_readme_are_those_of_the_ci() -> None:
    steps = [line.strip() for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()]
    commands = [
        line
        for block in ALL_BLOCKS
        if block.words == ("sh", "ci")
        for line in block.text.splitlines()
    ]
    assert len(commands) == 2
    assert [line for line in commands if line not in steps] == []


def named_in_a_page(example: Path) -> bool:
    return any(f"examples/{example.name}" in p.text for p in ALL_PROGRAMS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_program_is_short(example: Path) -> None:
    # The export shows all that a program needs which is killed and goes on.
    longest = 120 if example.name == "export.py" else 60
    assert len(example.read_text("utf-8").splitlines()) <= longest


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if not named_in_a_page(e)], ids=lambda path: path.name
)
def test_example_program_runs(example: Path, server: MessagesServer, folder: Path) -> None:
    assert run([sys.executable, str(example)], folder, environment(server))


def test_every_link_leads_somewhere() -> None:
    for page in pages():
        for link in links(page):
            path, _, anchor = link.partition("#")
            if path.startswith(("https:", "http:")):
                continue
            target = page.parent / path if path else page
            assert target.exists(), f"{page}: {link}"
            assert not anchor or anchor in anchors(target), f"{page}: {link}"


@pytest.fixture
def exported() -> Iterator[dict[str, str]]:
    """The variables that ``python -m openapi_client.testing`` prints, while it runs."""
    command = [sys.executable, "-m", "openapi_client.testing", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [shlex.split(process.stdout.readline()) for _ in range(3)]
        try:
            yield dict(variable.split("=", 1) for _export, variable in lines)
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    "program", programs(ROOT / "docs" / "MessagesApi.md"), ids=lambda program: program.first.place
)
def test_example_of_the_api_needs_its_key_and_the_certificate_only(
    program: Program, exported: dict[str, str], folder: Path
) -> None:
    text = program.text.replace(DOCUMENTED_ORIGIN, exported["OPENAPI_CLIENT_HOST"][: -len("/v1")])
    env = {name: exported[name] for name in ("API_KEY", "SSL_CERT_FILE")}
    printed = run([sys.executable, "-c", text], folder, {"PYTHONPATH": str(ROOT), **env})
    assert_prints(printed, program.expected)
