"""The types that a response type can name."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

PRIMITIVE_TYPES: tuple[type, ...] = (float, bool, bytes, str, int)
NATIVE_TYPES_MAPPING: dict[str, Any] = {
    "int": int,
    "long": int,
    "float": float,
    "str": str,
    "bool": bool,
    "bytes": bytes,
    "date": date,
    "datetime": datetime,
    "decimal": Decimal,
    "UUID": UUID,
    "object": object,
}
