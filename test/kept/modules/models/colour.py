# mypy: ignore-errors
from __future__ import annotations

import json
from enum import Enum


class Colour(str, Enum):
    RED = "red"
    GREEN = "green"
    BLUE_ISH = "blue-ish"

    @classmethod
    def from_json(cls, json_str: str):
        return cls(json.loads(json_str))


class Level(int, Enum):
    NUMBER_0 = 0
    NUMBER_1 = 1
