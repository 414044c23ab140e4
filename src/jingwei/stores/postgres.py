"""The bank in PostgreSQL: one writer at a time, whichever machine it runs on, and any number of readers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from jingwei.audit.joined import Joined
from jingwei.audit.merkle import MerkleLog, StoredTiles, Tile, TreeError
from jingwei.ledger.accounts import Balance, Kept
from jingwei.ledger.columns import Columns, tuples
from jingwei.stores.conservation import before, check_batch, check_money
from jingwei.stores.copying import records_of, rows_of
from jingwei.stores.inspection import inspect
from jingwei.stores.migrations import pending
from jingwei.stores.postgres_reads import (
    REFUSED,
    Connection,
    PostgresReader,
    PostgresReads,
    check_columns,
    connect,
    explain,
    found_version,
    place_of,
)
from jingwei.stores.postgres_tables import STEPS
from jingwei.stores.store import (
    SCHEMA_VERSION,
    Batch,
    DamagedStore,
    InUse,
    Settled,
    StoreError,
    Ticket,
    UnsafeStore,
)
from jingwei.stores.tables import LINES, TABLES, Table, upsert

if TYPE_CHECKING:
    import psycopg

WRITER_LOCK = 0x4A494E47
"""The advisory lock ("JING") that makes a session the only writer of its database."""

LOCK_SECONDS = 5.0
RECOVER_SECONDS = 10.0
BULK = 48
"""From so many rows on COPY is faster than single statements sent together."""

_SAFE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}
_TYPE = {"int": "int8", "text": "text"}
_UPSERT = {kind: upsert(table, "%s") for kind, table in TABLES.items()}
_INSERT_TILE = "INSERT INTO tiles (level, idx, body) VALUES (%s, %s, %s)"
_UPSERT_NOTE = (
    "INSERT INTO notes (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class _MoneyDiffers(StoreError):
    """Some balance in the database is not what the batch's lines say it was."""


Shape = tuple[str, Sequence[str], Sequence[str]]
"""A table's name, its columns, their PostgreSQL types."""

_RECORDS: Shape = ("records", ("seq", "body"), ("int8", "bytea"))
_ANSWERS: Shape = ("answers", ("actor", "key", "seq"), ("text", "text", "int8"))


def assert_safe(connection: Connection) -> None:
    """Raise UnsafeStore unless the session keeps what it acknowledged through a power cut."""
    for setting, safe in _SAFE.items():
        row = connection.execute(f"SHOW {setting}").fetchone()
        if row is None or row[0] not in safe:
            raise UnsafeStore(
                f"{place_of(connection)} runs with {setting}={row[0] if row else '?'}: acknowledged money "
                f"could be lost at a power cut; set {setting}=on and reload PostgreSQL"
            )


class PostgresStore(PostgresReads):
    """A bank in one PostgreSQL database. The only writer: an advisory lock keeps a second one out.

    Every writer draws a higher token; a write first makes sure that its token is still the newest, so a
    writer that was cut off and replaced can write nothing any more.
    """

    def __init__(self, dsn: str) -> None:
        """Open or make the bank at this postgresql:// address.

        Raises StoreError when it does not answer or has another writer, UnsafeStore when it could
        lose acknowledged money, DamagedStore when its tables do not fit.
        """
        self._token = 0
        self._written = 0
        self._log: MerkleLog | None = None
        super().__init__(dsn)

    def write(self, batch: Batch) -> None:
        """Make the batch durable in one transaction before returning; StoreError: nothing was written.

        When the connection is lost while it commits, the store connects again and looks whether the
        batch is there; only when that fails too is the outcome open, which the message says.
        """
        with self._turn:
            self._ready()
            check_batch(batch, self._written)
            log = self._sealer()
            self._log = None
            tiles = log.append_many(batch.leaves)
            try:
                self._put_all(batch, tiles)
                self._written += len(batch.leaves)
            except REFUSED as error:
                if not self._connection.closed or not self._found(batch, error):
                    self._refuse(error)
            self._log = log

    def _put_all(self, batch: Batch, tiles: list[Tile]) -> None:
        """Write the batch in one transaction, its balances only over what its lines say was there."""
        balances = batch.kept.get(Balance, [])
        try:
            with self._transaction() as connection:
                if len(balances) < BULK:
                    check_money(batch, self.booked)
                    _put(connection, batch, tiles, batch.kept)
                else:
                    was = before(batch)
                    kept = {kind: rows for kind, rows in batch.kept.items() if kind is not Balance}
                    _put(connection, batch, tiles, kept)
                    _put_balances(connection.cursor(), balances, was)
        except _MoneyDiffers:
            check_money(batch, self.booked)
            raise

    def submit(self, batch: Batch) -> Ticket:
        """Write the batch at once; the ticket tells how it ended."""
        try:
            self.write(batch)
        except StoreError as error:
            return Settled(error)
        return Settled()

    def warm(self) -> None:
        """Nothing to get ready here."""

    def set_notes(self, notes: dict[str, str]) -> None:
        """Durably keep small named values by themselves (signed heads, snapshots)."""
        with self._turn:
            self._ready()
            try:
                with self._transaction() as connection:
                    connection.cursor().executemany(_UPSERT_NOTE, notes.items())
            except REFUSED as error:
                self._refuse(error)

    def empty(self) -> None:
        """Empty every table, for a restore that was interrupted. Raises StoreError."""
        kept = ", ".join(table.name for table in (LINES, *TABLES.values()))
        with self._turn:
            self._ready()
            try:
                with self._transaction() as connection:
                    connection.execute(f"TRUNCATE records, answers, tiles, notes, {kept}".encode())
            except REFUSED as error:
                self._refuse(error)
            self._written, self._log = 0, None

    def root(self) -> tuple[int, bytes]:
        """Return (size, Merkle root) of the committed records."""
        with self._turn:
            self._ready()
            self._log = self._sealer()
            return self._written, self._log.root()

    def reader(self) -> PostgresReader:
        """Open another connection for reading, for use on another thread."""
        return PostgresReader(self._dsn)

    def check(self) -> list[str]:
        """Read everything and return what does not hang together, as sentences; slow, for `doctor`."""
        with self._turn:
            return inspect(self)

    def recover(self) -> int:
        """Connect again if need be and return how many records are committed, read from the tables anew."""
        with self._turn:
            self._ready()
            found = self.size()
            if found != self._written:
                self._written, self._log = found, None
            return found

    def _open(self) -> Connection:
        """Connect, check the settings, become the only writer, make or upgrade the tables, read the size."""
        connection = connect(self._dsn)
        place = place_of(connection)
        try:
            assert_safe(connection)
            _become_writer(connection)
            self._token = _set_up(connection)
            row = connection.execute("SELECT coalesce(max(seq), -1) + 1 FROM records").fetchone()
            assert row is not None, "an aggregate has one row"
            self._written, self._log = int(row[0]), None
        except REFUSED as error:
            connection.close()
            raise explain(error, place) from error
        except StoreError:
            connection.close()
            raise
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One durable transaction that only the newest writer gets through, undone whole when it fails."""
        with self._connection.transaction():
            row = self._connection.execute("SELECT token FROM bank FOR SHARE").fetchone()
            if row is None or row[0] != self._token:
                raise StoreError(
                    f"{self._place} has a newer writer; this one must stop (open the bank again)"
                )
            yield self._connection

    def _found(self, batch: Batch, error: Exception) -> bool:
        """After a lost connection: whether the batch was committed all the same."""
        deadline = time.monotonic() + RECOVER_SECONDS
        while True:
            try:
                size = self.recover()
                last = self.record(size - 1) if size else None
                return batch.leaves[-1:] == [last] and size == batch.first_seq + len(batch.leaves)
            except StoreError as still:
                if time.monotonic() > deadline:
                    raise StoreError(
                        f"{self._place} was lost while it wrote; whether the batch is kept shows when it "
                        f"answers again: read the size and ask again with the same keys ({still})"
                    ) from error
                time.sleep(0.2)

    def _sealer(self) -> MerkleLog:
        """The Merkle log of what is committed; read back at the start and after a failed write."""
        if self._log is not None:
            return self._log
        try:
            return MerkleLog.restore(self._written, StoredTiles(self.tile, self._bodies))
        except TreeError as error:
            raise DamagedStore(f"{self._place}: {error}; restore the last backup") from error

    def _bodies(self, start: int, end: int) -> Iterable[bytes]:
        return (body for _, body in self.records(start, end))


def _become_writer(connection: Connection) -> None:
    """Take the writer's lock, waiting a moment for one that is just ending; raises StoreError."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (WRITER_LOCK,)).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() > deadline:
            raise InUse(
                f"another process writes {place_of(connection)}; stop it first (readers may stay)"
            )
        time.sleep(0.1)


def _set_up(connection: Connection) -> int:
    """Make or upgrade the tables and draw the next writer's token; raises StoreError."""
    with connection.transaction():
        for statement in pending(found_version(connection), STEPS):
            connection.execute(statement)
        row = connection.execute(
            "UPDATE bank SET version = %s, token = token + 1 RETURNING token", (SCHEMA_VERSION,)
        ).fetchone()
    check_columns(connection)
    if row is None:
        raise DamagedStore(f"{place_of(connection)}: the table bank has lost its row; restore a backup")
    return int(row[0])


def _put(
    connection: Connection, batch: Batch, tiles: list[Tile], kept: Mapping[type[Kept], Sequence[Kept]]
) -> None:
    """Write all of a batch inside the open transaction."""
    cursor = connection.cursor()
    if isinstance(batch.leaves, Joined):
        _copy(cursor, _RECORDS, records_of(batch.first_seq, batch.leaves))
    else:
        _append(cursor, _RECORDS, list(enumerate(batch.leaves, batch.first_seq)))
    _append(cursor, _ANSWERS, batch.keys)
    if isinstance(batch.lines, Columns):
        _copy(cursor, _shape(LINES), rows_of(batch.lines))
    else:
        _append(cursor, _shape(LINES), list(tuples(batch.lines)))
    for kind, rows in kept.items():
        _keep(cursor, TABLES[kind], _UPSERT[kind], list(tuples(rows)))
    if tiles:
        cursor.executemany(_INSERT_TILE, tiles)
    if batch.notes:
        cursor.executemany(_UPSERT_NOTE, batch.notes.items())


def _put_balances(cursor: psycopg.Cursor[tuple[Any, ...]], balances: Sequence[Kept], was: list[int]) -> None:
    """Write many balances, each only over the booked money its lines say was there (0: or nothing at all).

    The planner knows nothing of the rows that just arrived; each is found through the index.
    """
    table = TABLES[Balance]
    arrived = f"{table.name}_arrived"
    cursor.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {arrived} (LIKE {table.name}, was bigint) ON COMMIT DELETE ROWS"
    )
    _, columns, types = _shape(table)
    shape = (arrived, (*columns, "was"), (*types, "int8"))
    _copy(cursor, shape, rows_of(Columns.of(Balance, cast("Sequence[Balance]", balances)), was))
    cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    changes = ", ".join(f"{name} = n.{name}" for name in table.names[1:])
    changed = cursor.execute(
        f"UPDATE {table.name} b SET {changes} FROM {arrived} n WHERE b.id = n.id AND b.booked_minor = n.was"
    ).rowcount
    if changed < len(balances):
        names = ", ".join(table.names)
        changed += cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {arrived} n "
            f"WHERE n.was = 0 AND NOT EXISTS (SELECT FROM {table.name} b WHERE b.id = n.id)"
        ).rowcount
    if changed != len(balances):
        raise _MoneyDiffers("a balance is not what its lines say it was; nothing was written")


def _shape(table: Table, name: str = "") -> Shape:
    return name or table.name, table.names, [_TYPE[column.kind] for column in table.columns]


def _append(cursor: psycopg.Cursor[tuple[Any, ...]], shape: Shape, rows: list[tuple[Any, ...]]) -> None:
    """Write new rows: a few as statements sent together, many by COPY."""
    name, columns, types = shape
    if len(rows) >= BULK:
        with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    elif rows:
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)


def _copy(cursor: psycopg.Cursor[tuple[Any, ...]], shape: Shape, data: bytes) -> None:
    """Write new rows that are binary COPY data already."""
    name, columns, _ = shape
    with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(data)


def _keep(
    cursor: psycopg.Cursor[tuple[Any, ...]], table: Table, one: str, rows: list[tuple[Any, ...]]
) -> None:
    """Write rows as they stand now: a few as statements, many by COPY into a temporary table."""
    if len(rows) < BULK:
        cursor.executemany(one, rows)
        return
    arrived = f"{table.name}_arrived"
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {arrived} (LIKE {table.name}) ON COMMIT DELETE ROWS")
    _append(cursor, _shape(table, arrived), rows)
    names = ", ".join(table.names)
    changes = ", ".join(f"{name} = excluded.{name}" for name in table.names[1:])
    cursor.execute(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {arrived} "
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )
