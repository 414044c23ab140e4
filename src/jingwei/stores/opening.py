"""From where a bank is kept to the engine that keeps it: a file path, or a PostgreSQL address."""

from __future__ import annotations

from collections.abc import Iterator

from jingwei.stores.store import Reader, Store

POSTGRES = ("postgresql://", "postgres://")


def open_store(place: str) -> Store:
    """Open the bank for writing: `place` is the path of an SQLite file or a postgresql:// address.

    Raises StoreError with what to do.
    """
    if place.startswith(POSTGRES):
        from jingwei.stores.postgres import PostgresStore

        return PostgresStore(place)
    from jingwei.stores.sqlite import SqliteStore

    return SqliteStore(place)


def open_reader(place: str) -> Reader:
    """Open the bank for reading only, beside the one that writes it. Raises StoreError with what to do."""
    if place.startswith(POSTGRES):
        from jingwei.stores.postgres_reads import PostgresReader

        return PostgresReader(place)
    from jingwei.stores.sqlite_reads import SqliteReader

    return SqliteReader(place)


def read_range(place: str, size: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Records start..end, below `size`, of the bank kept at `place`; what a checking process calls."""
    reader = open_reader(place)
    try:
        yield from reader.records(start, min(end, size))
    finally:
        reader.close()
