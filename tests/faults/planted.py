"""Banks with an error planted in them, so that each check shows it would find one; only tests open them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

from msgspec.structs import replace

from jingwei.home import Home
from jingwei.kernel.clock import Clock
from jingwei.simulation.soak import SQLITE, Engine
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.sqlite_reads import SqliteReader
from jingwei.stores.store import Batch


class WithoutTransaction(SqliteStore):
    """Writes each row by itself."""

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        yield self._connection


class ForgetfulReader(SqliteReader):
    """Knows no key."""

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        return {}


class IgnoresKeys(SqliteStore):
    """Does every command, whether its key was answered before or not."""

    def write(self, batch: Batch) -> None:
        known = super().answered([(actor, key) for actor, key, _ in batch.keys])
        super().write(replace(batch, keys=[key for key in batch.keys if key[:2] not in known]))

    def answered(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        return {}

    def reader(self) -> SqliteReader:
        return ForgetfulReader(self._path)


def engine_of(store: type[SqliteStore]) -> Engine:
    """The SQLite engine with this store in place of its own."""

    def opened(path: Path, clock: Clock) -> Home:
        path.mkdir(parents=True, exist_ok=True)
        return Home(path, store(path / "bank.db"), clock)

    return SQLITE._replace(open=opened, reopen=opened)
