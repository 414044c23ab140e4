"""A backup's folder: records and ledger lines in segments, the books as they stood at points, a manifest.

    manifest.json                    what belongs to the backup, each file with its SHA-256; replaced last
    log/FIRST-END.jsonl              records FIRST..END, one to a line, byte for byte as sealed
    lines/FIRST-END.jsonl            the ledger lines these records wrote, as arrays
    points/SIZE/TABLE.jsonl          everything kept as it stood after SIZE records, as arrays
    files/...                        models, public keys, anchors, insight shelf; keys only when asked for

A full segment never changes, so a second backup into the same folder adds only what is new. Both engines
write and read the same form.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jingwei.audit.heads import canonical
from jingwei.kernel.durable import sync_folder

SEGMENT = 65_536
"""Records in a full segment."""

MANIFEST = "manifest.json"
KIND = "jingwei backup v1"
PARTS = ("log", "lines", "points", "files")


class BackupError(Exception):
    """A backup cannot be made, or cannot be believed; the message says why."""


class Entry(msgspec.Struct, frozen=True):
    """A file of the backup: its path inside the folder, its length and the SHA-256 of its content."""

    path: str
    bytes: int
    sha256: str


class Segment(msgspec.Struct, frozen=True):
    """Records `first`..`end` (not included) with the lines they wrote."""

    first: int
    end: int
    log: Entry
    lines: Entry


class Sum(msgspec.Struct, frozen=True):
    """All balances of one currency together, in its minor units."""

    currency: str
    booked_minor: int
    held_minor: int


class Point(msgspec.Struct, frozen=True):
    """The bank after `size` records, as of `at` (microseconds UTC): its root, its sums, its tables."""

    size: int
    root: str
    at: int
    release: str
    sums: list[Sum]
    tables: dict[str, Entry]
    columns: dict[str, list[str]]
    rows: dict[str, int]


class ShelfSums(msgspec.Struct, frozen=True):
    """The insight shelf: rows by table, and all happenings together by currency, in its minor units."""

    rows: dict[str, int]
    amounts_minor: dict[str, int]


class Manifest(msgspec.Struct, frozen=True, tag_field="type", tag=KIND):
    """All that belongs to a backup; `sha256` is over all the rest of it."""

    log: str
    segments: list[Segment] = []
    points: list[Point] = []
    files: list[Entry] = []
    keys: bool = False
    sha256: str = ""
    shelf: ShelfSums | msgspec.UnsetType = msgspec.UNSET
    """Not there in a backup of a bank without a shelf, or one made before shelves were backed up."""

    @property
    def size(self) -> int:
        """Records up to the newest point."""
        return self.points[-1].size if self.points else 0

    def entries(self) -> list[Entry]:
        """Every file that belongs to it."""
        cut = [entry for segment in self.segments for entry in (segment.log, segment.lines)]
        return [*cut, *(entry for point in self.points for entry in point.tables.values()), *self.files]


def digest_of(manifest: Manifest) -> str:
    """The SHA-256 a manifest must carry."""
    fields: dict[str, object] = msgspec.to_builtins(manifest)
    del fields["sha256"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """What a backup holds. Raises BackupError when there is none or it was changed."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(f"{folder} holds no backup (no {MANIFEST})")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise BackupError(f"{path} is damaged: {wrong}") from wrong
    if manifest.sha256 != digest_of(manifest):
        raise BackupError(f"{path} is damaged: its content is not the one it was written with")
    if any(".." in Path(entry.path).parts or Path(entry.path).is_absolute() for entry in manifest.entries()):
        raise BackupError(f"{path} names files outside its folder")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest: from this moment on the backup is the one it names."""
    sealed = msgspec.structs.replace(manifest, sha256="")
    sealed = msgspec.structs.replace(manifest, sha256=digest_of(sealed))
    write_file(folder, MANIFEST, [msgspec.json.format(msgspec.json.encode(sealed), indent=1)])


def write_file(folder: Path, name: str, parts: Iterable[bytes]) -> Entry:
    """Write a file of the folder whole or not at all, durably; return its entry."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new, length, digest = path.with_name(path.name + ".new"), 0, hashlib.sha256()
    with new.open("wb") as file:
        for part in parts:
            file.write(part)
            digest.update(part)
            length += len(part)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)
    return Entry(name, length, digest.hexdigest())


def check_file(folder: Path, entry: Entry) -> None:
    """Raise BackupError unless the file has the length and the digest the manifest names."""
    path, digest = folder / entry.path, hashlib.sha256()
    if path.exists() and not path.is_file():
        raise BackupError(f"{path} of the backup is not a file")
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
            length = file.tell()
    except OSError as error:
        raise BackupError(f"{path} of the backup cannot be read ({error.strerror})") from error
    if (length, digest.hexdigest()) != (entry.bytes, entry.sha256):
        raise BackupError(f"{path} of the backup is damaged: it is not the file that was written")


def read_lines(folder: Path, entry: Entry) -> Iterator[bytes]:
    """The lines of a file, without their ends."""
    with (folder / entry.path).open("rb") as file:
        for line in file:
            yield line[:-1]


def tidy_up(folder: Path, manifest: Manifest) -> None:
    """Remove what an interrupted or an earlier backup left and the manifest does not name."""
    named = {folder / entry.path for entry in manifest.entries()}
    for part in PARTS:
        for path in sorted((folder / part).rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path not in named:
                path.unlink()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep a second backup out of the folder. Raises BackupError."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being written to {folder}; wait until it is done") from None
        yield


@contextmanager
def closed_to_others() -> Iterator[None]:
    """Files made meanwhile can be read by their owner alone."""
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)
