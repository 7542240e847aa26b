"""A server that does anything, call after call: results or `ApiException`s, in time, no credential.

Small by default; `HOSTILE_EXAMPLES=1000` for the long run of more than 20,000 answers.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from urllib3.exceptions import HTTPError

from openapi_client import ApiClient, ApiException, MessagesApi
from openapi_client.models import MessageMessage, MessageResponse
from test._http.test_hostile import BODIES, FIELDS, STATUS_LINES
from test.support.calls import TOKEN, configuration_for
from test.support.echoes import said_by
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, message

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "4"))
STEPS = 12
DEADLINE = 0.15
# Of the machine, which tests share with others: a promise of time is measured in `deadlines`.
SLACK = 2.0

PAIR = base64.b64encode(f"operator:{TOKEN}".encode()).decode()
SECRETS = (TOKEN, PAIR)
AUTHORIZATIONS = [f"Bearer {TOKEN}", f"Basic {PAIR}", TOKEN]

# How a server may repeat what it was sent.
WRITINGS: list[Callable[[str], bytes]] = [
    str.encode,
    lambda said: json.dumps({"message": said}).encode(),
    lambda said: json.dumps({"items": [{"jti": said}], "page": said}).encode(),
    lambda said: json.dumps(said).replace("-", "\\u002d").encode(),
    lambda said: quote(said, safe="").encode(),
    lambda said: base64.b64encode(said.encode()),
    lambda said: said.encode("utf-16"),
    lambda said: said[: len(said) * 2 // 3].encode(),
    lambda said: said[-40:].encode(),
]
ENDS = [*[""] * 6, *["end", "close", "reset"] * 3, "hang"]


class Step(NamedTuple):
    """What the server does with a request: bytes in pieces, with an echo among them, and an end."""

    parts: list[bytes | Callable[[str], bytes]]
    pieces: int
    end: str
    framed: bool
    """Whether the parts are the body of an answer that says its length."""
    status: int


_PARTS: list[bytes | Callable[[str], bytes]] = [
    *(*STATUS_LINES, *FIELDS, *BODIES),
    *(b"\r\n", b"\r\n\r\n", b" ", b"\r", b"\n"),
    *WRITINGS,
]
# By its number: some are too long to be shown.
_part = st.one_of(
    st.integers(0, len(_PARTS) - 1).map(lambda number: _PARTS[number]), st.binary(max_size=40)
)
_head = st.builds(
    lambda line, fields: b"\r\n".join([line, *fields, b"", b""]),
    st.sampled_from(STATUS_LINES),
    st.lists(st.sampled_from(FIELDS), max_size=4),
)
steps = st.builds(
    Step,
    parts=st.lists(st.one_of(_part, _head), max_size=5),
    pieces=st.integers(1, 6),
    end=st.sampled_from(ENDS),
    framed=st.booleans(),
    status=st.sampled_from([200, 201, 204, 301, 400, 401, 404, 429, 500, 503]),
)


class Hostile:
    """A script that does what the machine drew; without a step it answers as it should."""

    def __init__(self) -> None:
        self.step: Step | None = None
        self.answers = 0

    def __call__(self, peer: Peer) -> None:
        while True:
            request = peer.request()
            step = self.step
            self.answers += 1
            if step is None:
                peer.send(message(request.target.rpartition("/")[2]))
                continue
            said = said_by(request)
            content = b"".join(p if isinstance(p, bytes) else p(said) for p in step.parts)
            if step.framed:
                reason = said if step.status == 500 else "Because"
                content = http_answer(step.status, content, {"X-Said": said}, reason=reason)
            size = max(1, -(-len(content) // step.pieces))
            for at in range(0, len(content), size):
                peer.send(content[at : at + size])
            if step.end == "hang":
                # Until the client gives up, or believes that it has the answer and asks again.
                peer.wait_for_more()
            elif step.end or not step.framed:
                getattr(peer, step.end or "end")()
                return


def shown(error: BaseException) -> str:
    """Everything that an error shows."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return f"{error} {error!r} {error.args!r} {vars(error)!r} {''.join(told.format())}"


class Machine(RuleBasedStateMachine):
    """Calls of one client, each answered by the next step that was drawn."""

    tls = False
    answers = 0

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._hostile = Hostile()
        server = self._stack.enter_context(ScriptedServer(self._hostile, tls=self.tls))
        self._configuration = configuration_for(
            server.url, retries=1, max_response_bytes=10_000, deadline=DEADLINE
        )
        self._client = ApiClient(self._configuration)

    @property
    def _api(self) -> MessagesApi:
        return MessagesApi(self._client)

    def _result(self, call: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.monotonic()
        try:
            result = call(*arguments)
        except ApiException as error:
            result = error
            self._search(shown(error))
        if isinstance(result, ApiException):
            assert result.outcome in ("answered", "unknown", "not_sent")
            assert len(str(result).encode()) <= 2048
        assert time.monotonic() - begin < DEADLINE + SLACK
        return result

    def _search(self, text: str) -> None:
        for secret in SECRETS:
            for at in range(len(secret) - 7):
                assert secret[at : at + 8] not in text

    @rule(
        step=steps,
        operation=st.sampled_from(["list", "get", "edit", "send"]),
        kind=st.integers(0, len(AUTHORIZATIONS) - 1),
    )
    def call(self, step: Step, operation: str, kind: int) -> None:
        self._hostile.step = step
        arguments = ("app", "connection", "jti", "text")
        count = {"list": 2, "get": 3, "edit": 4}.get(operation, 3)
        call = getattr(self._api, operation)
        # By its number, because the variables of this frame are shown, too.
        result = self._result(
            lambda: call(*arguments[:count], _headers={"Authorization": AUTHORIZATIONS[kind]})
        )
        assert result is None or isinstance(result, (ApiException, MessageMessage, MessageResponse))

    @rule(step=steps, read=st.booleans())
    def call_without_reading(self, step: Step, read: bool) -> None:
        self._hostile.step = step
        call = self._api.get_without_preload_content
        response = self._result(call, "app", "connection", "jti")
        if isinstance(response, ApiException):
            return
        try:
            response.read() if read else response.close()
        except HTTPError as error:
            self._search(f"{error} {error!r}")
        finally:
            response.close()

    @rule(step=steps, after=st.sampled_from([0.0, 0.001, 0.01]))
    def close_meanwhile(self, step: Step, after: float) -> None:
        self._hostile.step = step
        closing = threading.Timer(after, self._client.close)
        closing.start()
        self._result(self._api.get, "app", "connection", "jti")
        closing.join()
        self._client = ApiClient(self._configuration)

    @invariant()
    def the_next_call_gets_its_own_answer(self) -> None:
        self._hostile.step = None
        self._configuration.deadline = 30
        try:
            assert self._api.get("app", "connection", "next").body == "next"
        finally:
            self._configuration.deadline = DEADLINE

    def teardown(self) -> None:
        self._client.close()
        type(self).answers += self._hostile.answers
        self._stack.close()


class MachineOverTLS(Machine):
    tls = True


@pytest.mark.parametrize("machine", [Machine, MachineOverTLS], ids=["plain", "TLS"])
def test_a_hostile_server_gets_nothing_but_results_and_api_exceptions(
    machine: type[Machine],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            # Smaller examples of what depends on time are no examples.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.answers > EXAMPLES
