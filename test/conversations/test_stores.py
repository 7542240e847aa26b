"""What every store of a ledger does: the same tests for each, and some for one alone."""

from __future__ import annotations

import pickle
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from openapi_client import ApiException, ApiValueError, Ledger
from openapi_client.conversations import Record, Store
from openapi_client.exceptions import ApiTypeError, LedgerException
from test.support.threads import in_threads

A_SEND = Record("digest", 7, "since")


@pytest.fixture
def opened(kept_in: str) -> Iterator[Callable[[], Store]]:
    """Opens the same store again and again, as other processes do."""
    ledgers: list[Ledger] = []

    def another() -> Store:
        ledgers.append(Ledger(kept_in))
        return ledgers[-1].store

    yield another
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()


def test_a_key_that_nobody_has_added_is_not_found(store: Store) -> None:
    assert store.find("conversation", "key") is None


def test_a_record_is_found_as_it_was_added(store: Store, opened: Callable[[], Store]) -> None:
    assert store.add("conversation", "key", A_SEND, 1.5)
    assert store.find("conversation", "key") == A_SEND
    assert opened().find("conversation", "key") == A_SEND


def test_a_key_is_added_once(store: Store, opened: Callable[[], Store]) -> None:
    assert store.add("conversation", "key", A_SEND, 1.5)
    assert not opened().add("conversation", "key", Record("other", 8, "other"), 1.5)
    assert store.find("conversation", "key") == A_SEND


def test_of_many_threads_one_adds_a_key(store: Store) -> None:
    added: list[bool] = []
    in_threads([lambda: added.append(store.add("conversation", "key", A_SEND, 1.5))] * 8)
    assert sorted(added) == [False] * 7 + [True]


def test_conversations_have_keys_and_messages_of_their_own(store: Store) -> None:
    for conversation in ("one", "two"):
        assert store.add(conversation, "key", A_SEND, 1.5)
        assert store.claim(conversation, "key", "jti", "{}")


def test_a_message_is_given_to_one_key(store: Store, opened: Callable[[], Store]) -> None:
    for key in ("one", "two"):
        store.add("conversation", key, A_SEND, 1.5)
    assert store.claim("conversation", "one", "jti", "{}")
    assert not opened().claim("conversation", "two", "jti", "{}")
    assert store.find("conversation", "one") == A_SEND._replace(jti="jti", message="{}")
    assert store.find("conversation", "two") == A_SEND


def test_a_key_is_given_one_message(store: Store) -> None:
    assert not store.claim("conversation", "key", "jti", "{}")
    store.add("conversation", "key", A_SEND, 1.5)
    assert store.claim("conversation", "key", "jti", "{}")
    assert not store.claim("conversation", "key", "another", "{}")


def test_a_key_is_removed_as_long_as_it_has_no_message(store: Store) -> None:
    store.add("conversation", "key", A_SEND, 1.5)
    store.remove("conversation", "key")
    assert store.find("conversation", "key") is None
    store.add("conversation", "key", A_SEND, 1.5)
    store.claim("conversation", "key", "jti", "{}")
    store.remove("conversation", "key")
    assert store.find("conversation", "key") is not None


def test_keys_are_forgotten_by_age(store: Store) -> None:
    for number in range(5):
        store.add("conversation", str(number), A_SEND, float(number))
    store.forget(3.0)
    there = [key for key in "01234" if store.find("conversation", key)]
    assert there == ["3", "4"]


@pytest.mark.parametrize("text", ["\U0001f600 ?%s %% ' \" ; \\ \t", "x" * 10_000])
def test_any_text_comes_back(store: Store, text: str) -> None:
    store.add(text, text, Record("digest", 2**31 - 1, text), 1.5)
    store.claim(text, text, text, text)
    assert store.find(text, text) == Record("digest", 2**31 - 1, text, text, text)


def test_a_slot_is_locked_once(store: Store, opened: Callable[[], Store]) -> None:
    another = opened()
    assert store.lock(7)
    assert store.holds(7)
    assert not store.lock(7)
    assert not another.lock(7)
    assert another.lock(8)
    store.unlock(7)
    assert another.lock(7)
    another.unlock(7)
    another.unlock(7)


def test_of_many_threads_one_locks_a_slot(store: Store) -> None:
    locked: list[bool] = []
    in_threads([lambda: locked.append(store.lock(7))] * 8)
    assert sorted(locked) == [False] * 7 + [True]


LOCKER = """
import os, sys
from openapi_client import Ledger
ledger = Ledger(sys.argv[1])
print(ledger.store.lock(7), flush=True)
if "fork" in sys.argv:
    os.fork()
sys.stdin.read()
"""


def locker(kept_in: str, *more: str) -> subprocess.Popen[str]:
    """A process that holds the lock on slot 7."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCKER, kept_in, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def wait_for_lock(store: Store) -> None:
    for _ in range(2000):
        if store.lock(7):
            return
        threading.Event().wait(0.01)
    raise AssertionError("it is locked still")


def test_a_process_that_is_killed_loses_its_locks(store: Store, kept_in: str) -> None:
    with locker(kept_in) as process:
        assert not store.lock(7)
        process.kill()
        process.wait()
        wait_for_lock(store)


def test_a_process_that_stands_still_has_its_locks(store: Store, kept_in: str) -> None:
    """As on a machine that sleeps: nothing tells a lock's age."""
    with locker(kept_in) as process:
        process.send_signal(signal.SIGSTOP)
        assert not store.lock(7)
        process.send_signal(signal.SIGCONT)
        process.kill()


@pytest.mark.parametrize("kept_in", ["sqlite"], indirect=True)
def test_a_forked_child_does_not_keep_its_parents_locks(store: Store, kept_in: str) -> None:
    with locker(kept_in, "fork") as process:
        process.kill()
        process.wait()
        wait_for_lock(store)


FORKED = """
import os, sys
from openapi_client import Ledger
from openapi_client.conversations import Record
ledger = Ledger(sys.argv[1])
store = ledger.store
record = Record("digest", 7, "since")
print(store.add("c", "before", record, 1.0), store.lock(7), flush=True)
child = os.fork()
name = "parent" if child else "child"
told = [store.lock(7), store.add("c", name, record, 1.0), store.find("c", "before") == record]
told.append(store.lock(8) if not child else store.holds(7))
os.write(1, f"{name} {told}\\n".encode())
if not child:
    os._exit(0)
os.waitpid(child, 0)
print(store.find("c", "child") == record, store.lock(8))
ledger.close()
"""


def test_after_a_fork_both_go_on(kept_in: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", FORKED, kept_in],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, *both, last = done.stdout.splitlines()
    assert first == "True True"
    assert sorted(both) == ["child [False, True, True, True]", "parent [False, True, True, True]"]
    assert last == "True True"
    assert done.stderr == ""


def test_a_store_that_was_closed_says_so(kept_in: str) -> None:
    with Ledger(kept_in) as ledger:
        pass
    ledger.close()
    with pytest.raises(LedgerException, match="it was closed") as caught:
        ledger.store.find("conversation", "key")
    assert caught.value.outcome == "not_sent"
    assert isinstance(caught.value, ApiException)
    with pytest.raises(LedgerException, match="it was closed"):
        ledger.store.lock(7)
    assert not ledger.store.holds(7)
    ledger.store.unlock(7)


def test_a_ledger_that_is_pickled_opens_the_same(kept_in: str) -> None:
    with Ledger(kept_in, forget_after=5.0) as ledger:
        ledger.store.add("conversation", "key", A_SEND, 1.5)
        with pickle.loads(pickle.dumps(ledger)) as another:
            assert another.store.find("conversation", "key") == A_SEND
            another.forget()
            another.store.add("conversation", "new", A_SEND, 9e9)
            another.forget()
        assert ledger.store.find("conversation", "key") is None


def test_another_format_is_refused_and_left_as_it_is(kept_in: str) -> None:
    Ledger(kept_in).close()
    if "://" in kept_in:
        with psycopg.connect(kept_in, autocommit=True) as connection:
            connection.execute("COMMENT ON TABLE openapi_client_sends IS 'format 2'")
    else:
        with sqlite3.connect(kept_in) as database:
            database.execute("PRAGMA user_version = 2")
        database.close()
    for _ in range(2):
        with pytest.raises(LedgerException, match=r"it has format 2, and this version .*reads 1"):
            Ledger(kept_in)


@pytest.mark.parametrize("forget_after", [0, -1, float("inf"), float("nan"), "1", None])
def test_an_age_that_makes_no_sense_is_refused(tmp_path: Path, forget_after: object) -> None:
    with pytest.raises(ApiValueError, match="forget_after must be"):
        Ledger(tmp_path / "sends.db", forget_after=forget_after)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


# -- a file ----------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Ledger(tmp_path / "sends.db"):
        assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Ledger("sends.db") as ledger:
        monkeypatch.chdir("/")
        assert ledger.store.add("conversation", "key", A_SEND, 1.5)
        assert repr(ledger) == f"<Ledger of {str(tmp_path / 'sends.db')!r}>"
    assert (tmp_path / "sends.db").exists()


@pytest.mark.parametrize("path", ["", ":memory:", "a\0b"])
def test_what_names_no_file_is_refused(path: str) -> None:
    with pytest.raises(ApiValueError, match="The path of a ledger must name a file"):
        Ledger(path)


@pytest.mark.parametrize("store", [7, None, b"sends.db", object()])
def test_what_is_no_store_is_refused(store: object) -> None:
    with pytest.raises(ApiTypeError, match="store must be a path, a URL or a Store"):
        Ledger(store)  # type: ignore[arg-type]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerException, match=r"missing/sends.db' cannot be used: .*No such file"):
        Ledger(tmp_path / "missing" / "sends.db")


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "sends.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerException, match="it is damaged, or no ledger") as caught:
        Ledger(path)
    assert caught.value.outcome == "not_sent"
    assert path.read_bytes() == b"no database" * 1000


def test_a_file_that_is_damaged_later_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sends.db"
    with Ledger(path) as ledger:
        for number in range(200):
            ledger.store.add("conversation", str(number), A_SEND, 1.5)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with Ledger(path) as ledger, pytest.raises(LedgerException, match="it is damaged"):
        ledger.store.find("conversation", "7")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sends.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE precious (value)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(LedgerException, match="it is a database of another program"):
        Ledger(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerException, match="cannot be used"):
        Ledger(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_full_disk_is_an_error_of_the_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "sends.db") as ledger:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(LedgerException, match="cannot be used: ") as caught:
                ledger.store.add("conversation", "key", A_SEND, 1.5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, previous)
        assert caught.value.outcome == "not_sent"
        assert ledger.store.find("conversation", "key") is None
        assert ledger.store.add("conversation", "key", A_SEND, 1.5)


OPENER = """
import sys
from openapi_client import Ledger
sys.stdin.read(1)
with Ledger(sys.argv[1]) as ledger:
    print("opened")
"""


def test_processes_may_make_it_at_the_same_time(kept_in: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, kept_in], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(6)
    ]
    outputs = [process.communicate(b"x", timeout=60)[0] for process in processes]
    assert outputs == [b"opened\n"] * 6


def test_a_commit_survives_the_machine(tmp_path: Path) -> None:
    """WAL with `synchronous = FULL` (2) writes each commit to the disk before it returns."""
    with Ledger(tmp_path / "sends.db") as ledger:
        run = ledger.store.run  # type: ignore[attr-defined]
        assert run("PRAGMA journal_mode")[1][0][0] == "wal"
        assert run("PRAGMA synchronous")[1][0][0] == 2


def test_two_ledgers_of_a_file_in_one_process_leave_each_other_the_locks(tmp_path: Path) -> None:
    """To POSIX, closing any descriptor of a file unlocks it for the whole process."""
    (tmp_path / "link.db").symlink_to(tmp_path / "sends.db")
    with Ledger(tmp_path / "sends.db") as ledger:
        assert ledger.store.lock(7)
        with Ledger(tmp_path / "sends.db") as another:
            assert not another.store.lock(7)
        script = "import sys; from openapi_client import Ledger\n"
        script += "with Ledger(sys.argv[1]) as ledger: print(ledger.store.lock(7))"
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "sends.db")],
            capture_output=True,
            check=True,
        )
        assert done.stdout == b"False\n"


# -- a database ------------------------------------------------------------------------------------


def test_a_connection_that_was_lost_while_idle_is_made_anew(postgres_url: str) -> None:
    with Ledger(postgres_url) as ledger, psycopg.connect(postgres_url, autocommit=True) as other:
        in_threads([lambda: ledger.store.find("conversation", "key")] * 4)
        assert ledger.store.lock(7)
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        assert ledger.store.find("conversation", "key") is None
        # Its locks were lost with it, and it knows.
        assert not ledger.store.holds(7)
        ledger.store.unlock(7)
        assert ledger.store.lock(7)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(LedgerException, match="nowhere at /nowhere") as caught:
        Ledger("postgresql://me:secret@/nowhere?host=/nowhere")
    assert caught.value.outcome == "not_sent"
    assert "secret" not in repr(caught.value)


def test_a_url_that_makes_no_sense_is_not_shown() -> None:
    with pytest.raises(ApiValueError, match="conninfo must be a URL or keywords") as caught:
        Ledger("postgresql://me:secret@host:port:port/x?y")
    assert "secret" not in repr(caught.value)


def test_a_repr_has_no_password(postgres_url: str) -> None:
    with Ledger(postgres_url.replace("postgres@", "postgres:secret@")) as ledger:
        assert "secret" not in repr(ledger)
