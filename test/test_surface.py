"""The public surface is what `surface.txt` says, to the last default.

The description is made anew from the code, line by line, and compared with the file. Two marks in
the file do not come from the code: a line that begins with `+`, and what follows ` ++ ` in a
signature, are what this package has beside what a generator gives its programs. Whoever changes the
surface on purpose changes the file, and sees there whether those programs notice.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import re
import types
import typing
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

import pytest
from pydantic import BaseModel

import openapi_client
from openapi_client import ApiClient, ApiException, Configuration

SURFACE = Path(__file__).parent / "surface.txt"
MODULES = (
    "openapi_client",
    "openapi_client.api",
    "openapi_client.api.messages_api",
    "openapi_client.models",
    "openapi_client.models.error",
    "openapi_client.models.error_details",
    "openapi_client.models.error_message",
    "openapi_client.models.message_message",
    "openapi_client.models.message_response",
    "openapi_client.models.message_create_message_request",
    "openapi_client.models.message_update_message_request",
    "openapi_client.configuration",
    "openapi_client.api_client",
    "openapi_client.api_response",
    "openapi_client.rest",
    "openapi_client.exceptions",
)
FOR_SPEED = {"cache_strings"}
SPECIAL_METHODS = ("__init__", "__enter__", "__exit__", "__setattr__", "__deepcopy__", "__str__")


def described(module: str) -> list[str]:
    """A module: what it passes on, its classes and functions."""
    there = importlib.import_module(module)
    own = {
        name: value
        for name, value in vars(there).items()
        if re.fullmatch(r"[A-Za-z]\w*", name)
        and getattr(value, "__module__", None) == module
        and (isinstance(value, type) or inspect.isfunction(value))
    }
    lines = [f"module {module}"]
    passed_on = set(getattr(there, "__all__", ())) - own.keys()
    lines += [f"  {name}" for name in sorted(passed_on, key=str.lower)]
    for name in sorted(own, key=str.lower):
        value = own[name]
        lines += described_class(value) if isinstance(value, type) else [f"  {called(value)}"]
    return lines


def described_class(cls: type) -> list[str]:
    """A class, without what it has from a base that is described itself."""
    names = dict.fromkeys(base.__name__ for base in bases(cls))
    lines = [f"  class {cls.__name__}({', '.join(names)})"]
    lines += described_fields(cls)
    members: dict[str, object] = {}
    for parent in (cls, *hidden_bases(cls)):
        members = {**vars(parent), **members}
    shown = [
        name
        for name, member in members.items()
        if (name in SPECIAL_METHODS or not name.startswith("_"))
        and getattr(member, "__module__", "") != "typing"
    ]
    return lines + [
        f"    {described_member(name, members[name])}"
        for name in sorted(shown, key=lambda name: (name not in SPECIAL_METHODS, name))
        if name != "model_config"
    ]


def described_fields(cls: type) -> list[str]:
    """What a model says of itself to pydantic."""
    if not issubclass(cls, BaseModel):
        return []
    fields = cls.model_fields
    config = {name: value for name, value in cls.model_config.items() if name not in FOR_SPEED}
    lines = [f"    config {name}={value!r}" for name, value in sorted(config.items())]
    return lines + [f"    field {name}: {shown_type(fields[name].annotation)}" for name in fields]


def described_member(name: str, member: object) -> str:
    if isinstance(member, property):
        return f"property {name}{', settable' if member.fset else ''}"
    if isinstance(member, classmethod):
        function = typing.cast("classmethod[object, ..., object]", member).__func__
        return f"classmethod {called(function, name)}"
    if callable(member):
        return called(member, name)
    return f"{name} = {shown_value(member)}"


def is_hidden(base: type) -> bool:
    own = base.__module__.partition(".")[0] == "openapi_client"
    return own and (base.__name__.startswith("_") or base.__module__ not in MODULES)


def hidden_bases(cls: type) -> Iterator[type]:
    """The bases that are not on the surface themselves."""
    for base in filter(is_hidden, cls.__bases__):
        yield base
        yield from hidden_bases(base)


def bases(cls: type) -> Iterator[type]:
    """The bases, one that is not on the surface replaced by its own."""
    for base in cls.__bases__:
        if is_hidden(base):
            yield from bases(base)
        else:
            yield base


def called(function: object, name: str | None = None) -> str:
    signature = inspect.signature(typing.cast("types.FunctionType", function))
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty, default=Shown.of(parameter.default))
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    shown = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return f"{name or getattr(function, '__name__', '')}{shown}"


class Shown:
    """A default as the description shows it."""

    def __init__(self, value: object) -> None:
        self._value = value

    @classmethod
    def of(cls, value: object) -> object:
        return value if value is inspect.Parameter.empty else cls(value)

    def __repr__(self) -> str:
        return shown_value(self._value)


def shown_type(annotation: object) -> str:
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return shown_type(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(shown_type, arguments))
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(shown_type, arguments))}]"
    if annotation is type(None):
        return "None"
    return "..." if annotation is ... else getattr(annotation, "__name__", str(annotation))


def shown_value(value: object) -> str:
    match value:
        case type():
            return value.__name__
        case tuple():
            items = typing.cast("tuple[object, ...]", value)
            return f"({', '.join(map(shown_value, items))})"
        case Mapping():
            pairs = typing.cast("Mapping[object, object]", value).items()
            return f"{{{', '.join(f'{name!r}: {shown_value(inner)}' for name, inner in pairs)}}}"
        case logging.Logger():
            return f"logger {value.name}"
        case None | bool() | int() | float() | str():
            return repr(value)
        case _:
            return value.__name__ if inspect.isroutine(value) else f"a {type(value).__name__}"


def described_object(call: str, value: object) -> list[str]:
    """The public attributes of an object, properties included."""
    names = {name for name in vars(value) if not name.startswith("_")}
    names |= {
        name for name, _ in inspect.getmembers(type(value), lambda m: isinstance(m, property))
    }
    return [f"object {call}"] + [
        f"  {name} = {shown_value(getattr(value, name))}" for name in sorted(names)
    ]


def surface() -> list[str]:
    lines: list[str] = []
    for module in MODULES:
        lines += [*described(module), ""]
    with ApiClient(Configuration()) as client:
        lines += [*described_object("Configuration()", Configuration()), ""]
        lines += [*described_object("ApiClient()", client), ""]
    lines += described_object("ApiException(status=400, reason='x')", ApiException(400, "x"))
    return lines


def test_surface_is_as_described() -> None:
    # A line that is indented further goes on from the one before it.
    text = re.sub(r"\n {8,}", " ", SURFACE.read_text("utf-8"))
    there = [
        re.sub(r"^\+", " ", line).replace(" ++ ", ", ")
        for line in text.splitlines()
        if not line.startswith("#")
    ]
    difference = list(unified_diff(there, surface(), SURFACE.name, "the code", lineterm="", n=1))
    assert not difference, "\n".join(["the public surface has changed:", *difference])


@pytest.mark.parametrize("module", MODULES)
def test_module_is_an_attribute_without_an_import_of_its_own(module: str) -> None:
    found: object = openapi_client
    for name in module.split(".")[1:]:
        found = getattr(found, name)
    assert found is importlib.import_module(module)


def test_modules_pass_on_what_generated_ones_import() -> None:
    assert importlib.import_module("openapi_client.models.message_response").MessageMessage
