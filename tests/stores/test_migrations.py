"""Versions of the tables: upgraded when older, refused with the reason when newer or unknown."""

from __future__ import annotations

import sqlite3

import pytest

from jingwei.stores import sqlite as engine
from jingwei.stores import sqlite_reads
from jingwei.stores.migrations import WrongVersion, pending, refuse_newer
from jingwei.stores.sqlite import STEPS, SqliteStore
from jingwei.stores.sqlite_reads import SqliteReader
from jingwei.stores.store import SCHEMA_VERSION, DamagedStore, StoreError
from jingwei.stores.tables import LINES, TABLES, columns_of


def test_steps_lead_from_each_older_version_to_the_wanted_one():
    steps = {n: lambda n=n: [f"to {n}"] for n in (1, 2, 3)}
    assert pending(0, steps, 3) == ["to 1", "to 2", "to 3"]
    assert pending(2, steps, 3) == ["to 3"]
    assert pending(3, steps, 3) == []


def test_a_newer_version_and_a_missing_step_are_refused_with_the_way_out():
    with pytest.raises(WrongVersion, match=r"newer version of Jingwei.*upgrade Jingwei"):
        pending(4, {}, 3)
    with pytest.raises(WrongVersion, match="too old"):
        pending(1, {3: list}, 3)


def test_every_version_of_every_engine_has_its_step():
    from jingwei.stores import postgres

    for steps in (engine.STEPS, postgres.STEPS):
        assert list(steps) == list(range(1, SCHEMA_VERSION + 1))


def set_version(path, version):
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def test_a_bank_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "bank.db"
    SqliteStore(path).close()
    set_version(path, SCHEMA_VERSION + 1)
    for door in (SqliteStore, SqliteReader):
        with pytest.raises(WrongVersion, match="newer"):
            door(path)
    set_version(path, SCHEMA_VERSION)
    SqliteStore(path).close()


def test_a_bank_of_an_older_version_is_upgraded_once_with_its_records(tmp_path, books, monkeypatch):
    path = tmp_path / "bank.db"
    store = SqliteStore(path)
    store.write(books.batch(300))
    root = store.root()
    store.close()
    later = SCHEMA_VERSION + 1
    steps = engine.STEPS | {
        later: lambda: ["CREATE TABLE news (id TEXT)", "INSERT INTO news VALUES ('once')"]
    }
    for module in (engine, sqlite_reads):
        monkeypatch.setattr(module, "SCHEMA_VERSION", later)
    monkeypatch.setattr(engine, "STEPS", steps)
    monkeypatch.setattr(engine, "pending", lambda found, steps: pending(found, steps, later))
    monkeypatch.setattr(sqlite_reads, "refuse_newer", lambda found: refuse_newer(found, later))
    with pytest.raises(StoreError, match="start the bank once to upgrade"):
        SqliteReader(path)
    for _ in range(2):
        store = SqliteStore(path)
        assert store.root() == root
        assert store._rows("SELECT id FROM news") == [("once",)]
        assert store._rows("PRAGMA user_version")[0][0] == later
        store.close()


def test_an_upgrade_that_fails_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "bank.db"
    SqliteStore(path).close()
    later = SCHEMA_VERSION + 1
    monkeypatch.setattr(engine, "pending", lambda found, steps: ["CREATE TABLE news (id TEXT)", "NONSENSE"])
    monkeypatch.setattr(engine, "SCHEMA_VERSION", later)
    with pytest.raises(StoreError, match="syntax error"):
        SqliteStore(path)
    monkeypatch.undo()
    store = SqliteStore(path)
    assert store._rows("SELECT name FROM sqlite_schema WHERE name = 'news'") == []
    assert store._rows("PRAGMA user_version")[0][0] == SCHEMA_VERSION
    store.close()


def test_tables_that_lack_a_column_are_refused(tmp_path):
    path = tmp_path / "bank.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE cases RENAME COLUMN code TO reason")
    connection.close()
    with pytest.raises(DamagedStore, match="table cases has columns"):
        SqliteStore(path)


def test_every_kept_kind_is_a_table_with_a_column_for_each_field():
    made = "\n".join(statement for step in STEPS.values() for statement in step())
    for kind, table in TABLES.items():
        assert table.names == kind.__struct_fields__
        assert set(table.indexed) <= set(table.names)
        assert f"CREATE TABLE {table.name} (" in made
    optional = {c.name for table in (*TABLES.values(), LINES) for c in table.columns if c.optional}
    assert optional == {"limit_payment_minor", "limit_day_minor", "limit_month_minor", "until_day"}


def test_a_field_that_is_no_column_is_refused():
    import msgspec

    odd = msgspec.defstruct("Odd", [("id", str), ("amount", float)])
    with pytest.raises(TypeError, match=r"Odd\.amount"):
        columns_of(odd)
