"""The soak: a bank is killed by SIGKILL again and again, opened again, and held to all it promised.

SIGKILL ends the process; what the kernel had taken stays in its page cache. Surviving it is not surviving a
power cut: that is a check of its own.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from jingwei.bank import Reply
from jingwei.home import Home, open_home
from jingwei.journeys.table import seal
from jingwei.kernel.clock import Clock
from jingwei.kernel.command import Command
from jingwei.simulation.soak_checks import Acknowledged, Finding, Key, books, missing
from jingwei.simulation.soak_life import Death, Heard, Told, answer_bytes, killed, live
from jingwei.simulation.soak_stream import Stream
from jingwei.stores.store import StoreError

ENGINES = ("sqlite", "pipelined", "postgresql")
ROUNDS_OF_A_BANK = 20
"""After so many rounds a new bank is founded, so that the founding is killed too and checks stay quick."""

WORST = 50
"""At most so many findings are kept in words."""

WORKING = 0.7
"""How often a bank is killed after it asked its first command; else while it opens."""

WRITER_SECONDS = 20.0
"""How long the writing process of a killed bank may take to notice and go."""

WRONG = (StoreError, AssertionError, LookupError, ValueError, TypeError)
"""How a bank that is damaged, or has a bug, may break off while it is reckoned with."""

BUSY = ("open for writing already", "another process writes")

Opener = Callable[[Path, Clock], Home]
"""Opens the bank of a folder, founding it when the folder is new."""


class Engine(NamedTuple):
    """How a bank is opened to live and, after its death, to be reckoned with; whom a round may kill.

    A life ends at any moment of opening the bank, or within `work_seconds` after its first command
    (on a slow machine, within twice what opening takes).
    """

    open: Opener
    reopen: Opener
    whom: tuple[tuple[str, ...], ...] = (("bank",),)
    work_seconds: float = 0.2


class Tally(msgspec.Struct):
    """What the rounds came to.

    `killed` counts what the bank was doing when it was killed, `retried` commands asked but not answered
    before that, `failures` how often an engine whose writer was killed said so.
    """

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    unbalanced: int = 0
    unsealed: int = 0
    broken: int = 0
    seconds: float = 0.0
    killed: dict[str, int] = {}
    retried: int = 0
    failures: int = 0
    says: list[str] = []

    @property
    def bad(self) -> int:
        """How many things went wrong."""
        return self.lost + self.doubled + self.unbalanced + self.unsealed + self.broken

    @property
    def below(self) -> str:
        """What zero failures in so many rounds prove: the rule of three, at 95 % confidence."""
        return bound(self.rounds, self.bad)


def bound(trials: int, bad: int) -> str:
    """The rule of three in words: no failure in n trials puts the true rate below 3/n at 95 %."""
    if bad or not trials:
        return "nothing" if not bad else f"{bad} went wrong"
    return f"< 3/{trials} = {min(3 / trials, 1):.2g} a round, at 95 %"


class Soak:
    """A soak in a folder of its own: `round` after `round`, what it comes to in `tally`.

    The same seed asks the same commands and draws the same moments to kill; where these fall in the work
    depends on the machine.
    """

    def __init__(self, folder: Path, seed: int, engine: Engine) -> None:
        self.tally = Tally()
        self._folder, self._engine = folder, engine
        self._chance = random.Random(seed)
        self._opening_seconds = 0.15
        self._banks = 0
        self._found_one()

    def _found_one(self) -> None:
        self._banks += 1
        self._stream = Stream(f"bank{self._banks}")
        self._promised: dict[Key, Acknowledged] = {}
        self._left = ROUNDS_OF_A_BANK

    @property
    def _path(self) -> Path:
        return self._folder / self._stream.name

    def round(self) -> None:
        """One life, one death, one reckoning."""
        began = time.perf_counter()
        chance = random.Random(self._chance.getrandbits(64))
        heard = self._life(chance)
        found = [*self._heard(heard), *self._reckon(heard)]
        self._count(heard, found)
        self._left -= 1
        if found or not self._left:
            if not found:
                shutil.rmtree(self._path, ignore_errors=True)
            self._found_one()
        self.tally.rounds += 1
        self.tally.seconds += time.perf_counter() - began

    def _life(self, chance: random.Random) -> Heard:
        working = chance.random() < WORKING
        work = max(self._engine.work_seconds, 2 * self._opening_seconds)
        seconds = chance.uniform(0, work if working else self._opening_seconds)
        death = Death(seconds, working, chance.choice(self._engine.whom))

        def life(tell: Callable[[Told], None]) -> None:
            opened = partial(self._engine.open, self._path, self._stream.clock)
            live(opened, self._stream, chance, tell)

        heard = killed(life, death)
        if heard.opened_after is not None:
            self._opening_seconds += 0.2 * (heard.opened_after - self._opening_seconds)
        return heard

    def _heard(self, heard: Heard) -> Iterator[Finding]:
        """Take down what was promised; the same key promised twice must be the same."""
        for command in heard.asked:
            self._stream.take(command)
        for command, reply in heard.acknowledged:
            yield from self._promise(command, reply)

    def _promise(self, command: Command, reply: Reply) -> Iterator[Finding]:
        key = (command.actor, command.key)
        promise = Acknowledged(reply.seq, seal(reply.seq, command, reply.answer))
        if self._promised.setdefault(key, promise) != promise:
            yield Finding("doubled", f"{key} was answered by record {reply.seq} and by another before")
        self._stream.learn(command, reply)

    def _reckon(self, heard: Heard) -> list[Finding]:
        """Open the bank again, ask all of this life once more, and look at everything."""
        found: list[Finding] = []
        try:
            with closing(self._opened_again()) as home:
                found += missing(home.store, self._promised)
                found += self._ask_again(home, heard)
                found += books(home)
        except WRONG as error:
            found.append(Finding("unsealed", f"the bank cannot go on: {type(error).__name__}: {error}"))
        return found

    def _opened_again(self) -> Home:
        """The bank, opened once a writing process of its own has noticed that its parent is gone."""
        deadline = time.monotonic() + WRITER_SECONDS
        while True:
            try:
                return self._engine.reopen(self._path, self._stream.clock)
            except StoreError as error:
                if time.monotonic() > deadline or not any(busy in str(error) for busy in BUSY):
                    raise
                time.sleep(0.02)

    def _ask_again(self, home: Home, heard: Heard) -> Iterator[Finding]:
        """Ask the unanswered again, which are done now at the latest, and the answered, not done again."""
        known = {(command.actor, command.key) for command, _ in heard.acknowledged}
        waiting = [command for command in heard.asked if (command.actor, command.key) not in known]
        for command, reply in zip(waiting, home.bank.do(waiting), strict=True):
            yield from self._promise(command, reply)
        self.tally.retried += len(waiting)
        commands = [command for command, _ in heard.acknowledged]
        for (command, first), reply in zip(heard.acknowledged, home.bank.do(commands), strict=True):
            if not reply.replayed or reply.seq != first.seq:
                yield Finding("doubled", f"{command.key} asked again was done again, as record {reply.seq}")
            elif answer_bytes(reply) != answer_bytes(first):
                yield Finding("lost", f"{command.key} asked again is answered otherwise")

    def _count(self, heard: Heard, found: list[Finding]) -> None:
        tally = self.tally
        tally.acknowledged += len(heard.acknowledged)
        tally.failures += heard.failures
        tally.killed[heard.doing] = tally.killed.get(heard.doing, 0) + 1
        for kind, count in Counter(finding.kind for finding in found).items():
            setattr(tally, kind, getattr(tally, kind) + count)
        said = [f"{self._stream.name}: {finding.kind}: {finding.says}" for finding in found]
        if heard.doing == "broken":
            tally.broken += 1
            said.append(f"{self._stream.name}: it broke off by itself: {heard.why}")
        tally.says += said[: max(0, WORST - len(tally.says))]


def pipelined(path: Path, clock: Clock) -> Home:
    """The bank of a folder with its writer in a second process."""
    return open_home(path, clock, pipelined=True)


SQLITE = Engine(open_home, open_home)
PIPELINED = Engine(pipelined, open_home, (("bank",), ("writer",), ("bank", "writer")), 0.8)


@contextmanager
def engine(name: str) -> Iterator[Engine]:
    """The engine with this name of ENGINES; "postgresql" runs a server of its own meanwhile."""
    if name != "postgresql":
        yield {"sqlite": SQLITE, "pipelined": PIPELINED}[name]
        return
    from jingwei.stores.local_postgres import local_postgres

    with local_postgres(["shared_buffers=64MB"]) as server:

        def opened(path: Path, clock: Clock) -> Home:
            return open_home(path, clock, store_url=server.database(path.name))

        yield Engine(opened, opened)


def summary(tally: Tally) -> dict[str, Any]:
    """The tally as one object, with what the zeros prove."""
    told: dict[str, Any] = msgspec.to_builtins(tally)
    return told | {"seconds": round(tally.seconds, 1), "bad": tally.bad, "below": tally.below}
