"""What only a server can do: lose the connection, run unsafely, have two masters."""

from __future__ import annotations

import signal
from contextlib import contextmanager

import psycopg
import pytest

from jingwei.stores import postgres
from jingwei.stores.local_postgres import LocalPostgres
from jingwei.stores.postgres import PostgresStore
from jingwei.stores.postgres_reads import PostgresReader
from jingwei.stores.store import DamagedStore, StoreError, UnsafeStore


@pytest.fixture
def store(database):
    opened = PostgresStore(database)
    yield opened
    opened.close()


def cut(store: PostgresStore, server: LocalPostgres) -> None:
    """End the store's session from outside, as a failing network or an administrator would."""
    with psycopg.connect(server.dsn, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (store._connection.info.backend_pid,))


def test_a_setting_that_could_lose_money_is_refused(database):
    with psycopg.connect(database, autocommit=True) as admin:
        for level in ("off", "local", "remote_write"):
            admin.execute(f"ALTER ROLE bank SET synchronous_commit = {level}")
            with pytest.raises(UnsafeStore, match=f"synchronous_commit={level}"):
                PostgresStore(database)
        admin.execute("ALTER ROLE bank RESET synchronous_commit")
    PostgresStore(database).close()


def test_a_server_without_fsync_is_refused(database, server):
    with psycopg.connect(database, autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
            admin.execute("SELECT pg_reload_conf()")
            assert wait_for(database, setting, "off")
            with pytest.raises(UnsafeStore, match=f"{setting}=off"):
                PostgresStore(database)
            admin.execute(f"ALTER SYSTEM RESET {setting}")
            admin.execute("SELECT pg_reload_conf()")
            assert wait_for(database, setting, "on")
    PostgresStore(database).close()


def wait_for(dsn: str, setting: str, value: str) -> bool:
    for _ in range(100):
        with psycopg.connect(dsn) as fresh:
            if fresh.execute(f"SHOW {setting}").fetchone() == (value,):
                return True
    return False


def test_a_lost_connection_is_an_error_once_and_then_opened_again(store, server, books):
    store.write(books.batch(10))
    cut(store, server)
    with pytest.raises(StoreError):
        store.record(0)
    assert store.record(0) == books.leaves[0]
    cut(store, server)
    with pytest.raises(StoreError):
        store.set_notes({"n": "1"})
    store.set_notes({"n": "2"})
    assert store.note("n") == "2"
    store.write(books.batch(5))
    assert store.root()[0] == 15


def test_a_connection_lost_before_the_commit_means_nothing_was_written(store, server, books, monkeypatch):
    store.write(books.batch(10))
    batch = books.batch(60)
    put = postgres._put

    def put_and_lose(connection, batch, tiles, kept):
        put(connection, batch, tiles, kept)
        cut(store, server)

    monkeypatch.setattr(postgres, "_put", put_and_lose)
    with pytest.raises(StoreError):
        store.write(batch)
    monkeypatch.undo()
    assert store.recover() == 10
    store.write(batch)
    assert store.size() == 70
    assert store.check() == []


def test_a_connection_lost_after_the_commit_means_it_was_written(store, server, books, monkeypatch):
    """The answer to the commit never arrives: the store looks, finds the batch, and promises it."""
    store.write(books.batch(10))
    real = store._transaction

    @contextmanager
    def committed_then_lost():
        with real() as connection:
            yield connection
        cut(store, server)
        connection.execute("SELECT 1")

    monkeypatch.setattr(store, "_transaction", committed_then_lost)
    store.write(books.batch(60))
    monkeypatch.undo()
    assert store.size() == 70
    store.write(books.batch(5))
    assert store.check() == []


def test_a_writer_that_was_replaced_can_write_nothing(store, books):
    """Negative control of the token: the old writer keeps its connection, a newer one has drawn a token."""
    store.write(books.batch(3))
    store._rows("SELECT pg_advisory_unlock(%s)", (postgres.WRITER_LOCK,))
    newer = PostgresStore(store._dsn)
    with pytest.raises(StoreError, match="newer writer"):
        store.write(books.batch(1))
    with pytest.raises(StoreError, match="newer writer"):
        store.set_notes({"a": "b"})
    assert newer.size() == 3
    newer.close()


def test_a_crash_of_the_server_keeps_what_was_promised(store, server, books, monkeypatch):
    monkeypatch.setattr(postgres, "RECOVER_SECONDS", 0.2)
    store.write(books.batch(300))
    root = store.root()
    server.stop(signal.SIGQUIT)
    with pytest.raises(StoreError):
        store.write(books.batch(0))
    with pytest.raises(StoreError, match="does not answer"):
        store.record(0)
    server.start(["shared_buffers=32MB"])
    assert store.recover() == 300
    assert store.root() == root
    assert store.check() == []


def test_addresses_that_lead_nowhere_say_what_to_do(database, server):
    with pytest.raises(StoreError, match="does not answer"):
        PostgresStore("postgresql://bank:x@127.0.0.1:1/postgres")
    with pytest.raises(StoreError, match="user or password") as refused:
        PostgresStore(database.replace(server.password, "guess"))
    assert "guess" not in str(refused.value)
    with pytest.raises(StoreError, match="createdb"):
        PostgresStore(database.replace("/postgres", "/nowhere"))
    with pytest.raises(StoreError, match="no bank"):
        PostgresReader(database)


def test_tables_of_another_program_and_of_another_version_are_refused(database):
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("CREATE TABLE records (x int)")
        with pytest.raises(StoreError, match="another program"):
            PostgresStore(database)
        admin.execute("DROP TABLE records")
        PostgresStore(database).close()
        admin.execute("UPDATE bank SET version = version + 1")
        with pytest.raises(StoreError, match="newer version"):
            PostgresStore(database)
        admin.execute("UPDATE bank SET version = version - 1")
        admin.execute("ALTER TABLE cases RENAME code TO reason")
        with pytest.raises(DamagedStore, match="table cases has columns"):
            PostgresStore(database)
