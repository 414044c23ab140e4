"""How the bank learns of fraud: late, not always, and sometimes wrongly, as in life."""

from __future__ import annotations

from typing import Final

import numpy as np

from jingwei.simulation.city.draws import DAY_S, Columns, Draws

NEVER_TOLD: Final = {1: 0.08, 2: 0.25, 5: 0.95, 6: 0.12}
"""Share of each kind of crime that nobody ever reports; of the kinds not named here nobody reports any."""

WRONGLY_TOLD: Final = 0.0003
"""Share of honest payments that somebody reports all the same."""

MEDIAN_DAYS: Final = 2.5


def reports(draws: Draws, rows: Columns, topic: str) -> Columns:
    """Reports about payments (columns at_s and crime): columns row, reported_s, in the order reported."""
    rng = draws.of(f"reports of {topic}")
    crime, at = rows["crime"], rows["at_s"].astype(np.int64)
    odds = np.full(len(crime), 0.0)
    for kind, never in NEVER_TOLD.items():
        odds[crime == kind] = 1.0 - never
    odds[crime == 0] = WRONGLY_TOLD
    row = np.flatnonzero(rng.random(len(crime)) < odds)
    delay = MEDIAN_DAYS * np.exp(1.0 * rng.standard_normal(len(row)))
    reported = at[row] + (delay * DAY_S).astype(np.int64)
    order = np.argsort(reported, kind="stable")
    return {"row": row[order], "reported_s": reported[order]}
