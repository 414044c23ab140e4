"""Model runs: a bank of its own, random commands in random batches, and the shortest story of a failure."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from tests.model.asking import START, Teller
from tests.model.dice import Dice, Recorded, Replayed
from tests.model.reference import Reference
from tests.model.reference_products import policy_text
from tests.model.watch import Differs, Pair, Watch

from jingwei.home import Home, open_home
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.kernel.clock import ManualClock
from jingwei.stores.local_postgres import local_postgres

EVERY = 1_000
"""After how many steps everything is compared, not only what was touched."""

SIZES = (1, 1, 1, 2, 3, 5, 12, 40)
"""How many commands make a batch."""

MEMORY = Path("/dev/shm")
"""Files here need no disk; the store and all it does to be safe are the same."""


@cache
def postgres() -> str:
    """The address of a PostgreSQL that lives as long as this process."""
    stack = ExitStack()
    server = stack.enter_context(local_postgres(["shared_buffers=32MB"]))
    atexit.register(stack.close)
    return server.dsn


def emptied(dsn: str) -> str:
    """The same database with nothing in it."""
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
    return dsn


def memory_folder() -> str | None:
    """Where banks of a model run lie."""
    return str(MEMORY) if MEMORY.is_dir() else None


def found(path: Path, url: str = "") -> Home:
    """A new bank that judges by the model's own policies."""
    home = open_home(path, ManualClock(START), store_url=url)
    stamp = {"actor": "system:core", "at": START, "known_at": START}
    for name in ("outgoing_transfer", "card_payment"):
        reply = home.bank.do([PublishPolicy(key=f"model:{name}", text=policy_text(name), **stamp)])[0]
        assert reply.answer.refusal is None, reply
    return home


@cache
def template() -> Path:
    """A bank founded once in this process; a copy of it is founded much quicker."""
    folder = tempfile.mkdtemp(prefix="jingwei-model-", dir=memory_folder())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    found(Path(folder) / "bank").close()
    return Path(folder)


@contextmanager
def opened(engine: str = "sqlite") -> Iterator[Home]:
    """A new bank that judges by the model's own policies, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="jingwei-model-", dir=memory_folder()) as folder:
        path = Path(folder) / "books" / "bank"
        if engine == "postgres":
            home = found(path, emptied(postgres()))
        else:
            shutil.copytree(template(), path.parent)
            home = open_home(path, ManualClock(START))
        try:
            yield home
        finally:
            home.close()


class Run:
    """A bank, its reference and a teller."""

    def __init__(self, home: Home) -> None:
        self.home = home
        reference = Reference(home.store.size())
        self.teller = Teller(reference)
        self._reader = home.store.reader()
        self.watch = Watch(home.bank, self._reader, reference)
        self._waiting: list[Pair] = []

    def ask(self, dice: Dice, verb: str = "") -> None:
        """Think of the next command; it is done with the next `flush`."""
        command = self.teller.next(dice, verb)
        expected = self.teller.reference.expect(command)
        self.teller.saw(command, expected)
        self._waiting.append((command, expected))

    def flush(self) -> None:
        """Do what waits as one batch. Raises Differs."""
        if self._waiting:
            self.watch.do(self._waiting)
        self._waiting = []

    def close(self) -> None:
        """Let go of the reading connection."""
        self._reader.close()


Step = tuple[int, ...]
"""The numbers drawn for one command; the last is 1 when the batch ends behind it."""


def walk(home: Home, seed: int, steps: int) -> list[Step]:
    """Do so many random commands and return what was drawn. Raises Differs with `drawn` added."""
    run, drawn = Run(home), []
    dice, sizes = Recorded(seed), random.Random(seed)
    left = 1
    try:
        for n in range(1, steps + 1):
            dice.drawn = []
            run.ask(dice)
            left -= 1
            drawn.append((*dice.drawn, int(left == 0)))
            if left == 0:
                run.flush()
                left = sizes.choice(SIZES)
            if n % EVERY == 0:
                run.flush()
                run.watch.everything()
        run.flush()
        run.watch.afresh()
    except Differs as differs:
        differs.drawn = drawn  # type: ignore[attr-defined]
        raise
    finally:
        run.close()
    return drawn


def replay(steps: Sequence[Step], engine: str = "sqlite") -> str:
    """Do recorded steps in a new bank; return the story when it differs, or ""."""
    with opened(engine) as home:
        run = Run(home)
        try:
            for step in steps:
                run.ask(Replayed(step[:-1]))
                if step[-1]:
                    run.flush()
            run.flush()
            run.watch.afresh()
        except Differs as differs:
            return str(differs)
        finally:
            run.close()
    return ""


def shortest(steps: Sequence[Step], engine: str = "sqlite") -> tuple[list[Step], str]:
    """Leave out steps, and make draws plainer, as long as the story still goes wrong."""
    best, told = list(steps), replay(steps, engine)
    if not told:
        return best, ""
    size = len(best) // 2
    while size:
        at = 0
        while at < len(best):
            fewer = best[:at] + best[at + size :]
            if again := replay(fewer, engine):
                best, told = fewer, again
            else:
                at += size
        size //= 2
    for n, step in enumerate(best):
        alone = (*step[:-1], 1)
        if alone != step and (again := replay([*best[:n], alone, *best[n + 1 :]], engine)):
            best[n], told = alone, again
    return best, told
