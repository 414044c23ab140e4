"""The bank in one SQLite file, the default engine: one writer, any number of readers, safe at a power cut."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from jingwei.audit.merkle import MerkleLog, StoredTiles, Tile, TreeError
from jingwei.kernel.durable import sync_folder
from jingwei.ledger.accounts import Balance, Kept
from jingwei.ledger.columns import tuples
from jingwei.stores.conservation import before, check_batch, check_money
from jingwei.stores.folding import Folding
from jingwei.stores.inspection import inspect
from jingwei.stores.medium import doubt_about
from jingwei.stores.migrations import pending
from jingwei.stores.sqlite_reads import (
    APPLICATION_ID,
    SqliteReader,
    SqliteReads,
    check_columns,
    examine,
    explain,
)
from jingwei.stores.sqlite_tables import STEPS
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
from jingwei.stores.tables import LINES, TABLES, insert, upsert

LOG = logging.getLogger("jingwei.stores")

PAGE_BYTES = 4096
"""Measured: bulk writes cost the same with 4, 8 and 16 KiB; single ones write half as much with 4 as 8."""

CACHE_KIB = 65_536
CHECKPOINT_PAGES = 16_384
"""The log is folded into the file when it has grown to 64 MB, so that hot pages are copied only once."""

LOCKED_MS = 5_000
FULL = 2
"""SQLite's number for `synchronous=FULL`: the log is synced at every commit. EXTRA (3) is as good."""

_INSERT_RECORD = "INSERT INTO records (seq, body) VALUES (?, ?)"
_INSERT_ANSWER = "INSERT INTO answers (actor, key, seq) VALUES (?, ?, ?)"
_INSERT_TILE = "INSERT INTO tiles (level, idx, body) VALUES (?, ?, ?)"
_UPSERT_NOTE = (
    "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_INSERT_LINE = insert(LINES, "?")
_CHANGE_BALANCE = (
    f"UPDATE balances SET {', '.join(f'{name} = ?' for name in TABLES[Balance].names[1:])} "
    "WHERE id = ? AND booked_minor = ?"
)
_NEW_BALANCE = f"{upsert(TABLES[Balance], '?')} WHERE balances.booked_minor = 0"
_UPSERT = {kind: upsert(table, "?") for kind, table in TABLES.items()}


class _MoneyDiffers(StoreError):
    """Some balance in the file is not what the batch's lines say it was."""


def assert_safe(connection: sqlite3.Connection) -> None:
    """Raise UnsafeStore unless the connection keeps what it acknowledged through a power cut.

    With `synchronous=NORMAL` a bank that has answered a customer can forget the payment when the power fails.
    """
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise UnsafeStore(f"the bank's file must use SQLite's write-ahead log (journal_mode=WAL), not {mode}")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if level < FULL:
        raise UnsafeStore(f"SQLite must run with synchronous=FULL, not {level}: money could be lost")
    if connection.execute("SELECT sqlite_compileoption_used('NO_SYNC')").fetchone()[0]:
        raise UnsafeStore("this SQLite was built with NO_SYNC and never syncs: money could be lost")


class SqliteStore(SqliteReads):
    """A bank in one file. It is the only writer; a second one, here or in another process, is refused."""

    def __init__(self, path: str | Path) -> None:
        """Open or make the bank at `path`.

        Raises StoreError when the path cannot be used or another process writes there, UnsafeStore when
        SQLite cannot be set to keep acknowledged money, DamagedStore when the file is damaged.
        """
        path = Path(path)
        self._lock = _lock(path)
        self._log: MerkleLog | None = None
        connection: sqlite3.Connection | None = None
        try:
            if doubt := doubt_about(path.parent):
                LOG.warning("%s", doubt)
            connection = _connect(path)
            super().__init__(connection, path)
            self._written = super().size()
            self._check_tiles()
            self._folding = _folding(path)
        except BaseException:
            if connection is not None:
                connection.close()
            os.close(self._lock)
            raise

    def write(self, batch: Batch) -> None:
        """Make the batch durable in one transaction before returning; StoreError: nothing was written."""
        with self._turn:
            check_batch(batch, self._written)
            log = self._sealer()
            self._log = None
            tiles = log.append_many(batch.leaves)
            was = before(batch)
            try:
                with self._transaction() as connection:
                    _put(connection, batch, tiles)
                    _put_balances(connection, batch.kept.get(Balance, []), was)
            except _MoneyDiffers:
                check_money(batch, self.booked)
                raise
            self._log, self._written = log, self._written + len(batch.leaves)

    def warm(self) -> None:
        """Get ready for many small writes: room for the log, folded beside the writer from now on."""
        with self._turn, suppress(sqlite3.Error, OSError):  # the log is folded in the writer's turn, then
            self._folding.go_beside()

    def submit(self, batch: Batch) -> Ticket:
        """Write the batch at once; the ticket tells how it ended."""
        try:
            self.write(batch)
        except StoreError as error:
            return Settled(error)
        return Settled()

    def set_notes(self, notes: dict[str, str]) -> None:
        """Durably keep small named values by themselves (signed heads, snapshots)."""
        with self._turn, self._transaction() as connection:
            connection.executemany(_UPSERT_NOTE, notes.items())

    def root(self) -> tuple[int, bytes]:
        """Return (size, Merkle root) of the committed records."""
        with self._turn:
            self._log = self._sealer()
            return self._written, self._log.root()

    def size(self) -> int:
        """How many records are committed."""
        return self._written

    def reader(self) -> SqliteReader:
        """Open another connection for reading, for use on another thread."""
        return SqliteReader(self._path)

    def check(self) -> list[str]:
        """Read everything and return what does not hang together, as sentences; slow, for `doctor`."""
        with self._turn:
            found = [str(row[0]) for row in self._rows("PRAGMA integrity_check")]
            return [finding for finding in found if finding != "ok"] + inspect(self)

    def close(self) -> None:
        """Fold the log into the file, close it and let another writer in; closing twice is harmless."""
        with self._turn:
            if self._lock < 0:
                return
            self._folding.close()
            super().close()
            self._folding.let_go()
            os.close(self._lock)
            self._lock = -1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, undone whole when anything inside it fails.

        After a failed sync SQLite leaves the log's end where it was: the half-written frames are
        invisible and the next commit writes over them.
        """
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.Error, OverflowError, UnicodeError, MemoryError) as error:
            self._refuse(error)
        finally:
            _roll_back(connection)
        self._folding.after_write(connection)

    def _sealer(self) -> MerkleLog:
        """The Merkle log of what is committed; read back at the start and after a failed write."""
        if self._log is not None:
            return self._log
        try:
            return MerkleLog.restore(self._written, StoredTiles(self.tile, self._bodies))
        except TreeError as error:
            raise DamagedStore(f"{self._path}: {error}; restore the last backup") from error

    def _bodies(self, start: int, end: int) -> Iterable[bytes]:
        return (body for _, body in self.records(start, end))

    def _check_tiles(self) -> None:
        """Raise DamagedStore unless records and tiles are as many as they must be."""
        found = {level: (count, last) for level, count, last in self._rows(
            "SELECT level, count(*), max(idx) FROM tiles GROUP BY level")}  # fmt: skip
        level, full = 0, self._written // 256
        while full or level in found:
            if found.get(level, (0, -1)) != (full, full - 1):
                raise DamagedStore(
                    f"{self._path}: the evidence does not fit {self._written} records (level {level} should "
                    f"have {full} tiles); restore the last backup"
                )
            level, full = level + 1, full // 256


def _put(connection: sqlite3.Connection, batch: Batch, tiles: list[Tile]) -> None:
    """Write all of a batch inside the open transaction."""
    connection.executemany(_INSERT_RECORD, enumerate(batch.leaves, batch.first_seq))
    connection.executemany(_INSERT_ANSWER, batch.keys)
    if batch.lines:
        connection.executemany(_INSERT_LINE, tuples(batch.lines))
    for kind, rows in batch.kept.items():
        if kind is not Balance:
            connection.executemany(_UPSERT[kind], tuples(rows))
    if tiles:
        connection.executemany(_INSERT_TILE, tiles)
    if batch.notes:
        connection.executemany(_UPSERT_NOTE, batch.notes.items())


def _put_balances(connection: sqlite3.Connection, balances: Sequence[Kept], was: list[int]) -> None:
    """Write balances, each only over the booked money its lines say was there (0: or nothing at all)."""
    known, new = [], []
    for row, booked in zip(tuples(balances), was, strict=True):
        if booked:
            known.append((*row[1:], row[0], booked))
        else:
            new.append(row)
    changed = 0
    for sql, rows in ((_CHANGE_BALANCE, known), (_NEW_BALANCE, new)):
        if rows:
            changed += connection.executemany(sql, rows).rowcount
    if changed != len(balances):
        raise _MoneyDiffers("a balance is not what its lines say it was; nothing was written")


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:  # SQLite undid it itself, or the file is gone; both leave nothing written
        return


def _lock(path: Path) -> int:
    """Become the bank's only writer, or raise StoreError; the lock ends with the process, however it ends."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a file for the bank, such as {path / 'bank.db'}")
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"cannot write beside {path} ({error.strerror}); "
            f"the folder must exist and this user must have the right to write in it"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise InUse(
            f"the bank at {path} is open for writing already; stop that process first (readers may stay)"
        ) from error
    return handle


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file for writing, set it up, make or upgrade its tables; raises StoreError."""
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        _set_up(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _folding(path: Path) -> Folding:
    """Whoever folds the log of the bank at `path`, which is open; raises StoreError."""
    try:
        return Folding(path, CHECKPOINT_PAGES)
    except OSError as error:
        raise StoreError(f"{path}-shm cannot be opened ({error.strerror}); remove what keeps it") from error


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    version = examine(connection, path)
    statements = pending(version, STEPS)
    for setting in (
        f"busy_timeout = {LOCKED_MS}",
        f"page_size = {PAGE_BYTES}",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"cache_size = -{CACHE_KIB}",
        "wal_autocheckpoint = 0",
        "secure_delete = 0",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}")
    assert_safe(connection)
    _assert_writable(connection, version)
    if statements:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    check_columns(connection, path)
    _settle(connection, path)


def _assert_writable(connection: sqlite3.Connection, version: int) -> None:
    """Raise sqlite3.OperationalError when SQLite opened the file for reading only, as it does in silence."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("ROLLBACK")


def _settle(connection: sqlite3.Connection, path: Path) -> None:
    """Make durable what an earlier process left in the log; raises StoreError when that cannot be done.

    A process killed between writing a batch and its sync, or one whose sync failed, leaves a batch that
    reads back whole from the system's memory and may never reach the disk. Here it is an answer: asked
    again, its key is answered from the record. So it is written anew, into the file, and the log begun
    again: records written behind a frame that is not on the disk would be lost with it. While others
    read this cannot be done, nor need it be: what they can see was synced.
    """
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    try:
        if busy:
            _sync(path.with_name(f"{path.name}-wal"))
        sync_folder(path.parent)
    except OSError as error:
        why = f"the disk reported an error ({error}); check it before asking again"
        raise StoreError(f"{path}: {why}") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
