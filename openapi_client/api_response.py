"""The answer to a call, with more than its data."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, StrictBytes, StrictInt, StrictStr

from openapi_client.models.base import Sent
from openapi_client.retries import Attempt

T = TypeVar("T")


class ApiResponse(BaseModel, Generic[T]):
    """What the server answered.

    Headers and the raw body are not in its `repr`: they may hold cookies and tokens.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    status_code: StrictInt
    """The HTTP status."""
    headers: Sent[dict[StrictStr, StrictStr]] = Field(default=None, repr=False)
    """The headers, named as the server named them."""
    data: T
    """The body, decoded."""
    raw_data: StrictBytes = Field(repr=False)
    """The body as it came."""
    attempts: SkipValidation[tuple[Attempt, ...]] = ()
    """The attempts of the call, in order; the last one brought this answer."""
