"""Faults written as text, for the command line: `NAME[:VALUE][,KEY=VALUE...]`.

The names and keys are those of `Faults` (`-` stands for `_`, too), VALUE is the first argument:
`status:503,share=0.1,retry_after=2`, `latency:0.5,operation=send`, `no-answer,nth=3`,
`generation:2024,nth=10`. A part that holds a comma stands in double quotes, and `header` may come
several times: `status:429,header=Retry-After: 3,"body=slow down, please"`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

from openapi_client.testing._fault import Fault
from openapi_client.testing._faults import Faults

NAMES = {
    "status": "status",
    "latency": "seconds",
    "no_answer": "stored",
    "reset": "stored",
    "truncate": "keep",
    "garble": "",
    "drip": "interval",
    "wrong_length": "by",
    "expire_token": "",
    "generation": "name",
    "refuse": "seconds",
}


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


_VALUES: dict[str, Callable[[str], object]] = {
    "status": int,
    "body": str,
    "retry_after": str,
    "stored": _flag,
    "seconds": float,
    "keep": float,
    "interval": float,
    "size": int,
    "by": int,
    "name": str,
    "operation": str,
    "nth": int,
    "share": float,
    "times": int,
}


def command_fault(faults: Faults, text: str) -> Fault:
    """Commands the fault that a text describes.

    Raises:
        ValueError: the text is no fault; the message says what is wrong.
    """
    parts = next(csv.reader([text or " "], skipinitialspace=True))
    name, colon, value = parts[0].partition(":")
    name = name.strip().replace("-", "_")
    if name not in NAMES:
        raise ValueError(f"the fault {text!r}: the faults are {', '.join(NAMES)}")
    if colon:
        parts[0] = f"{NAMES[name]}={value}"
    arguments: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for part in parts if colon else parts[1:]:
        key, equals, value = part.partition("=")
        key = key.strip().replace("-", "_")
        if key == "header":
            field, _, content = value.partition(":")
            headers[field.strip()] = content.strip()
            continue
        if not equals or key not in _VALUES:
            raise ValueError(
                f"the fault {text!r}: {part!r} is not KEY=VALUE with a key that there is"
            )
        try:
            arguments[key] = _VALUES[key](value.strip())
        except (KeyError, ValueError):
            raise ValueError(f"the fault {text!r}: {value!r} is no value of {key}") from None
    if headers:
        arguments["headers"] = headers
    try:
        fault: Fault = getattr(faults, name)(**arguments)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the fault {text!r}: {error}") from None
    return fault
