"""A bank process in the simulation: the real home, bank and joining writer over a simulated disk and loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.simulated.disk import Disk, Session
from tests.simulated.founding import SimulatedCourt
from tests.simulated.world import Broken, Died, World

from jingwei.audit.heads import SignedHead, SigningKey
from jingwei.audit.verify import Verdict, verify_log
from jingwei.bank import Bank, Reply
from jingwei.channels.rest.joined import Joined
from jingwei.home import LOG, Home
from jingwei.journeys.expire_holds import run as expire
from jingwei.journeys.run_day_end import run as close_day
from jingwei.journeys.shape import Answer
from jingwei.journeys.table import BY_COMMAND
from jingwei.kernel.clock import SECOND, SystemClock, day_start
from jingwei.kernel.command import Command
from jingwei.ledger.products import shipped
from jingwei.stores.store import StoreError

Tell = Callable[[Reply | Exception], None]
Do = Callable[[Any], Answer]
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"simulated signing key, 32 bytes."))
STREAM_BATCH = 1
"""Commands in a batch of a stream: the smaller, the more batches are on their way at once."""

FEW_ACCOUNTS = 2
"""Accounts in a page of the day-end, so that there are several pages to die between."""


class Anchors:
    """The place elsewhere where signed heads go; nothing that happens to the bank reaches it."""

    path = "elsewhere"

    def __init__(self, world: World) -> None:
        self.heads: list[SignedHead] = []
        self._world = world

    def append(self, head: SignedHead) -> None:
        """Take one head, unless the process dies before or the place does not answer."""
        site = f"{head.size} at {head.at}"
        if self._world.fault("died_before_anchor", site):
            raise Died("dies before it anchors a head")
        if self._world.fault("anchor_refused", site):
            raise OSError("the place of the anchors does not answer")
        self.heads.append(head)

    def ends_with(self, head: SignedHead) -> bool:
        """Whether this head is the last one here."""
        return bool(self.heads) and self.heads[-1] == head

    def read(self) -> tuple[list[SignedHead], list[Any]]:
        """All heads in the order written."""
        return self.heads, []


class SimulatedHome(Home):
    """The home's own evidence over simulated parts; the bank in it was founded before."""

    def __init__(self, node: Node, bank: type[Bank]) -> None:
        world, disk = node.world, node.disk
        self.clock = SystemClock(lambda: node.nanoseconds() // 1000, node.now)
        self.store = Session(world, disk, f"{node.name}{node.life}", pipelined=world.plan.pipelined)
        self.products = shipped()
        court = SimulatedCourt(world, disk, f"{node.name}{node.life}")
        self.bank = bank(self.store, self.products, court, snapshot_every=world.plan.snapshot_every)
        self.key = KEY
        self.anchors: Any = node.anchors

    def verdict(self) -> Verdict:
        """The log against its tiles, its last head and the anchors; the books are compared by Watch."""
        heads, last = self.anchors.read()[0], self.head()
        told = [*heads, *([last] if last else [])]
        rows = self.store.records(0, self.store.size())
        return verify_log(rows, self.store.tile, told, [self.key.public], LOG)


class Loop:
    """The part of an event loop the joining writer uses; `time` is the simulated one, in seconds."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.ready: deque[Callable[[], object]] = deque()

    def time(self) -> float:
        """Simulated seconds, as this process feels them."""
        return self._node.now() / SECOND

    def call_soon(self, call: Callable[..., object], *arguments: object) -> None:
        """Call at the loop's next turn."""
        self.ready.append(lambda: call(*arguments))

    def call_later(self, delay: float, call: Callable[..., object], *arguments: object) -> Timer:
        """Call in so many seconds, unless cancelled."""
        node, timer, life = self._node, Timer(), self._node.life
        when = self._node.now() + round(delay * SECOND)

        def due() -> None:
            if not timer.cancelled and node.life == life:
                node.turn(lambda: call(*arguments))

        node.world.at(when, due)
        return timer


class Timer:
    """Something to be called later."""

    cancelled = False

    def cancel(self) -> None:
        """Do not call it."""
        self.cancelled = True


class Watched:
    """Shows the joining writer the bank, and stops the run at the first bug the bank meets."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def do_each(self, commands: list[Command]) -> list[Reply | Exception]:
        """What the bank makes of the commands."""
        think(self._bank, commands)
        replies = self._bank.do_each(commands)
        for command, reply in zip(commands, replies, strict=True):
            if isinstance(reply, Exception):
                raise Broken("bug", f"{type(command).__name__} {command.key} met {reply!r}")
        return replies


def think(bank: Bank, commands: list[Command]) -> None:
    """Let the time pass that the bank needs for these commands."""
    session = bank.store
    assert isinstance(session, Session)
    session.spend(session.world.plan.think_us * len(commands))


class Stream:
    """Brings commands through the bank batch after batch, several on their way at once, like the card stream.

    Nobody is told anything before what he asked is durable.
    """

    def __init__(self, bank: Bank, loop: Loop) -> None:
        self._bank, self._loop = bank, loop
        self._waiting: list[tuple[Command, Tell]] = []
        self._undurable: list[tuple[Tell, Reply]] = []

    def put(self, command: Command, tell: Tell) -> None:
        """Have a command done."""
        self._waiting.append((command, tell))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        batch, self._waiting = self._waiting[:STREAM_BATCH], self._waiting[STREAM_BATCH:]
        commands = [command for command, _ in batch]
        think(self._bank, commands)
        try:
            if any(BY_COMMAND[type(command)].barrier for command in commands):
                self._bank.wait()
                replies = self._bank.do(commands)
            else:
                replies = self._bank.commit(self._bank.prepare(commands))
            self._undurable += [(tell, reply) for (_, tell), reply in zip(batch, replies, strict=True)]
        except StoreError as error:
            self._fail([*(tell for tell, _ in self._undurable), *(tell for _, tell in batch)], error)
        self._loop.call_soon(self._flush if self._waiting else self._settle)

    def _settle(self) -> None:
        try:
            self._bank.wait()
        except StoreError as error:
            self._fail([tell for tell, _ in self._undurable], error)
        told, self._undurable = self._undurable, []
        for tell, reply in told:
            tell(reply)

    def _fail(self, tells: list[Tell], error: StoreError) -> None:
        self._undurable = []
        for tell in tells:
            tell(error)


class _Asked(Exception):
    """An errand needs the answer to this command before it can go on."""

    def __init__(self, command: Command) -> None:
        self.command = command


class Errand:
    """Runs one of the bank's own page-after-page jobs without a thread.

    The job is begun again after each answer and finds the answers so far; each page has its own key.
    """

    def __init__(self, node: Node, work: Callable[[Do], object], tell: Callable[[str], None]) -> None:
        self._node, self._work, self._tell = node, work, tell
        self._answers: dict[str, Answer] = {}

    def step(self) -> None:
        """Go on as far as the answers reach."""
        try:
            self._work(self._do)
        except _Asked as asked:
            key = asked.command.key
            self._node.put(asked.command, lambda reply: self._told(key, reply))
        except RuntimeError as refused:
            raise Broken("day_end_stopped", str(refused)) from refused
        else:
            self._tell("done")

    def _do(self, command: Command) -> Answer:
        if command.key not in self._answers:
            raise _Asked(command)
        return self._answers[command.key]

    def _told(self, key: str, reply: Reply | Exception) -> None:
        if isinstance(reply, Exception):
            self._tell("failed")
            return
        self._answers[key] = reply.answer
        self._node.loop.call_soon(self.step)


class Node:
    """A machine that runs the bank, or stands by."""

    def __init__(self, name: str, world: World, disk: Disk, anchors: Anchors, bank: type[Bank]) -> None:
        self.name, self.world, self.disk, self.anchors = name, world, disk, anchors
        self.offset = 0
        """How far its clock is ahead of the true time, in microseconds."""
        self.life = 0
        self.home: SimulatedHome | None = None
        self.loop = Loop(self)
        self.started: Callable[[], None] = lambda: None
        self.ended: Callable[[], None] = lambda: None
        """Called when the process is gone, or did not start."""
        self._bank = bank
        self._put: Callable[[Command, Tell], None] = lambda command, tell: None
        self._busy_until = 0
        self._inbox: list[Callable[[], object]] = []

    def now(self) -> int:
        """Simulated time as this process feels it."""
        return max(self.world.now, self._busy_until)

    def nanoseconds(self) -> int:
        """What the machine's clock shows."""
        return (self.world.now + self.offset) * 1000

    def start(self) -> None:
        """Start the process; it is not up when the disk is held by another or cannot be read."""
        if self.home is not None:
            return
        self.life += 1
        self.loop = Loop(self)
        try:
            home = SimulatedHome(self, self._bank)
        except StoreError as error:
            self.world.tell("bank", f"# {self.name} does not start: {error}")
            if self.disk.writer is not None and self.disk.writer.name == f"{self.name}{self.life}":
                self.disk.lose_power(self.world, self.world.now, self.name)
            self.ended()
            return
        self.home = home
        self.world.counts["starts"] += 1
        self.world.counts["starts from a snapshot"] += bool(self.disk.snapshot)
        if self.world.plan.pipelined:
            self._put = Stream(home.bank, self.loop).put
        else:
            self._put = Joined(Watched(home.bank), home.store.reader(), lambda count: None).put
        if self.life > 1 or self.name != "bank":
            self.world.tell("bank", f"# {self.name} starts with {home.store.size()} records")
        self.started()

    def die(self, why: str) -> None:
        """The process is gone, with everything that was not durable (or part of it: that is chance)."""
        if self.home is None:
            return
        store, self.home = self.home.store, None
        now, name = self.now(), self.name
        coming, before = len(self.disk.coming), len(self.disk.books.records)
        self.life += 1
        self._busy_until = 0
        self._inbox.clear()
        if self.disk.writer is store:
            self.disk.lose_power(self.world, now, name)
        self.world.tell("bank", f"# {self.name} {why}" + (self._what_was_kept(coming, before)))
        self.ended()

    def _what_was_kept(self, coming: int, before: int) -> str:
        kept = len(self.disk.books.records) - before
        return f"; of its writes on their way {kept} records are kept" if coming else ""

    def stop(self) -> None:
        """Stop the process in good order: head signed, snapshot kept."""
        if self.home is not None:
            home = self.home
            self.turn(lambda: self._close(home))
            if self.home is not None:
                self.die("is stopped")

    def _close(self, home: SimulatedHome) -> None:
        try:
            home.close()
        except (StoreError, OSError):
            self.die("cannot stop in good order and is killed")

    def put(self, command: Command, tell: Tell) -> None:
        """Hand a command to the writer."""
        self._put(command, tell)

    def when_free(self, what: Callable[[], None]) -> None:
        """Do this in the next turn of the process, with all that came while it was busy."""
        if self.home is not None:
            self._inbox.append(what)
            if len(self._inbox) == 1:
                self.world.at(self._busy_until, self._read)

    def _read(self) -> None:
        """Take everything that has come in one turn."""
        if self._busy_until > self.world.now:
            self.world.at(self._busy_until, self._read)
            return
        came, self._inbox = self._inbox, []
        self.turn(*came)

    def turn(self, *came: Callable[[], object]) -> None:
        """One turn of the event loop: do all this, then what follows from it at once."""
        asyncio._set_running_loop(self.loop)  # type: ignore[arg-type]
        try:
            for what in came:
                what()
            while self.loop.ready:
                self._feel()
                self.loop.ready.popleft()()
        except Died as died:
            self._feel()
            self.die(str(died))
        finally:
            asyncio._set_running_loop(None)
            self._feel()

    def _feel(self) -> None:
        """Time that passed at the disk has passed for the process."""
        if self.home is not None:
            self._busy_until = max(self._busy_until, self.home.store.busy_until)

    # -- what it is asked ---------------------------------------------------------------------

    def take(self, kind: type[Command], fields: dict[str, Any], tell: Tell) -> None:
        """Stamp an order with the bank's clock and have it done."""
        home = self.home
        if home is not None:
            now = home.clock.now()
            self.put(msgspec.convert(fields | {"at": now, "known_at": now}, kind), tell)

    def close_day(self, day: int, tell: Callable[[str], None]) -> None:
        """Expire holds and close a bank day, the way the day-end route does it."""
        if self.home is None:
            return
        now = self.home.clock.now()
        if now < day_start(day + 1):
            tell("day_not_over")
            return

        def work(do: Do) -> None:
            expire(now, do, limit=FEW_ACCOUNTS)
            list(close_day(day, now, do, limit=FEW_ACCOUNTS))

        Errand(self, work, tell).step()

    def sign(self) -> None:
        """Sign the log as it stands and anchor the head."""
        if self.home is not None:
            try:
                self.home.sign_head()
            except (StoreError, OSError) as error:
                self.world.note(f"no head: {error}".encode())
