"""No regular expression reads what others have written in more than linear time."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import openapi_client
from openapi_client import exceptions
from openapi_client._encoding import files, media_types
from openapi_client._http import body, head
from test.support.patterns import CHARACTERS, Machine, Tree


def _patterns() -> dict[str, re.Pattern[Any]]:
    """Each pattern that a module of the package holds, the ones of the test server too."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(openapi_client.__path__, "openapi_client."):
        if not module.name.endswith("__main__"):
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    found[f"{module.name}.{name}"] = value
    return found


PATTERNS = _patterns()

Reader = Callable[[Machine, str], object]


def _match(machine: Machine, text: str) -> object:
    return machine.match(text)


def _fullmatch(machine: Machine, text: str) -> object:
    return machine.match(text, whole=True)


def _find(machine: Machine, text: str) -> object:
    return list(machine.find(text))


# What reads the text of a server: the pattern, how it is used, and what its grammar is made of.
READERS: dict[str, tuple[re.Pattern[Any], Reader, list[str]]] = {
    "status line": (
        vars(head)["_STATUS_LINE"],
        _match,
        ["HTTP/1.1 200", " ", "\t", "OK", "\xe9", "\x01", "\r", "\n", "\r\n"],
    ),
    "field": (
        vars(head)["_FIELD"],
        _find,
        ["a", ":", " ", "\t", "\x01", "\r", "\n", "\r\n", "\xa0"],
    ),
    "fold": (vars(head)["_FOLD"], _find, ["\r\n", "\r", "\n", " ", "\t", "a"]),
    "chunk line": (vars(body)["_CHUNK_LINE"], _fullmatch, ["0", "f", " ", "\t", ";", "a", "\r"]),
    "parameter": (
        vars(media_types)["_PARAMETER"],
        _find,
        [";", '"', "\\", "=", " ", "\t", "a", '\\"', ';a="', "\n"],
    ),
    "escaped": (vars(media_types)["_ESCAPED"], _find, ["\\", '"', "a"]),
    "blanks": (vars(exceptions)["_BLANKS"], _find, [" ", "\x00", "\x9f", "\n", "a"]),
    "file name": (vars(files)["_NOT_IN_NAMES"], _find, ["<", "a", "*"]),
    "device": (vars(files)["_DEVICES"], _match, ["con", "prn", "com", "1", ".", "\n"]),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_no_repeat_of_a_pattern_overlaps_the_next(name: str) -> None:
    assert Tree(PATTERNS[name]).faults() == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"[\t ]*([^\x00]*)[\t ]*\r\n",
        r";\s*\w+\s*=\s*([^;]*)",
        r"(a+)+b",
        r"(?:[ab]x|[bc]x)*d",
        r"a*?a*?b",
        r".*x.*y",
        r"a*b?a*c",
        r"(?i)a*(?:b|A*)c",
        rb"[\t ]*[\t-~]*;",
    ],
)
def test_repeats_that_overlap_are_found(pattern: str | bytes) -> None:
    assert Tree(re.compile(pattern)).faults() != []


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_four_times_the_garbage_costs_four_times_the_steps(name: str, data: st.DataObject) -> None:
    pattern, read, grammar = READERS[name]
    pieces = data.draw(st.lists(st.sampled_from(grammar), min_size=1, max_size=6))
    before, after = (data.draw(st.sampled_from(["", *grammar])) for _ in range(2))

    def steps(size: int) -> int:
        unit = "".join(pieces)
        machine = Machine(pattern)
        read(machine, before + unit * (size // len(unit)) + after)
        return machine.steps

    small = steps(240)
    assert steps(960) <= 5 * small + 400
    assert small <= 40 * 300


def test_the_machine_counts_what_backtracks() -> None:
    machine = Machine(re.compile(r"[ ]*([^x]*)[ ]*x"))
    assert machine.match(" " * 240) is None
    assert machine.steps > 240**2 / 2


@given(
    st.sampled_from(sorted(READERS)), st.text(sorted(map(chr, CHARACTERS - {0xD800})), max_size=40)
)
def test_the_machine_matches_what_re_matches(name: str, text: str) -> None:
    pattern, _, grammar = READERS[name]
    text = grammar[0] + text
    machine = Machine(pattern)
    if isinstance(pattern.pattern, bytes):
        text = text.encode("latin-1", "ignore").decode("latin-1")
        expected = [found.span() for found in pattern.finditer(text.encode("latin-1"))]
    else:
        expected = [found.span() for found in pattern.finditer(text)]
    assert [span for span in machine.find(text) if span[1] > span[0]] == [
        span for span in expected if span[1] > span[0]
    ]
