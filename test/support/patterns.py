"""What a regular expression costs: read from its parse tree, and counted in steps.

`re` backtracks: a pattern that can read the same characters in two ways tries both, and with
repeats that is more than linear. Nothing here takes the time, which other programs change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_parser: Any = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

# Latin-1, and what Python counts as blank or as a letter beyond it.
CHARACTERS = frozenset([*range(256), 0x130, 0x2028, 0x3000, 0xD800, 0x1F600])
_KINDS: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda c: c.isalnum() or c == "_",
}
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
# More than this often is as often as a server likes.
_FEW = 32


class Tree:
    """The parse tree of a pattern.

    Args:
        pattern: it may be of bytes.
    """

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self._flags = pattern.flags
        self.nodes: list[Any] = list(_parser.parse(pattern.pattern, pattern.flags))

    def taken(self, node: Any) -> frozenset[int] | None:
        """The characters that a node takes one of; `None` if it is none that takes one."""
        name, argument = str(node[0]), node[1]
        if name == "LITERAL":
            found = frozenset({argument})
        elif name == "NOT_LITERAL":
            found = CHARACTERS - {argument}
        elif name == "ANY":
            found = CHARACTERS if self._flags & re.DOTALL else CHARACTERS - {10}
        elif name == "IN":
            items = [item for item in argument if str(item[0]) != "NEGATE"]
            found = frozenset[int]().union(*(self._member(item) for item in items))
            found = CHARACTERS - found if len(items) < len(argument) else found
        else:
            return None
        if self._flags & re.IGNORECASE:
            cases = (chr(code) for code in found)
            found |= {ord(c) for text in cases for c in text.lower() + text.upper()}
        return found

    def _member(self, item: Any) -> frozenset[int]:
        name, argument = str(item[0]), item[1]
        if name == "LITERAL":
            return frozenset({argument})
        if name == "RANGE":
            return frozenset(range(argument[0], argument[1] + 1))
        assert name == "CATEGORY", name
        is_kind = _KINDS[str(argument).rpartition("_")[2]]
        found = frozenset(code for code in CHARACTERS if is_kind(chr(code)))
        return CHARACTERS - found if "NOT_" in str(argument) else found

    def _inner(self, node: Any) -> list[list[Any]]:
        """The sequences of nodes within a node."""
        name, argument = str(node[0]), node[1]
        if name in _REPEATS:
            return [list(argument[2])]
        if name == "SUBPATTERN":
            return [list(argument[3])]
        if name == "BRANCH":
            return [list(branch) for branch in argument[1]]
        return []

    def all_taken(self, nodes: list[Any]) -> frozenset[int]:
        """Every character that is taken anywhere in a sequence."""
        found = frozenset[int]()
        for node in nodes:
            found |= self.taken(node) or frozenset()
            for inner in self._inner(node):
                found |= self.all_taken(inner)
        return found

    def _nullable(self, node: Any) -> bool:
        name, argument = str(node[0]), node[1]
        if name in _REPEATS and argument[0] == 0:
            return True
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return True
        inner = self._inner(node)
        return any(all(map(self._nullable, nodes)) for nodes in inner)

    def _first(self, nodes: list[Any]) -> frozenset[int]:
        """The characters that a sequence may begin with."""
        found = frozenset[int]()
        for node in nodes:
            found |= self.taken(node) or frozenset()
            for inner in self._inner(node):
                found |= self._first(inner)
            if not self._nullable(node):
                break
        return found

    def _repeats_often(self, node: Any) -> bool:
        return str(node[0]) in _REPEATS and int(node[1][1]) - int(node[1][0]) > _FEW

    def faults(self, nodes: list[Any] | None = None, after: list[Any] | None = None) -> list[str]:
        """Where the pattern can read the same characters in more than one way, again and again.

        Args:
            nodes: a sequence of the tree; the whole of it by default.
            after: what follows the sequence.
        """
        nodes = self.nodes if nodes is None else nodes
        found: list[str] = []
        for at, node in enumerate(nodes):
            rest = [*nodes[at + 1 :], *(after or [])]
            if self._repeats_often(node):
                (body,) = self._inner(node)
                if self._meets_repeat(self.all_taken(body), rest):
                    found.append(f"repeats that overlap: {node} {rest}")
                if len(body) == 1 and str(body[0][0]) == "BRANCH":
                    firsts = [self._first(branch) for branch in self._inner(body[0])]
                    if sum(map(len, firsts)) > len(frozenset[int]().union(*firsts)):
                        found.append(f"branches that overlap in a repeat: {node}")
                if self.taken(body[0]) is None or len(body) > 1:
                    # What is repeated is followed by itself.
                    found += self.faults(body, [*body, *rest])
            else:
                for inner in self._inner(node):
                    found += self.faults(inner, rest)
        return found

    def _meets_repeat(self, taken: frozenset[int], rest: list[Any]) -> bool:
        """Whether a repeat of these characters is followed by another, as far as they reach."""
        for node in rest:
            if self._repeats_often(node) and taken & self.all_taken(self._inner(node)[0]):
                return True
            for inner in self._inner(node):
                if not self._repeats_often(node) and self._meets_repeat(taken, inner):
                    return True
            if not self._nullable(node) and not taken & self._first([node]):
                return False
        return False


@dataclass
class Machine:
    """Runs a pattern as `re` does, by backtracking, and counts.

    Args:
        pattern: it may be of bytes.

    Attributes:
        steps: how many characters and ways were tried.
    """

    pattern: re.Pattern[Any]
    steps: int = 0

    def __post_init__(self) -> None:
        self._tree = Tree(self.pattern)
        self._program: list[tuple[str, Any]] = []
        self._compile(self._tree.nodes)
        self._program.append(("end", None))

    def _compile(self, nodes: list[Any]) -> None:
        for node in nodes:
            name, argument = str(node[0]), node[1]
            taken = self._tree.taken(node)
            if taken is not None:
                self._program.append(("take", taken))
            elif name in _REPEATS:
                self._compile_repeat(*argument)
            elif name == "SUBPATTERN":
                self._compile(list(argument[3]))
            elif name == "BRANCH":
                self._compile_branches([list(branch) for branch in argument[1]])
            else:
                self._program.append(("at", str(argument)))

    def _compile_repeat(self, least: int, most: Any, body: Any) -> None:
        for _ in range(least):
            self._compile(list(body))
        if int(most) > least + _FEW:
            begin = len(self._program)
            self._program.append(("try", 0))
            self._compile(list(body))
            self._program.append(("jump", begin))
            self._program[begin] = ("try", len(self._program))
            return
        tries: list[int] = []
        for _ in range(int(most) - least):
            tries.append(len(self._program))
            self._program.append(("try", 0))
            self._compile(list(body))
        for at in tries:
            self._program[at] = ("try", len(self._program))

    def _compile_branches(self, branches: list[list[Any]]) -> None:
        jumps: list[int] = []
        for branch in branches[:-1]:
            begin = len(self._program)
            self._program.append(("try", 0))
            self._compile(branch)
            jumps.append(len(self._program))
            self._program.append(("jump", 0))
            self._program[begin] = ("try", len(self._program))
        self._compile(branches[-1])
        for at in jumps:
            self._program[at] = ("jump", len(self._program))

    def match(self, text: str, begin: int = 0, *, whole: bool = False) -> int | None:
        """Where the match that begins at `begin` ends."""
        ways = [(0, begin)]
        while ways:
            at, position = ways.pop()
            while True:
                self.steps += 1
                what, argument = self._program[at]
                at += 1
                if what == "take":
                    if position == len(text) or ord(text[position]) not in argument:
                        break
                    position += 1
                elif what == "try":
                    ways.append((argument, position))
                elif what == "jump":
                    at = argument
                elif what == "at":
                    if not self._is_at(argument, text, position):
                        break
                elif whole and position < len(text):
                    break
                else:
                    return position
        return None

    def _is_at(self, what: str, text: str, position: int) -> bool:
        if "BEGINNING" in what:
            lines = self.pattern.flags & re.MULTILINE
            return position == 0 or bool(lines and text[position - 1] == "\n")
        return position == len(text) or (position == len(text) - 1 and text[position] == "\n")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches of `findall`, `sub` and `split`."""
        begin = 0
        while begin <= len(text):
            end = self.match(text, begin)
            if end is None:
                begin += 1
                continue
            yield begin, end
            begin = max(end, begin + 1)
