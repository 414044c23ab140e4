"""Rows on backup and restore: to any record, from damaged folders, through kills, while the bank serves."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from tests.keeping.small_bank import START, Busy, database
from tests.soak.row import Row, Tally

from jingwei.audit.merkle import MerkleLog
from jingwei.home import open_home, source_of, verify_home, wanted_at
from jingwei.keeping import backup as backing
from jingwei.keeping import restore as restoring
from jingwei.keeping.backup import back_up
from jingwei.keeping.folder import BackupError, read_manifest, tidy_up, write_file, write_manifest
from jingwei.kernel.clock import ManualClock
from jingwei.stores.local_postgres import find_programs
from jingwei.stores.opening import open_reader
from jingwei.stores.store import StoreError


class Kept(NamedTuple):
    """A bank, its backup with several points, and what is true of it by other means than the backup's."""

    folder: Path
    home: Path
    backup: Path
    leaves: list[bytes]
    known: list[int]
    lines: list[tuple[int, str, str, int]]

    def root(self, size: int) -> str:
        log = MerkleLog()
        log.append_many(self.leaves[:size])
        return log.root().hex()

    def booked(self, size: int) -> dict[str, int]:
        """The booked money of every account after so many records, from the lines alone."""
        money: Counter[str] = Counter()
        for line, payer, payee, amount in self.lines:
            if line >> 16 < size:
                money[payer] -= amount
                money[payee] += amount
        return {account: booked for account, booked in money.items() if booked}


@lru_cache(maxsize=1)
def kept() -> Kept:
    """A bank backed up four times while it worked; made once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="jingwei-kept-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = open_home(folder / "home", clock := ManualClock(START))
    busy = Busy(home, clock, 5)
    busy.settle()
    for _ in range(4):
        busy.work(60)
        home.sign_head()
        busy.end_day()
        back_up(source_of(folder / "home", "", "test"), folder / "backup", clock.at, keys=True)
    home.close()
    with sqlite3.connect(folder / "home" / "bank.db") as file:
        leaves = [row[0] for row in file.execute("SELECT body FROM records ORDER BY seq")]
        lines = file.execute("SELECT id, payer, payee, amount_minor FROM lines ORDER BY id").fetchall()
    file.close()
    known = [restoring._asked.decode(leaf).command.known_at for leaf in leaves]
    back_up(source_of(folder / "home", "", "test"), folder / "backup", clock.at, keys=True)
    return Kept(folder, folder / "home", folder / "backup", leaves, known, lines)


def scratch() -> Path:
    """A new folder beside the kept bank."""
    return Path(tempfile.mkdtemp(dir=kept().folder))


def differs(home: Path, url: str, size: int, *, books: bool = True) -> str:
    """What of a restored bank is not as it was after `size` records; "" when all is."""
    bank = kept()
    if not home.exists():
        return "there is no home"
    try:
        reader = open_reader(url or str(home / "bank.db"))
    except StoreError as error:
        return str(error)
    try:
        if [leaf for _, leaf in reader.records(0, 10**9)] != bank.leaves[:size]:
            return "other records"
        with reader.frozen():
            found = dict(_booked(reader))
        if found != bank.booked(size):
            return "other money"
    finally:
        reader.close()
    report = verify_home(home, url) if books else None
    return "" if report is None or report.sound else str(report.damage[0])


def _booked(reader: Any) -> list[tuple[str, int]]:
    from jingwei.ledger.accounts import Balance

    page = reader.page(Balance, limit=10_000)
    return [(balance.id, balance.booked_minor) for balance in page if balance.booked_minor]


# -- any record, any moment


def to_any_record(engine: str, seed: int, count: int) -> Tally:
    """Restore to random records and moments; each must be the bank as it was, to the last bit."""
    bank, bad = kept(), []
    seconds = 0
    for trial in range(count):
        draw = random.Random(f"{seed} {trial}")
        total = len(bank.leaves)
        points = [point.size for point in read_manifest(bank.backup).points]
        size = draw.choice((total, draw.choice(points), draw.randrange(total + 1), draw.randrange(total + 1)))
        at = None
        if draw.random() < 0.3:
            at = draw.choice(bank.known)
            size = next((seq for seq, known in enumerate(bank.known) if known > at), total)
        folder = scratch()
        url = database("restored") if engine == "postgres" else ""
        asked = wanted_at(folder / "new", url, None if at is not None else size, at)
        began = time.perf_counter()
        try:
            done = restoring.restore(bank.backup, asked)
            wrong = "" if done.root == bank.root(size) else "another root"
            wrong = wrong or differs(folder / "new", url, size)
        except BackupError as error:
            wrong = str(error)
        seconds += round(1000 * (time.perf_counter() - began))
        if wrong:
            bad.append(f"{engine}, {size} records of {total}: {wrong} (seed {seed}, trial {trial})")
        shutil.rmtree(folder)
    return Tally(count, tuple(bad), {"milliseconds": seconds})


def drops_the_last(engine: str, seed: int) -> bool:
    """A restore that stops one record short is noticed."""
    true = restoring._size
    restoring._size = lambda *known: max(true(*known) - 1, 0)
    try:
        return bool(to_any_record(engine, seed, 1).bad)
    finally:
        restoring._size = true


# -- damaged folders


def damaged(seed: int, count: int, *, only: str = "") -> Tally:
    """One file of the backup changed, cut or lost: the restore refuses and leaves nothing."""
    bank, bad = kept(), []
    folder = scratch()
    shutil.copytree(bank.backup, folder / "backup")
    files = sorted(path for path in (folder / "backup").rglob(only or "*") if path.is_file())
    files = [path for path in files if path.name != ".lock"]
    for trial in range(count):
        draw = random.Random(f"{seed} {trial}")
        path = draw.choice(files)
        content = path.read_bytes()
        how = _harm(path, content, draw)
        try:
            restoring.restore(folder / "backup", wanted_at(folder / "new"))
            bad.append(f"restored from a backup whose {path.name} was {how} (seed {seed}, trial {trial})")
            shutil.rmtree(folder / "new")
        except (BackupError, OSError):
            if [left.name for left in folder.iterdir()] != ["backup"]:
                bad.append(f"a refused restore left {sorted(left.name for left in folder.iterdir())}")
        path.write_bytes(content)
    shutil.rmtree(folder)
    return Tally(count, tuple(bad))


def _harm(path: Path, content: bytes, draw: random.Random) -> str:
    how = draw.choice(("changed", "cut", "lost", "lengthened")) if content else "lengthened"
    if how == "lost":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: draw.randrange(len(content))])
    elif how == "lengthened":
        path.write_bytes(content + draw.randbytes(draw.randrange(1, 50)))
    else:
        at = draw.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :])
    return how


def reads_no_digest(seed: int) -> bool:
    """A restore that compares no digest takes a changed file of tokens or models."""
    true = restoring.check_file
    restoring.check_file = lambda folder, entry: None
    try:
        return bool(damaged(seed, 6, only="scam*").bad or damaged(seed, 6, only="fraud*").bad)
    finally:
        restoring.check_file = true


# -- kills


def _killed(work: Callable[[], object], after_s: float) -> bool:
    """Do the work in a process of its own and kill it after a while; return whether it had ended."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(after_s)
    ended = os.waitpid(child, os.WNOHANG)[0] != 0
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return ended


def through_kills(seed: int, count: int, *, early: bool = False) -> Tally:
    """A backup or restore is killed: the backup is the earlier or the new one, the home whole or absent."""
    bank, bad, mid = kept(), [], 0
    for trial in range(count):
        draw = random.Random(f"{seed} {trial}")
        folder, after = scratch(), draw.random() * 0.25
        if draw.random() < 0.5 and not early:
            wrong, ended = _kill_backup(bank, folder, after)
        else:
            how = _restore_early if early else restoring.restore
            work = partial(how, bank.backup, wanted_at(folder / "new"))
            ended = _killed(work, after)
            wrong = ""
            if (folder / "new").exists():
                wrong = differs(folder / "new", "", len(bank.leaves), books=False)
            elif ended:
                wrong = "an ended restore left no home"
            shutil.rmtree(folder / "new", ignore_errors=True)
            for link in folder.glob(".new.restoring-*"):
                if link.is_symlink():
                    link.unlink()
            restoring.restore(bank.backup, wanted_at(folder / "new"))
            if [path.name for path in folder.iterdir() if path.name.startswith(".")]:
                wrong = wrong or "what the killed restore left is still there"
        mid += not ended
        if wrong:
            bad.append(f"{wrong} (killed after {after:.3f} s, seed {seed}, trial {trial})")
        shutil.rmtree(folder)
    return Tally(count, tuple(bad), {"killed in the middle": mid})


def _kill_backup(bank: Kept, folder: Path, after: float) -> tuple[str, bool]:
    """Kill a second backup into a folder that holds the first: one of the two must come back whole."""
    shutil.copytree(bank.backup, folder / "backup")
    first = restoring.restore(bank.backup, wanted_at(folder / "old", size=0))
    assert first.size == 0
    manifest = read_manifest(folder / "backup")
    older = manifest.points[0].size
    _forget(folder / "backup", older)
    source = source_of(bank.home, "", "test")
    ended = _killed(partial(back_up, source, folder / "backup", 1, keys=True), after)
    size = read_manifest(folder / "backup").size
    restoring.restore(folder / "backup", wanted_at(folder / "new"))
    wrong = differs(folder / "new", "", size, books=False)
    if size not in (older, len(bank.leaves)):
        wrong = f"a backup of {size} records"
    return wrong, ended


def _forget(backup: Path, size: int) -> None:
    """Leave only the oldest point, as if the later backups had not been made yet."""
    manifest = read_manifest(backup)
    (segment,) = manifest.segments
    leaves = b"".join(leaf + b"\n" for leaf in kept().leaves[:size])
    lines = (backup / segment.lines.path).read_bytes().splitlines(keepends=True)
    mine = b"".join(line for line in lines if int(line[1 : line.index(b",")]) >> 16 < size)
    name = f"000000000000-{size:012d}.jsonl"
    shorter = msgspec.structs.replace(
        segment, end=size, log=write_file(backup, f"log/{name}", [leaves]),
        lines=write_file(backup, f"lines/{name}", [mine]),
    )  # fmt: skip
    earlier = msgspec.structs.replace(manifest, segments=[shorter], points=manifest.points[:1])
    write_manifest(backup, earlier)
    tidy_up(backup, earlier)


def _restore_early(folder: Path, wanted: restoring.Wanted) -> None:
    """Planted: the home gets its name before its books are whole."""
    true = restoring._bring_files

    def early(source: Path, manifest: Any, staged: Path) -> None:
        staged.rename(wanted.home)
        staged.symlink_to(wanted.home)
        true(source, manifest, staged)

    restoring._bring_files = early
    restoring.restore(folder, wanted)


def names_too_early(seed: int) -> bool:
    """A restore that builds in place is caught half done."""
    return any(through_kills(seed + n, 5, early=True).bad for n in range(4))


# -- while the bank serves


def while_serving(seed: int, count: int) -> Tally:
    """A backup beside a working bank holds all that was acknowledged before it began, and is whole."""
    bad, records = [], 0
    folder = scratch()
    home = open_home(folder / "home", clock := ManualClock(START))
    busy = Busy(home, clock, seed)
    busy.settle()
    for trial in range(count):
        busy.work(20)
        acknowledged = home.store.size()
        source, backup = source_of(folder / "home", "", "test"), folder / "backup"
        child = os.fork()
        if not child:
            try:
                back_up(source, backup, clock.at)
            finally:
                os._exit(0)
        while not os.waitpid(child, os.WNOHANG)[0]:
            busy.do(busy.payment())
        try:
            done = restoring.restore(backup, wanted_at(folder / f"new-{trial}"))
            root = backing.root_at(home.store, done.size)
        except (BackupError, StoreError) as error:
            bad.append(f"{error} (seed {seed}, trial {trial})")
            continue
        if done.size < acknowledged or done.root != root:
            bad.append(f"{acknowledged} acknowledged, {done.size} restored (seed {seed}, trial {trial})")
        records += done.size
        shutil.rmtree(folder / f"new-{trial}")
    home.close()
    shutil.rmtree(folder)
    return Tally(count, tuple(bad), {"records restored": records})


FEWER = 10
"""Fewer records than the bank has before the first backup begins, however fast it goes on meanwhile."""


def forgets_the_newest(seed: int) -> bool:
    """A backup that leaves out what came last is noticed."""
    kept()  # made before the plant: other rows restore from its backups
    true = backing.open_reader

    def short(place: str) -> Any:
        reader = true(place)
        size = reader.size
        reader.size = lambda: min(size(), FEWER)  # type: ignore[method-assign]
        return reader

    backing.open_reader = short
    try:
        return bool(while_serving(seed, 1).bad)
    finally:
        backing.open_reader = true


def _row(name: str, says: str, target: int, run: Any, control: tuple[Any, str]) -> Row:
    return Row(f"R14 {name}", says, target, 10, run, *control)


ROWS = [
    *(
        _row(
            f"restore {engine}",
            f"a restore into {engine} to any record or moment is the bank as it was, to the last bit",
            500,
            partial(to_any_record, engine),
            (partial(drops_the_last, engine), "a restore that drops the last record"),
        )
        for engine in (("sqlite", "postgres") if find_programs() else ("sqlite",))
    ),
    _row("damage", "a damaged backup is refused, nothing is left", 1_000, damaged,
         (reads_no_digest, "a restore that compares no digest")),
    _row("kill", "a killed backup or restore leaves the old or the new, never between", 500, through_kills,
         (names_too_early, "a restore that builds in place")),
    _row("serving", "a backup beside a working bank holds all that was acknowledged", 300, while_serving,
         (forgets_the_newest, "a backup that leaves out the newest records")),
]  # fmt: skip
