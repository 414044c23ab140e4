"""Many simulated years: how the loop differs from the rules, with intervals over seeds, losses shown too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from jingwei.kernel.durable import write_whole
from jingwei.learning.history import Progress, quiet
from jingwei.learning.measures import draws, interval
from jingwei.simulation.year.arms import ARMS, CALL_MINUTES, REVIEW_MINUTES
from jingwei.simulation.year.measured import FIGURES
from jingwei.simulation.year.one_year import STEPS, one_year

VERSION: Final = 2
"""Figures of another version are not gone on from."""
BASE: Final = ARMS[0].name
LEFT_OUT: Final = {
    "approval_time": "nothing waits for a person in the simulated year",
}


class StateError(ValueError):
    """The file of an earlier run cannot be gone on from."""


def simulate(
    seeds: Sequence[int], people: int, state: Path | None = None, progress: Progress = quiet
) -> dict[str, Any]:
    """The report over these seeds; those that stand in the file `state` are not lived again. StateError."""
    years = read_state(state, people)
    if state is not None:
        _keep(state, people, years)  # a year is long: whether it can be kept is seen before it is lived
    for done, seed in enumerate(seeds):
        if seed not in years:
            years[seed] = one_year(seed, people, _within(progress, done, len(seeds)))
            if state is not None:
                _keep(state, people, years)
    progress(len(seeds) * STEPS, len(seeds) * STEPS)
    return report([years[seed] for seed in seeds], people)


def _within(progress: Progress, done: int, count: int) -> Callable[[int, int], None]:
    return lambda step, steps: progress(done * steps + step, count * steps)


def read_state(state: Path | None, people: int) -> dict[int, dict[str, Any]]:
    """The years lived before, by seed. Raises StateError for a file of something else."""
    if state is None or not state.exists():
        return {}
    try:
        held = msgspec.json.decode(state.read_bytes())
        if held["version"] != VERSION or held["people"] != people:
            raise StateError(f"{state} holds years of {held['people']} people, version {held['version']}")
        return {int(year["seed"]): year for year in held["years"]}
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise StateError(f"{state} is no file of simulated years: {error}") from error


def _keep(state: Path, people: int, years: dict[int, dict[str, Any]]) -> None:
    held = {"version": VERSION, "people": people, "years": [years[seed] for seed in sorted(years)]}
    write_whole(state, msgspec.json.encode(held))


def report(years: Sequence[dict[str, Any]], people: int) -> dict[str, Any]:
    """Means of each arm, and differences to the rules with intervals by drawing seeds."""
    totals = {arm.name: _columns([year[arm.name]["total"] for year in years]) for arm in ARMS}
    apart = {
        f"{arm.name}_less_{BASE}": {
            one.name: difference(totals[arm.name][one.name] - totals[BASE][one.name], one.less_is_better)
            for one in FIGURES
        }
        for arm in ARMS[1:]
    }
    return {
        "simulated": True,
        "seeds": [year["seed"] for year in years],
        "people": people,
        "figures": {one.name: one.says for one in FIGURES},
        "assumptions": {"review_minutes": REVIEW_MINUTES, "call_minutes": CALL_MINUTES},
        "left_out": LEFT_OUT,
        "arms": {
            name: {key: float(value.mean()) for key, value in columns.items()}
            for name, columns in totals.items()
        },
        **apart,
        "loses": {
            name: [key for key, told in found.items() if told["verdict"] == "worse"]
            for name, found in apart.items()
        },
        "months": {arm.name: _months([year[arm.name]["months"] for year in years]) for arm in ARMS},
        "each_seed": [
            {"seed": year["seed"], **{arm.name: year[arm.name]["total"] for arm in ARMS}} for year in years
        ],
    }


def _means(columns: dict[str, Any]) -> dict[str, float]:
    return {name: float(column.mean()) for name, column in columns.items()}


def _columns(totals: Sequence[dict[str, float]]) -> dict[str, Any]:
    return {one.name: np.array([total[one.name] for total in totals], np.float64) for one in FIGURES}


def difference(apart: Any, less_is_better: bool) -> dict[str, Any]:
    """Mean difference over seeds, its 95 % interval, and in words whether it is better, worse or unclear."""
    mean = float(apart.mean())
    if len(apart) < 2:
        return {"mean": mean, "interval": None, "verdict": "unclear"}
    low, high = interval((draws(len(apart)) * apart).sum(axis=1) / len(apart))
    sure = low > 0 or high < 0
    better = (mean < 0) == less_is_better
    return {
        "mean": mean,
        "interval": (low, high),
        "verdict": ("better" if better else "worse") if sure else "unclear",
    }


def _months(told: Sequence[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {
        name: [round(float(one), 3) for one in np.mean([year[name] for year in told], axis=0)]
        for name in told[0]
    }
