"""What a seed stands for: which faults exist in its run and how likely, its clients, how long it lasts.

Each run draws its own set of faults (swarm testing): a run with every fault at once hides what a run with two
of them shows. The highest odds are those of TigerBeetle's simulator where the fault exists there.
"""

from __future__ import annotations

import msgspec
from tests.simulated.chance import Chance

from jingwei.kernel.clock import parse_iso

MOST: dict[str, float] = {
    "ask_lost": 0.30,
    "answer_lost": 0.30,
    "ask_doubled": 0.50,
    "answer_doubled": 0.50,
    "slow_way": 0.30,
    "cut_off": 0.60,
    "write_refused": 0.10,
    "write_unknown": 0.10,
    "write_slow": 0.30,
    "read_error": 0.02,
    "snapshot_refused": 0.50,
    "anchor_refused": 0.20,
    "died_before_write": 0.06,
    "died_writing": 0.10,
    "died_before_anchor": 0.10,
    "crash": 0.70,
    "stop": 0.50,
    "takeover": 0.60,
    "clock_jump": 0.60,
    "client_died": 0.20,
}
"""The highest likelihood of each fault: for each message, write, read, or scheduled occasion."""

STARTS = ("2026-11-29T03:00:00", "2026-12-30T03:00:00", "2028-02-28T03:00:00", "2038-01-18T03:00:00")
"""When runs begin: before the end of a month, a year, a leap day, and of 32-bit time."""


class Plan(msgspec.Struct, frozen=True):
    """One run. `only` names the faults that may happen (None: whatever is drawn); `without` lists what
    clients leave out ("c2" all of a client, "c2.3" one order); `plant` is an error put in for a control.

    A safety run has faults to its end and asks only that nothing wrong happens; in a liveness run the
    faults stop and every client must then learn its outcome. `write_us` is how long a write takes,
    `think_us` how long the bank thinks about a command;
    `pace_ms` the longest pause of a client between two orders
    (unless it `pauses` for hours); in a `crowd` it sends the next order without waiting for an outcome.
    """

    seed: int
    start: int
    liveness: bool
    pipelined: bool
    long_log: bool
    clients: int
    orders: int
    days: int
    snapshot_every: int
    write_us: int
    think_us: int
    pace_ms: int
    crowd: bool
    odds: dict[str, float]
    pauses: bool = True
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    plant: str = ""


def draw(seed: int, plant: str = "") -> Plan:
    """The plan of this seed."""
    chance = Chance(seed)
    crowd = chance.share("crowd") < 0.4
    odds = {}
    for fault, most in MOST.items():
        if chance.share(f"has {fault}") < 0.5:
            odds[fault] = most * chance.share(f"odds {fault}") ** 2
    return Plan(
        seed,
        parse_iso(chance.one_of("start", STARTS)),
        chance.share("liveness") < 0.5,
        chance.share("pipelined") < 0.4,
        chance.share("long log") < 0.15,
        chance.whole("clients", 2, 5),
        chance.whole("orders", 2, 6),
        chance.whole("days", 1, 3),
        chance.one_of("snapshots", (4, 16, 10**6)),
        chance.one_of("write", (3_000, 30_000) if crowd else (300, 3_000, 30_000)),
        chance.one_of("think", (20, 2_000)),
        20 if crowd else chance.one_of("pace", (20, 300, 3_000)),
        crowd,
        odds,
        plant=plant,
    )
