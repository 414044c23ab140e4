"""Row R1: the bank's process, or its writer's, is killed with SIGKILL at random moments."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from tests.faults.planted import IgnoresKeys, WithoutTransaction, engine_of
from tests.faults.power_check import rules_remembered
from tests.soak.row import NotHere, Row, Tally

from jingwei.simulation.soak import ENGINES, Engine, Soak, engine
from jingwei.stores.local_postgres import find_programs

MOST_ROUNDS = 60
"""A planted error must be found in so many rounds."""


def run(name: str, seed: int, trials: int) -> Tally:
    """So many rounds of the soak in this engine."""
    if name == "postgresql" and find_programs() is None:
        raise NotHere("PostgreSQL is not installed")
    scratch = tempfile.TemporaryDirectory(prefix="jingwei-soak-")
    with scratch as folder, engine(name) as chosen, rules_remembered():
        soaked = soak(Path(folder), seed, chosen, trials)
    tally = soaked.tally
    killed = {f"killed while {doing}": count for doing, count in tally.killed.items()}
    counts = {"acknowledged": tally.acknowledged, "asked again": tally.retried, **killed}
    return Tally(tally.rounds, tuple(tally.says), counts)


def soak(folder: Path, seed: int, chosen: Engine, rounds: int) -> Soak:
    """A soak after so many rounds."""
    soaked = Soak(folder, seed, chosen)
    for _ in range(rounds):
        soaked.round()
    return soaked


def caught(chosen: Engine, kinds: tuple[str, ...], seed: int) -> bool:
    """Whether the soak finds the error of a planted bank, under one of these heads."""
    with tempfile.TemporaryDirectory(prefix="jingwei-soak-") as folder, rules_remembered():
        soaked = Soak(Path(folder), seed, chosen)
        while soaked.tally.rounds < MOST_ROUNDS:
            soaked.round()
            if any(getattr(soaked.tally, kind) for kind in kinds):
                return True
    return False


def control(seed: int) -> bool:
    """Both planted banks are found: one without transactions, one that ignores idempotency keys."""
    torn = caught(engine_of(WithoutTransaction), ("lost", "unbalanced", "unsealed"), seed)
    return torn and caught(engine_of(IgnoresKeys), ("doubled",), seed)


SAYS = {
    "sqlite": "SIGKILL of the bank at random moments: opening, writing, closing; the same keys asked again.",
    "pipelined": "SIGKILL of the bank, of its writing process, or of both; the same keys asked again.",
    "postgresql": "SIGKILL of the bank while PostgreSQL keeps its books; the same keys asked again.",
}
TARGETS = {"sqlite": 3_000, "pipelined": 500, "postgresql": 500}

ROWS = [
    Row(
        id=f"R1 {name}",
        says=SAYS[name],
        target=TARGETS[name],
        chunk=10 if name == "pipelined" else 50,
        run=partial(run, name),
        control=control,
        control_says="a store without transactions; a bank that ignores idempotency keys",
    )
    for name in ENGINES
]
