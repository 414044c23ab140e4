"""Rows on upgrades: banks as every released version left them, and upgrades that are killed."""

from __future__ import annotations

import atexit
import os
import random
import re
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from tests.keeping.small_bank import database
from tests.soak.row import Row, Tally

from jingwei.stores import migrations, sqlite, sqlite_reads
from jingwei.stores.local_postgres import find_programs
from jingwei.stores.store import SCHEMA_VERSION

SCHEMAS = Path(__file__).parent / "schemas"
NEWS = 40
"""Tables the planted next version adds, so that its upgrade takes a while."""


def released(engine: str) -> list[int]:
    """The versions of which a bank is kept here."""
    return sorted(int(path.stem.rpartition("_")[2]) for path in SCHEMAS.glob(f"{engine}_*.sql"))


def told(version: int) -> tuple[int, str]:
    """How many records the kept bank of this version has, and their root."""
    text = (SCHEMAS / f"sqlite_{version}.sql").read_text("utf-8")
    found = re.search(r"^-- size (\d+)\n-- root ([0-9a-f]{64})$", text, re.MULTILINE)
    assert found is not None, "a kept bank tells its size and root"
    return int(found[1]), found[2]


def in_sqlite(version: int, path: Path) -> str:
    """The kept bank as an SQLite file; return where it is."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript((SCHEMAS / f"sqlite_{version}.sql").read_text("utf-8"))
    connection.close()
    return str(path)


def in_postgres(version: int, name: str) -> str:
    """The kept bank as a PostgreSQL database of this name; return its address."""
    import psycopg

    url = database(name)
    rows = sqlite3.connect(":memory:")
    rows.executescript((SCHEMAS / f"sqlite_{version}.sql").read_text("utf-8"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((SCHEMAS / f"postgres_{version}.sql").read_text("utf-8").encode())
        for (table,) in rows.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            found = rows.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in found.description]
            marks = ", ".join(["%s"] * len(names))
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            connection.cursor().executemany(sql.encode(), found.fetchall())
    rows.close()
    return url


# -- an upgrade that is killed


class Dying(list[str]):
    """Statements in whose middle the process is killed: before the one numbered `at`, or behind the last."""

    at = -1

    def __iter__(self) -> Iterator[str]:
        for n in range(len(self) + 1):
            if n == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            if n < len(self):
                yield self[n]


def _next_version(whole: bool, at: int) -> tuple[int, Callable[..., list[str]]]:
    """The planted next version: many new tables, one after the other; killed at statement `at`."""
    tables = [f"CREATE TABLE news_{n} (id TEXT PRIMARY KEY)" for n in range(NEWS)]
    if not whole:
        tables = [part for table in tables for part in (table, "COMMIT", "BEGIN")]
    dying = Dying(tables)
    dying.at = at
    return SCHEMA_VERSION + 1, lambda found, *_: dying if found <= SCHEMA_VERSION else []


def _upgrade(engine: str, place: str, whole: bool, at: int) -> None:
    """Open the bank with the planted next version; run in a process of its own, as it changes the program."""
    later, pending = _next_version(whole, at)
    if engine == "sqlite":
        sqlite.SCHEMA_VERSION = sqlite_reads.SCHEMA_VERSION = later  # type: ignore[misc]
        sqlite.pending = pending  # type: ignore[assignment]
        sqlite.SqliteStore(place).close()
        return
    from jingwei.stores import postgres

    postgres.SCHEMA_VERSION = later  # type: ignore[misc]
    postgres.pending = pending  # type: ignore[assignment]
    postgres.PostgresStore(place).close()


def _state(engine: str, place: str) -> tuple[int, int]:
    """(version, new tables) of the bank at rest."""
    count = "SELECT count(*) FROM {} WHERE {} LIKE 'news!_%' ESCAPE '!'"
    if engine == "sqlite":
        connection = sqlite3.connect(place)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        where = count.format("sqlite_schema", "type = 'table' AND name")
        tables = connection.execute(where).fetchone()[0]
        connection.close()
        return int(version), int(tables)
    import psycopg

    with psycopg.connect(place, autocommit=True) as found:
        asked = count.format("pg_tables", "tablename").encode()
        (tables,), (version,) = found.execute(asked).fetchone(), found.execute(
            "SELECT version FROM bank").fetchone()  # type: ignore[misc]  # fmt: skip
    return version, tables


@lru_cache(maxsize=2)
def _old(engine: str) -> str:
    """A bank of the present version, to be copied and upgraded."""
    if engine == "postgres":
        return in_postgres(released("postgres")[-1], "old")
    folder = Path(tempfile.mkdtemp(prefix="jingwei-old-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return in_sqlite(released("sqlite")[-1], folder / "bank.db")


def _copy(engine: str, folder: Path) -> str:
    old = _old(engine)
    if engine == "sqlite":
        shutil.copy(old, folder / "bank.db")
        return str(folder / "bank.db")
    import psycopg

    root = old.rpartition("/")[0] + "/postgres"
    with psycopg.connect(root, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS upgraded WITH (FORCE)")
        connection.execute("CREATE DATABASE upgraded TEMPLATE old")
    return old.rpartition("/")[0] + "/upgraded"


def killed_upgrades(engine: str, seed: int, count: int, *, whole: bool = True) -> Tally:
    """Upgrade in a process that is killed at a random statement: the tables are the old or the new ones."""
    bad, mid = [], 0
    folder = Path(tempfile.mkdtemp(prefix="jingwei-upgrade-"))
    for trial in range(count):
        place = _copy(engine, folder)
        at = random.Random(f"{seed} {trial}").randrange(NEWS * (1 if whole else 3) + 2)
        child = os.fork()
        if not child:
            try:
                _upgrade(engine, place, whole, at)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        state = _state(engine, place)
        mid += state == (SCHEMA_VERSION, 0)
        if state not in ((SCHEMA_VERSION, 0), (SCHEMA_VERSION + 1, NEWS)):
            where = f"(seed {seed}, trial {trial})"
            bad.append(f"{engine}: version {state[0]} with {state[1]} new tables {where}")
        for left in folder.iterdir():
            left.unlink()
    folder.rmdir()
    return Tally(count, tuple(bad), {"still the old one": mid})


def in_pieces(engine: str, seed: int) -> bool:
    """An upgrade that commits each statement by itself is caught between."""
    return any(killed_upgrades(engine, seed + n, 4, whole=False).bad for n in range(2))


ROWS = [
    Row(
        f"R14 upgrade {engine}",
        f"an upgrade in {engine} killed in the middle leaves the old tables or the new, never between",
        300,
        20,
        partial(killed_upgrades, engine),
        partial(in_pieces, engine),
        "an upgrade that commits each statement by itself",
    )
    for engine in (("sqlite", "postgres") if find_programs() else ("sqlite",))
]

assert migrations.pending is sqlite.pending, "the planted version is put in place of this name"
