"""Files in forms, and files as answers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openapi_client._encoding.files import files_parameters, save_file

# -- going out ------------------------------------------------------------------------------------


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG")
    return path


def test_a_path_is_read_and_sent_under_its_own_name(picture: Path) -> None:
    expected = [("photo", ("picture.png", b"\x89PNG", "image/png"))]
    assert files_parameters({"photo": str(picture)}) == expected
    assert files_parameters({"photo": picture}) == expected


def test_bytes_are_sent_under_the_name_of_the_field() -> None:
    assert files_parameters({"data": b"x"}) == [
        ("data", ("data", b"x", "application/octet-stream"))
    ]


def test_a_pair_is_a_name_and_bytes() -> None:
    assert files_parameters({"f": ("a.txt", b"x")}) == [("f", ("a.txt", b"x", "text/plain"))]


def test_a_list_is_several_files_of_one_field(picture: Path) -> None:
    parts = files_parameters({"f": [b"x", ("a.json", b"{}"), picture], "g": b""})
    assert [(field, name) for field, (name, _, _) in parts] == [
        ("f", "f"),
        ("f", "a.json"),
        ("f", "picture.png"),
        ("g", "g"),
    ]


@pytest.mark.parametrize("files", [None, {}, {"f": None}, {"f": []}])
def test_no_files_are_no_parts(files: Any) -> None:
    assert files_parameters(files) == []


@pytest.mark.parametrize("value", [1, object(), ("a",), ("a", "text"), ["a.txt", 1], {"a": b"x"}])
def test_what_is_no_file_is_a_value_error_that_names_the_field(
    value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").touch()
    with pytest.raises(ValueError, match=r"^files\['avatar'\] must be a path, bytes"):
        files_parameters({"avatar": value})


def test_a_path_that_cannot_be_read_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        files_parameters({"f": tmp_path / "missing"})


# -- coming in ------------------------------------------------------------------------------------


def saved(folder: Path, disposition: str | None) -> Path:
    path = Path(save_file(b"content", disposition, str(folder)))
    assert path.read_bytes() == b"content"
    return path


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=report.pdf", "report.pdf"),
        ('attachment; filename="my report.pdf"', "my report.pdf"),
        ('attachment; filename="a;b.pdf"; size=1', "a;b.pdf"),
        ("attachment; filename*=UTF-8''gr%C3%BCn.txt; filename=plain.txt", "grün.txt"),
        ("attachment; filename=plain.txt; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
        ("attachment; filename=plain.txt; filename*=klingon''%C3%BC", "plain.txt"),
        ("attachment; filename=plain.txt; filename*=UTF-8''%FF", "plain.txt"),
        ("attachment; filename=plain.txt; filename*=UTF-8", "plain.txt"),
        ("attachment; FileName=report.pdf", "report.pdf"),
        ('attachment; filename="/etc/passwd"', "passwd"),
        ('attachment; filename="../../passwd"', "passwd"),
        (r'attachment; filename="..\\..\\boot.ini"', "boot.ini"),
        ('attachment; filename="C:boot.ini"', "C_boot.ini"),
        ("attachment; filename*=UTF-8''..%2F..%2Fpasswd", "passwd"),
        ("attachment; filename*=UTF-8''a%00b%0Ac.txt", "abc.txt"),
        ('attachment; filename="a.txt. . "', "a.txt"),
        ('attachment; filename="txt\u202efdp.exe"', "txtfdp.exe"),
        ('attachment; filename="con"', "_con"),
        ('attachment; filename="NUL.txt"', "_NUL.txt"),
        ('attachment; filename="console.txt"', "console.txt"),
    ],
)
def test_the_file_has_the_name_that_the_server_gave_it(
    tmp_path: Path, disposition: str, name: str
) -> None:
    assert saved(tmp_path, disposition) == tmp_path / name


@pytest.mark.parametrize(
    "disposition",
    [
        None,
        "",
        "attachment",
        "attachment; filename=",
        'attachment; filename=".."',
        'attachment; filename="."',
        'attachment; filename="a/"',
        'attachment; filename=" . "',
        'attachment; filename="\x01\x02"',
        "attachment; filename*=UTF-8''%2F%2E%2E%2F",
    ],
)
def test_a_name_is_made_up_if_the_server_gave_none_that_can_be_used(
    tmp_path: Path, disposition: str | None
) -> None:
    path = saved(tmp_path, disposition)
    assert path.parent == tmp_path
    assert path.name


def test_another_file_is_never_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "report.pdf"
    mine.write_bytes(b"mine")
    paths = {saved(tmp_path, "attachment; filename=report.pdf") for _ in range(3)}
    assert len(paths) == 3
    assert {path.name for path in paths} == {"report.pdf"}
    assert all(tmp_path in path.parents for path in paths)
    assert mine.read_bytes() == b"mine"


def test_a_link_that_waits_under_the_name_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "report.pdf").symlink_to(outside)
    saved(folder, "attachment; filename=report.pdf")
    assert outside.read_bytes() == b"mine"


@pytest.mark.parametrize("disposition", ["attachment; filename=a.txt", None])
def test_only_its_owner_may_read_it(tmp_path: Path, disposition: str | None) -> None:
    assert stat.S_IMODE(saved(tmp_path, disposition).stat().st_mode) == 0o600


def test_without_a_folder_it_goes_to_the_one_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert Path(save_file(b"", "attachment; filename=a.txt")) == tmp_path / "a.txt"


def test_a_folder_that_does_not_exist_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save_file(b"", "attachment; filename=a.txt", str(tmp_path / "missing"))


def test_nothing_is_left_of_a_file_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, _: str) -> None:
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(OSError, match="No space left"):
        save_file(b"content", "attachment; filename=a.txt", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["", ".txt", "." + "é" * 200])
def test_a_name_that_is_too_long_is_cut_before_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, f'attachment; filename="{"é" * 300}{suffix}"')
    assert 250 < len(path.name.encode()) <= 255
    if suffix == ".txt":
        assert path.suffix == ".txt"


hostile = st.text(st.sampled_from("./\\:*?\"'%\0\n ~a\u202eé\ud800")) | st.text()


@given(hostile, st.sampled_from(["plain", "quoted", "encoded"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_name_leads_outside_the_folder(tmp_path: Path, name: str, form: str) -> None:
    forms = {
        "plain": f"attachment; filename={name}",
        "quoted": f'attachment; filename="{name}"',
        "encoded": f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}",
    }
    path = saved(tmp_path, forms[form])
    assert tmp_path in path.parents
    assert path.resolve() == path
    assert not path.is_symlink()


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "no-charset", ""])
def test_a_name_in_a_charset_that_is_not_known_is_not_used(tmp_path: Path, charset: str) -> None:
    disposition = f"attachment; filename*={charset}''encoded; filename=plain"
    assert Path(save_file(b"", disposition, str(tmp_path))).name == "plain"
