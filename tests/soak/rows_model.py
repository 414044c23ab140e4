"""Rows of the reliability plan: the whole bank against a reference model."""

from __future__ import annotations

import random

from tests.model.planted import PLANTED
from tests.model.runs import opened, shortest, walk
from tests.model.watch import Differs
from tests.soak.row import Row, Tally

A_BANK = 5_000
"""Steps in one bank; then a new one is founded."""

FEW = 12
"""A planted error must come down to a story of at most so many commands."""

LENGTHS = (30, 30, 60, 60, 120, 120, 250, 500, 1_000, 2_000)
"""How long the runs are in which a planted error must show; a short one is shortened quicker."""


def model(engine: str, seed: int, steps: int) -> Tally:
    """So many random commands, in banks of at most 5,000."""
    bad, done, chance = [], 0, random.Random(f"{engine} {seed}")
    while done < steps and not bad:
        part = min(A_BANK, steps - done)
        with opened(engine) as home:
            try:
                walk(home, chance.getrandbits(32), part)
            except Differs as differs:
                drawn = differs.drawn  # type: ignore[attr-defined]
                bad.append(shortest(drawn, engine)[1] or str(differs))
            else:
                verdict = home.verify()
                if not verdict.sound or (found := home.store.check()):
                    bad.append(f"the books do not hang together: {verdict.damage} {found}")
        done += part
    return Tally(done, tuple(bad))


def caught(name: str, seed: int) -> tuple[int, str]:
    """Plant an error; return how many commands the shortest story that shows it has (0: not caught), and it."""
    chance = random.Random(f"{name} {seed}")
    with PLANTED[name]():
        for steps in LENGTHS:
            with opened() as home:
                try:
                    walk(home, chance.getrandbits(32), steps)
                except Differs as differs:
                    best, told = shortest(differs.drawn)  # type: ignore[attr-defined]
                    return len(best), told
    return 0, ""


def model_control(seed: int) -> bool:
    """Every planted error is caught, and told in few lines."""
    found = {name: caught(name, seed) for name in PLANTED}
    return all(0 < lines <= FEW for lines, _ in found.values())


ROWS = [
    Row(
        "R5 sqlite",
        "Random days of a whole bank, every answer, line and balance held against a reference written from "
        "the rules; six invariants after every step.",
        800_000,
        20_000,
        lambda seed, steps: model("sqlite", seed, steps),
        model_control,
        "; ".join(PLANTED),
    ),
    Row(
        "R5 postgres",
        "The same on PostgreSQL.",
        200_000,
        5_000,
        lambda seed, steps: model("postgres", seed, steps),
        model_control,
        "; ".join(PLANTED),
    ),
]
