"""The pages of the documentation, as the tests read them: blocks, programs, links, anchors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, the words after the fence, its text."""

    page: Path
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    def option(self, name: str) -> str | None:
        """The value of ``name=value`` among the words, or None."""
        values = [word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")]
        return values[0] if values else None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass
class Program:
    """A block and the ones that continue it, with what each prints (None: anything)."""

    files: Mapping[str, str]
    parts: list[tuple[Block, str | None]]

    @property
    def first(self) -> Block:
        return self.parts[0][0]

    @property
    def text(self) -> str:
        """The program; each part stands at the line that it has in its page."""
        text = ""
        for block, _ in self.parts:
            text += "\n" * (block.line - text.count("\n")) + block.text
        return text

    @property
    def expected(self) -> list[str | None]:
        return [output for _, output in self.parts]


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    return [
        Block(page, token.map[0] + 1, tuple(token.info.split()), token.content)
        for token in tokens(page)
        if token.type in ("fence", "code_block") and token.map
    ]


def programs(page: Path) -> list[Program]:
    """The programs of a page, in order."""
    found: list[Program] = []
    files: dict[str, str] = {}
    for block in blocks(page):
        name = block.option("file")
        if name is not None:
            files[name] = block.text
        elif block.words == ("text", "output"):
            assert found, f"{block.place}: nothing before it prints anything"
            last, _ = found[-1].parts[-1]
            found[-1].parts[-1] = (last, block.text)
        elif block.words == (block.language, "continued"):
            assert found, f"{block.place}: nothing to continue"
            assert found[-1].first.language == block.language, (
                f"{block.place}: what does it continue?"
            )
            found[-1].parts.append((block, None))
        elif block.words == ("console",):
            found.append(Program(dict(files), [(block, console_output(block.text))]))
        elif block.words in (("python",), ("sh",)):
            found.append(Program(dict(files), [(block, None)]))
    return found


def console_output(text: str) -> str:
    return "".join(line for line in text.splitlines(True) if not line.startswith("$ "))


def console_commands(text: str) -> str:
    """The commands at their lines, so that bash's messages name the page's lines."""
    return "".join(
        line[2:] if line.startswith("$ ") else "\n" for line in text.splitlines(keepends=True)
    )


def tokens(page: Path) -> list[Token]:
    return MarkdownIt().parse(page.read_text("utf-8"))


def links(page: Path) -> Iterator[str]:
    """Where the page's links and pictures lead."""
    for token in tokens(page):
        for child in token.children or ():
            target = child.attrs.get("href", child.attrs.get("src"))
            if target is not None:
                yield str(target)


def anchors(page: Path) -> set[str]:
    """What a link into the page can name after its ``#``; the rules are GitHub's."""
    found = set(re.findall(r'<a id="([^"]+)">', page.read_text("utf-8")))
    seen: Counter[str] = Counter()
    heading = False
    for token in tokens(page):
        if heading:
            title = "".join(child.content for child in token.children or ())
            name = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
        heading = token.type == "heading_open"
    return found
