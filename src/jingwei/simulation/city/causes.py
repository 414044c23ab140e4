"""What happens to people and nobody tells the bank: job loss, illness, a child, study abroad, a move."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from jingwei.simulation.city.draws import Draws, Flags, Floats, Ints
from jingwei.simulation.city.people import SEGMENTS, People


class Cause(NamedTuple):
    """A hidden cause: how likely in 90 days, whom it can meet (segments), ages."""

    code: str
    odds: float
    segments: tuple[str, ...]
    ages: tuple[int, int]


CAUSES: Final = (
    Cause("job_loss", 0.020, ("gen_z", "middle_class", "worker"), (20, 59)),
    Cause("illness", 0.018, ("gen_z", "middle_class", "worker", "senior", "merchant", "farmer"), (18, 99)),
    Cause("child", 0.012, ("gen_z", "middle_class", "worker", "merchant", "farmer"), (22, 42)),
    Cause("study_abroad", 0.010, ("gen_z", "middle_class"), (18, 50)),
    Cause("move", 0.015, ("gen_z", "middle_class", "worker"), (18, 60)),
    Cause("retirement", 0.010, ("worker", "middle_class"), (52, 60)),
)


class Causes(NamedTuple):
    """What happened, as columns: the person, a position in CAUSES, and the day it began (may be before 0)."""

    person: Ints
    cause: Ints
    day: Ints

    def began(self, code: str, count: int, never: int) -> Ints:
        """For each person the day this cause began, `never` for those it did not meet."""
        number = [one.code for one in CAUSES].index(code)
        days = np.full(count, never, np.int64)
        here = self.cause == number
        days[self.person[here]] = self.day[here]
        return days


def strike(draws: Draws, people: People, days: int) -> Causes:
    """Draw whom what meets within the days, each cause at most once for a person."""
    rng = draws.of("causes")
    codes = np.array([one.code for one in SEGMENTS])[people.trade]
    persons, causes, when = [], [], []
    for number, cause in enumerate(CAUSES):
        fits = np.isin(codes, cause.segments) & (people.age >= cause.ages[0]) & (people.age <= cause.ages[1])
        hit = np.flatnonzero(fits & (rng.random(people.size) < cause.odds * days / 90))
        persons.append(hit)
        causes.append(np.full(len(hit), number))
        when.append(rng.integers(0, days, len(hit)))
    return Causes(*(np.concatenate(part).astype(np.int64) for part in (persons, causes, when)))


class Effects(NamedTuple):
    """What the causes do, day by day: arrays of shape (people, days)."""

    earns: Flags
    spends: Floats


def effects(causes: Causes, people: People, days: int) -> Effects:
    """Whether each person earns on each day, and the factor on how often they buy anything."""
    day = np.arange(days)[None, :]
    never = days + 10_000
    lost = causes.began("job_loss", people.size, never)[:, None]
    ill = causes.began("illness", people.size, never)[:, None]
    child = causes.began("child", people.size, never)[:, None]
    spends = np.ones((people.size, days))
    spends *= np.where(day >= lost + 10, 0.62, 1.0)
    spends *= np.where((day >= ill) & (day < ill + 14), 0.5, 1.0)
    spends *= np.where(day >= child, 1.15, 1.0)
    return Effects(day < lost, spends)
