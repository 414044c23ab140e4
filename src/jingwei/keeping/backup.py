"""Backing up a bank while it serves: everything acknowledged before the moment it is read at, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from jingwei.audit.anchors import AnchorFile
from jingwei.audit.merkle import MerkleLog, StoredTiles, TreeError
from jingwei.keeping.folder import (
    MANIFEST,
    SEGMENT,
    BackupError,
    Entry,
    Manifest,
    Point,
    Segment,
    ShelfSums,
    Sum,
    closed_to_others,
    only_one,
    read_manifest,
    tidy_up,
    write_file,
    write_manifest,
)
from jingwei.keeping.redo import Tell, quiet
from jingwei.keeping.shelf_copy import copy_shelf
from jingwei.ledger.accounts import Kept
from jingwei.stores.opening import open_reader
from jingwei.stores.store import SHELVES, Reader
from jingwei.stores.tables import LINES, TABLES

PAGE = 5_000
OPEN_FILES = ("models/**/*", "keys/*.pub", "keys/earlier/*.pub")
"""What of a home everybody may read."""

SECRET_FILES = ("keys/signing.pem", "keys/vault.key", "tokens.json")
"""What of a home goes into a backup only when asked for."""

_encode = msgspec.json.Encoder().encode
_astuple = msgspec.structs.astuple


class Source(NamedTuple):
    """A bank to back up: where its books are, its home, its anchors, the name of its log, the program."""

    place: str
    home: Path
    anchors: AnchorFile
    log: str
    release: str


class Made(msgspec.Struct, frozen=True):
    """What a backup came to: the point made, the bytes written for it, the sums of the insight shelf."""

    point: Point
    new_records: int
    bytes: int
    files: int
    shelf: ShelfSums | None = None


def back_up(source: Source, folder: Path, at: int, *, keys: bool = False, tell: Tell = quiet) -> Made:
    """Add the bank as it stands to the backup in `folder`, which is new, empty or an earlier backup of it.

    `at` is the time told in the manifest. With `keys`, the signing key and the tokens too. Raises
    BackupError, StoreError, OSError; the backup in the folder is then the one it was before.
    """
    with closed_to_others():
        return _back_up(source, folder, at, keys, tell)


def _back_up(source: Source, folder: Path, at: int, keys: bool, tell: Tell) -> Made:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MANIFEST).exists():
        if any(folder.iterdir()):
            raise BackupError(f"{folder} holds other things; name a new folder, or one with a backup")
        write_manifest(folder, Manifest(source.log))
    with only_one(folder):
        before = read_manifest(folder)
        reader = open_reader(source.place)
        try:
            with reader.frozen():
                made = _add(source, folder, before, _Asked(reader, at, keys, tell))
        finally:
            reader.close()
    return made


class _Asked(NamedTuple):
    reader: Reader
    at: int
    keys: bool
    tell: Tell


def _add(source: Source, folder: Path, before: Manifest, asked: _Asked) -> Made:
    """Write segments, a point and the files, and then the manifest that names them."""
    reader = asked.reader
    size = reader.size()
    _must_continue(before, reader, size, folder)
    segments = [one for one in before.segments if one.end - one.first == SEGMENT]
    first = segments[-1].end if segments else 0
    new = [_segment(folder, reader, start, min(size, start + SEGMENT), asked.tell, size)
           for start in range(first, size, SEGMENT)]  # fmt: skip
    point = _point(source, folder, asked, size)
    points = [one for one in before.points if one.size != size]
    files = list(_files(source, folder, asked.keys))
    shelf = copy_shelf(source.home, folder)
    files += [shelf[0]] if shelf else []
    sums = shelf[1] if shelf else msgspec.UNSET
    manifest = Manifest(source.log, [*segments, *new], [*points, point], files, asked.keys, shelf=sums)
    write_manifest(folder, manifest)
    tidy_up(folder, manifest)
    written = [*(entry for one in new for entry in (one.log, one.lines)), *point.tables.values(), *files]
    total = sum(entry.bytes for entry in written)
    return Made(point, size - before.size, total, len(manifest.entries()), shelf[1] if shelf else None)


def root_at(reader: Reader, size: int) -> str:
    """The root over the first `size` records, from tiles and the records behind the last one."""
    tiles = StoredTiles(reader.tile, lambda start, end: [leaf for _, leaf in reader.records(start, end)])
    try:
        return MerkleLog.restore(size, tiles).root().hex()
    except TreeError as wrong:
        raise BackupError(f"the log is damaged, nothing was backed up: {wrong}") from wrong


def _must_continue(before: Manifest, reader: Reader, size: int, folder: Path) -> None:
    """Raise BackupError unless the bank is the one backed up here before, with no record changed."""
    if before.points and (size < before.size or root_at(reader, before.size) != before.points[-1].root):
        raise BackupError(
            f"{folder} holds a backup whose {before.size} records are not the beginning of this bank's log: "
            f"it is another bank's, or the log was changed since; run `jingwei audit verify`, or name "
            f"another folder"
        )


def _segment(folder: Path, reader: Reader, first: int, end: int, tell: Tell, size: int) -> Segment:
    name = f"{first:012d}-{end:012d}.jsonl"
    log = write_file(folder, f"log/{name}", _leaves(reader, first, end))
    lines = write_file(folder, f"lines/{name}", _lines(reader, first, end))
    tell(end, size)
    return Segment(first, end, log, lines)


def _leaves(reader: Reader, first: int, end: int) -> Iterator[bytes]:
    """Records as lines. Raises BackupError when one is missing or is no line."""
    expected = first
    for seq, leaf in reader.records(first, end):
        if seq != expected or b"\n" in leaf:
            raise BackupError(f"record {expected} is missing or damaged; run `jingwei audit verify`")
        yield leaf + b"\n"
        expected += 1
    if expected != end:
        raise BackupError(f"record {expected} is missing; run `jingwei audit verify`")


def _lines(reader: Reader, first: int, end: int) -> Iterator[bytes]:
    after = first << 16
    while page := reader.line_range(after, end << 16, PAGE):
        yield b"".join([_encode(_astuple(line)) + b"\n" for line in page])
        after = page[-1].id + 1


def _point(source: Source, folder: Path, asked: _Asked, size: int) -> Point:
    """The books as they stand, table by table."""
    reader, tables, rows = asked.reader, {}, {}
    columns = {"lines": list(LINES.names)}
    for kind, (name, _) in SHELVES.items():
        columns[name] = list(TABLES[kind].names)
        tables[name], rows[name] = _counted(folder, f"points/{size:012d}/{name}.jsonl", _kept(reader, kind))
    notes = [(name, value) for name, value in reader.notes().items() if name not in ("head", "restoring")]
    told = (_encode(pair) + b"\n" for pair in notes)
    tables["notes"], rows["notes"] = _counted(folder, f"points/{size:012d}/notes.jsonl", told)
    sums = [Sum(*total) for total in reader.totals()]
    return Point(size, root_at(reader, size), asked.at, source.release, sums, tables, columns, rows)


def _counted(folder: Path, name: str, lines: Iterable[bytes]) -> tuple[Entry, int]:
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in lines:
            count += 1
            yield line

    return write_file(folder, name, counted()), count


def _kept(reader: Reader, kind: type[Kept]) -> Iterator[bytes]:
    after = ""
    while page := reader.page(kind, after=after, limit=PAGE):
        for thing in page:
            yield _encode(_astuple(thing)) + b"\n"
        after = page[-1].id


def _files(source: Source, folder: Path, keys: bool) -> Iterator[Entry]:
    """Models, public keys and anchors; with keys, the secret ones too."""
    for pattern in OPEN_FILES + (SECRET_FILES if keys else ()):
        for path in sorted(source.home.glob(pattern)):
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".lock":
                name = f"files/{path.relative_to(source.home)}"
                yield write_file(folder, name, [path.read_bytes()])
    if source.anchors.path.exists():
        yield write_file(folder, "files/anchors.jsonl", [source.anchors.path.read_bytes()])
