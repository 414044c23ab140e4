"""Every write and every sync of each operation is a moment at which the process is killed."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from tests.faults.power_check import Promised, examine, rules_remembered
from tests.faults.power_cut import told
from tests.faults.power_story import START, Story, rehearsed, scratch
from tests.faults.power_trace import Traced
from tests.soak.row import Tally

import jingwei.bank
import jingwei.stores.sqlite
from jingwei.home import Home, open_home
from jingwei.kernel.clock import ManualClock
from jingwei.ledger.accounts import Balance
from jingwei.stores import folding
from jingwei.stores.conservation import before
from jingwei.stores.sqlite import SqliteStore, _put, _put_balances
from jingwei.stores.store import Batch

CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,mkdir"
_CALL = re.compile(r"^(\d+) +(\w+)\(", re.M)

Say = Callable[[str], None]


class Operation(NamedTuple):
    """Something the bank does from a known state: after `size` records (0: there is no bank yet)."""

    name: str
    size: int
    commands: int = 0
    sign: bool = False
    close: bool = False
    opened: bool = True
    """Whether the bank is open already when the killing begins."""
    checkpoint_pages: int = 16_384
    snapshot_every: int = 100_000
    laid_out: int = 0
    """Pages of the log that are laid out beforehand (0: none), as in a server."""
    fold_pages: int = 8_192

    def begin(self, home: Path) -> Home | None:
        """What is got ready before."""
        jingwei.stores.sqlite.CHECKPOINT_PAGES = self.checkpoint_pages
        jingwei.bank.SNAPSHOT_EVERY = self.snapshot_every
        folding.ROOM_PAGES, folding.FOLD_PAGES = self.laid_out, self.fold_pages
        return self.open(home) if self.opened else None

    def open(self, folder: Path) -> Home:
        """The bank, open for writing."""
        home = open_home(folder, ManualClock(START))
        if self.laid_out:
            home.store.warm()
        return home

    def go(self, home: Home, story: Story, say: Say) -> None:
        """Do it, and promise what is done."""
        if self.commands:
            home.bank.do(story.since(self.size)[: self.commands])
            say(f"done {self.size + self.commands}")
        if self.sign:
            say(told(home, home.sign_head()))
        if self.laid_out:
            home.store._folding.settle()  # type: ignore[attr-defined]
        if self.close:
            home.close()


def operations(story: Story) -> list[Operation]:
    """Every step of the story, and what else the bank writes."""
    sizes = {name: n for n, name in enumerate(story.names, story.founded)}
    more = [
        Operation("five at once", sizes["pay, allowed"], 5),
        Operation("pay, and fold the log", sizes["pay 2"], 1, checkpoint_pages=1),
        Operation("pay, and keep the features", sizes["pay 3"], 1, snapshot_every=1),
        Operation("sign a head", sizes["pay 4"], sign=True),
        Operation("close", sizes["pay 5"], close=True),
        Operation("open", sizes["pay 6"], opened=False),
        Operation("pay, the log laid out", sizes["pay, allowed"], 1, laid_out=64),
        Operation("pay, and fold the log beside", sizes["pay 2"], 1, laid_out=64, fold_pages=1),
        Operation("close, the log laid out", sizes["pay 5"], 1, close=True, laid_out=64),
        Operation("open, and lay the log out", sizes["pay 6"], 1, opened=False, laid_out=64),
        Operation("found", 0, opened=False),
    ]
    return [Operation(name, size, 1) for name, size in sizes.items() if not name.startswith("pay ")] + more


class Stages:
    """The home as it stands after each number of records, in a folder of its own; copied for every trial."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=Path(scratch()))
        self.story = rehearsed(12)
        live = self.at(0)
        home = open_home(live / "home", ManualClock(START))
        for command in self.story.commands:
            self._keep(live, home.store.size())
            home.bank.do([command])
        self._keep(live, home.store.size())
        home.bank.let_go()

    def at(self, size: int) -> Path:
        """The folder that holds the home of this size."""
        return Path(self._folder.name) / str(size)

    def _keep(self, live: Path, size: int) -> None:
        shutil.copytree(live, self.at(size))
        (self.at(size) / "home" / "bank.db-shm").unlink()

    def copy(self, size: int, to: Path) -> None:
        """A copy to work on."""
        if size:
            shutil.copytree(self.at(size), to)
        else:
            to.mkdir()

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
        Path(self._folder.name).parent.rmdir()


@lru_cache(maxsize=1)
def stages() -> Stages:
    """The stages, made once in a process."""
    return Stages()


NOT_KILLED = "the process was not killed"


class Point(NamedTuple):
    """The process is killed when it makes this call for the `when`-th time."""

    operation: Operation
    call: str
    when: int


def traced(
    operation: Operation, options: list[str], disk: Path, planted: Callable[[], None] | None
) -> Traced:
    """The operation, to be run under strace on a copy of its stage."""
    got: list[Home | None] = []
    story = stages().story

    def first() -> None:
        if planted is not None:
            planted()
        got.append(operation.begin(disk / "home"))

    def work(say: Say) -> None:
        operation.go(got[0] or operation.open(disk / "home"), story, say)

    return Traced(work, options, disk.parent, first)


@cache
def points_of(operation: Operation, planted: Callable[[], None] | None = None) -> list[Point]:
    """All crash points of an operation, found by running it once.

    Each thread's calls are counted apart, and the first thread to make its `when`-th call is killed there.
    """
    folder = Path(scratch())
    stages().copy(operation.size, folder / "disk")
    with traced(operation, ["-e", f"trace={CALLS}"], folder / "disk", planted) as run:
        assert run.code == 0 and run.held, (operation, run.code)
        calls: dict[str, int] = {}
        for (_, call), count in Counter(_CALL.findall(run.log)).items():
            calls[call] = max(count, calls.get(call, 0))
    shutil.rmtree(folder)
    return [Point(operation, call, n + 1) for call in calls for n in range(calls[call])]


def killed_at(point: Point, planted: Callable[[], None] | None = None) -> list[str]:
    """Kill the process there, open what it leaves, and return what is wrong."""
    operation, folder = point.operation, Path(scratch())
    stages().copy(operation.size, folder / "disk")
    options = ["-e", f"trace={point.call}", "-e", f"inject={point.call}:signal=SIGKILL:when={point.when}"]
    try:
        with traced(operation, options, folder / "disk", planted) as run:
            if run.code != -9:
                return [f"{NOT_KILLED} (it ended with code {run.code})"]
            promised = Promised(operation.size)
            for line in run.said:
                promised = promised.heard(line)
        whole = [operation.size, operation.size + operation.commands, operation.size + operation.commands + 1]
        return examine(folder / "disk" / "home", stages().story, promised, whole)
    finally:
        shutil.rmtree(folder)


def reached(point: Point) -> list[str]:
    """`killed_at`, again where the call did not come: threads do not always write alike."""
    wrong: list[str] = []
    for _ in range(3):
        wrong = killed_at(point)
        if not any(one.startswith(NOT_KILLED) for one in wrong):
            break
    return wrong


def crash_points(begin: int, trials: int) -> Tally:
    """Try this many crash points from place `begin` on; whoever goes on so tries each and every one."""
    with rules_remembered():
        chosen = list(_chosen(every_point(), begin, trials))
        bad = [f"{_name(point)}: {what}" for point in chosen for what in reached(point)]
    return Tally(len(chosen), tuple(bad), dict(Counter(f"points of {p.operation.name}" for p in chosen)))


def two_writes_caught(_: int) -> bool:
    """Whether a record that follows its money in a second transaction is caught somewhere in a payment."""
    with rules_remembered():
        payment = next(one for one in operations(stages().story) if one.name == "pay, allowed")
        found = points_of(payment, record_left_for_later)
        return any("half" in bad for point in found for bad in killed_at(point, record_left_for_later))


def _name(point: Point) -> str:
    return f"{point.operation.name}, killed at {point.call} {point.when}"


def every_point() -> list[Point]:
    """All points of all operations, shuffled once for all, so that a few are of many operations."""
    everything = [point for operation in operations(stages().story) for point in points_of(operation)]
    return random.Random("points").sample(everything, len(everything))


def _chosen(everything: list[Point], begin: int, trials: int) -> Iterator[Point]:
    """So many from place `begin` on, and from the first on again after the last."""
    return islice(cycle(everything), begin % len(everything), begin % len(everything) + trials)


def record_left_for_later() -> None:
    """The planted error: the money is committed first, the record of it in a second transaction."""

    def write(self: SqliteStore, batch: Batch) -> None:
        log = self._sealer()
        tiles = log.append_many(batch.leaves)
        with self._transaction() as connection:
            _put(connection, _bare(batch), [])
            _put_balances(connection, batch.kept.get(Balance, []), before(batch))
        with self._transaction() as connection:
            _put(connection, Batch(batch.first_seq, batch.leaves, [], [], {}), tiles)
        self._log, self._written = log, self._written + len(batch.leaves)

    SqliteStore.write = write


def _bare(batch: Batch) -> Batch:
    return Batch(batch.first_seq, [], batch.keys, batch.lines, batch.kept, batch.notes)
