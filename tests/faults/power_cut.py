"""Power loss: record what the bank does to its disk, cut the power at any moment, look at what is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeVar

from tests.faults.power_check import Promised, examine, rules_remembered
from tests.faults.power_disk import Disk
from tests.faults.power_story import START, Story, rehearsed, scratch
from tests.faults.power_trace import CHANGES, Op, Recording, Traced, Work
from tests.soak.row import Tally

import jingwei.audit.anchors
import jingwei.audit.heads
import jingwei.bank
import jingwei.kernel.durable
import jingwei.models.registry
import jingwei.stores.folding
import jingwei.stores.sqlite
from jingwei.audit.heads import SignedHead
from jingwei.home import Home, open_home
from jingwei.journeys.prepared import split_at_barriers
from jingwei.kernel.clock import ManualClock
from jingwei.stores.sqlite import SqliteStore, _roll_back
from jingwei.stores.store import StoreError

SOON = 8
"""Half of the power cuts after a restart fall among so many changes behind its first promise."""
T = TypeVar("T")


ROOM, FOLD_BEHIND = 64, 24
"""Pages of a log that is laid out, and after how many it is folded beside the writer: small ones here."""


class Plan(NamedTuple):
    """How one run goes: sizes after each batch, after which a head is signed or the bank reopened.

    With `laid_out` the log has room beforehand and is folded beside the writer, as in a server.
    """

    whole: list[int]
    signed: set[int]
    reopened: set[int]
    checkpoint_pages: int
    snapshot_every: int
    laid_out: bool


def planned(story: Story, draw: random.Random, laid_out: bool | None = None) -> Plan:
    """Draw a run over the whole story; where it is not said, half of the runs have a log laid out."""
    sizes: list[int] = []
    while sum(sizes) < len(story.commands):
        batch = story.since(story.founded + sum(sizes))[: draw.choice((1, 1, 1, 2, 3, 5))]
        sizes += map(len, split_at_barriers(batch))
    whole = list(accumulate(sizes, initial=story.founded))
    return Plan(
        whole,
        {size for size in whole if draw.random() < 0.15},
        {size for size in whole if draw.random() < 0.05},
        draw.choice((16, 40, 120, 16_384)),
        draw.choice((8, 20, 100_000)),
        draw.random() < 0.5 if laid_out is None else laid_out,
    )


def opened(home: Path, laid_out: bool) -> Home:
    """The bank, open for writing, and as a server has it when `laid_out`."""
    found = open_home(home, ManualClock(START))
    if laid_out:
        found.store.warm()
    return found


def run_story(root: Path, story: Story, plan: Plan, say: Callable[[str], None]) -> None:
    """Found the bank or open it again, do the commands that are left, promise each one to the world.

    What fails is asked again under the same key, as a client would.
    """
    jingwei.stores.sqlite.CHECKPOINT_PAGES = plan.checkpoint_pages
    jingwei.bank.SNAPSHOT_EVERY = plan.snapshot_every
    jingwei.stores.folding.ROOM_PAGES, jingwei.stores.folding.FOLD_PAGES = ROOM, FOLD_BEHIND
    home = insist(opened, root / "home", plan.laid_out)
    size = home.store.size()
    if size > story.founded:
        insist(home.bank.do, [story.commands[size - story.founded - 1]])
        say(f"done {size}")
    for start, end in zip(plan.whole, plan.whole[1:], strict=False):
        if start < size:
            continue
        insist(home.bank.do, story.since(start)[: end - start])
        say(f"done {end}")
        if end in plan.signed:
            say(told(home, insist(home.sign_head)))
        if end in plan.reopened:
            insist(home.sign_head)
            home.close()
            home = insist(opened, root / "home", plan.laid_out)
    head = insist(home.sign_head)
    home.close()
    say(told(home, head))


def insist(ask: Callable[..., T], *what: object) -> T:
    """Ask until it is done: the disk of these stories fails a few times at most."""
    for _ in range(20):
        try:
            return ask(*what)
        except (StoreError, OSError):
            continue
    return ask(*what)


def told(home: Home, head: SignedHead) -> str:
    """The promise that lies in handing out a head."""
    return f"head {head.size} {head.root} {home.key.key_id}"


def record(root: Path, work: Work, faults: Sequence[str] = ()) -> list[Op]:
    """Everything `work` does to the files under `root`, and what it promises; with strace's own faults."""
    options = ["-y", "-xx", "-s", "16777216", "-e", f"trace={CHANGES}"]
    for fault in faults:
        options += ["-e", f"inject={fault}"]
    with Traced(work, options, root.parent) as traced:
        if traced.code not in (0, -signal.SIGKILL) or not traced.held:
            raise AssertionError(f"the recorded run ended with code {traced.code}")
        recording = Recording(root, traced.promises)
        recording.read(traced.log)
    return recording.ops


def cut_everywhere(ops: list[Op], story: Story, whole: list[int], moments: list[int], seed: str) -> Tally:
    """Cut the power at these moments of a recording, in order, and examine what is left."""
    folder, draw = Path(scratch()), random.Random(seed)
    root = Path(os.path.commonpath([op.path for op in ops if op.path]))
    disk, promised, bad, done = Disk(root), Promised(), [], 0
    with rules_remembered():
        for number, moment in enumerate(moments):
            for op in ops[done:moment]:
                disk.apply(op)
                if op.kind == "said":
                    promised = promised.heard(op.data.decode())
            done = moment
            image = folder / str(number)
            disk.cut(image, draw)
            found = examine(image / "home", story, promised, whole)
            bad += [f"{seed}, image {number} at change {moment}: {what}" for what in found]
            shutil.rmtree(image)
    shutil.rmtree(folder)
    return Tally(len(moments), tuple(bad), {"images": len(moments)})


class Lives(NamedTuple):
    """The processes a recording goes through: the faults each meets, and what was planted in it."""

    draw_faults: Callable[[random.Random], list[list[str]]]
    """For each process, what strace is to inject; all but the last are killed by it."""
    planted: Callable[[], None] | None = None
    images: int = 125
    """How many crash images are made from one recording."""
    laid_out: bool | None = None
    """Whether the log is laid out beforehand; drawn for each recording where it is None."""


def in_peace(_: random.Random) -> list[list[str]]:
    """One process, no fault until the power goes."""
    return [[]]


def killed_before(draw: random.Random) -> list[list[str]]:
    """A process killed at a write or a sync of its log, then another that goes on with what it finds."""
    call, most = draw.choice((("fdatasync", 36), ("fdatasync", 36), ("pwrite64", 240)))
    return [[f"{call}:signal=SIGKILL:when={draw.randrange(most // 4, most)}"], []]


def sync_failed(draw: random.Random) -> list[list[str]]:
    """Some syncs of the log or the file fail; half of the time the process then dies and another goes on."""
    first, step = draw.randrange(14, 45), draw.randrange(6, 15)
    fails = f"fdatasync:error=EIO:when={first}+{step}"
    if draw.random() < 0.5:
        return [[fails]]
    return [[fails, f"write:signal=SIGKILL:when={draw.randrange(40, 70)}"], []]


def recorded(story: Story, plan: Plan, lives: Lives, draw: random.Random) -> tuple[list[Op], int]:
    """What the processes of one run did, and where the last of them began."""
    folder = Path(scratch())
    (folder / "disk").mkdir()

    def work(say: Callable[[str], None]) -> None:
        if lives.planted is not None:
            lives.planted()
        run_story(folder / "disk", story, plan, say)

    ops: list[Op] = []
    last = 0
    for faults in lives.draw_faults(draw):
        last = len(ops)
        ops += record(folder / "disk", work, faults)
    shutil.rmtree(folder)
    return ops, last


def soon_after(ops: list[Op], last: int) -> tuple[int, int]:
    """The changes right behind the first promise of the last process, whose first change is `last`."""
    first = next((n for n in range(last, len(ops)) if ops[n].kind == "said"), len(ops) - 1)
    return first + 1, min(len(ops), first + 1 + SOON)


def power_cuts(seed: int, images: int, lives: Lives) -> Tally:
    """Check this many crash images, from one recorded run for every `lives.images` of them."""
    tally = Tally(0)
    while tally.trials < images:
        name = f"power {seed} {tally.trials}"
        draw = random.Random(name)
        story = rehearsed(draw.choice((12, 240)) if images > 50 else 12)
        plan = planned(story, draw, lives.laid_out)
        ops, last = recorded(story, plan, lives, draw)
        count = min(lives.images, images - tally.trials)
        spans = [(last, len(ops)), soon_after(ops, last)] if last else [(0, len(ops))]
        moments = sorted(draw.randint(*draw.choice(spans)) for _ in range(count))
        failed = sum(op.failed for op in ops)
        tally += Tally(0, (), {"syncs failed": failed, "logs laid out": int(plan.laid_out)})
        tally += cut_everywhere(ops, story, plan.whole, moments, name)
    return tally


def caught(planted: Callable[[], None], lives: Lives, seed: int, what: str) -> bool:
    """Whether a planted error shows, as `what`, in a few runs."""
    lives = lives._replace(planted=planted)
    return any(any(what in bad for bad in power_cuts(seed + n, 16, lives).bad) for n in range(20))


def cut_without_wait() -> None:
    """The planted error: SQLite syncs its log at checkpoints only, as common advice has it."""
    set_up = jingwei.stores.sqlite._set_up

    def hasty(connection: sqlite3.Connection, path: Path) -> None:
        set_up(connection, path)
        connection.execute("PRAGMA synchronous = NORMAL")

    jingwei.stores.sqlite._set_up = hasty


def fold_without_wait() -> None:
    """The planted error: the log is folded beside the writer by a connection that syncs nothing."""
    fold = jingwei.stores.folding.Folding._fold

    def hasty(connection: sqlite3.Connection) -> bool:
        connection.execute("PRAGMA synchronous = OFF")
        done = fold(connection)
        connection.execute("PRAGMA synchronous = FULL")
        return done

    jingwei.stores.folding.Folding._fold = staticmethod(hasty)


def believe_the_memory() -> None:
    """The planted error: what another process left in the system's memory is taken for durable."""
    jingwei.stores.sqlite._settle = lambda connection, path: None


def names_left_to_chance() -> None:
    """The planted error: new files and folders are not synced into the folder above them."""
    for module in (jingwei.kernel.durable, jingwei.audit.heads, jingwei.audit.anchors):
        module.sync_folder = lambda folder: None


def going_on_without_sync() -> None:
    """The planted error: a disk that fails to sync is asked to sync no more."""
    refuse = SqliteStore._refuse

    def hasty(self: SqliteStore, error: Exception) -> NoReturn:
        _roll_back(self._connection)
        self._connection.execute("PRAGMA synchronous = OFF")
        refuse(self, error)

    SqliteStore._refuse = hasty


def written_in_place() -> None:
    """The planted error: files are renamed into place before their content is on the disk."""

    def hasty(path: Path, content: bytes, mode: int = 0o600) -> None:
        jingwei.kernel.durable.make_folder(path.parent)
        fresh = path.with_name(f".{path.name}")
        fresh.write_bytes(content)
        fresh.chmod(mode)
        fresh.replace(path)
        jingwei.kernel.durable.sync_folder(path.parent)

    jingwei.audit.heads.write_whole = jingwei.models.registry.write_whole = hasty
