"""What packages that record HTTP, or stand in for it, see of this client: docs/moving.md."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from openapi_client import ApiClient, MessagesApi
from test.support.recorder import Recorder


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "none"])
def test_vcrpy_records_nothing_and_plays_nothing(
    recorder: Recorder, api: MessagesApi, tmp_path: Path, mode: str
) -> None:
    vcr: Any = importlib.import_module("vcr")
    for _ in range(2):
        with vcr.use_cassette(str(tmp_path / "calls.yaml"), record_mode=mode) as cassette:
            assert api.get("a", "c", "j").body == "hello"
        assert (len(cassette), cassette.play_count) == (0, 0)
    assert len(recorder.received) == 2


@pytest.mark.parametrize("package", ["responses", "requests_mock"])
def test_what_stands_in_for_requests_is_not_asked(
    recorder: Recorder, api: MessagesApi, package: str
) -> None:
    module: Any = importlib.import_module(package)
    if package == "responses":
        double = module.RequestsMock(assert_all_requests_are_fired=False)
    else:
        double = module.Mocker()
    with double:
        assert api.get("a", "c", "j").body == "hello"
    assert len(recorder.received) == 1


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        ("urllib3.HTTPConnectionPool.urlopen", True),
        ("openapi_client.rest.RESTClientObject.request", True),
        ("openapi_client.api_client.ApiClient.call_api", True),
        ("urllib3.PoolManager.request", False),
        ("urllib3.PoolManager.urlopen", False),
        ("urllib3.connection.HTTPConnection.request", False),
        ("http.client.HTTPConnection.request", False),
    ],
)
def test_what_a_patch_sees(recorder: Recorder, client: ApiClient, target: str, seen: bool) -> None:
    with mock.patch(target, side_effect=LookupError("seen")) as patched:
        if seen:
            with pytest.raises(LookupError, match="seen"):
                MessagesApi(client).get("a", "c", "j")
        else:
            assert MessagesApi(client).get("a", "c", "j").body == "hello"
    assert (patched.called, len(recorder.received)) == (seen, not seen)
