"""1,314 requests to each real generation, and what the contract says of each."""

from __future__ import annotations

import pytest

from openapi_client.testing import GenerationName
from test.testing.oracle import differences


@pytest.mark.off_description
@pytest.mark.parametrize("generation", ["2023", "2024"])
def test_every_request_is_answered_as_the_contract_says(generation: GenerationName) -> None:
    assert differences(generation) == []
