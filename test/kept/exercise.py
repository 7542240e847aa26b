# mypy: ignore-errors
"""Calls the modules that a generator makes of openapi.yaml, and prints what came of each, as JSON.

A program for two packages: `exercise.py HOST` with the generated package alone in its path; and
`exercise.py HOST MODULES` with this package, which the generated modules in MODULES are put beside.
The host echoes each request, but for `/got`, where it answers what `X-Answer` asks for.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from datetime import date, datetime, timezone
from pathlib import Path

import openapi_client.api
from openapi_client import ApiClient, Configuration, models
from openapi_client.exceptions import ApiException

host, *modules = sys.argv[1:]
for folder in map(Path, modules):
    models.__path__.append(str(folder / "models"))
    openapi_client.api.__path__.append(str(folder / "api"))
    for path in sorted((folder / "models").glob("[!_]*.py")):
        module = importlib.import_module(f"openapi_client.models.{path.stem}")
        vars(models).update({k: v for k, v in vars(module).items() if isinstance(v, type)})

configuration = Configuration(host, {"BearerAuth": "key"}, {"BearerAuth": "Bearer"})
client = ApiClient(configuration)
client.user_agent = "exercise"
api = importlib.import_module("openapi_client.api.echo_api").EchoApi(client)
Colour, Filter, Thing = models.Colour, models.Filter, models.Thing
picture = Path(tempfile.mkdtemp(), "a.png")
picture.write_bytes(b"\x89PNG")
WHEN = datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def thing(**fields):
    return lambda: api.send_thing(Thing(name="n", **fields))


def query(**fields):
    return lambda: api.in_query(**fields)


def answer(operation, status, body, content_type="application/json"):
    told = json.dumps([status, body, content_type]).encode().hex()
    return lambda: operation(_headers={"X-Answer": told})


CALLS = {
    "path": lambda: api.in_path("a b/ä", 5, True, Colour.RED, ["x", "y"]),
    "credentials": lambda: api.in_path(
        "a", 5, False, "red", ["x"],
        _request_auth={"type": "api_key", "in": "query", "key": "k", "value": "v w"},
    ),
    "wrong type": lambda: api.in_path("a", "5", True, "red", ["x"]),
    "wrong enum": lambda: api.in_path("a", 5, True, "pink", ["x"]),
    "text": query(s="a b&ä"),
    "numbers": query(i=2**40, n=1.5),
    "truth": query(b=True),
    "enum": query(e=Colour.BLUE_MINUS_ISH),
    "day": query(day=date(2020, 1, 2)),
    "when": query(when=WHEN),
    "multi": query(multi=["a", "b"]),
    "csv": query(csv=["a b", "c,d"]),
    "pipes": query(pipes=["a", "b"]),
    "filter": query(filter=Filter(name="a b", tags=["x", "y"], deepName="d", count=0)),
    "deep": query(deep=Filter(name="a b", count=1)),
    "headers": query(x_s="s", x_i=5, _headers={"X-More": "1"}),
    "form": lambda: api.send_form(s="a b&ä", i=1, a=["x", "y"]),
    "upload": lambda: api.upload(file=str(picture), note="n"),
    "no file": lambda: api.upload(file="none"),
    "binary": lambda: api.send_binary(b"\x00\xff"),
    "binary file": lambda: api.send_binary(str(picture)),
    "least": thing(),
    "nothing": thing(nothing=None),
    "alias": thing(photoUrls=["u"], var_class="c"),
    "values": thing(colour="red", inline="up", price=1.5, when=WHEN, day=date(2020, 1, 2)),
    "nested": thing(filter=Filter(name="f"), filters=[Filter()], lists=[[1], []], free={"a": 1}),
    "union": thing(pet=models.Pet(models.Cat(kind="cat", lives=9))),
    "no thing": api.send_thing,
    "patch": lambda: api.patch_thing(Filter(count=0)),
    "200": answer(api.got_thing, 200, {"name": "n", "pet": {"kind": "dog"}, "day": "2020-01-02"}),
    "202": answer(api.got_thing, 202, {"deepName": "d"}),
    "204": answer(api.got_thing, 204, None),
    "400": answer(api.got_thing, 400, {"code": 1}),
    "409": answer(api.got_thing, 409, {"code": 1}),
    "404": answer(api.got_thing, 404, "gone", "text/plain"),
    "map": answer(api.got_map, 200, {"a": {"count": 1}, "b": {}}),
    "pets": answer(api.got_pets, 200, [{"kind": "cat"}, {"kind": "dog", "bark": "w"}]),
    "animal": answer(api.got_animal, 200, {"className": "Lion", "mane": True}),
    "bytes": answer(api.got_bytes, 200, "text", "text/plain"),
    "info": lambda: api.in_query_with_http_info(i=1).status_code,
    "unread": lambda: api.in_query_without_preload_content(i=1).read().decode(),
}  # fmt: skip


def shown(value):
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if hasattr(value, "to_dict"):
        return [type(value).__name__, shown(value.to_dict())]
    return value if isinstance(value, int | float | str | type(None)) else repr(value)


def outcome(call):
    try:
        return shown(call())
    except ApiException as error:
        data = shown(getattr(error, "data", None))
        return [type(error).__name__, error.status, error.reason, error.body, data]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        return type(error).__name__


print(json.dumps({name: outcome(call) for name, call in CALLS.items()}))
