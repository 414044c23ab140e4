"""The bank's loans of the year before: other people of a city of the same kind, lent to by an older rule."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from jingwei.domains.credit.early_warning import (
    MISSED_AFTER,
    NEVER,
    Floats,
    Ints,
    Known,
    Loans,
    Watched,
    signals,
)
from jingwei.learning.early_warning import WARM_UP, Rows, looked_at
from jingwei.simulation.borrowers_known import borrowers_in
from jingwei.simulation.city.borrowers import WRITTEN_OFF_DAYS
from jingwei.simulation.city.draws import DAY_S, Flags
from jingwei.simulation.city.world import live_through
from jingwei.simulation.year.arms import DAYS

OTHER: Final = 100_000
"""Added to the seed: the people of the year before are others."""
PEOPLE: Final = 4_000
"""So many people the bank served in the year before, in all its places."""


class Past(NamedTuple):
    """Loans granted before the year: signals when they were asked for, what came of them, the weeks since.

    Days count from the year's first, so all are below zero. `lost_share` is what was lost on loans
    with a missed payment, as a share of what was owed on them.
    """

    at_asking: Floats
    missed: Flags
    lost_share: float
    rows: Rows


def at_asking(known: Known, person: Ints, day: Ints, instalment_minor: Ints) -> Floats:
    """float64[n, signals] of applications: as of a loan whose first instalment is due in a month."""
    due = day[:, None] + 30
    loans = Loans(person, due, np.full_like(due, NEVER), instalment_minor[:, None])
    here = np.arange(len(person))
    return signals(known, loans, Watched(here, np.zeros(len(here), np.int64), day))


def past_of(seed: int, people: int = PEOPLE) -> Past:
    """The loans of the year before the year of this seed."""
    city = live_through(people, DAYS, seed + OTHER, only=("loans",))
    borrowers = borrowers_in(city)
    rows = looked_at(borrowers, WARM_UP, DAYS)
    rows = rows.where(rows.known_day <= DAYS)
    asked = city.systems["book_applications"]
    owed = city.systems["book_instalments"]
    paid = np.where(owed["paid"] > 0, owed["paid"] - owed["at"], DAYS * DAY_S * 10**6) // (DAY_S * 10**6)
    due_s = owed["at_s"].astype(np.int64)
    over = due_s // DAY_S + MISSED_AFTER < DAYS
    bad = np.unique(owed["loan"][over & (paid > MISSED_AFTER)])
    day = asked["at_s"].astype(np.int64) // DAY_S
    ripe = np.flatnonzero(asked["granted"] & (day + 60 <= DAYS) & (day >= WARM_UP))
    told = at_asking(borrowers.known, asked["person"][ripe], day[ripe], asked["instalment_minor"][ripe])
    watched = rows.watched._replace(day=rows.watched.day - DAYS)
    missed = np.isin(asked["loan"][ripe], bad)
    lost = _lost_share(borrowers.loans)
    return Past(told, missed, lost, Rows(watched, rows.cases, rows.missed, rows.known_day - DAYS))


def _lost_share(loans: Loans) -> float:
    """What is still owed on loans written off, over what was lent to everybody who missed a payment."""
    exists = loans.due < NEVER
    behind = np.where(exists, np.minimum(loans.paid, DAYS) - loans.due, 0)
    missed = (behind > MISSED_AFTER).any(axis=1)
    gone = (behind >= WRITTEN_OFF_DAYS).any(axis=1)
    owed = np.where(exists, loans.owed_minor, 0)
    left = np.where(loans.paid > DAYS, owed, 0).sum(axis=1)
    return float(left[gone].sum() / max(1, owed[missed].sum()))
