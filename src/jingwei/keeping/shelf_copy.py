"""The insight shelf in a backup: copied as it stands at one moment, held to its sums when it comes back.

The shelf stands beside the books: its happenings are not records, but every import of them is sealed by one.
So a restored shelf is held against the restored log: each import must hash to what its record sealed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from jingwei.journeys.link_identity import LinkIdentity
from jingwei.journeys.table import unseal
from jingwei.keeping.folder import BackupError, Entry, ShelfSums, write_file
from jingwei.keeping.redo import Row, quiet
from jingwei.keeping.verifying_shelf import verify_shelf
from jingwei.kernel.ids import seq_of
from jingwei.stores.insight import FILE, Insight, insight_path
from jingwei.stores.store import Reader

NAME = f"files/{FILE}"
TABLES = (
    "imports", "subjects", "happenings", "months", "row_keys", "profiles", "rejected", "fields", "doubts",
)  # fmt: skip
PIECE = 1 << 20
_LINKS = f'"{LinkIdentity.__struct_config__.tag}"'.encode()


class ShelfRestored(msgspec.Struct, frozen=True):
    """The insight shelf as it came back: its sums, and how many imports no record of the log seals."""

    sums: ShelfSums
    unsealed: int


def copy_shelf(home: Path, folder: Path) -> tuple[Entry, ShelfSums] | None:
    """Put the shelf of a home into a backup's folder; None when the home has none. The bank may serve."""
    path = insight_path(home)
    if not path.exists():
        return None
    copy = folder / f"{NAME}.copy"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
            db.execute("VACUUM INTO ?", (str(copy),))
        return write_file(folder, NAME, _pieces(copy)), sums_of(copy)
    except sqlite3.Error as error:
        raise BackupError(f"the insight shelf {path} cannot be copied ({error})") from error
    finally:
        copy.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def sums_of(path: Path) -> ShelfSums:
    """Rows of each table, and what all happenings of each currency come to. Raises BackupError."""
    try:
        with closing(sqlite3.connect(path)) as db:
            rows = {name: int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in TABLES}
            asked = "SELECT currency, sum(amount_minor) FROM happenings GROUP BY currency ORDER BY currency"
            return ShelfSums(rows, {currency: int(minor) for currency, minor in db.execute(asked)})
    except sqlite3.Error as error:
        raise BackupError(f"the insight shelf of the backup cannot be read ({error})") from error


def check_shelf(home: Path, expected: ShelfSums, reader: Reader, later: Iterable[Row]) -> ShelfRestored:
    """Hold the shelf that was brought into a home against its sums and against the restored log.

    `later` are records of the backup behind the restored ones: links they made are taken off, and imports
    they sealed wait to be sealed again. Raises BackupError.
    """
    path = insight_path(home)
    found = sums_of(path)
    if found != expected:
        raise BackupError("the insight shelf of the backup lacks rows or sums it was backed up with")
    shelf = Insight(path)
    try:
        unsealed = _only_what_the_log_holds(shelf, reader.size(), later)
        told = verify_shelf(shelf, reader, quiet)
        if told.differing:
            raise BackupError(f"the insight shelf is not the one that was sealed: {told.differing[0]}")
        shelf.people.follow(reader)
    finally:
        shelf.close()
    return ShelfRestored(found, unsealed)


def _only_what_the_log_holds(shelf: Insight, size: int, later: Iterable[Row]) -> int:
    """Take back what later records did to the shelf; return how many imports wait to be sealed."""
    for one in shelf.imports():
        seq = seq_of(one.sealed) if one.sealed else None
        if seq is not None and seq >= size:
            shelf.change(msgspec.structs.replace(one, sealed=""))
    for _, leaf in later:
        if _LINKS in leaf:
            command = unseal(leaf).command
            if isinstance(command, LinkIdentity):
                shelf.link((link.source, link.subject, "") for link in command.links)
    shelf.people.forget_links()
    return sum(not one.sealed for one in shelf.imports())
