"""Keeps a small bank with the tables of today's version, for the tests of later ones: run once a release.

python -m tests.stores.keep_schema writes schemas/sqlite_N.sql and postgres_N.sql from the version before.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from tests.stores.upgrade_rows import SCHEMAS, in_sqlite, told

from jingwei.stores import postgres
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import SCHEMA_VERSION


def keep() -> None:
    """Upgrade the bank kept of the version before, and write it down."""
    size, root = told(SCHEMA_VERSION - 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank.db"
        SqliteStore(Path(in_sqlite(SCHEMA_VERSION - 1, path))).close()
        connection = sqlite3.connect(path)
        dump = [line for line in connection.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
        pragmas = [
            f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        ]
        connection.close()
    head = f"-- A small bank with tables of version {SCHEMA_VERSION}, as SQLite kept it; never changed."
    lines = [head, f"-- size {size}", f"-- root {root}", *dump, *pragmas]
    (SCHEMAS / f"sqlite_{SCHEMA_VERSION}.sql").write_text("\n".join(lines) + "\n", "utf-8")
    steps = [line for version in sorted(postgres.STEPS) for line in postgres.STEPS[version]()]
    made = [f"{line};" for line in steps if not line.startswith("INSERT INTO answers")]
    rows = f"Their rows are those of sqlite_{SCHEMA_VERSION}.sql."
    lines = [f"-- Tables of version {SCHEMA_VERSION} in PostgreSQL; never changed. {rows}", *made]
    lines.append(f"UPDATE bank SET version = {SCHEMA_VERSION};")
    (SCHEMAS / f"postgres_{SCHEMA_VERSION}.sql").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    keep()
