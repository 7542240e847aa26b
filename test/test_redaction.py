"""The one allow-list: what is on it is shown, everything else is not."""

from __future__ import annotations

import base64
import html
import json
import sys
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi_client._redaction import (
    ALLOWED_HEADERS,
    ALLOWED_PARAMETERS,
    redacted_headers,
    redacted_setting,
    redacted_target,
    secrets_of,
    traceback_text,
)
from openapi_client._scrubbing import HIDDEN, scrub

TOKEN = "canary-token"


@pytest.mark.parametrize("name", sorted(ALLOWED_HEADERS))
def test_headers_on_the_list_are_shown(name: str) -> None:
    assert redacted_headers({name.upper(): "value"}) == {name.upper(): "value"}


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "WWW-Authenticate",
        "Location",
        "X-Api-Key",
        "X-Anything",
        "",
    ],
)
def test_all_other_headers_are_not(name: str) -> None:
    assert redacted_headers({name: TOKEN}) == {name: HIDDEN}


def test_what_is_shown_is_a_copy() -> None:
    headers = {"Accept": "a", "Cookie": "b"}
    redacted_headers(headers)["Accept"] = "c"
    assert headers == {"Accept": "a", "Cookie": "b"}


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/v1/apps", "/v1/apps"),
        ("/v1/apps?page=2&per_page=5", "/v1/apps?page=2&per_page=5"),
        ("/v1/apps?messages_since=7", "/v1/apps?messages_since=7"),
        (f"/v1/apps?key={TOKEN}", "/v1/apps?key=***"),
        (f"/v1/apps?page=2&key={TOKEN}&x", "/v1/apps?page=2&key=***&***"),
        (f"/v1/apps?Page={TOKEN}", "/v1/apps?Page=***"),
        (f"/v1/apps?{TOKEN}", "/v1/apps?***"),
        ("/v1/apps?", "/v1/apps?***"),
        ("https://host/v1", "https://host/v1"),
        (f"https://user:{TOKEN}@host/v1", "https://host/v1"),
        (f"https://{TOKEN}@host:8080/v1?page=1#{TOKEN}", "https://host:8080/v1?page=1"),
        (f"/v1/apps#{TOKEN}", "/v1/apps"),
        (f"//user:{TOKEN}@host/v1", "://host/v1"),
        (f"https://[{TOKEN}", "***"),
        (f"https://[::1]:8080/v1?a={TOKEN}", "https://[::1]:8080/v1?a=***"),
    ],
)
def test_targets(target: str, shown: str) -> None:
    assert redacted_target(target) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host:8080/v1", "https://host:8080/v1"),
        ("host:8080/v1", "host:8080/v1"),
        ("", ""),
        (f"https://user:{TOKEN}@host:8080/v1", "https://host:8080/v1"),
        (f"https://{TOKEN}@host", "https://host"),
        # What is written wrong is read otherwise by the rules, but meant as user info.
        (f"user:{TOKEN}@host:3128", "host:3128"),
        (f"http:/user:{TOKEN}@host", "host"),
        (f"http:user:{TOKEN}@host", "host"),
        (f"http://user:{TOKEN}/a@host", "http://host"),
        (f"http://user:{TOKEN}?a@host", "http://host"),
        (f"http://user:{TOKEN}#a@host", "http://host"),
        (f"http://user:{TOKEN}@a@host", "http://host"),
        (f"http://host/?key={TOKEN}", "http://host/?key=***"),
        (f"http://[{TOKEN}@host]", "***"),
    ],
)
def test_urls_as_somebody_has_given_them(url: str, shown: str) -> None:
    assert redacted_setting(url) == shown


@given(st.text(alphabet="ab:/@?#[]\\% .", max_size=20), st.text(alphabet="ab:/?#[].", max_size=20))
def test_what_stands_before_the_last_at_sign_is_never_shown(before: str, after: str) -> None:
    for scheme in ("", "http://", "http:/", "//"):
        assert TOKEN not in redacted_setting(f"{scheme}{before}{TOKEN}@{after}")


@given(st.text(), st.sampled_from(["key", "Page", "token", "sig"]), st.text("abcdef0123456789"))
def test_a_query_value_that_is_not_on_the_list_is_never_shown(
    path: str, name: str, value: str
) -> None:
    assert name not in ALLOWED_PARAMETERS
    assert TOKEN not in redacted_target(f"/{path}?{name}={TOKEN}{value}".replace("#", ""))


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"])))
def test_any_text_can_be_shown(text: str) -> None:
    assert isinstance(redacted_target(text), str)


BASIC = base64.b64encode(f"user:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "url", "secrets"),
    [
        ({"Accept": "application/json", "User-Agent": "program/1.0.0"}, "https://h/p", set[str]()),
        ({"Authorization": f"Bearer {TOKEN}"}, "", {f"Bearer {TOKEN}", TOKEN}),
        ({"authorization": TOKEN}, "", {TOKEN}),
        (
            {"Authorization": f"Basic {BASIC}"},
            "",
            {f"Basic {BASIC}", BASIC, BASIC.rstrip("="), f"user:{TOKEN}", TOKEN},
        ),
        ({"Authorization": "Basic no-base64!"}, "", {"Basic no-base64!", "no-base64!"}),
        (
            {"Cookie": f"session={TOKEN}; theme=dark"},
            "",
            {f"session={TOKEN}; theme=dark", f"session={TOKEN}", "theme=dark", TOKEN},
        ),
        ({"X-Key": TOKEN}, "", {TOKEN}),
        ({}, f"https://h/p?key={TOKEN}&page=1234567", {TOKEN}),
        ({}, "https://h/p?key=can%20ary", {"can%20ary", "can ary"}),
        ({"X-Key": "short"}, "https://h/p?key=abc", set[str]()),
    ],
)
def test_secrets_of_a_request(headers: dict[str, str], url: str, secrets: set[str]) -> None:
    assert secrets_of(headers, url) == secrets


@pytest.mark.parametrize("word", ["Bearer", "Basic", "bearer"])
def test_the_name_of_a_scheme_is_no_secret(word: str) -> None:
    secrets = secrets_of({"Authorization": f"{word} {TOKEN}"}, "")
    assert scrub(f"the {word} token is over", secrets) == f"the {word} token is over"


def test_the_longest_secret_is_taken_out_first() -> None:
    assert scrub("Bearer abcdef, abcdef", {"abcdef", "Bearer abcdef"}) == "***, ***"


@given(st.text(), st.text(), st.text("xyz", min_size=6))
def test_a_scrubbed_text_holds_no_secret(before: str, after: str, secret: str) -> None:
    assert secret not in scrub(before + secret + after, {secret}).replace(HIDDEN, "")


def test_what_is_told_by_an_error_is_told_by_its_causes_too() -> None:
    try:
        try:
            raise KeyError("innermost")
        except KeyError as error:
            raise ValueError("middle") from error
    except ValueError as error:
        outer = OSError("outermost")
        outer.__cause__ = error
    assert all(word in traceback_text(outer) for word in ("innermost", "middle", "outermost"))


SPELLINGS = [
    lambda c: c,
    lambda c: c if c.isalnum() else "\\" + c,
    lambda c: f"\\u{ord(c):04x}",
    lambda c: f"\\u{ord(c):04X}",
    lambda c: f"\\x{ord(c):02x}",
    lambda c: "".join(f"%{byte:02X}" for byte in c.encode()),
    lambda c: "".join(f"%25{byte:02x}" for byte in c.encode()),
    lambda c: f"&#{ord(c)};",
    lambda c: f"&#x{ord(c):X};",
    lambda c: f"\\u{{{ord(c):x}}}",
    lambda c: f"\\{ord(c):03o}",
]


@given(
    # A sign that begins an escape is never left as it is by one who writes escapes.
    secret=st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\%&"),
        min_size=6,
        max_size=60,
    ),
    spellings=st.lists(st.sampled_from(SPELLINGS), min_size=1, max_size=8),
    around=st.tuples(st.text("ab ,:", max_size=9), st.text("ab ,:", max_size=9)),
)
def test_a_secret_is_hidden_however_its_characters_are_spelled(
    secret: str, spellings: list[Callable[[str], str]], around: tuple[str, str]
) -> None:
    spelled = "".join(spellings[n % len(spellings)](c) for n, c in enumerate(secret))
    text = around[0] + spelled + around[1]
    shown = scrub(text, {secret})
    assert spelled not in shown
    assert HIDDEN in shown


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json of json": lambda text: json.dumps(json.dumps(text)),
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "url twice": lambda text: quote(quote(text)),
    "html": html.escape,
    "html in json": lambda text: json.dumps(html.escape(text)),
    "json in html": lambda text: html.escape(json.dumps(text)),
    "repr": repr,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "html without semicolons": lambda text: "".join(f"&#{ord(c)}" for c in text),
    "base64": _in_base64,
    "base64 at 1": lambda text: _in_base64("x" + text + "yz"),
    "base64 at 2": lambda text: _in_base64("xy" + text + "z"),
    "base64 of urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in a url": lambda text: quote(_in_base64(text), safe=""),
    "utf-16-le": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "utf-16-be": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "utf-32": lambda text: text.encode("utf-32").decode("latin-1"),
}
# A backslash within two layers of escapes cannot be told from one of theirs.
credentials = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"),
    min_size=20,
    max_size=80,
)


def _pieces(text: str, size: int = 8) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


@pytest.mark.parametrize("writing", WRITINGS)
@given(secret=credentials, cut=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_a_secret_is_hidden_however_it_is_written_and_cut_off(
    writing: str, secret: str, cut: tuple[int, int]
) -> None:
    begin, end = cut
    piece = secret[begin : len(secret) - end] if len(secret) >= begin + end + 8 else secret
    text = WRITINGS[writing](piece)
    shown = scrub(f"before {text} after", {secret})
    assert HIDDEN in shown
    assert not _pieces(shown.removeprefix("before ").removesuffix(" after")) & _pieces(text)


@given(st.lists(st.one_of(st.text(), st.sampled_from(["\\", "%41", "&#65;", "\0", "\\u0041"]))))
def test_a_text_without_a_secret_is_not_changed(parts: list[str]) -> None:
    text = "".join(parts)
    assert scrub(text, {"[canary/token]"}) == text


@pytest.mark.parametrize("writing", ["as it is", "json", "url", "form", "html", "repr", "base64"])
def test_a_secret_with_a_backslash_is_hidden(writing: str) -> None:
    for secret in ("canary\\token", "\\canary\\", 'can"ary\\"token', "canary\\u0041token"):
        shown = scrub(WRITINGS[writing](secret), {secret})
        assert HIDDEN in shown
        assert len(shown) < 10


def test_what_stands_around_a_hidden_secret_stays() -> None:
    spelled = f"a%20{quote(quote('[' + TOKEN + ']'))}%20b \\u0063 c\0d"
    assert scrub(spelled, {f"[{TOKEN}]"}) == "a%20***%20b \\u0063 c\0d"


@pytest.mark.parametrize("password", ["pass:word:with:colons", "pass wörd"])
def test_user_and_password_are_secrets_each(password: str) -> None:
    header = {"Authorization": f"Basic {_in_base64('operator:' + password)}"}
    found = secrets_of(header, "")
    for text in ("operator", password, f"operator:{password}", password[-9:], quote(password)):
        assert scrub(text, found) == HIDDEN


def test_a_secret_that_is_the_name_of_a_scheme_alone_hides_only_itself() -> None:
    assert scrub("Bearer realm, a bearer", {"Bearer "}) == "***realm, a bearer"


def test_values_in_quotes_are_secrets() -> None:
    for name, value in {
        "Cookie": f'session="{TOKEN}"; theme=dark',
        "Authorization": f'Digest username="me", response="{TOKEN}"',
    }.items():
        assert TOKEN in secrets_of({name: value}, "")


@given(st.lists(st.sampled_from([TOKEN[:7], TOKEN, "\\u0063", "%25", "\0", "a", " "]), max_size=6))
def test_four_times_the_text_costs_four_times_the_steps(parts: list[str]) -> None:
    def calls(times: int) -> int:
        count = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += 1

        text = "".join(parts) * times
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            scrub(text, {TOKEN})
        finally:
            sys.setprofile(before)
        return count

    calls(1)  # what is made of the secret is made once
    assert calls(40) <= 4 * calls(10) + 100


@pytest.mark.parametrize("written", ["\\", "%25", "\\u0063", TOKEN[:9], TOKEN[:9] + "!", "\0%"])
def test_a_long_text_full_of_escapes_and_pieces_is_cut_off(written: str) -> None:
    # To look at each of them closely costs microseconds, at a moment when the deadline may be over.
    shown = scrub(written * 100_000, {TOKEN})
    assert len(shown) <= 65_536
    assert TOKEN[:8] not in shown


def test_a_long_text_with_a_few_of_them_is_kept_whole() -> None:
    text = "A line of a page.\\n" * 10_000
    assert scrub(f"{text}{TOKEN}{text}{TOKEN[:8]}", {TOKEN}) == f"{text}***{text}***"
