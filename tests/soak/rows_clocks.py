"""Row R12: the machine's clock is set while the bank is at work."""

from __future__ import annotations

import random
from itertools import product

from tests.faults.clock_jumps import JUMPS, MOMENTS, STARTS, WallClock, differs
from tests.soak.row import Row, Tally

CASES = [
    (start, moment, jump, restart)
    for start, moment, jump, restart in product(STARTS, MOMENTS, JUMPS, (False, True))
    if not restart or JUMPS[jump] < 0
]
"""Every start, moment and jump; restarted after a jump back only: one ahead looks like time switched off."""


def run(begin: int, trials: int) -> Tally:
    """So many cases from place `begin` on; whoever goes on so tries each."""
    cases = random.Random("clocks").sample(CASES, len(CASES))
    chosen = [cases[place % len(cases)] for place in range(begin, begin + trials)]
    bad = [says for case in chosen for says in differs(*case)]
    counts = {f"clock set {jump}": sum(case[2] == jump for case in chosen) for jump in JUMPS}
    return Tally(trials, tuple(bad), counts)


def control(seed: int) -> bool:
    """A bank that believes the machine's clock must be found at every moment, forwards and backwards."""
    start = random.Random(seed).choice(list(STARTS))
    return all(
        differs(start, moment, jump, False, WallClock)
        for moment in MOMENTS
        for jump in ("+30 days", "-2 days")
    )


ROWS = [
    Row(
        id="R12 clocks",
        says="The machine's clock is set by twelve steps (two days, a month, a year, summer time, 2038, 1970 "
        "and others) during a hold, a confirmation, a used-up limit or a day-end, from six starts (month "
        "end, leap day, year end, 2038-01-19, summer time): every answer and balance of a fortnight stays.",
        target=len(CASES),
        chunk=24,
        walks=True,
        run=run,
        control=control,
        control_says="a bank that believes the machine's clock",
    )
]
