"""Rows on the evidence: tampering with log and books, in both engines, as somebody who may write them."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from tests.keeping.backup_rows import ROWS as BACKUP_ROWS
from tests.keeping.small_bank import database, small_bank
from tests.keeping.superuser import SIMPLE, WHOLE, InPostgres, InSqlite, edit_books, edit_tiles
from tests.soak.row import Row, Tally
from tests.stores.upgrade_rows import ROWS as UPGRADE_ROWS

from jingwei.audit import verify
from jingwei.audit.leaves import hash_leaves
from jingwei.home import trust
from jingwei.keeping import verifying
from jingwei.keeping.verifying import Report, verify_bank
from jingwei.stores.local_postgres import find_programs
from jingwei.stores.store import StoreError

TARGET, CHUNK = 1_000, 10
ENGINES = ("sqlite", "postgres")
Victim = InSqlite | InPostgres


@lru_cache(maxsize=2)
def victim(engine: str) -> Victim:
    """The bank that is damaged and made whole again, trial after trial; one for each engine and process."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-victim-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if engine == "sqlite":
        return InSqlite(small_bank(), folder)
    return InPostgres(small_bank(200), folder, database("victim"))


def check(bank: Victim, *, anchors: bool = True, books: bool = True) -> Report | None:
    """The report on a bank, None when its store cannot even be read."""
    told = trust(bank.path)._replace(books=books)
    try:
        return verify_bank(bank.place, told if anchors else told._replace(anchors=None))
    except StoreError:
        return None


def found(bank: Victim, *, anchors: bool = True) -> bool:
    report = check(bank, anchors=anchors)
    return report is None or not report.sound


Damage = Callable[[Victim, random.Random], object]


def _simple(kind: Callable[..., None], bank: Victim, draw: random.Random) -> object:
    bank.touch(kind, draw)
    return kind.__name__


def _whole(kind: str, bank: Victim, draw: random.Random) -> object:
    with_key = draw.random() < 0.7
    bank.forge(WHOLE[kind](bank.told, draw), with_key=with_key)
    return f"{kind}, {'with' if with_key else 'without'} the key"


def _books(bank: Victim, draw: random.Random) -> object:
    return bank.touch(edit_books, draw)


def trials(engine: str, damage: Damage, seed: int, count: int) -> Tally:
    """Damage the true bank `count` times, each time found or not; at the end it must be sound again."""
    bank, bad = victim(engine), []
    for trial in range(count):
        bank.again()
        what = damage(bank, random.Random(f"{seed} {trial}"))
        if not found(bank):
            bad.append(f"{engine}: not found: {what} (seed {seed}, trial {trial})")
    bank.again()
    if found(bank):
        bad.append(f"{engine}: the true bank is said to be damaged (seed {seed})")
    return Tally(count, tuple(bad))


def blind(engine: str, damage: Damage, seed: int) -> bool:
    """Without anchors a bank made anew as a whole looks sound; with them it does not."""
    bank = victim(engine)
    bank.again()
    draw = random.Random(seed)
    while "without the key" in str(what := damage(bank, draw)):
        bank.again()
    missed, seen = not found(bank, anchors=False), found(bank)
    bank.again()
    assert what
    return missed and seen


def believing(records, tile, heads=(), keys=(), log=None, most=100) -> verify.Verdict:
    """A planted check: it takes hashes of records from their tiles, and reads only the last records.

    Where another number of records lies there than was signed, it keeps to the tiles.
    """
    planted = verify._Check(tile, verify.Findings(most))
    planted.expect(heads, keys, log)
    rows = list(records)
    size = max((seq for seq, _ in rows), default=-1) + 1
    if size > max(head.size for head in heads):
        return verify.Verdict(size, "", 0, 0, [])
    for idx in range(size // 256):
        planted._append(tile(0, idx) or bytes(8192))
    planted._append(hash_leaves([body for seq, body in rows if seq >= size // 256 * 256]))
    planted.finish()
    found = planted.findings
    return verify.Verdict(planted.log.size, "", 0, planted.signed_to, found.listed, found.more)


def believes_tiles(engine: str, damage: Damage, seed: int) -> bool:
    """A check that believes the tiles misses a damaged record that the true check finds."""
    bank, true = victim(engine), verifying.verify_log
    for trial in range(20):
        bank.again()
        damage(bank, random.Random(f"{seed} {trial}"))
        seen = found(bank)
        verifying.verify_log = believing
        try:
            report = check(bank, books=False)
        finally:
            verifying.verify_log = true
        if seen and report is not None and report.sound:
            bank.again()
            return True
    return False


def skips_tiles(engine: str, damage: Damage, seed: int) -> bool:
    """A check that compares no tile misses one that was changed."""
    bank, true = victim(engine), verify._Check._compare
    bank.again()
    damage(bank, random.Random(seed))
    seen = found(bank)
    verify._Check._compare = lambda self, made: None
    try:
        missed = not found(bank)
    finally:
        verify._Check._compare = true
    bank.again()
    return seen and missed


def no_books(engine: str, damage: Damage, seed: int) -> bool:
    """A check that looks at the log alone misses books changed by hand."""
    bank = victim(engine)
    bank.again()
    damage(bank, random.Random(seed))
    seen, alone = found(bank), check(bank, books=False)
    bank.again()
    return seen and alone is not None and alone.sound


def _row(engine: str, name: str, damage: Damage, control: Callable[..., bool], planted: str) -> Row:
    return Row(
        f"R16 {engine} {name}",
        f"a superuser's {name} in {engine} is found by `jingwei audit verify`",
        TARGET,
        CHUNK,
        partial(trials, engine, damage),
        partial(control, engine, damage),
        planted,
    )


def _rows() -> list[Row]:
    rows = []
    for engine in ENGINES if find_programs() else ENGINES[:1]:
        for kind in SIMPLE:
            damage = partial(_simple, kind)
            planted = "a check that takes hashes of records from the tiles"
            rows.append(_row(engine, kind.__name__, damage, believes_tiles, planted))
        tiles = partial(_simple, edit_tiles)
        rows.append(_row(engine, "edit of tiles", tiles, skips_tiles, "a check that compares no tile"))
        for name in WHOLE:
            rows.append(_row(engine, name, partial(_whole, name), blind, "the anchors are taken away"))
        rows.append(_row(engine, "edit of the books", _books, no_books, "a check that reads the log alone"))
    return rows


ROWS = [*_rows(), *BACKUP_ROWS, *UPGRADE_ROWS]
