"""Rows that an engine gives: Parquet and DuckDB files, SQLite files, PostgreSQL databases. Read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Map
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from jingwei.channels.sources.raw import Raw, SourceError, places
from jingwei.domains.insight.mapping import LookUp, Mapping

AT_ONCE: Final = 5_000
MEMORY: Final = "1GB"
MOST_LOOKED_UP: Final = 2_000_000
SHOWN: Final = 500


More = Callable[[], Sequence[Sequence[Any]]]
"""Gives the next rows, none at the end."""


class QueriedRows:
    """Implements `Rows` over anything that fetches many rows at a time; `line` counts rows from 1."""

    def __init__(
        self,
        fetch: Callable[[int], More],
        total: int,
        close: Callable[[], None],
    ) -> None:
        """`fetch(position)` begins after so many rows and returns what gives the next ones, [] at the end."""
        self.total = total
        self._fetch = fetch
        self.close = close

    def read(self, position: int, offset: int, line: int) -> Iterator[Raw]:
        """The rows from here on. Raises SourceError when the engine cannot go on."""
        number = position
        try:
            more = self._fetch(position)
            while rows := more():
                for row in rows:
                    number += 1
                    yield Raw(number, 0, row, None, "")
        except (duckdb.Error, sqlite3.Error) as error:
            says = _first_line(error)
            raise SourceError(f"after row {number}: {says}", "repair the file, or write it again") from None


def parquet_rows(path: Path, mapping: Mapping) -> QueriedRows:
    """A Parquet file. Raises SourceError when it is none or lacks a column."""
    duck = _duck()
    try:
        header = [
            row[0] for row in duck.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        ]
        total = duck.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0][0]
        places(mapping.columns(), header)
    except (duckdb.Error, SourceError) as error:
        duck.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"{path.name} is not a Parquet file: {_first_line(error)}", "write it again"
        ) from None
    columns = ", ".join(map(_quoted, mapping.columns()))
    sql = f"SELECT {columns} FROM read_parquet(?, file_row_number = true) WHERE file_row_number >= ?"

    def fetch(position: int) -> More:
        found = duck.execute(sql, [str(path), position])
        return lambda: found.fetchmany(AT_ONCE)

    return QueriedRows(fetch, total, duck.close)


def duckdb_rows(path: Path, mapping: Mapping) -> QueriedRows:
    """The query of the mapping on a DuckDB file. Raises SourceError."""
    duck = None
    try:
        duck = _duck(str(path))
        header = [row[0] for row in duck.execute(f"DESCRIBE {mapping.read.query}").fetchall()]
        sql = _chosen(mapping, header)
    except (duckdb.Error, SourceError) as error:
        if duck is not None:
            duck.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError(
            f"{path.name}: {_first_line(error)}", "see the file and the mapping's query"
        ) from None

    def fetch(position: int) -> More:
        found = duck.execute(sql)
        _pass_over(found.fetchmany, position)
        return lambda: found.fetchmany(AT_ONCE)

    return QueriedRows(fetch, 0, duck.close)


def sqlite_rows(path: Path, mapping: Mapping) -> QueriedRows:
    """The query of the mapping on an SQLite file. Raises SourceError."""
    db = None
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        found = db.execute(mapping.read.query)
        sql = _chosen(mapping, [part[0] for part in found.description or ()])
    except (sqlite3.Error, SourceError) as error:
        if db is not None:
            db.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path.name}: {error}", "see the file and the mapping's query") from None

    def fetch(position: int) -> More:
        rows = db.execute(sql)
        _pass_over(rows.fetchmany, position)
        return lambda: rows.fetchmany(AT_ONCE)

    return QueriedRows(fetch, 0, db.close)


def postgres_rows(address: str, mapping: Mapping) -> QueriedRows:
    """The query of the mapping on a PostgreSQL database, only reading. Raises SourceError."""
    try:
        import psycopg
    except ImportError:
        fix = "install it with: pip install 'jingwei[postgres]'"
        raise SourceError("the driver of PostgreSQL is not installed", fix) from None
    database = None
    try:
        database = psycopg.connect(address, connect_timeout=10)
        database.read_only = True
        found = database.execute(f"SELECT * FROM ({_bare(mapping)}) AS source LIMIT 0")
        sql = _chosen(mapping, [part.name for part in found.description or ()])
    except (psycopg.Error, SourceError) as error:
        if database is not None:
            database.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError(_first_line(error), "see the address and the mapping's query") from None
    cursor = database.cursor(name="source")

    def fetch(position: int) -> More:
        def more() -> Sequence[Sequence[Any]]:
            try:
                return cursor.fetchmany(AT_ONCE)
            except psycopg.Error as error:
                raise SourceError(_first_line(error), "see the database, then go on with --resume") from None

        cursor.execute(sql)
        _pass_over(cursor.fetchmany, position)
        return more

    def close() -> None:
        with suppress(psycopg.Error):
            cursor.close()
        database.close()

    return QueriedRows(fetch, 0, close)


def look_up_in(folder: Path, wanted: LookUp) -> Map[str, str]:
    """One column of a file by another. Raises SourceError."""
    path = folder / wanted.file
    reader = "read_parquet(?)" if path.suffix == ".parquet" else "read_csv(?, all_varchar = true)"
    sql = f"SELECT {_quoted(wanted.key)}::VARCHAR, {_quoted(wanted.value)}::VARCHAR FROM {reader} LIMIT ?"
    duck = _duck()
    try:
        rows = duck.execute(sql, [str(path), MOST_LOOKED_UP + 1]).fetchall()
    except duckdb.Error as error:
        fix = "put it beside the source, or leave the look-up out of the mapping"
        raise SourceError(f"{wanted.file} cannot be looked up in: {_first_line(error)}", fix) from None
    finally:
        duck.close()
    if len(rows) > MOST_LOOKED_UP:
        raise SourceError(f"{wanted.file} is too large to look things up in", "look them up at the source")
    return {key: value for key, value in rows if key is not None and value is not None}


def _duck(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """An engine with bounded memory on one thread; a file is opened for reading only."""
    duck = duckdb.connect(path, read_only=path != ":memory:")
    with suppress(duckdb.Error):
        duck.execute(f"SET memory_limit = '{MEMORY}'")
        duck.execute("SET threads = 1")
        duck.execute("SET preserve_insertion_order = true")
    return duck


def _chosen(mapping: Mapping, header: Sequence[str]) -> str:
    """The mapping's query with its columns in their order. Raises SourceError."""
    places(mapping.columns(), header)
    return f"SELECT {', '.join(map(_quoted, mapping.columns()))} FROM ({_bare(mapping)}) AS source"


def _bare(mapping: Mapping) -> str:
    return mapping.read.query.strip().rstrip(";")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _pass_over(fetchmany: Callable[[int], Sequence[Any]], count: int) -> None:
    while count > 0 and (rows := fetchmany(min(count, AT_ONCE))):
        count -= len(rows)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["it cannot be read"])[0][:200]
