"""Reads of a bank kept in PostgreSQL, and what PostgreSQL's own errors mean for a person."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from jingwei.ledger.accounts import Line
from jingwei.stores import runs
from jingwei.stores.migrations import refuse_newer
from jingwei.stores.store import SCHEMA_VERSION, SHELVES, DamagedStore, K, StoreError
from jingwei.stores.tables import LINES, TABLES, mismatches

try:
    import psycopg
except ImportError as missing:
    raise StoreError("a bank in PostgreSQL needs psycopg: pip install 'jingwei[postgres]'") from missing

Connection = psycopg.Connection[tuple[Any, ...]]

RECORDS_AT_ONCE = 512
CONNECT_SECONDS = 5
PATIENCE = {
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""A server that no longer answers is noticed in seconds instead of hours."""

_ADVICE = {
    "53100": "its disk is full; free some space and ask again",
    "53200": "it is out of memory; ask again later",
    "53300": "it has no connection left; raise max_connections or close some",
    "25006": "it only allows reading (a standby?); name the primary server",
    "42501": "this user lacks a right; grant it the right to create and write tables in its schema",
    "28P01": "user or password are wrong",
    "28000": "this user may not connect from here; see pg_hba.conf",
    "3D000": "there is no such database; create it with createdb",
}
_AT_THE_DOOR = {
    "authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "too many clients": "53300",
    "does not exist": "3D000",
}
"""A refused connection has no code, only words."""

_BROKEN_RULE = "23"
_BAD_VALUE = "22"
_NO_CONNECTION = ("08", "57P")
_DAMAGED = ("XX001", "XX002")
REFUSED = (psycopg.Error, OverflowError, UnicodeError)
"""What psycopg raises when a statement or a value is refused."""


def explain(error: Exception, place: str) -> StoreError:
    """Return the StoreError that tells a person what happened to the bank at `place` and what to do."""
    code = getattr(error, "sqlstate", None) or ""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if code in _DAMAGED:
        return DamagedStore(f"{place} is damaged ({said}); restore it from the last backup")
    if code in _ADVICE:
        return StoreError(f"{place}: {_ADVICE[code]} ({said})", _ADVICE[code])
    if code.startswith(_BROKEN_RULE):
        return StoreError(f"{place}: the batch breaks a rule of the books; nothing was written ({said})")
    if code.startswith(_BAD_VALUE) or isinstance(error, psycopg.DataError | OverflowError | UnicodeError):
        return StoreError(f"{place}: a value cannot be kept, nothing was written ({said})")
    if code.startswith(_NO_CONNECTION) or (not code and isinstance(error, psycopg.OperationalError)):
        return StoreError(
            f"{place} does not answer; check that PostgreSQL runs there, then ask again ({said})"
        )
    return StoreError(f"{place}: {said}")


def connect(dsn: str) -> Connection:
    """Open one connection in autocommit; raises StoreError. The message never holds the password."""
    try:
        settings = {**PATIENCE, **psycopg.conninfo.conninfo_to_dict(dsn)}
        return psycopg.connect(**settings, autocommit=True)  # type: ignore[arg-type]
    except psycopg.Error as error:
        words = next((code for said, code in _AT_THE_DOOR.items() if said in str(error)), "")
        if words:
            raise StoreError(
                f"PostgreSQL: {_ADVICE[words]} ({str(error).strip()})", _ADVICE[words]
            ) from error
        raise explain(error, "PostgreSQL") from error


def place_of(connection: Connection) -> str:
    """Where a connection leads, for messages."""
    info = connection.info
    return f"PostgreSQL at {info.host}:{info.port}/{info.dbname}"


class PostgresReads:
    """The reading half of a bank in PostgreSQL, over one connection; one thread at a time gets through.

    A lost connection is a StoreError; the next call opens a new one.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._turn = threading.RLock()
        self._closed = False
        self._connection = self._open()
        self._place = place_of(self._connection)

    def _open(self) -> Connection:
        """Open and check one connection."""
        raise NotImplementedError

    def load(self, kind: type[K], ids: Sequence[str]) -> list[K]:
        """Return those of the kept things with these ids that exist, in any order."""
        table = TABLES[kind]
        sql = f"SELECT {', '.join(table.names)} FROM {table.name} WHERE id = ANY(%s::text[])"
        return [kind(*row) for row in self._rows(sql, (list(ids),))] if ids else []

    def find(self, kind: type[K], column: str, value: str, *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things whose indexed column has this value, by id, after this id, at most `limit`."""
        table = TABLES[kind]
        if column not in table.indexed:
            known = ", ".join(table.indexed) or "nothing"
            raise ValueError(f"{table.name} are not found by {column}; indexed: {known}")
        return self._page(kind, f"{column} = %s AND id > %s", (value, after, limit))

    def page(self, kind: type[K], *, after: str = "", limit: int = 100) -> list[K]:
        """Return kept things by id, after this id, at most `limit`."""
        return self._page(kind, "id > %s", (after, limit))

    def _page(self, kind: type[K], where: str, values: tuple[str | int, ...]) -> list[K]:
        table = TABLES[kind]
        names = ", ".join(table.names)
        rows = self._rows(f"SELECT {names} FROM {table.name} WHERE {where} ORDER BY id LIMIT %s", values)
        return [kind(*row) for row in rows]

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the record number of each (actor, idempotency key) that was answered before."""
        return runs.answered(keys, self._stretch, self._answered)

    def _stretch(self, low: str, high: str, most: int) -> list[Any]:
        sql = "SELECT actor, key, seq FROM answers WHERE key >= %s AND key <= %s LIMIT %s"
        return self._rows(sql, (low, high, most))

    def _answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        if not keys:
            return {}
        rows = self._rows(
            "SELECT a, k, seq FROM unnest(%s::text[], %s::text[]) AS wanted (a, k) "
            "JOIN answers ON actor = a AND key = k",
            ([actor for actor, _ in keys], [key for _, key in keys]),
        )
        return {(actor, key): seq for actor, key, seq in rows}

    def record(self, seq: int) -> bytes | None:
        """Return the bytes of one record, or None when there is none with this number."""
        body: bytes | None = self._one("SELECT body FROM records WHERE seq = %s", (seq,))
        return body

    def records(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield (number, bytes) of the records start <= number < end, streaming, in order."""
        while start < end:
            rows = self._rows(
                "SELECT seq, body FROM records WHERE seq >= %s AND seq < %s ORDER BY seq",
                (start, min(end, start + RECORDS_AT_ONCE)),
            )
            if not rows:
                return
            yield from rows
            start += RECORDS_AT_ONCE

    def keys(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[tuple[str, str, int]]:
        """Return (key, actor, record number) of the answers, by key and actor, after this pair."""
        sql = "SELECT key, actor, seq FROM answers WHERE (key, actor) > (%s, %s) ORDER BY key, actor LIMIT %s"
        return self._rows(sql, (*after, limit))

    def lines(self, ids: Sequence[int]) -> list[Line]:
        """Return the ledger lines with these numbers, in any order."""
        sql = f"SELECT {', '.join(LINES.names)} FROM lines WHERE id = ANY(%s::bigint[])"
        return [Line(*row) for row in self._rows(sql, (list(ids),))] if ids else []

    def line_range(self, start: int, end: int, limit: int = 1000) -> list[Line]:
        """Return the lines start <= id < end in order, at most `limit`."""
        rows = self._rows(
            f"SELECT {', '.join(LINES.names)} FROM lines WHERE id >= %s AND id < %s ORDER BY id LIMIT %s",
            (start, end, limit),
        )
        return [Line(*row) for row in rows]

    def size(self) -> int:
        """How many records are committed."""
        return int(self._one("SELECT coalesce(max(seq), -1) + 1 FROM records"))

    def note(self, name: str) -> str | None:
        """Return a small named value, or None."""
        value: str | None = self._one("SELECT value FROM notes WHERE name = %s", (name,))
        return value

    def notes(self) -> dict[str, str]:
        """Return all small named values."""
        return dict(self._rows("SELECT name, value FROM notes ORDER BY name"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While it lasts, every read sees the books as they stand at the first one; for readers only."""
        with self._turn:
            connection = self._ready()
            try:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield
                connection.execute("COMMIT")
            except psycopg.Error as error:
                self._refuse(error)
            finally:
                if not connection.closed and connection.info.transaction_status:
                    connection.execute("ROLLBACK")

    def totals(self) -> list[tuple[str, int, int]]:
        """Return (currency, sum of booked, sum of held) over all balances, in minor units.

        An account of the bank's own chart that is not kept has its currency at the end of its id.
        """
        rows = self._rows(
            "SELECT coalesce(a.currency, CASE WHEN b.id LIKE 'bank:%' THEN right(b.id, 3) ELSE '' END) "
            "AS code, sum(booked_minor), sum(held_minor) "
            "FROM balances b LEFT JOIN accounts a ON a.id = b.id GROUP BY code ORDER BY code"
        )
        return [(code, int(booked), int(held)) for code, booked, held in rows]

    def tile(self, level: int, index: int) -> bytes | None:
        """Return one full tile of the Merkle log (8,192 bytes), or None when not complete."""
        body: bytes | None = self._one("SELECT body FROM tiles WHERE level = %s AND idx = %s", (level, index))
        return body

    def booked(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the booked money of each of these accounts that has a balance, in minor units."""
        rows = self._rows("SELECT id, booked_minor FROM balances WHERE id = ANY(%s::text[])", (list(ids),))
        return dict(rows)

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        with self._turn:
            self._closed = True
            self._connection.close()

    def _ready(self) -> Connection:
        """The connection, opened anew when it was lost."""
        if self._closed:
            raise StoreError(f"{self._place} was closed; open the bank again")
        if self._connection.closed:
            self._connection = self._open()
        return self._connection

    def _rows(self, sql: str, values: Sequence[Any] | None = None) -> list[Any]:
        with self._turn:
            try:
                return self._ready().execute(sql, values, binary=True).fetchall()
            except REFUSED as error:
                self._refuse(error)

    def _one(self, sql: str, values: Sequence[Any] | None = None) -> Any:
        rows = self._rows(sql, values)
        return rows[0][0] if rows else None

    def _refuse(self, error: Exception) -> NoReturn:
        raise explain(error, self._place) from error


def found_version(connection: Connection) -> int:
    """Return the version of the tables (0: none yet), or raise StoreError when they are not a bank's."""
    there = connection.execute("SELECT to_regclass('bank'), to_regclass('records')").fetchone()
    assert there is not None, "a SELECT without FROM has one row"
    if there[0] is None:
        if there[1] is not None:
            raise StoreError(f"{place_of(connection)} holds tables of another program; name another database")
        return 0
    row = connection.execute("SELECT version FROM bank").fetchone()
    if row is None:
        raise DamagedStore(f"{place_of(connection)}: the table bank has lost its row; restore a backup")
    return int(row[0])


def check_columns(connection: Connection) -> None:
    """Raise DamagedStore unless every table has the columns this program writes."""
    names = ["lines", *(name for name, _ in SHELVES.values())]
    rows = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.oid IN (SELECT to_regclass(n) FROM unnest(%s::text[]) AS n) "
        "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        (names,),
    )
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    if wrong := mismatches(found):
        place = place_of(connection)
        raise DamagedStore(
            f"{place} does not fit this version of Jingwei: {'; '.join(wrong)}; restore a backup"
        )


class PostgresReader(PostgresReads):
    """A connection that can only read, beside the one that writes; from this process or another."""

    def _open(self) -> Connection:
        connection = connect(self._dsn)
        place = place_of(connection)
        try:
            connection.execute("SET default_transaction_read_only = on")
            version = found_version(connection)
            refuse_newer(version)
            if version < SCHEMA_VERSION:
                raise StoreError(f"{place} has no bank of this version; start the bank there once")
        except REFUSED as error:
            connection.close()
            raise explain(error, place) from error
        except StoreError:
            connection.close()
            raise
        return connection
