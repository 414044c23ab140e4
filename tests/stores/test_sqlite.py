"""What only SQLite can do wrong: files, folders, rights, disks, settings."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.open_files import OURS, held

from jingwei.stores.opening import open_reader
from jingwei.stores.sqlite import PAGE_BYTES, SqliteStore, assert_safe
from jingwei.stores.sqlite_reads import SqliteReader
from jingwei.stores.store import Batch, DamagedStore, StoreError, UnsafeStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bank.db"


def filled(path: Path, books, records: int = 900) -> None:
    """A bank with this many records, closed."""
    store = SqliteStore(path)
    store.write(books.batch(records))
    store.close()


def big(first: int, count: int) -> Batch:
    return Batch(first, [b"%d" % n + b"y" * 900 for n in range(first, first + count)], [], [], {})


def test_the_open_bank_runs_with_the_settings_that_survive_a_power_cut(path):
    store = SqliteStore(path)
    settings = {name: store._rows(f"PRAGMA {name}")[0][0] for name in ("synchronous", "journal_mode")}
    assert settings == {"synchronous": 2, "journal_mode": "wal"}
    store.close()


@pytest.mark.parametrize("unsafe", ["synchronous = NORMAL", "synchronous = OFF", "journal_mode = DELETE"])
def test_a_setting_that_could_lose_money_is_refused(path, unsafe):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    assert_safe(connection)
    connection.execute(f"PRAGMA {unsafe}")
    with pytest.raises(UnsafeStore):
        assert_safe(connection)
    connection.close()


def test_a_store_that_cannot_be_made_safe_does_not_open(path, monkeypatch):
    """Negative control: the check is made at every start, on the connection that writes."""
    monkeypatch.setattr("jingwei.stores.sqlite.FULL", 3)
    with pytest.raises(UnsafeStore, match="synchronous"):
        SqliteStore(path)
    monkeypatch.undo()
    SqliteStore(path).close()


def test_a_folder_is_not_a_bank(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        SqliteStore(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match="the folder must exist"):
        SqliteStore(tmp_path / "nowhere" / "bank.db")


def test_reading_where_no_bank_is_makes_none(path):
    with pytest.raises(StoreError, match="there is no bank"):
        open_reader(str(path))
    assert not path.exists()


def test_a_database_of_another_program_is_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    before = path.read_bytes()
    for door in (SqliteStore, SqliteReader):
        with pytest.raises(StoreError, match="another program"):
            door(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"not a database at all" * 300, id="other bytes"),
        pytest.param(lambda data: b"\x00" * 100 + data[100:], id="head wiped"),
        pytest.param(lambda data: data[: PAGE_BYTES * 3], id="cut off"),
        pytest.param(
            lambda data: data[:PAGE_BYTES] + os.urandom(len(data) - PAGE_BYTES), id="pages overwritten"
        ),
    ],
)
def test_a_damaged_file_is_refused_with_what_to_do(path, books, damage):
    filled(path, books)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedStore, match="restore"):
        SqliteStore(path)


def test_a_file_cut_to_nothing_is_an_empty_bank_and_keeps_no_lock(path, books):
    filled(path, books)
    path.write_bytes(b"")
    store = SqliteStore(path)
    assert store.size() == 0
    store.close()


def test_records_that_do_not_fit_their_tiles_are_refused(path, books):
    filled(path, books)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM records WHERE seq >= 700")
    connection.close()
    with pytest.raises(DamagedStore, match="700 records"):
        SqliteStore(path)
    if OURS.is_dir():
        assert held(path.parent) == [], "what is refused is not kept open"


def test_one_altered_byte_is_found_by_the_check(path, books):
    filled(path, books)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET body = CAST(body || x'00' AS BLOB) WHERE seq = 300")
        connection.execute(
            "UPDATE balances SET booked_minor = booked_minor + 1 WHERE id = (SELECT min(id) FROM balances)"
        )
    connection.close()
    store = SqliteStore(path)
    found = store.check()
    store.close()
    assert "records 256 to 511 are not those that were sealed" in found
    assert "CNY: 1 minor units were made or lost (the sum over all accounts must be 0)" in found


def test_a_full_file_refuses_the_batch_and_later_takes_it(path, books):
    store = SqliteStore(path)
    store.write(books.batch(300))
    root = store.root()
    pages = store._rows("PRAGMA page_count")[0][0]
    store._rows(f"PRAGMA max_page_count = {pages + 10}")
    batch = books.batch(400)
    for _ in range(2):
        with pytest.raises(StoreError, match="is full; free some space"):
            store.write(batch)
        assert store.root() == root
        with closing(store.reader()) as reader:
            assert reader.size() == 300
    store._rows("PRAGMA max_page_count = 1000000")
    store.write(batch)
    assert store.size() == 700
    assert store.check() == []
    store.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_loses_nothing_that_was_promised(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a disk")
    try:
        store = SqliteStore(disk / "bank.db")
        with pytest.raises(StoreError, match="is full; free some space"):
            for n in range(100):
                store.write(big(n * 100, 100))
        size, root = store.root()
        assert 0 < size < 10_000
        with pytest.raises(StoreError):
            store.write(big(size, 100))
        assert [seq for seq, _ in store.records(0, 10**6)] == list(range(size))
        subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=True)
        assert store.root() == (size, root)
        store.write(big(size, 100))
        assert store.check() == []
        store.close()
        store = SqliteStore(disk / "bank.db")
        assert store.size() == size + 100
        store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_log_is_folded_into_the_file_instead_of_growing_without_end(path, monkeypatch):
    monkeypatch.setattr("jingwei.stores.sqlite.CHECKPOINT_PAGES", 100)
    store = SqliteStore(path)
    for n in range(40):
        store.write(big(n * 200, 200))
    assert path.with_name("bank.db-wal").stat().st_size < 6 * 100 * PAGE_BYTES
    assert path.stat().st_size > 40 * 200 * 900
    store.close()


def test_a_reader_can_write_nothing(path, books):
    filled(path, books)
    reader = SqliteReader(path)
    with pytest.raises(StoreError, match="read"):
        reader._rows("DELETE FROM records")
    reader.close()


def test_an_sqlite_built_never_to_sync_is_refused(path):
    class Hasty:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self.connection = connection

        def execute(self, sql: str) -> sqlite3.Cursor:
            return self.connection.execute("SELECT 1" if "NO_SYNC" in sql else sql)

    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    assert_safe(connection)
    with pytest.raises(UnsafeStore, match="never syncs"):
        assert_safe(Hasty(connection))
    connection.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a disk for reading only")
def test_a_medium_for_reading_only_is_refused_at_the_start(path, books):
    """SQLite itself opens such a file in silence and fails at the first write."""
    filled(path, books)
    bind = ["mount", "--bind", str(path), str(path)]
    if subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True)
        with pytest.raises(StoreError, match="the file is read-only; give this user the right"):
            SqliteStore(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
    SqliteStore(path).close()


MOUNT = "{} 1 {}:{} / {} rw,relatime shared:1 - {} source rw\n"


@pytest.mark.parametrize(
    ("kind", "says"),
    [("ext4", None), ("nfs4", "network file system"), ("tmpfs", None), ("9p", "network")],
)
def test_a_file_system_that_may_lose_money_is_warned_of(path, monkeypatch, caplog, kind, says):
    device = os.stat(path.parent).st_dev
    mounts = path.with_name("mounts")
    other = MOUNT.format(1, 0, 1, "/other", "nfs4")
    mounts.write_text(other + MOUNT.format(2, os.major(device), os.minor(device), path.parent, kind))
    monkeypatch.setattr("jingwei.stores.medium.MOUNTS", mounts)
    SqliteStore(path).close()
    told = [record.getMessage() for record in caplog.records]
    assert (told == []) if says is None else (says in told[0])


def test_where_nothing_is_known_of_mounts_nothing_is_said(path, monkeypatch, caplog):
    monkeypatch.setattr("jingwei.stores.medium.MOUNTS", path.with_name("nowhere"))
    SqliteStore(path).close()
    assert not caplog.records


def test_what_a_killed_process_left_in_the_log_is_in_the_file_after_the_start(path, books):
    """Read from the log it may be only in the system's memory; a copy of the file alone must hold it."""
    store = SqliteStore(path)
    store.write(books.batch(40))
    copy = path.with_name("copy.db")
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).write_bytes(path.with_name(path.name + end).read_bytes())
    store.close()
    opened = SqliteStore(copy)
    assert copy.with_name("copy.db-wal").stat().st_size == 0
    alone = path.with_name("alone.db")
    alone.write_bytes(copy.read_bytes())
    opened.close()
    with closing(SqliteStore(alone)) as found:
        assert found.size() == 40
