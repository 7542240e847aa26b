"""How credentials are taken out of texts, in whatever spelling a server repeats them."""

from __future__ import annotations

import re
import sys
from array import array
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache

HIDDEN = "***"

SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "token"})

# Shorter values ("1", "de") stand in texts by chance; replacing them would garble every message.
SHORTEST_SECRET = 6


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every one of `secrets`, in whatever spelling, replaced by `***`."""
    secrets = secrets if isinstance(secrets, frozenset) else frozenset(secrets)
    return _Scrubber.of(secrets)(text) if secrets and text else text


# A credential that a server cuts off is still one, if this much of it is left.
_SHORTEST_PIECE = 8

# What stands for another character: in JSON and in programs' strings (RFC 8259, section 7), in a
# URL (RFC 3986, section 2.1) and in HTML. A zero is half a character of UTF-16.
_NAMED = {
    "amp": "&",
    "apos": "'",
    "colon": ":",
    "equals": "=",
    "gt": ">",
    "lowbar": "_",
    "lt": "<",
    "period": ".",
    "plus": "+",
    "quot": '"',
    "sol": "/",
}
_ESCAPE = re.compile(
    r"\\u([0-9A-Fa-f]{4})|\\u\{([0-9A-Fa-f]{1,6})\}|\\x([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})"
    r"|&\#[xX]([0-9A-Fa-f]{1,6});?|&\#([0-9]{1,7});?|\\([0-3][0-7]{2})"
    rf"|&({'|'.join(_NAMED)});|\\([^\0%&])|\0+"
)
_MARKS = "\\%&\0"
_MARKED = re.compile(r"[\\%&\0]")
_MAX_CODE = 0x10FFFF
# JSON in JSON in a URL is as deep as anything is found.
_DEPTH = 3

# An escape, or what may be a piece of a secret, costs a hundred times what any other character
# does. A text with more of them than this is cut off after as many characters.
_MOST_STEPS = 65536

# Characters of a piece that are looked at first.
_BLOCK = 4


class _TooCostly(Exception):
    """A long text is full of what has to be looked at closely."""


def _folded(text: str) -> str:
    """Return `text`, with one character for those that stand for each other.

    These are a blank in a form, and the two alphabets of Base64.
    """
    return text.replace("+", " ").replace("-", " ").replace("_", "/")


class _Scrubber:
    """Takes secrets out of texts.

    A text is compared in each of its readings: as it is, and with what is escaped in it read, until
    nothing is. In each, every piece of a secret is hidden, be it in Base64, wherever it begins
    within what was encoded, or in hexadecimal digits. The cost is linear in the size of the text,
    and most of it is that of some few characters: a long text with more of these is cut off.
    """

    def __init__(self, secrets: frozenset[str]) -> None:
        self._whole: list[str] = []
        self._pieces: dict[int, set[str]] = {}
        for secret in sorted(secrets, key=len, reverse=True):
            scheme, _, credential = secret.partition(" ")
            named = scheme.lower() in SCHEMES
            if named:
                self._whole.append(secret)
            for variant in _variants(credential if named else secret):
                self._add(_folded(variant))
        # Whatever block of a piece one meets who looks at every `size - block + 1`th character.
        self._blocks = {
            size: {
                piece[at : at + _BLOCK]
                for piece in pieces
                for at in range(max(1, size - _BLOCK + 1))
            }
            for size, pieces in self._pieces.items()
        }
        characters = "".join(
            sorted({*"".join(piece for p in self._pieces.values() for piece in p)})
        )
        # What no piece can be in is passed over quickly.
        runs = f"[{re.escape(characters)}]{{{min(self._pieces)},}}" if characters else "(?!)"
        self._runs = re.compile(runs)

    @staticmethod
    @lru_cache(maxsize=8)
    def of(secrets: frozenset[str]) -> _Scrubber:
        """Return what takes out these secrets; calls with the same credentials share it."""
        return _Scrubber(secrets)

    def _add(self, variant: str) -> None:
        size = min(len(variant), _SHORTEST_PIECE)
        pieces = self._pieces.setdefault(size, set())
        pieces.update(variant[at : at + size] for at in range(len(variant) - size + 1))

    def __call__(self, text: str) -> str:
        try:
            return self._scrubbed(text)
        except _TooCostly:
            return self._scrubbed(text[:_MOST_STEPS])

    def _scrubbed(self, text: str) -> str:
        limit = _MOST_STEPS if len(text) > _MOST_STEPS else sys.maxsize
        for secret in self._whole:
            text = text.replace(secret, HIDDEN)
        spans = self._spans(text, limit)
        read, readings = text, list[_Reading]()
        while _MARKED.search(read) is not None and len(readings) < _DEPTH:
            if sum(map(read.count, _MARKS)) > limit:
                raise _TooCostly
            readings.append(_Reading(read))
            read = readings[-1].text
            found = self._spans(read, limit)
            for reading in reversed(readings):
                found = [(reading.place(begin), reading.place(end)) for begin, end in found]
            spans += found
        return _without(text, spans) if spans else text

    def _spans(self, text: str, limit: int) -> list[tuple[int, int]]:
        """Return where pieces of secrets stand, those that overlap as one.

        Raises:
            _TooCostly: more than `limit` places have to be looked at closely.
        """
        spans: list[tuple[int, int]] = []
        text = _folded(text)
        for run in self._runs.finditer(text):
            for size, pieces in self._pieces.items():
                begin = end = -1
                for at in self._suspects(text, run.span(), size):
                    limit -= 1
                    if limit < 0:
                        raise _TooCostly
                    if text[at : at + size] in pieces:
                        if at > end:
                            spans.append((begin, end))
                            begin = at
                        end = at + size
                spans.append((begin, end))
        return [span for span in spans if span[1] >= 0]

    def _suspects(self, text: str, run: tuple[int, int], size: int) -> Iterator[int]:
        """Return where pieces of this size may begin in a run, in order; reads some blocks only."""
        start, stop = run
        block, blocks = min(size, _BLOCK), self._blocks[size]
        step = size - block + 1
        seen = [at for at in range(start, stop, step) if text[at : at + block] in blocks]
        for at in seen:
            yield from range(max(start, at - step + 1), min(at, stop - size) + 1)


def _variants(secret: str) -> list[str]:
    """Return a secret as a text can hold it, escapes apart."""
    encoded = secret.encode("utf-8", "surrogatepass")
    variants = [secret, encoded.decode("latin-1")]
    read = secret
    for _ in range(_DEPTH):
        # It may look escaped itself, and is read with the text.
        read = _Reading(read).text
        variants.append(read)
    for offset in range(3):
        # The characters of Base64 that depend on nothing else than the secret.
        begin, end = -(-8 * offset // 6), 8 * (offset + len(encoded)) // 6
        in_base64 = b64encode(bytes(offset) + encoded).decode()[begin:end]
        if len(in_base64) >= SHORTEST_SECRET:
            variants.append(in_base64)
    variants += (encoded.hex(), encoded.hex().upper())
    return [variant for variant in variants if variant]


class _Reading:
    """A text with what is escaped in it read once.

    Attributes:
        text: what was read.
    """

    def __init__(self, original: str) -> None:
        # After each escape: where the text that was read goes on, and where the original does.
        self._read = array("q", [0])
        self._original = array("q", [0])
        parts: list[str] = []
        size = position = 0
        for escape in _ESCAPE.finditer(original):
            character = _meant(escape)
            parts += (original[position : escape.start()], character)
            size += escape.start() - position + len(character)
            position = escape.end()
            self._read.append(size)
            self._original.append(position)
        parts.append(original[position:])
        self.text = "".join(parts)

    def place(self, position: int) -> int:
        """Return where a position in the text is in the original."""
        at = bisect_right(self._read, position) - 1
        return self._original[at] + position - self._read[at]


def _meant(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for; a zero stands for none."""
    *in_hex, decimal, octal, named, any_other = escape.groups()
    if named or any_other:
        return _NAMED[named] if named else any_other
    for digits, base in ((decimal, 10), (octal, 8), (next(filter(None, in_hex), "0"), 16)):
        if digits:
            code = int(digits, base)
            return chr(code) if 0 < code <= _MAX_CODE else ""
    return ""


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return `text` with `***` for each run of `spans`."""
    parts: list[str] = []
    shown = 0
    hidden = -1
    for begin, end in sorted(spans):
        if begin > hidden:
            parts += [text[shown:begin], HIDDEN]
        hidden = max(hidden, end)
        shown = hidden
    parts.append(text[shown:])
    return "".join(parts)
