"""Connections over TLS: who is trusted, under which name, and who we say we are."""

from __future__ import annotations

import copy
import hashlib
import socket
import ssl
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Name, load_pem_x509_certificate
from urllib3.exceptions import InsecureRequestWarning

from openapi_client import ApiException
from openapi_client.exceptions import ApiValueError, ConnectException, TLSException
from test.support.addresses import resolve_to
from test.support.authority import authority
from test.support.calls import (
    OPERATIONS,
    api_for,
    configuration_for,
    failure_of,
    finishes,
    get,
    send,
)
from test.support.proxies import tunnel
from test.support.scripted import Peer, ScriptedServer, always, message

GOOD = always(message("good"))


def versions(lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> ssl.SSLContext:
    context = authority().server_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that old versions are old
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = lowest, highest
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_newer_is_spoken(version: ssl.TLSVersion) -> None:
    context = versions(version, version)
    with ScriptedServer(GOOD, tls=True, context=context) as server, api_for(server) as api:
        assert get(api) == "good"


def test_tls_older_than_1_2_is_not_spoken() -> None:
    old = versions(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    with ScriptedServer(GOOD, tls=True, context=old) as server, api_for(server) as api:
        error = failure_of(send, api)
        # The server itself is well: a client that is less careful gets through to it.
        careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            careless.set_ciphers("ALL:@SECLEVEL=0")
            careless.minimum_version = ssl.TLSVersion.TLSv1
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            careless.wrap_socket(plain).close()
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"


@pytest.mark.parametrize("operation", ["get", "edit", "send"])
def test_a_certificate_of_another_authority_is_refused_and_nothing_was_sent(operation: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    with ScriptedServer(GOOD, tls=True, context=context) as server, api_for(server) as api:
        error = failure_of(OPERATIONS[operation], api)
    assert isinstance(error, TLSException)
    assert isinstance(error, ConnectException)
    assert error.outcome == "not_sent"
    assert "certificate verify failed" in str(error)
    assert server.requests == []


def test_a_certificate_for_another_name_is_refused() -> None:
    context = authority().server_context("elsewhere.test")
    with ScriptedServer(GOOD, tls=True, context=context) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert isinstance(error, TLSException)
    assert "localhost" in str(error)


def test_plain_http_where_tls_is_expected_is_an_error() -> None:
    def script(peer: Peer) -> None:
        peer.receive()
        peer.send(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    server = ScriptedServer(script)
    with server, api_for(server.url.replace("http:", "https:")) as api:
        error = failure_of(send, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"


# -- who is trusted ----------------------------------------------------------------------------


def test_ssl_cert_file_of_the_environment_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority().ca_cert)
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, ssl_ca_cert=None) as api:
        assert get(api) == "good"


def test_the_system_does_not_trust_the_tests_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, ssl_ca_cert=None) as api:
        assert isinstance(failure_of(get, api), TLSException)


def test_what_the_configuration_trusts_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = authority().folder / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(elsewhere))
    monkeypatch.setenv("SSL_CERT_FILE", authority().ca_cert)
    settings = {"ssl_ca_cert": str(elsewhere)}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert isinstance(failure_of(get, api), TLSException)


def subject_hash(name: Name) -> str:
    """The name that OpenSSL looks for in a folder: of SHA-1 over the canonical subject."""

    def der(tag: int, content: bytes) -> bytes:
        return bytes([tag, len(content)]) + content

    canonical = b""
    for attribute in name:
        oid = der(6, object_identifier(attribute.oid.dotted_string))
        text = " ".join(str(attribute.value).lower().split()).encode()
        canonical += der(0x31, der(0x30, oid + der(0x0C, text)))
    return hashlib.sha1(canonical).digest()[3::-1].hex()


def object_identifier(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    assert all(number < 128 for number in others)
    return bytes([40 * first + second, *others])


def test_a_folder_of_authorities(tmp_path: Path) -> None:
    pem = authority().ca.cert_pem.bytes()
    name = subject_hash(load_pem_x509_certificate(pem).subject)
    (tmp_path / f"{name}.0").write_bytes(pem)
    settings = {"ssl_ca_cert": str(tmp_path)}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert get(api) == "good"


@pytest.mark.parametrize("form", ["pem", "der"])
def test_authorities_as_data(form: str) -> None:
    pem = authority().ca.cert_pem.bytes().decode()
    data: str | bytes = pem if form == "pem" else ssl.PEM_cert_to_DER_cert(pem)
    settings: dict[str, Any] = {"ssl_ca_cert": None, "ca_cert_data": data}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert get(api) == "good"


def test_verification_can_be_switched_off_and_says_so() -> None:
    settings = {"ssl_ca_cert": None, "verify_ssl": False}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        with pytest.warns(InsecureRequestWarning, match="localhost is not verified"):
            assert get(api) == "good"
        # Once is enough.
        assert get(api) == "good"


@pytest.mark.parametrize("name", ["localhost", False])
def test_without_verification_no_name_is_asked_for(name: str | bool) -> None:
    settings = {"ssl_ca_cert": None, "verify_ssl": False, "assert_hostname": name}
    context = authority().server_context("elsewhere.test")
    with (
        ScriptedServer(GOOD, tls=True, context=context) as server,
        api_for(server, **settings) as api,
        pytest.warns(InsecureRequestWarning),
    ):
        assert get(api) == "good"


# -- under which name --------------------------------------------------------------------------


def test_assert_hostname_is_the_name_that_the_certificate_must_have() -> None:
    context = authority().server_context("elsewhere.test")
    with ScriptedServer(GOOD, tls=True, context=context) as server:
        with api_for(server, assert_hostname="elsewhere.test") as api:
            assert get(api) == "good"
        with api_for(server, assert_hostname="another.test") as api:
            error = failure_of(send, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"
    assert len(server.requests) == 1


def test_assert_hostname_false_accepts_any_name_but_no_other_authority() -> None:
    context = authority().server_context("elsewhere.test")
    with ScriptedServer(GOOD, tls=True, context=context) as server:
        with api_for(server, assert_hostname=False) as api:
            assert get(api) == "good"
        with api_for(server, assert_hostname=False, ssl_ca_cert=None) as api:
            assert isinstance(failure_of(get, api), TLSException)


def test_tls_server_name_is_the_name_sent_and_verified() -> None:
    asked: list[str | None] = []
    context = authority().server_context("elsewhere.test")
    context.sni_callback = lambda _, name, __: asked.append(name)
    with ScriptedServer(GOOD, tls=True, context=context) as server:
        with api_for(server, tls_server_name="elsewhere.test") as api:
            assert get(api) == "good"
        with api_for(server, tls_server_name="another.test") as api:
            assert isinstance(failure_of(get, api), TLSException)
    assert asked[0] == "elsewhere.test"
    assert set(asked[1:]) == {"another.test"}


# -- who we say we are -------------------------------------------------------------------------


def demanding() -> ssl.SSLContext:
    """A server's context that wants a certificate of the client."""
    context = authority().server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority().ca_cert)
    return context


def test_a_client_certificate_in_one_file() -> None:
    settings = {"cert_file": authority().issue("client.test")}
    with ScriptedServer(GOOD, tls=True, context=demanding()) as s, api_for(s, **settings) as api:
        assert get(api) == "good"


def test_a_client_certificate_and_its_key(tmp_path: Path) -> None:
    issued = authority().ca.issue_cert("client.test")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    settings = {"cert_file": str(certificate), "key_file": str(key)}
    with ScriptedServer(GOOD, tls=True, context=demanding()) as s, api_for(s, **settings) as api:
        assert get(api) == "good"


def test_a_client_without_the_certificate_that_is_wanted_gets_an_error() -> None:
    with ScriptedServer(GOOD, tls=True, context=demanding()) as server, api_for(server) as api:
        error = failure_of(send, api)
    assert error.status == 0
    assert server.requests == []


KEY_PASSWORD = "canary-key-password-7c1f"


@pytest.fixture(params=["in the certificate's file", "in a file of its own"])
def encrypted(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of a client's certificate whose key is encrypted."""
    issued = authority().ca.issue_cert("client.test")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    private_key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    key_pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(KEY_PASSWORD.encode()),
    )
    if request.param == "in a file of its own":
        certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        key.write_bytes(key_pem)
        return {"cert_file": str(certificate), "key_file": str(key)}
    certificate.write_bytes(issued.cert_chain_pems[0].bytes() + key_pem)
    return {"cert_file": str(certificate)}


@pytest.mark.parametrize(
    ("password", "said"),
    [(None, "set key_password"), ("canary-wrong-password", "key_password is not its password")],
)
def test_an_encrypted_key_is_an_error_that_says_so_and_nobody_is_asked_for_its_password(
    encrypted: dict[str, Any], password: str | None, said: str
) -> None:
    settings = {**encrypted, "key_password": password}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        error = failure_of(get, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"
    assert "cert_file" in str(error)
    assert "the key is encrypted" in str(error)
    assert said in str(error)
    shown = "".join(traceback.format_exception(error))
    assert str(password) not in shown or password is None


@pytest.mark.parametrize("password", [KEY_PASSWORD, KEY_PASSWORD.encode()])
def test_an_encrypted_key_is_opened_with_key_password(
    encrypted: dict[str, Any], password: str | bytes
) -> None:
    settings = {**encrypted, "key_password": password}
    with ScriptedServer(GOOD, tls=True, context=demanding()) as s, api_for(s, **settings) as api:
        assert get(api) == "good"
        configuration = api.api_client.configuration
        assert KEY_PASSWORD not in repr(configuration) + configuration.to_debug_report()


def test_no_text_of_a_setting_is_shown_that_may_be_the_key_itself() -> None:
    pem = authority().ca.issue_cert("client.test").private_key_pem.bytes().decode()
    for name in ("key_file", "cert_file", "ssl_ca_cert"):
        with pytest.raises(ApiValueError, match=f"{name} must be the name of a file") as caught:
            configuration_for("https://service.test", **{name: pem})
        assert pem[40:60] not in "".join(traceback.format_exception(caught.value))


# -- settings of the program's own -------------------------------------------------------------


def own_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority().ca_cert)


def test_a_context_that_is_handed_in_is_used_as_it_is() -> None:
    context = own_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    before = (context.options, context.verify_flags, context.verify_mode, context.check_hostname)
    settings: dict[str, Any] = {"ssl_ca_cert": None, "ssl_context": context}
    only_newer = versions(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert get(api) == "good"
    with (
        ScriptedServer(GOOD, tls=True, context=only_newer) as server,
        api_for(server, **settings) as api,
    ):
        assert isinstance(failure_of(get, api), TLSException)
    after = (context.options, context.verify_flags, context.verify_mode, context.check_hostname)
    assert after == before


def test_a_context_that_is_handed_in_decides_who_is_trusted() -> None:
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    settings: dict[str, Any] = {"ssl_context": nobody, "verify_ssl": False}
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert isinstance(failure_of(get, api), TLSException)


def test_a_context_without_verification_says_so() -> None:
    context = own_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        ScriptedServer(GOOD, tls=True) as server,
        api_for(server, ssl_context=context) as api,
        pytest.warns(InsecureRequestWarning),
    ):
        assert get(api) == "good"


def test_the_names_count_beside_a_context_that_is_handed_in() -> None:
    context = own_context()
    context.check_hostname = False
    server_context = authority().server_context("elsewhere.test")
    with ScriptedServer(GOOD, tls=True, context=server_context) as server:
        for name, good in (("elsewhere.test", True), ("another.test", False)):
            with api_for(server, ssl_context=context, assert_hostname=name) as api:
                if good:
                    assert get(api) == "good"
                else:
                    assert isinstance(failure_of(get, api), TLSException)


def test_copies_share_the_contexts() -> None:
    context = own_context()
    configuration = configuration_for(
        "https://service.test", ssl_context=context, proxy_ssl_context=context
    )
    twin = copy.deepcopy(configuration)
    assert twin.ssl_context is twin.proxy_ssl_context is context


def test_assert_hostname_true_is_what_is_done_anyway() -> None:
    context = authority().server_context("elsewhere.test")
    server = ScriptedServer(GOOD, tls=True, context=context)
    with server, api_for(server, assert_hostname=True) as api:
        assert isinstance(failure_of(get, api), TLSException)
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, assert_hostname=True) as api:
        assert get(api) == "good"


# -- files that cannot be used -----------------------------------------------------------------


@pytest.mark.parametrize("setting", ["ssl_ca_cert", "cert_file"])
@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_file_that_is_no_certificate_is_named(
    setting: str, content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **{setting: str(path)}) as api:
        error = failure_of(get, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"
    assert setting in str(error)


@pytest.mark.parametrize("data", ["", "no certificate", b"\0"])
def test_data_that_is_no_certificate_is_named(data: str | bytes) -> None:
    settings: dict[str, Any] = {"ssl_ca_cert": None, "ca_cert_data": data}
    with (
        ScriptedServer(GOOD, tls=True) as server,
        pytest.raises((ApiException, ApiValueError), match="ca_cert_data"),
        api_for(server, **settings) as api,
    ):
        get(api)


# -- other things that can be wrong with a host ------------------------------------------------


@pytest.mark.parametrize("label", ["a" * 64, "a..b", ".a"])
def test_a_host_that_cannot_be_a_name_is_an_error_of_the_client(label: str, tls: bool) -> None:
    scheme = "https" if tls else "http"
    url = f"{scheme}://{label}.localhost:1"
    with (
        pytest.raises((ApiException, ApiValueError)) as raised,
        api_for(url, allow_insecure=True) as api,
    ):
        get(api)
    assert getattr(raised.value, "outcome", "not_sent") == "not_sent"


def test_a_socket_option_that_the_system_refuses_is_an_error_of_the_call(tls: bool) -> None:
    settings = {"socket_options": [(socket.SOL_SOCKET, 2**30, 1)], "retries": 0}
    with ScriptedServer(GOOD, tls=tls) as server, api_for(server, **settings) as api:
        error = failure_of(send, api)
    assert isinstance(error, ConnectException)
    assert error.outcome == "not_sent"


@pytest.mark.parametrize("way", ["direct", "through a proxy", "several addresses"])
@pytest.mark.parametrize("limit", [1e308, 2.0**1023, 1e10, 3e6])
def test_a_limit_of_any_size_works(
    limit: float, way: str, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"timeout": limit, "deadline": limit}
    with ScriptedServer(tunnel) as proxy, ScriptedServer(GOOD, tls=tls) as server:
        if way == "through a proxy":
            if not tls:
                return  # the proxy opens tunnels only
            settings["proxy"] = proxy.origin
        with api_for(server, **settings) as api:
            if way == "several addresses":
                resolve_to(monkeypatch, server.port, server.port)
            assert get(api) == "good"
            assert send(api, _request_timeout=(limit, limit)) == "good"


@pytest.mark.parametrize("limit", [5e-324, 1e-300, 1e-12])
def test_a_limit_however_small_ends_the_call(
    limit: float, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(GOOD, tls=tls) as server:
        for settings in ({"timeout": limit}, {"deadline": limit}):
            with api_for(server, retries=0, **settings) as api:
                error = failure_of(finishes, lambda api=api: send(api))
                assert error.outcome in ("not_sent", "unknown")
        resolve_to(monkeypatch, server.port, server.port)
        with api_for(server, retries=0, timeout=limit) as api:
            assert failure_of(finishes, lambda: send(api)).outcome == "not_sent"


def test_socket_options_are_set(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    given: list[tuple[int, int, int]] = []
    setsockopt = socket.socket.setsockopt

    def note(sock: socket.socket, *option: Any) -> None:
        given.append(option)
        setsockopt(sock, *option)

    keepalive = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with (
        ScriptedServer(GOOD, tls=tls) as server,
        api_for(server, socket_options=[keepalive]) as api,
    ):
        monkeypatch.setattr(socket.socket, "setsockopt", note)
        get(api)
    assert keepalive in given


@pytest.mark.parametrize("end", ["alert", "none"])
def test_an_answer_that_ends_with_its_connection_is_whole_only_if_tls_says_so(end: str) -> None:
    """RFC 9112, section 9.8: without the closing alert anyone can have cut it off."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n" + message("whole").partition(b"\r\n\r\n")[2])
        if end == "alert":
            peer.end()

    with ScriptedServer(script, tls=True) as server, api_for(server, retries=0) as api:
        if end == "alert":
            assert get(api) == "whole"
        else:
            error = failure_of(get, api)
            assert error.outcome == "answered"
            assert error.status == 200
