"""Too little memory: the bank may take hardly more than it has, must say so and go on afterwards."""

from __future__ import annotations

import random
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.faults.power_check import Promised, examine, rules_remembered
from tests.faults.power_points import stages
from tests.faults.power_story import START, Story, rehearsed, scratch
from tests.faults.power_trace import Traced
from tests.soak.row import Tally

import jingwei.bank
from jingwei.home import Home, open_home
from jingwei.kernel.clock import ManualClock
from jingwei.stores.store import StoreError

ROUNDS = 24
SIZES = (1 << 17, 1 << 13, 400, 40)
"""Bytes of the pieces that take up what memory there is: of the system, of malloc, of Python's own pools."""
PAYMENTS = 240

Say = Callable[[str], None]


def _all_of(size: int) -> list[bytes]:
    """As many pieces of this size as there is memory for."""
    pieces: list[bytes] = []
    try:
        while True:
            pieces.append(bytes(size))
    except MemoryError:
        return pieces


def _capped(home: Home, story: Story, batch: int, draw: random.Random) -> str:
    """Do a batch while the process may take next to no more memory; return how it ended."""
    size = home.store.size()
    commands = story.since(size)[:batch]
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    free, most = resource.getrlimit(resource.RLIMIT_AS)
    ballast: list[list[bytes]] = []
    resource.setrlimit(resource.RLIMIT_AS, (taken, most))
    try:
        for size_bytes in SIZES:
            ballast.append(_all_of(size_bytes))
        for pieces in ballast:
            del pieces[: draw.choice((0, 0, 0, 1, 3, 10))]
        replies = home.bank.do_each(commands)
    except StoreError as error:
        return "refused" if "memory" in str(error) else f"bad refusal: {error}"
    except MemoryError:
        return "bad: the bank did not say so, it ran out of memory"
    finally:
        ballast.clear()
        resource.setrlimit(resource.RLIMIT_AS, (free, most))
    wrong = [reply for reply in replies if isinstance(reply, Exception)]
    return f"bad bug: {wrong[0]!r}" if wrong else "done"


def memory_caps(seed: int, trials: int, planted: Callable[[], None] | None = None) -> Tally:
    """Do this many batches of payments with too little memory, then each again with enough."""
    counts = {"refused": 0, "done": 0, "died": 0}
    bad: list[str] = []
    done = 0
    while done < trials:
        rounds = min(ROUNDS, trials - done)
        name = f"memory {seed} {done}"
        said, found = _one_life(random.Random(name), rounds, planted)
        for line in said:
            if line in counts:
                counts[line] += 1
        bad += [f"{name}: {what}" for what in found]
        done += rounds
    return Tally(trials, tuple(bad), counts)


def _one_life(
    draw: random.Random, rounds: int, planted: Callable[[], None] | None
) -> tuple[list[str], list[str]]:
    folder, homes, story = Path(scratch()), [], rehearsed(PAYMENTS)
    stages().copy(stages().story.founded + len(stages().story.commands), folder / "disk")

    def first() -> None:
        if planted is not None:
            planted()
        homes.append(open_home(folder / "disk" / "home", ManualClock(START)))
        homes[0].bank.do(story.since(homes[0].store.size())[:1])

    def work(say: Say) -> None:
        home = homes[0]
        for _ in range(rounds):
            size, batch = home.store.size(), draw.randrange(1, 9)
            say(_capped(home, story, batch, draw))
            if home.store.size() not in (size, size + batch):
                say(f"bad half: {home.store.size() - size} of {batch} were written")
            home.bank.do(story.since(size)[:batch])
            say(f"at {home.store.size()}")

    with rules_remembered(), Traced(work, ["-e", "trace=none"], folder, first) as traced:
        bad = [line for line in traced.said if line.startswith("bad ")]
        size = max([0, *(int(line.split()[1]) for line in traced.said if line.startswith("at "))])
        if traced.code:
            traced.said.append("died")
        whole = range(story.founded, len(story.leaves) + 1)
        bad += examine(folder / "disk" / "home", story, Promised(size), whole)
    shutil.rmtree(folder)
    return traced.said, bad


def memory_trusted() -> None:
    """The planted error: a bank that ran out of memory half way believes what it had in its hands."""
    jingwei.bank.Bank._start_again = lambda self: None
    jingwei.bank.Bank.do = jingwei.bank.Bank._do
