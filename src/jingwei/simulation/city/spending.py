"""Everyday card payments: how often, where, when and how much, for all people and days at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import Causes, Effects
from jingwei.simulation.city.draws import (
    DAY_S,
    Columns,
    Draws,
    Floats,
    Ints,
    lognormal,
    minor,
    seconds_of_day,
)
from jingwei.simulation.city.people import SEGMENTS, People
from jingwei.simulation.city.shops import CATEGORIES, CODES, FAVOURITES, LIKES, Shops

ELSEWHERE: Final = 0.12
"""Share of purchases at a shop that is none of the person's own."""

SUNDRIES: Final = 450.0
"""Yuan a month that go on bills and between friends."""

AFTER_PAY: Final = (1.35, 4)
"""For so many days after payday people buy so much more."""


def card_payments(
    draws: Draws, people: People, shops: Shops, almanac: Almanac, life: tuple[Causes, Effects]
) -> Columns:
    """Columns person, shop, at_s (seconds from the first midnight), amount_minor, online, category."""
    rng = draws.of("spending")
    causes, effect = life
    person, day, category = _occasions(rng, people, almanac, causes, effect)
    size = len(person)
    shop = shops.favourites[person, category, rng.integers(0, FAVOURITES, size)]
    elsewhere = np.flatnonzero(rng.random(size) < ELSEWHERE)
    shop[elsewhere] = _any_shop(rng, shops, category[elsewhere])
    price = np.array([one.price for one in CATEGORIES])[category]
    spread = np.array([one.spread for one in CATEGORIES])[category]
    amount = lognormal(rng, price, spread, size) * shops.dear[shop] * _purse(people)[person]
    online = rng.random(size) < np.where(
        np.array([one.online for one in CATEGORIES])[category], 1.0, people.online[person] * 0.3
    )
    return {
        "person": person,
        "shop": shop,
        "at_s": day * DAY_S + _times(rng, category),
        "amount_minor": _as_priced(rng, minor(amount)),
        "online": online,
        "category": category,
    }


def _occasions(
    rng: np.random.Generator, people: People, almanac: Almanac, causes: Causes, effect: Effects
) -> tuple[Ints, Ints, Ints]:
    """Person, day and category of every purchase."""
    often = np.array([one.card_day for one in SEGMENTS])[people.trade]
    often = often * np.exp(0.35 * rng.standard_normal(people.size) - 0.06)
    paid = (almanac.day_of_month[None, :] - people.payday[:, None]) % 31
    pay = np.where((paid < AFTER_PAY[1]) & effect.earns, AFTER_PAY[0], 0.95)
    rate = often[:, None] * effect.spends * pay
    likes = LIKES / LIKES.sum(axis=1, keepdims=True)
    persons, days, categories = [], [], []
    for kind, code in enumerate(CODES):
        lambdas = rate * likes[people.trade, kind][:, None] * almanac.factor(code)[None, :]
        lambdas = lambdas * _moved(code, causes, people, almanac.days)
        counts = rng.poisson(lambdas)
        some, when = np.nonzero(counts)
        times = counts[some, when]
        persons.append(np.repeat(some, times))
        days.append(np.repeat(when, times))
        categories.append(np.full(int(times.sum()), kind))
    columns = (np.concatenate(part).astype(np.int64) for part in (persons, days, categories))
    person, day, category = columns
    return person, day, category


def _moved(code: str, causes: Causes, people: People, days: int) -> Floats:
    """What hidden causes do to one category: shape (people, days), or (1, 1) where they do nothing."""
    day = np.arange(days)[None, :]
    never = days + 10_000
    if code == "baby":
        born = causes.began("child", people.size, never)[:, None]
        return np.where(day >= born - 45, 25.0, 1.0)
    if code == "health":
        ill = causes.began("illness", people.size, never)[:, None]
        return np.where((day >= ill) & (day < ill + 30), 12.0, 1.0)
    if code == "education":
        abroad = causes.began("study_abroad", people.size, never)[:, None]
        return np.where(day >= abroad, 6.0, 1.0)
    return np.ones((1, 1))


def _any_shop(rng: np.random.Generator, shops: Shops, category: Ints) -> Ints:
    """A shop of each category, anywhere in the city."""
    order = np.argsort(shops.category, kind="stable")
    starts = np.searchsorted(shops.category[order], np.arange(len(CATEGORIES) + 1))
    width = starts[category + 1] - starts[category]
    at = starts[category] + (rng.random(len(category)) * width).astype(np.int64)
    return order[at].astype(np.int64)


def _purse(people: People) -> Floats:
    """The factor on prices that makes people spend what they earn, less rent, bills, gifts and savings."""
    likes = LIKES / LIKES.sum(axis=1, keepdims=True)
    price = np.array([one.price * np.exp(one.spread**2 / 2) for one in CATEGORIES])
    month = 30.0 * np.array([one.card_day for one in SEGMENTS]) * (likes @ price)
    saves = np.array([one.saves for one in SEGMENTS])[people.trade]
    left = people.income_minor / 100 * (0.92 - saves) - people.rent_minor / 100 - SUNDRIES
    return np.asarray(np.clip(left, 400.0, None) / month[people.trade], np.float64).clip(0.25, 6.0)


def _times(rng: np.random.Generator, category: Ints) -> Ints:
    times = np.empty(len(category), np.int64)
    for kind, one in enumerate(CATEGORIES):
        here = np.flatnonzero(category == kind)
        times[here] = seconds_of_day(rng, one.peaks, len(here))
    return times


def _as_priced(rng: np.random.Generator, amount: Ints) -> Ints:
    """Prices as shops write them: most whole yuan, some ending in .9 or .5, some to the fen."""
    how = rng.random(len(amount))
    whole = np.maximum((amount + 50) // 100, 1) * 100
    return np.where(
        how < 0.55, whole, np.where(how < 0.75, whole - 10, np.where(how < 0.85, whole - 50, amount))
    )
