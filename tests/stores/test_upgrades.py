"""A bank of every released version opens whole and provable; a newer one is refused; kills leave one."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.soak.row import Row
from tests.stores.upgrade_rows import ROWS, SCHEMAS, in_postgres, in_sqlite, released, told

from jingwei.home import open_home, verify_home
from jingwei.journeys.deposit import Deposit
from jingwei.kernel.clock import ManualClock, parse_iso
from jingwei.stores import postgres, sqlite
from jingwei.stores.local_postgres import find_programs
from jingwei.stores.migrations import WrongVersion
from jingwei.stores.opening import open_reader, open_store
from jingwei.stores.store import SCHEMA_VERSION

ENGINES = ("sqlite", "postgres") if find_programs() else ("sqlite",)
KEPT = [(engine, version) for engine in ENGINES for version in released(engine)]


def place_of(engine: str, version: int, folder: Path) -> str:
    files = folder / "home" / "models" / "files"
    files.mkdir(parents=True)
    for line in (SCHEMAS / "models.txt").read_text("ascii").splitlines():
        digest, content = line.split()
        (files / digest).write_bytes(base64.b64decode(content))
    if engine == "sqlite":
        return in_sqlite(version, folder / "home" / "bank.db")
    return in_postgres(version, "kept")


@pytest.mark.parametrize("engine", ("sqlite", "postgres"))
def test_a_bank_of_every_version_is_kept_for_every_engine(engine: str) -> None:
    assert released(engine) == list(range(1, SCHEMA_VERSION + 1))


@pytest.mark.parametrize(("engine", "version"), KEPT)
def test_a_bank_of_every_version_is_upgraded_whole(engine: str, version: int, tmp_path: Path) -> None:
    place = place_of(engine, version, tmp_path)
    size, root = told(version)
    store = open_store(place)
    try:
        assert (store.size(), store.root()[1].hex()) == (size, root)
        assert store.check() == []
    finally:
        store.close()
    clock = ManualClock(parse_iso("2027-01-01T00:00:00"))
    home = open_home(tmp_path / "home", clock, store_url="" if engine == "sqlite" else place)
    money = {"account": "alice", "amount_minor": 100, "currency": "CNY", "at": clock.at, "known_at": clock.at}
    reply = home.bank.do([Deposit(key="later", actor="system:core", **money)])[0]
    home.close()
    assert reply.answer.result == "done" and reply.seq >= size
    report = verify_home(tmp_path / "home", "" if engine == "sqlite" else place)
    assert report.sound and report.books == "compared", report.damage


def newer_sqlite(place: str) -> None:
    connection = sqlite3.connect(place)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def newer_postgres(place: str) -> None:
    import psycopg

    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("UPDATE bank SET version = version + 1")


NEWER: dict[str, Callable[[str], None]] = {"sqlite": newer_sqlite, "postgres": newer_postgres}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bank_of_a_newer_version_is_refused_by_every_door(engine: str, tmp_path: Path) -> None:
    place = place_of(engine, SCHEMA_VERSION, tmp_path)
    NEWER[engine](place)
    says = rf"newer version of Jingwei.*version {SCHEMA_VERSION + 1}.*upgrade Jingwei, or restore a backup"
    for door in (open_store, open_reader):
        with pytest.raises(WrongVersion, match=says):
            door(place)


def test_a_released_step_never_changes() -> None:
    """The tables a new bank begins with are those of the kept bank of version 1."""
    for engine, steps in (("sqlite", sqlite.STEPS), ("postgres", postgres.STEPS)):
        kept = (Path(__file__).parent / "schemas" / f"{engine}_1.sql").read_text("utf-8")
        missing = [sql for sql in steps[1]() if sql.startswith("CREATE") and f"{sql};" not in kept]
        assert not missing, missing


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_killed_upgrade_leaves_the_old_or_the_new(row: Row) -> None:
    tally = row.run(5, 6)
    assert (tally.bad, tally.trials) == ((), 6)
    assert row.control(5), row.control_says
