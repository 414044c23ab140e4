"""Hidden strains on people's money: fewer hours, poor trade, debts elsewhere, and forgetting to pay.

Written before anything that looks for them, from what makes instalments fail in life, not from what a model
can find: two of the causes (an unwilling payer, a robbed account) give no sign beforehand.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.draws import DAY_S, Columns, Draws, Floats, Ints, in_time, joined
from jingwei.simulation.city.people import SEGMENTS, People

KINDS: Final = ("hours_cut", "slump", "debt")
NEVER: Final = 10**6

CUT: Final = (0.025, (60, 150), (0.40, 0.75))
"""Wages shrink: odds in 90 days, for how many days, to what share of the wage."""
SLUMP: Final = (0.040, (45, 150), (0.35, 0.70))
"""Takings of a shop or a farm shrink, likewise."""
DEBT: Final = (0.015, (0.25, 0.60), 20)
"""Debts are taken elsewhere: odds in 90 days, share of income that serves them, days until it does."""
QUERIES_YEAR: Final = 0.25
"""How often in a year somebody else asks the bureau about a person, debts aside."""
ROLLS: Final = 0.35
"""How often a person in debts elsewhere pays an instalment there late, and nearly as often later on."""


class Strains(NamedTuple):
    """What strains each person; days are of the city, NEVER where nothing happens.

    `factor` multiplies income from `begins` to `ends`; from `debt` + DEBT[2] on `service_minor` a month goes
    to lenders elsewhere. `savings_minor` lies at other banks, `forgets` is the chance that an instalment is
    paid some days late for no reason at all.
    """

    begins: Ints
    ends: Ints
    factor: Floats
    debt: Ints
    service_minor: Ints
    savings_minor: Ints
    forgets: Floats

    def pay(self, person: Ints, day: Ints) -> Floats:
        """The factor on what each of these persons earns on that day."""
        inside = (day >= self.begins[person]) & (day < self.ends[person])
        return np.where(inside, self.factor[person], 1.0)


def strain(draws: Draws, people: People, days: int) -> Strains:
    """Draw what strains whom within the days, each strain at most once for a person."""
    rng = draws.of("strains")
    size = people.size
    own = np.isin(np.array([one.code for one in SEGMENTS])[people.trade], ("merchant", "farmer"))
    waged = people.employer > 0
    begins, ends, factor = np.full(size, NEVER), np.full(size, NEVER), np.ones(size)
    for who, (odds, lengths, shares) in ((waged & ~own, CUT), (own, SLUMP)):
        hit = np.flatnonzero(who & (rng.random(size) < odds * days / 90))
        begins[hit] = rng.integers(0, days, len(hit))
        ends[hit] = begins[hit] + rng.integers(*lengths, len(hit))
        factor[hit] = rng.uniform(*shares, len(hit))
    odds, shares, _ = DEBT
    young = (people.age >= 20) & (people.age <= 55)
    hit = np.flatnonzero(young & (rng.random(size) < odds * days / 90))
    debt, service = np.full(size, NEVER), np.zeros(size)
    debt[hit] = rng.integers(0, days, len(hit))
    service[hit] = people.income_minor[hit] * rng.uniform(*shares, len(hit))
    careful = np.array([one.saves for one in SEGMENTS])[people.trade]
    savings = people.income_minor * rng.exponential(0.3 + 3.0 * careful)
    forgets = rng.beta(1.2, 14.0, size)
    return Strains(
        begins.astype(np.int64),
        ends.astype(np.int64),
        factor,
        debt.astype(np.int64),
        np.rint(service / 100).astype(np.int64) * 100,
        np.rint(savings / 100).astype(np.int64) * 100,
        forgets,
    )


def queries(draws: Draws, people: People, strains: Strains, days: int) -> Columns:
    """Who was asked about at the credit bureau by other lenders: columns person, at_s."""
    rng = draws.of("queries")
    chance = QUERIES_YEAR / 365 * ((people.age >= 20) & (people.age <= 62))
    person, day = np.nonzero(rng.random((people.size, days)) < chance[:, None])
    parts: list[Columns] = [{"person": person, "at_s": day * DAY_S + 11 * 3_600}]
    deep = np.flatnonzero(strains.debt < NEVER)
    times = rng.integers(3, 9, len(deep))
    person = np.repeat(deep, times)
    day = strains.debt[person] + rng.integers(-20, 41, len(person))
    parts.append({"person": person, "at_s": day * DAY_S + 15 * 3_600})
    rows = in_time(joined(parts))
    inside = (rows["at_s"] >= 0) & (rows["at_s"] < days * DAY_S)
    return {name: column[inside].astype(np.int64) for name, column in rows.items()}


def debts(draws: Draws, people: People, strains: Strains, almanac: Almanac) -> Columns:
    """Instalments of those debts as other lenders report them: columns as of `records.loans`."""
    rng = draws.of("debts")
    deep = np.flatnonzero(strains.debt < NEVER)
    due = rng.integers(2, 28, len(deep))
    which, day = np.nonzero(almanac.day_of_month[None, :] == due[:, None])
    runs = day >= strains.debt[deep[which]] + DEBT[2]
    person, day = deep[which[runs]], day[runs]
    late = rng.random(len(person)) < ROLLS
    return {
        "person": person.astype(np.int64),
        "at_s": (day * DAY_S + 9 * 3_600).astype(np.int64),
        "amount_minor": strains.service_minor[person],
        "days_late": np.where(late, rng.integers(1, 45, len(person)), 0).astype(np.int64),
    }


def told(strains: Strains, people: People) -> Columns:
    """The strains as rows of the truth: person, kind, day, until, factor."""
    own = np.isin(np.array([one.code for one in SEGMENTS])[people.trade], ("merchant", "farmer"))
    poor, deep = np.flatnonzero(strains.begins < NEVER), np.flatnonzero(strains.debt < NEVER)
    return {
        "person": np.concatenate([poor, deep]),
        "kind": np.concatenate([np.array(KINDS)[own[poor].astype(int)], np.full(len(deep), KINDS[2])]),
        "day": np.concatenate([strains.begins[poor], strains.debt[deep]]),
        "until": np.concatenate([strains.ends[poor], np.full(len(deep), NEVER)]),
        "factor": np.concatenate([strains.factor[poor], np.ones(len(deep))]),
    }
