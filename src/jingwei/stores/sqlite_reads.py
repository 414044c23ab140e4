"""Reads of a bank kept in SQLite, and what SQLite's own errors mean for a person."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from jingwei.ledger.accounts import Line
from jingwei.stores.migrations import refuse_newer
from jingwei.stores.store import SCHEMA_VERSION, SHELVES, DamagedStore, K, StoreError
from jingwei.stores.tables import LINES, TABLES, mismatches

APPLICATION_ID = 0x4A494E47
"""Marks the file as ours ("JING"), for `file` and for us."""

AT_ONCE = (1, 16, 256)
"""How many keys one prepared statement looks up; the smallest that holds the rest is filled up with NULL."""

RECORDS_AT_ONCE = 512

_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk (or the size allowed for the file) is full; free some space and ask again",
    sqlite3.SQLITE_IOERR: "the disk reported an error; check it before asking again",
    sqlite3.SQLITE_BUSY: "another process keeps the file locked; close it and ask again",
    sqlite3.SQLITE_LOCKED: "another process keeps the file locked; close it and ask again",
    sqlite3.SQLITE_READONLY: "the file is read-only; give this user the right to write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; it and its folder must exist and be writable",
    sqlite3.SQLITE_PERM: "the file may not be opened; give this user the right to it",
    sqlite3.SQLITE_AUTH: "the file may not be opened; give this user the right to it",
    sqlite3.SQLITE_CONSTRAINT: "the batch breaks a rule of the books; nothing was written",
    sqlite3.SQLITE_TOOBIG: "a record is larger than SQLite can keep (about 1 GB)",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def explain(error: Exception, path: Path) -> StoreError:
    """Return the StoreError that tells a person what happened to the bank at `path` and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return DamagedStore(
            f"{path} is damaged ({error}); restore it from the last backup, or save what can be read with "
            f"`sqlite3 {path} .recover` and check the result with `jingwei doctor`"
        )
    if code in _ADVICE:
        return StoreError(f"{path}: {_ADVICE[code]} (SQLite: {error})", _ADVICE[code])
    if isinstance(error, MemoryError):
        says = _ADVICE[sqlite3.SQLITE_NOMEM]
        return StoreError(f"{path}: {says}; ask again", says)
    if isinstance(error, OverflowError | UnicodeError):
        return StoreError(f"{path}: a value cannot be kept, nothing was written ({error})")
    return StoreError(f"{path}: {error}")


class SqliteReads:
    """The reading half of a bank in SQLite, over one connection; one thread at a time gets through."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._turn = threading.RLock()

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Return those of the kept things with these ids that exist, in any order."""
        table = TABLES[kind]
        return [kind(*row) for row in self._by_id(", ".join(table.names), table.name, ids)]

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things whose indexed column has this value, by id, after this id, at most `limit`."""
        table = TABLES[kind]
        if column not in table.indexed:
            raise ValueError(
                f"{table.name} are not found by {column}; indexed: {', '.join(table.indexed) or 'nothing'}"
            )
        return self._page(kind, f"{column} = ? AND id > ?", (value, after, limit))

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things by id, after this id, at most `limit`."""
        return self._page(kind, "id > ?", (after, limit))

    def _page(self, kind: type[K], where: str, values: tuple[str | int, ...]) -> list[K]:
        table = TABLES[kind]
        names = ", ".join(table.names)
        rows = self._rows(f"SELECT {names} FROM {table.name} WHERE {where} ORDER BY id LIMIT ?", values)
        return [kind(*row) for row in rows]

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the record number of each (actor, idempotency key) that was answered before."""
        rows = self._many(
            "WITH wanted (a, k) AS (VALUES ",
            ") SELECT a, k, seq FROM wanted CROSS JOIN answers ON actor = a AND key = k",
            "(?, ?)",
            list(chain.from_iterable(keys)),
            2,
        )
        return {(actor, key): seq for actor, key, seq in rows}

    def record(self, seq: int) -> bytes | None:
        """Return the bytes of one record, or None when there is none with this number."""
        body: bytes | None = self._one("SELECT body FROM records WHERE seq = ?", (seq,))
        return body

    def records(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, bytes) of the records start <= number < end, streaming, in order.

        Read in short pieces, so that a slow reader does not keep SQLite from folding its log into the file.
        """
        while start < end:
            rows = self._rows(
                "SELECT seq, body FROM records WHERE seq >= ? AND seq < ? ORDER BY seq",
                (start, min(end, start + RECORDS_AT_ONCE)),
            )
            if not rows:
                return
            yield from rows
            start += RECORDS_AT_ONCE

    def keys(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[tuple[str, str, int]]:
        """Return (key, actor, record number) of the answers, by key and actor, after this pair."""
        sql = "SELECT key, actor, seq FROM answers WHERE (key, actor) > (?, ?) ORDER BY key, actor LIMIT ?"
        return self._rows(sql, (*after, limit))

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Return the ledger lines with these numbers, in any order."""
        return [Line(*row) for row in self._by_id(", ".join(LINES.names), "lines", ids)]

    def line_range(self, start: int, end: int, limit: int = 1000) -> list[Line]:
        """Return the lines start <= id < end in order, at most `limit`."""
        rows = self._rows(
            f"SELECT {', '.join(LINES.names)} FROM lines WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
            (start, end, limit),
        )
        return [Line(*row) for row in rows]

    def size(self) -> int:
        """How many records are committed."""
        return int(self._one("SELECT ifnull(max(seq), -1) + 1 FROM records"))

    def note(self, name: str) -> str | None:
        """Return a small named value, or None."""
        value: str | None = self._one("SELECT value FROM notes WHERE name = ?", (name,))
        return value

    def notes(self) -> dict[str, str]:
        """Return all small named values."""
        return dict(self._rows("SELECT name, value FROM notes ORDER BY name"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While it lasts, every read sees the books as they stand at the first one; for readers only."""
        with self._turn:
            self._rows("BEGIN")
            try:
                yield
            finally:
                self._rows("COMMIT")

    def totals(self) -> list[tuple[str, int, int]]:
        """Return (currency, sum of booked, sum of held) over all balances, in minor units.

        An account of the bank's own chart that is not kept has its currency at the end of its id.
        """
        return self._rows(
            "SELECT coalesce(a.currency, CASE WHEN b.id LIKE 'bank:%' THEN substr(b.id, -3) ELSE '' END) "
            "AS code, sum(booked_minor), sum(held_minor) "
            "FROM balances b LEFT JOIN accounts a ON a.id = b.id GROUP BY code ORDER BY code"
        )

    def tile(self, level: int, index: int) -> bytes | None:
        """Return one full tile of the Merkle log (8,192 bytes), or None when not complete."""
        body: bytes | None = self._one("SELECT body FROM tiles WHERE level = ? AND idx = ?", (level, index))
        return body

    def booked(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the booked money of each of these accounts that has a balance, in minor units."""
        return dict(self._by_id("id, booked_minor", "balances", ids))

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        with self._turn:
            self._connection.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._turn:
            try:
                return self._connection.execute(sql, values).fetchall()
            except (sqlite3.Error, OverflowError, UnicodeError, MemoryError) as error:
                self._refuse(error)

    def _one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        rows = self._rows(sql, values)
        return rows[0][0] if rows else None

    def _by_id(self, columns: str, table: str, ids: Sequence[Any]) -> list[Any]:
        """These columns of the rows with these ids, each row once. Measured: a quarter faster than IN."""
        end = f") SELECT {columns} FROM wanted CROSS JOIN {table} ON id = w"
        return self._many("WITH wanted (w) AS (VALUES ", end, "(?)", list(dict.fromkeys(ids)), 1)

    def _many(self, start: str, end: str, mark: str, values: list[Any], width: int) -> list[Any]:
        """All rows of a statement that looks up many values, using only a few prepared statements."""
        rows: list[Any] = []
        largest = AT_ONCE[-1] * width
        for at in range(0, len(values), largest):
            part = values[at : at + largest]
            count = next(n for n in AT_ONCE if n * width >= len(part))
            part += [None] * (count * width - len(part))
            rows += self._rows(f"{start}{', '.join([mark] * count)}{end}", part)
        return rows

    def _refuse(self, error: Exception) -> NoReturn:
        raise explain(error, self._path) from error


def examine(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables (0: an empty file), or raise StoreError when it is not a bank."""
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    if mark != APPLICATION_ID and (mark or version or tables):
        raise StoreError(f"{path} is a database of another program; name another file for the bank")
    return version


def check_columns(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DamagedStore unless every table has the columns this program writes."""
    found = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in ("lines", *(name for name, _ in SHELVES.values()))
    }
    if wrong := mismatches(found):
        raise DamagedStore(
            f"{path} does not fit this version of Jingwei: {'; '.join(wrong)}; restore a backup"
        )


class SqliteReader(SqliteReads):
    """A connection that can only read, beside the one that writes; from this process or another."""

    def __init__(self, path: str | Path) -> None:
        """Open the bank at `path`. Raises StoreError when there is none or it is of another version."""
        path = Path(path)
        if not path.is_file():
            raise StoreError(f"there is no bank at {path}; check the path, or start the bank there once")
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("PRAGMA cache_size = -32768")
            version = examine(connection, path)
            refuse_newer(version)
            if version < SCHEMA_VERSION:
                raise StoreError(
                    f"{path} has tables of version {version}; start the bank once to upgrade them"
                )
        except sqlite3.Error as error:
            connection.close()
            raise explain(error, path) from error
        except StoreError:
            connection.close()
            raise
        super().__init__(connection, path)
