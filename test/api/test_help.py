"""What `help()`, `inspect.signature` and editors tell of each of the 24 methods."""

from __future__ import annotations

import inspect
import pydoc
import re

import pytest

from openapi_client import MessagesApi

LONG = "apps_app_id_connections_connection_id_messages_"
NAMES = {
    "list": "MessageResponse",
    "get": "MessageMessage",
    "edit": "MessageMessage",
    "send": "MessageMessage",
    f"{LONG}get": "MessageResponse",
    f"{LONG}jti_get": "MessageMessage",
    f"{LONG}jti_put": "MessageMessage",
    f"{LONG}post": "MessageMessage",
}
FORMS = {
    "": r"{}",
    "_with_http_info": r"ApiResponse\[.*{}\]",
    "_without_preload_content": r"BaseHTTPResponse",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_help_tells_the_true_type(name: str, form: str) -> None:
    method = getattr(MessagesApi, name + form)
    # Newer Pythons break long signatures into lines.
    told = " ".join(pydoc.plain(pydoc.render_doc(method)).split())
    result = FORMS[form].format(NAMES[name])
    assert re.search(rf"{name + form}\( ?self, app_id: .*?\) -> \S*{result}", told), told
    assert inspect.signature(method).return_annotation is not inspect.Signature.empty
    assert "app_id: the app." in told


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_argument_names_the_method_that_was_called(name: str, form: str) -> None:
    with pytest.raises(TypeError, match=rf"^MessagesApi\.{name + form}\(\) missing .*'app_id'"):
        getattr(MessagesApi(), name + form)()
