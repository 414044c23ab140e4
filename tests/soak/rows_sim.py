"""Row R13: the deterministic simulation, thousands of seeds; the errors planted in it must all be found."""

from __future__ import annotations

from collections import Counter

from tests.simulated.chance import Chance
from tests.simulated.plan import draw
from tests.simulated.planted import WANTED
from tests.simulated.run import Result, simulate
from tests.soak.row import Row, Tally

ENOUGH_SEEDS = 60
"""Within so many seeds each planted error is found."""


def seeds(seed: int, trials: int) -> list[int]:
    """The seeds of this many trials."""
    chance = Chance(seed)
    return [chance.bits(f"trial {n}") >> 33 for n in range(trials)]


def run(seed: int, trials: int) -> Tally:
    """Simulate this many seeds."""
    counts: Counter[str] = Counter()
    bad = []
    for one in seeds(seed, trials):
        result = simulate(draw(one))
        counts.update(figures(result))
        if result.broken:
            again = f"python -m tests.simulated --seed {one} --shrink"
            bad.append(f"seed {one}: {result.broken}: {result.says}; {again}")
    return Tally(trials, tuple(bad), dict(counts))


def figures(result: Result) -> dict[str, int]:
    """What is worth adding up of a run."""
    faults = sum(count for name, count in result.counts.items() if name.startswith("fault "))
    return {
        "answers": result.counts.get("answers", 0),
        "records": result.counts.get("records", 0),
        "faults": faults,
        "liveness runs": int(result.plan.liveness),
    }


def found(plant: str, seed: int) -> Result | None:
    """The first run that finds this planted error, of ENOUGH_SEEDS."""
    for one in seeds(seed, ENOUGH_SEEDS):
        result = simulate(draw(one, plant))
        if result.broken:
            return result
    return None


def control(seed: int) -> bool:
    """Whether every planted error is found."""
    return all(found(plant, seed) is not None for plant in WANTED)


ROWS = [
    Row(
        "R13 simulation",
        "bank, clock, disk, bus, clients and workers simulated: nothing is lost, doubled or contradicted",
        10_000,
        40,
        run,
        control,
        "keys forgotten at a start, answers before they are durable, no keys, a day-end posted again, stale "
        "features, a torn batch, a batch left in memory, a bank that stands still",
    )
]
