"""Money between accounts: wages, pensions and takings in; rent, bills, friends, parents, gifts out."""

from __future__ import annotations

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import Effects
from jingwei.simulation.city.draws import (
    DAY_S,
    Columns,
    Draws,
    Floats,
    Ints,
    in_time,
    joined,
    lognormal,
    minor,
    seconds_of_day,
)
from jingwei.simulation.city.people import FRIENDS, SEGMENTS, People
from jingwei.simulation.city.strains import Strains

TALK = ((12.0, 2.5, 1.0), (20.5, 2.0, 1.6))
OFFICE = ((9.5, 0.8, 1.0), (14.5, 1.0, 0.6))
BILLERS = ("water", "power", "gas", "telecom")
BILL_YUAN = (42.0, 135.0, 60.0, 79.0)


def incomes(draws: Draws, people: People, almanac: Almanac, effect: Effects, strains: Strains) -> Columns:
    """Money from outside: columns person, at_s, amount_minor, source ("clearing" or "cash"), memo."""
    rng = draws.of("incomes")
    waged = people.employer >= 0
    due = almanac.day_of_month[None, :] == people.payday[:, None]
    person, day = np.nonzero(due & waged[:, None] & effect.earns)
    amount = people.income_minor[person] * rng.normal(1.0, 0.03, len(person)).clip(0.8, 1.3)
    amount *= strains.pay(person, day)
    memo = np.where(people.employer[person] == 0, "pension", "wage")
    wages = _in(person, day * DAY_S + seconds_of_day(rng, OFFICE, len(person)), amount, "clearing", memo)
    own = np.flatnonzero(~waged)
    often = np.where(np.array([one.code == "merchant" for one in SEGMENTS])[people.trade[own]], 0.45, 0.12)
    person, day = np.nonzero(rng.random((len(own), almanac.days)) < often[:, None])
    per = people.income_minor[own] / (30 * often)
    taken = lognormal(rng, per[person] * 0.9, 0.45, len(person)) * strains.pay(own[person], day)
    at = day * DAY_S + seconds_of_day(rng, ((17.5, 1.5, 1.0),), len(person))
    source = np.where(rng.random(len(person)) < 0.5, "cash", "clearing")
    takings = _in(own[person], at, taken, source, np.full(len(person), "takings"))
    return in_time(joined([wages, takings]))


def _in(person: Ints, at_s: Ints, amount: Floats, source: object, memo: object) -> Columns:
    size = len(person)
    return {
        "person": person.astype(np.int64),
        "at_s": at_s,
        "amount_minor": np.maximum(np.rint(amount / 100) * 100, 100).astype(np.int64),
        "source": np.broadcast_to(np.asarray(source), size).astype("U8"),
        "memo": np.broadcast_to(np.asarray(memo), size).astype("U8"),
    }


def transfers(draws: Draws, people: People, almanac: Almanac, effect: Effects) -> Columns:
    """Columns person, payee (position, or -1 - number of a biller), at_s, amount_minor, why."""
    parts = [
        _rent(draws, people, almanac),
        _bills(draws, people, almanac),
        _friends(draws, people, almanac, effect),
        _parents(draws, people, almanac, effect),
        _gifts(draws, people, almanac),
    ]
    return in_time(joined(parts))


def _out(person: Ints, payee: Ints, at_s: Ints, amount_minor: Ints, why: str) -> Columns:
    return {
        "person": person.astype(np.int64),
        "payee": payee.astype(np.int64),
        "at_s": at_s.astype(np.int64),
        "amount_minor": amount_minor.astype(np.int64),
        "why": np.full(len(person), why, "U8"),
    }


def _rent(draws: Draws, people: People, almanac: Almanac) -> Columns:
    rng = draws.of("rent")
    owes = (people.rent_minor > 0) & (people.landlord != np.arange(people.size))
    due = 1 + (people.payday + 1) % 27
    person, day = np.nonzero((almanac.day_of_month[None, :] == due[:, None]) & owes[:, None])
    at = day * DAY_S + seconds_of_day(rng, TALK, len(person))
    return _out(person, people.landlord[person], at, people.rent_minor[person], "rent")


def _bills(draws: Draws, people: People, almanac: Almanac) -> Columns:
    rng = draws.of("bills")
    parts = []
    for number, yuan in enumerate(BILL_YUAN):
        due = rng.integers(3, 27, people.size)
        person, day = np.nonzero(almanac.day_of_month[None, :] == due[:, None])
        amount = minor(lognormal(rng, yuan, 0.35, len(person)))
        at = day * DAY_S + seconds_of_day(rng, OFFICE, len(person))
        parts.append(_out(person, np.full(len(person), -1 - number), at, amount, "bill"))
    return joined(parts)


def _friends(draws: Draws, people: People, almanac: Almanac, effect: Effects) -> Columns:
    rng = draws.of("friends")
    often = np.array([one.transfer_month for one in SEGMENTS])[people.trade] / 30
    counts = rng.poisson(often[:, None] * effect.spends)
    some, when = np.nonzero(counts)
    person, day = np.repeat(some, counts[some, when]), np.repeat(when, counts[some, when])
    favourite = np.minimum(rng.geometric(0.35, len(person)) - 1, FRIENDS - 1)
    amount = minor(lognormal(rng, 70.0, 1.0, len(person)))
    round_one = rng.random(len(person)) < 0.6
    amount = np.where(round_one, np.maximum(amount // 1000, 1) * 1000, amount)
    at = day * DAY_S + seconds_of_day(rng, TALK, len(person))
    return _out(person, people.friends[person, favourite], at, amount, "friend")


def _parents(draws: Draws, people: People, almanac: Almanac, effect: Effects) -> Columns:
    rng = draws.of("parents")
    gives = people.parent >= 0
    due = (people.payday + 2) % 28 + 1
    person, day = np.nonzero((almanac.day_of_month[None, :] == due[:, None]) & gives[:, None] & effect.earns)
    share = rng.uniform(0.04, 0.12, len(person))
    amount = np.maximum(np.rint(people.income_minor[person] * share / 10_000) * 10_000, 10_000)
    at = day * DAY_S + seconds_of_day(rng, TALK, len(person))
    return _out(person, people.parent[person], at, amount, "family")


def _gifts(draws: Draws, people: People, almanac: Almanac) -> Columns:
    """Red packets around the Spring Festival, mostly lucky amounts."""
    rng = draws.of("gifts")
    days = np.flatnonzero((almanac.spring >= -1) & (almanac.spring <= 5))
    counts = rng.poisson(0.5, (people.size, len(days)))
    some, when = np.nonzero(counts)
    person, day = np.repeat(some, counts[some, when]), days[np.repeat(when, counts[some, when])]
    lucky = np.array([880, 1_880, 6_600, 8_800, 16_800, 20_000, 66_600, 88_800])
    amount = lucky[np.minimum(rng.geometric(0.3, len(person)) - 1, len(lucky) - 1)]
    friend = people.friends[person, rng.integers(0, FRIENDS, len(person))]
    at = day * DAY_S + seconds_of_day(rng, TALK, len(person))
    return _out(person, friend, at, amount, "gift")
