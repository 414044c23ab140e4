"""Restoring a bank from a backup, as it stood after any of its records; into either engine.

The newest point not behind the asked record is loaded row by row through the store's own checks, and the
records after it are done again. Then the whole log is compared with its tiles and with every head the bank
signed until then. Only when all of it fits is the home given its name.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from jingwei.audit.anchors import AnchorFile
from jingwei.audit.heads import SignedHead, key_id_of, read_public
from jingwei.audit.verify import verify_log
from jingwei.journeys.table import ONLY_ONCE, claimed, unseal
from jingwei.keeping.folder import (
    BackupError,
    Manifest,
    Point,
    Segment,
    Sum,
    check_file,
    closed_to_others,
    read_lines,
    read_manifest,
)
from jingwei.keeping.redo import AT_ONCE, Row, Tell, quiet, redo
from jingwei.keeping.shelf_copy import ShelfRestored, check_shelf
from jingwei.keeping.verifying import trusted_keys
from jingwei.kernel.durable import sync_folder
from jingwei.ledger.accounts import Balance, Kept, Line
from jingwei.ledger.products import Products
from jingwei.stores.opening import open_reader, open_store
from jingwei.stores.store import SHELVES, Batch, Store, StoreError

RESTORING = "restoring"
"""The note of books that are being restored; a bank does not open over it."""


class Wanted(NamedTuple):
    """Where to: the new home, the PostgreSQL address or "", the anchors of the new home; and up to where:
    a number of records, or all that was known by a moment (microseconds UTC), or all."""

    home: Path
    store_url: str
    anchors: AnchorFile
    products: Products
    size: int | None = None
    at: int | None = None


class Restored(msgspec.Struct, frozen=True):
    """What was restored: `loaded` records came from a point, `redone` ones were done again.

    `expected` are the sums the backup names for this size (empty when it has no point there), `heads` how
    many signed heads were compared; `anchored_to` is how far the anchors that survived beside the new home
    reach: more than `size` means that signed records are not in this restore.
    """

    size: int
    root: str
    loaded: int
    redone: int
    sums: list[Sum]
    expected: list[Sum]
    heads: int
    signed_to: int
    anchored_to: int
    keys: bool
    seconds: float
    shelf: ShelfRestored | None = None


class _Key(msgspec.Struct):
    actor: str
    key: str
    known_at: int


class _Asked(msgspec.Struct):
    """As much of a record as tells whose key it answers, and when it was known."""

    command: _Key


_ONCE = tuple(f'"{kind.__struct_config__.tag}"'.encode() for kind in ONLY_ONCE)
"""What the bytes of a record hold that may be done only once."""

_asked = msgspec.json.Decoder(_Asked)


def restore(folder: Path, wanted: Wanted, tell: Tell = quiet) -> Restored:
    """Restore the backup in `folder` into a home that does not exist yet or is empty.

    Raises BackupError when the backup is damaged, lacks what is asked or the target is taken, StoreError
    when the engine refuses: then nothing is left behind but, in PostgreSQL, tables marked as half restored,
    which the next restore empties.
    """
    with closed_to_others():
        return _restore(folder, wanted, tell)


def _restore(folder: Path, wanted: Wanted, tell: Tell) -> Restored:
    began = time.perf_counter()
    manifest = read_manifest(folder)
    if not manifest.points:
        raise BackupError(f"{folder} holds a backup that was never finished; make it again")
    if wanted.home.exists() and (not wanted.home.is_dir() or any(wanted.home.iterdir())):
        raise BackupError(f"{wanted.home} holds something already; restore into a new home")
    _check_files(folder, manifest, tell)
    size = _size(folder, manifest, wanted)
    staged = _stage(wanted.home.absolute())
    try:
        _bring_files(folder, manifest, staged)
        target = _Target(wanted, staged, size)
        done = _bring_books(folder, manifest, target, tell)
        shelf = _check_shelf(folder, manifest, target)
        heads = _anchors(folder, size)
        anchored_to = max((head.size for head in wanted.anchors.read()[0]), default=0)
        _sync(staged)
        if wanted.home.exists():
            wanted.home.rmdir()
        staged.rename(wanted.home)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    sync_folder(wanted.home.absolute().parent)
    if not wanted.anchors.path.exists():
        for head in heads:
            wanted.anchors.append(head)
    done = msgspec.structs.replace(done, anchored_to=anchored_to, keys=manifest.keys, shelf=shelf)
    return msgspec.structs.replace(done, seconds=round(time.perf_counter() - began, 3))


def _stage(home: Path) -> Path:
    """A folder beside the home to build it in; what a restore that died left there is removed."""
    for left in home.parent.glob(f".{home.name}.restoring-*"):
        if not Path(f"/proc/{left.name.rpartition('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    staged = home.with_name(f".{home.name}.restoring-{os.getpid()}")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    return staged


class _Target(NamedTuple):
    wanted: Wanted
    staged: Path
    size: int


def _check_files(folder: Path, manifest: Manifest, tell: Tell) -> None:
    entries = manifest.entries()
    for count, entry in enumerate(entries):
        check_file(folder, entry)
        tell(count, len(entries))


def _size(folder: Path, manifest: Manifest, wanted: Wanted) -> int:
    """After how many records the bank is wanted. Raises BackupError when the backup does not reach there."""
    if wanted.size is not None:
        if not 0 <= wanted.size <= manifest.size:
            raise BackupError(f"the backup holds {manifest.size} records, not {wanted.size}")
        return wanted.size
    if wanted.at is None:
        return manifest.size
    later = (seq for seq, leaf in _records(folder, manifest, 0, manifest.size)
             if _asked.decode(leaf).command.known_at > wanted.at)  # fmt: skip
    return next(later, manifest.size)


def _records(folder: Path, manifest: Manifest, start: int, end: int) -> Iterator[Row]:
    """Records start..end of the backup."""
    for segment in manifest.segments:
        if segment.first < end and segment.end > start:
            rows = enumerate(read_lines(folder, segment.log), segment.first)
            yield from ((seq, leaf) for seq, leaf in rows if start <= seq < end)


def _bring_books(folder: Path, manifest: Manifest, target: _Target, tell: Tell) -> Restored:
    """Load the newest point that fits, do the records after it again, and check all of it."""
    wanted, size = target.wanted, target.size
    point = next((one for one in reversed(manifest.points) if one.size <= size), None)
    loaded = point.size if point else 0
    store = open_store(wanted.store_url or str(target.staged / "bank.db"))
    try:
        _must_be_empty(store)
        store.set_notes({RESTORING: str(size)})
        if point is not None:
            _load(folder, manifest, point, store, lambda done: tell(done, size))
        redo(_records(folder, manifest, loaded, size), store, wanted.products, tell, size)
        done = _checked(folder, target, store, point)
        store.set_notes({RESTORING: ""})
    finally:
        store.close()
    return msgspec.structs.replace(done, loaded=loaded, redone=size - loaded)


def _must_be_empty(store: Store) -> None:
    """Raise BackupError when there are books already; those of an interrupted restore are emptied."""
    if store.note(RESTORING):
        empty = getattr(store, "empty", None)
        assert empty is not None, "only a database outlives an interrupted restore"
        empty()
    if store.size():
        raise BackupError(f"there are {store.size()} records in the database already; restore into a new one")


def _checked(folder: Path, target: _Target, store: Store, point: Point | None) -> Restored:
    """Compare the restored log with its tiles, the point's root and every signed head; and the sums."""
    size, root = store.root()
    keys = trusted_keys(target.staged)
    beside = _beside(target.wanted.anchors, target.size, {key_id_of(key) for key in keys})
    heads = [*dict.fromkeys([*_anchors(folder, target.size), *beside])]
    verdict = verify_log(store.records(0, size), store.tile, heads, keys, None)
    if not verdict.sound:
        raise BackupError(f"the restored log is not the one that was signed: {verdict.damage[0].says}")
    sums = [Sum(*total) for total in store.totals()]
    here = point is not None and point.size == target.size
    expected = point.sums if here and point is not None else []
    if size != target.size or (here and point is not None and (root.hex() != point.root or sums != expected)):
        raise BackupError(f"the restored bank of {size} records is not the one that was backed up")
    if any(total.booked_minor for total in sums):
        raise BackupError("the restored balances do not sum to zero")
    return Restored(
        size, root.hex(), 0, 0, sums, expected, verdict.heads_checked, verdict.signed_to, 0, False, 0.0
    )


# -- loading a point


def _load(folder: Path, manifest: Manifest, point: Point, store: Store, tell: Any) -> None:
    """Write the records and lines up to a point, then everything as it stood there."""
    for segment in manifest.segments:
        if segment.first < point.size:
            _load_segment(folder, segment, point, store)
            tell(min(segment.end, point.size))
    for kind, (name, _) in SHELVES.items():
        for some in _parts(_things(folder, point, kind, name)):
            store.write(Batch(point.size, [], [], [], {kind: some}))
    notes = dict(msgspec.json.decode(line) for line in read_lines(folder, point.tables["notes"]))
    if notes:
        store.set_notes(notes)


def _load_segment(folder: Path, segment: Segment, point: Point, store: Store) -> None:
    """Write a segment's records with their keys and lines; balances follow from the lines meanwhile."""
    numbered = enumerate(read_lines(folder, segment.log), segment.first)
    rows = ((seq, leaf) for seq, leaf in numbered if seq < point.size)
    names = point.columns["lines"]
    decode = msgspec.json.Decoder(list[Any]).decode
    lines = (Line(**dict(zip(names, decode(row), strict=True))) for row in read_lines(folder, segment.lines))
    waiting: Line | None = next(lines, None)
    for some in _parts(rows):
        end, mine = some[-1][0] + 1, []
        while waiting is not None and waiting.id >> 16 < end:
            mine.append(waiting)
            waiting = next(lines, None)
        keys = []
        for seq, leaf in some:
            asked = _asked.decode(leaf).command
            keys.append((asked.actor, asked.key, seq))
            if any(tag in leaf for tag in _ONCE):
                keys += [(*mark, seq) for mark in claimed([unseal(leaf).command]).values()]
        leaves = [leaf for _, leaf in some]
        store.write(Batch(some[0][0], leaves, keys, mine, {Balance: _balances(mine)}))


def _balances(lines: list[Line]) -> list[Kept]:
    """The booked money of every account these lines touch, after the last of them."""
    after: dict[str, int] = {}
    for line in lines:
        after[line.payer] = line.payer_after_minor
        after[line.payee] = line.payee_after_minor
    return [Balance(account, booked_minor=booked) for account, booked in after.items()]


def _things(folder: Path, point: Point, kind: type[Kept], name: str) -> Iterator[Kept]:
    """Everything kept of one kind; fields that came later have their first value."""
    decode, names = msgspec.json.Decoder(list[Any]).decode, point.columns[name]
    for row in read_lines(folder, point.tables[name]):
        yield kind(**dict(zip(names, decode(row), strict=True)))


def _parts(things: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(things, AT_ONCE)):
        yield some


# -- files


def _check_shelf(folder: Path, manifest: Manifest, target: _Target) -> ShelfRestored | None:
    """Hold the insight shelf against the restored log; None when the backup has none."""
    if isinstance(manifest.shelf, msgspec.UnsetType):
        return None
    reader = open_reader(target.wanted.store_url or str(target.staged / "bank.db"))
    try:
        later = _records(folder, manifest, target.size, manifest.size)
        return check_shelf(target.staged, manifest.shelf, reader, later)
    finally:
        reader.close()


def _bring_files(folder: Path, manifest: Manifest, staged: Path) -> None:
    """Copy models and keys into the home. Without the private key, the public one becomes an earlier one."""
    for entry in manifest.files:
        name = Path(entry.path).relative_to("files")
        if str(name) == "anchors.jsonl":
            continue
        if name == Path("keys/signing.pub") and not manifest.keys:
            name = Path("keys/earlier") / f"{key_id_of(read_public(folder / entry.path))}.pub"
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / entry.path, staged / name)


def _anchors(folder: Path, size: int) -> list[SignedHead]:
    """The heads of the backup's anchors over at most `size` records. Raises BackupError when one is none."""
    path = folder / "files" / "anchors.jsonl"
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines()
    try:
        heads = [msgspec.json.decode(line, type=SignedHead) for line in lines if line]
    except msgspec.DecodeError as wrong:
        raise BackupError(f"{path} holds a line that is no signed head: {wrong}") from wrong
    return [head for head in heads if head.size <= size]


def _beside(anchors: AnchorFile, size: int, keys: set[str]) -> list[SignedHead]:
    """The heads by these keys that survived beside the new home, over at most `size` records.

    They must be of the restored log too: as many records of another history are not what was signed.
    """
    return [head for head in anchors.read()[0] if head.size <= size and head.key_id in keys]


def _sync(staged: Path) -> None:
    """Make every file and name of the new home durable."""
    for path in chain([staged], staged.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def refuse_half_restored(path: Path, store: Store) -> None:
    """Raise StoreError when the restore of these books was interrupted."""
    if store.note(RESTORING):
        raise StoreError(
            f"the books of {path} were being restored when that was interrupted; run `jingwei restore` again"
        )
