"""Files that go out in forms, and files that come as answers."""

from __future__ import annotations

import mimetypes
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import unquote

from openapi_client._encoding.media_types import codec_of, header_parameters

OneFile: TypeAlias = "str | os.PathLike[str] | bytes | tuple[str, bytes]"
FileValue: TypeAlias = "OneFile | Sequence[OneFile]"
FilePart: TypeAlias = "tuple[str, tuple[str, bytes, str]]"

# The length that the usual file systems allow for one name, in bytes.
_NAME_LIMIT = 255
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def files_parameters(files: Mapping[str, FileValue | None] | None) -> list[FilePart]:
    """Return the parts of a form that are files.

    Args:
        files: name of the field -> what is sent in it: a path, which is read here; bytes, sent
            under the field's name; a pair (file name, bytes); or a list of these. `None` and an
            empty list send nothing.

    Returns:
        Pairs (field, (file name, content, media type)); the type is guessed from the file's name.

    Raises:
        OSError: a path cannot be read.
        ValueError: a value is none of these.
    """
    return [
        (field, (name, content, mimetypes.guess_type(name)[0] or "application/octet-stream"))
        for field, value in (files or {}).items()
        for name, content in _named_contents(field, value)
    ]


def _named_contents(field: str, value: object) -> Iterator[tuple[str, bytes]]:
    match value:
        case None:
            pass
        case str() | os.PathLike():
            path = Path(cast("str | os.PathLike[str]", value))
            yield path.name, path.read_bytes()
        case bytes():
            yield field, value
        case (str() as name, bytes() as content) if isinstance(value, tuple):
            yield name, content
        case list():
            for one in cast("list[object]", value):
                yield from _named_contents(field, one)
        case _:
            raise ValueError(
                f"files[{field!r}] must be a path, bytes, a pair (name, bytes) or a list of these,"
                f" not {type(value).__name__}"
            )


def save_file(content: bytes, disposition: str | None, folder: str | None = None) -> str:
    """Write an answer to a new file.

    The file has the name that the server gave it, without the directories in it (RFC 6266,
    section 4.3), and only its owner may read it. It is never outside `folder`, and never replaces
    another file: if the name is taken, the file goes into a new directory inside `folder`.

    Args:
        content: the answer's body.
        disposition: its `Content-Disposition`. Without a usable name in it, a name is made up.
        folder: an existing directory; `None` is the system's for temporary files.

    Returns:
        The file's path.

    Raises:
        OSError: the file cannot be written.
    """
    directory = folder or tempfile.gettempdir()
    name = _safe_name(disposition or "")
    if name:
        path = Path(directory, name)
        try:
            descriptor = _create(path)
        except FileExistsError:
            path = Path(tempfile.mkdtemp(dir=directory), name)
            descriptor = _create(path)
    else:
        descriptor, made_up = tempfile.mkstemp(dir=directory)
        path = Path(made_up)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink()
        raise
    return str(path)


def _create(path: Path) -> int:
    # O_EXCL also refuses a symbolic link that somebody put there.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(path, flags, 0o600)


def _safe_name(disposition: str) -> str:
    """Return the last part of the name in a `Content-Disposition`; empty if it cannot be used."""
    name = _given_name(disposition).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable())
    name = _NOT_IN_NAMES.sub("_", name).strip(" .")
    if _DEVICES.match(name):
        name = f"_{name}"
    suffix = Path(name).suffix.encode()
    if len(name.encode()) > _NAME_LIMIT > len(suffix):
        stem = name.encode()[: _NAME_LIMIT - len(suffix)].decode(errors="ignore")
        name = stem + suffix.decode()
    return name.encode()[:_NAME_LIMIT].decode(errors="ignore")


def _given_name(disposition: str) -> str:
    parameters = header_parameters(disposition)
    charset, _, encoded = parameters.get("filename*", "").partition("'")
    encoded = encoded.partition("'")[2]
    try:
        # RFC 8187, section 3.2; it wins over the plain form (RFC 6266, section 4.3).
        name = unquote(encoded, codec_of(charset), "strict")
    except ValueError:
        name = ""
    # Some servers quote it as Python does, which is no quote in HTTP.
    return name or parameters.get("filename", "").strip("'")
