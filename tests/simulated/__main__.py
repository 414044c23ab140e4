"""Run seeds of the simulation: python -m tests.simulated --seed S [--seeds N] [--story] [--shrink]"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from tests.simulated.plan import draw
from tests.simulated.planted import PLANTED
from tests.simulated.run import Result, simulate
from tests.simulated.shrink import shrink


def main() -> int:
    """Run what was asked for; 1 when something did not hold."""
    ask = argparse.ArgumentParser(prog="python -m tests.simulated", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="the run, or the first of several")
    ask.add_argument("--seeds", type=int, default=1, help="how many runs, one seed after the other")
    ask.add_argument("--story", action="store_true", help="tell each run in the bank's notation")
    ask.add_argument("--shrink", action="store_true", help="cut a failing run down and tell what is left")
    ask.add_argument("--plant", choices=sorted(PLANTED), default="", help="run with this planted error")
    asked = ask.parse_args()
    began, bad = perf_counter(), 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        result = simulate(draw(seed, asked.plant))
        bad += bool(result.broken)
        show(result, asked.story)
        if result.broken and asked.shrink:
            small = shrink(result)
            print(f"cut down to {len(small.orders)} orders and {len(small.fired)} faults: {small.fired}")
            print(small.story)
    took = perf_counter() - began
    print(f"{asked.seeds} runs, {bad} broken, {asked.seeds / took:.1f} runs a second")
    return 1 if bad else 0


def show(result: Result, story: bool) -> None:
    """Print how a run ended."""
    ended = f"BROKEN {result.broken}: {result.says}" if result.broken else "all holds"
    if story or result.broken:
        print(f"seed {result.plan.seed}  trace {result.trace}  {ended}")
    if story:
        print(result.story)


if __name__ == "__main__":
    sys.exit(main())
