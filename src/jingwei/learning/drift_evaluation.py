"""Measure the monitor on simulated applications: false alarms while nothing changes, batches until a change
is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.credit_training import reference
from jingwei.learning.history import Progress, quiet
from jingwei.learning.monitor import CALIBRATION, COLUMNS_RATE, OUTCOMES_RATE, Monitor
from jingwei.learning.scorecard import fit_scorecard
from jingwei.learning.synthetic_loans import loan_applications
from jingwei.models.compiled import Floats

BATCH, BATCHES, LEARNED, POOL = 200, 50, 5000, 40_000
CHANGED_STREAMS = 100
MOST = 1.0 / 1000.0
Rows = dict[str, Floats]
Rng = np.random.Generator


class Change(msgspec.Struct, frozen=True):
    """A planted change: what happens to the columns or to the odds of going bad, and which alarm is meant to
    see it."""

    says: str
    seen_by: tuple[str, ...]
    columns: Callable[[Rows, Rng], Rows]
    odds: float = 1.0


def _as_is(rows: Rows, rng: Rng) -> Rows:
    return rows


def _lower_income(rows: Rows, rng: Rng) -> Rows:
    return rows | {"income": rows["income"] * 0.85}


def _more_inquiries(rows: Rows, rng: Rng) -> Rows:
    return rows | {"inquiries_6m": rows["inquiries_6m"] + (rng.random(len(rows["income"])) < 0.3)}


def _a_unit_changes(rows: Rows, rng: Rng) -> Rows:
    return rows | {"debt_share": rows["debt_share"] * 100.0}


CHANGES: dict[str, Change] = {
    "income_15_lower": Change("incomes fall by 15 %", ("income",), _lower_income),
    "inquiries_rise": Change("three in ten have one inquiry more", ("inquiries_6m",), _more_inquiries),
    "unit_changes": Change("a share arrives as percent", ("debt_share",), _a_unit_changes),
    "odds_half_higher": Change("the odds of going bad rise by half", (CALIBRATION,), _as_is, 1.5),
    "odds_double": Change("the odds of going bad double", (CALIBRATION,), _as_is, 2.0),
}


def evaluate_drift(rounds: int = 200, progress: Progress = quiet) -> dict[str, Any]:
    """Return false alarms a batch with the 95 % upper bound, and batches until each planted change is seen.

    Everything is SIMULATED. While nothing changes, outcomes are drawn from the model's own chances, so the
    model is right by construction; each stream measures against a reference of its own.
    """
    table, bad = loan_applications(POOL, 41)
    pool = dict(table.columns)
    card = fit_scorecard({name: column[:LEARNED] for name, column in pool.items()}, bad[:LEARNED])
    stream = _Stream(pool, card.log_odds)
    alarms: list[tuple[str, ...]] = []
    for at in range(rounds):
        alarms += stream.live(np.random.default_rng([7, at]), BATCHES)
        progress(at * 60 // rounds, 100)
    found = {}
    for place, (name, change) in enumerate(CHANGES.items()):
        found[name] = _delays(stream, change, place)
        progress(60 + 40 * (place + 1) // len(CHANGES), 100)
    hits = sum(bool(one) for one in alarms)
    bound = upper(hits, len(alarms))
    told = {
        "simulated": True,
        "batch_rows": BATCH,
        "columns": len(pool) + 1,
        "batches": len(alarms),
        "false_alarms": hits,
        "false_alarms_columns": sum(bool(set(one) - {CALIBRATION}) for one in alarms),
        "false_alarms_calibration": sum(CALIBRATION in one for one in alarms),
        "rate": hits / len(alarms),
        "rate_upper_95": bound,
        "bar": MOST,
        "promised": COLUMNS_RATE + OUTCOMES_RATE,
        "changes": found,
    }
    return told | {"holds": bound < MOST and all(one["seen"] for one in found.values())}


class _Stream:
    """Applications drawn from a pool, scored, in batches."""

    def __init__(self, pool: Rows, log_odds: Callable[[Rows], Floats]) -> None:
        self._pool = pool
        self._log_odds = log_odds
        self._size = len(next(iter(pool.values())))

    def live(self, rng: Rng, batches: int, change: Change | None = None) -> list[tuple[str, ...]]:
        """The alarms of each batch, after a reference of LEARNED rows without the change."""
        before, score = self._draw(rng, LEARNED)
        references = [reference(name, column) for name, column in before.items()]
        monitor = Monitor([*references, reference("score", score)], float(score.mean()))
        told = []
        for _ in range(batches):
            rows, chance = self._draw(rng, BATCH, change)
            odds = chance / (1.0 - chance) * (change.odds if change else 1.0)
            bad = rng.random(BATCH) < odds / (1.0 + odds)
            told.append(monitor.look(rows | {"score": chance}, (chance, bad)).alarms)
            if change and set(told[-1]) & set(change.seen_by):
                break
        return told

    def _draw(self, rng: Rng, rows: int, change: Change | None = None) -> tuple[Rows, Floats]:
        picked = rng.integers(0, self._size, rows)
        drawn = {name: column[picked] for name, column in self._pool.items()}
        if change is not None:
            drawn = change.columns(drawn, rng)
        chance = 1.0 / (1.0 + np.exp(-self._log_odds(drawn)))
        return drawn, chance


def _delays(stream: _Stream, change: Change, place: int) -> dict[str, Any]:
    """Batches until the alarm that is meant to see a change that begins with the first batch."""
    took = []
    for at in range(CHANGED_STREAMS):
        told = stream.live(np.random.default_rng([11, place, at]), BATCHES, change)
        took.append(len(told) if set(told[-1]) & set(change.seen_by) else BATCHES + 1)
    ranked = np.sort(took)
    return {
        "says": change.says,
        "alarm": list(change.seen_by),
        "median_batches": float(np.median(ranked)),
        "batches_95": int(ranked[int(0.95 * len(ranked))]),
        "missed_in_50": int((ranked > BATCHES).sum()),
        "streams": len(ranked),
        "seen": bool((ranked <= BATCHES).mean() >= 0.95),
    }


def upper(hits: int, trials: int) -> float:
    """The 95 % upper bound of a rate (Clopper-Pearson): 3 / n when nothing was seen."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, hits + 1, trials - hits))
