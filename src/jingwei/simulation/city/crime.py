"""Criminals: stolen accounts, persuaded transfers, mule rings, structured cash, bad shops, leaked cards.

Mules are ordinary people of the city who let their accounts be used. What is drawn here goes into the
payments like any other; which of them are criminal stands in the truth alone.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from jingwei.simulation.city.draws import (
    DAY_S,
    Columns,
    Draws,
    Flags,
    Ints,
    in_time,
    joined,
    lognormal,
    minor,
    pick,
)
from jingwei.simulation.city.people import SEGMENTS, People
from jingwei.simulation.city.shops import Shops

KINDS: Final = ("takeover", "persuaded", "mule", "structuring", "collusion", "leak")
"""Kinds of crime; the truth holds their position plus one, 0 being honest."""


class Crime(NamedTuple):
    """What criminals did: transfers, card payments and cash as columns (with `crime`), and who took part."""

    transfers: Columns
    cards: Columns
    cash: Columns
    calls: Columns
    mules: Ints
    ring: Ints


def commit_crimes(draws: Draws, people: People, shops: Shops, days: int) -> Crime:
    """Draw all crimes of the days; rates are per 90 days and person, so a small city has few."""
    mules, ring = _recruit(draws, people)
    stolen, calls = _scams(draws, people, mules, days)
    moves = [*stolen, *_layer(draws, stolen, mules, ring)]
    cards = [
        _collude(draws, people, shops, days),
        _leak(draws, people, shops, days),
        _spree(draws, stolen[0], shops),
    ]
    return Crime(
        in_time(joined(moves)), in_time(joined(cards)), _structure(draws, people, days), calls, mules, ring
    )


def _recruit(draws: Draws, people: People) -> tuple[Ints, Ints]:
    """The mules and the ring each belongs to; rings of 6 to 14, one for each 900 people."""
    rng = draws.of("mules")
    young = np.flatnonzero((people.age < 35) & (people.income_minor < 900_000))
    sizes = rng.integers(6, 15, max(1, people.size // 900))
    ring = np.repeat(np.arange(len(sizes)), sizes)
    chosen = rng.permutation(young if len(young) >= len(ring) else np.arange(people.size))[: len(ring)]
    return chosen.astype(np.int64), ring[: len(chosen)].astype(np.int64)


def _scams(draws: Draws, people: People, mules: Ints, days: int) -> tuple[list[Columns], Columns]:
    """Transfers out of stolen accounts, transfers people were talked into, and the calls that did it."""
    rng = draws.of("scams")
    scale = days / 90
    honest = np.ones(people.size, bool)
    honest[mules] = False
    taken = np.flatnonzero(honest & (rng.random(people.size) < 0.006 * scale))
    talked = np.flatnonzero(honest & (rng.random(people.size) < 0.014 * scale * people.trusting / 0.3))
    night = (
        rng.integers(0, days, len(taken)) * DAY_S + rng.normal(2.5, 1.2, len(taken)).clip(0, 6) * 3600
    ).astype(int)
    office = (
        rng.integers(0, days, len(talked)) * DAY_S + rng.normal(14.5, 2.5, len(talked)).clip(9, 20) * 3600
    )
    stolen = _drain(rng, people, (taken, night, 1), mules, 0.45)
    persuaded = _drain(rng, people, (talked, office.astype(np.int64), 2), mules, 0.9)
    before = (office - rng.uniform(600, 9_000, len(talked))).clip(0).astype(np.int64)
    return [stolen, persuaded], {"person": talked, "at_s": before}


def _drain(
    rng: np.random.Generator, people: People, who: tuple[Ints, Ints, int], mules: Ints, months: float
) -> Columns:
    """One to four transfers from each victim to mules, together about `months` of income."""
    victim, at, crime = who
    times = 1 + pick(rng, np.array([0.45, 0.3, 0.15, 0.1]), len(victim))
    person = np.repeat(victim, times)
    order = np.arange(len(person)) - np.repeat(np.cumsum(times) - times, times)
    gaps = (order * rng.uniform(90, 1_500, len(person))).astype(np.int64)
    share = lognormal(rng, months / np.repeat(times, times), 0.6, len(person))
    amount = np.maximum(np.rint(people.income_minor[person] * share / 10_000) * 10_000, 50_000)
    return {
        "person": person,
        "payee": mules[rng.integers(0, len(mules), len(person))],
        "at_s": np.repeat(at, times) + gaps,
        "amount_minor": amount.astype(np.int64),
        "why": np.full(len(person), "scam", "U8"),
        "crime": np.full(len(person), crime, np.int64),
        "new_device": np.full(len(person), crime == 1),
    }


def _layer(draws: Draws, stolen: list[Columns], mules: Ints, ring: Ints) -> list[Columns]:
    """Stolen money passed on inside the ring within the hour, two layers deep, a little smaller each time."""
    rng = draws.of("layers")
    place = {int(mule): n for n, mule in enumerate(mules)}
    layers = []
    rows = joined(stolen)
    for _ in range(2):
        holder = rows["payee"]
        here = ring[[place[int(one)] for one in holder]] if len(holder) else np.empty(0, np.int64)
        starts, ends = np.searchsorted(ring, here), np.searchsorted(ring, here, side="right")
        onward = mules[starts + (rng.random(len(holder)) * (ends - starts)).astype(np.int64)]
        fits = onward != holder
        rows = {
            "person": holder[fits],
            "payee": onward[fits],
            "at_s": rows["at_s"][fits] + rng.integers(180, 3_000, int(fits.sum())),
            "amount_minor": (rows["amount_minor"][fits] * rng.uniform(0.90, 0.99, int(fits.sum()))).astype(
                np.int64
            ),
            "why": np.full(int(fits.sum()), "pass_on", "U8"),
            "crime": np.full(int(fits.sum()), 3, np.int64),
            "new_device": np.zeros(int(fits.sum()), bool),
        }
        layers.append(rows)
    return layers


def _structure(draws: Draws, people: People, days: int) -> Columns:
    """Cash paid in just below 50,000 yuan, again and again, by a few merchants."""
    rng = draws.of("structuring")
    shops = np.flatnonzero(np.array([one.code == "merchant" for one in SEGMENTS])[people.trade])
    some = shops[rng.random(len(shops)) < 0.02]
    times = rng.integers(4, 12, len(some))
    person = np.repeat(some, times)
    start = np.repeat(rng.integers(0, max(1, days - 10), len(some)), times)
    day = np.minimum(start + rng.integers(0, 10, len(person)), days - 1)
    return {
        "person": person,
        "at_s": day * DAY_S + rng.integers(9 * 3600, 17 * 3600, len(person)),
        "amount_minor": rng.integers(4_600_000, 4_999_900, len(person)) // 100 * 100,
        "source": np.full(len(person), "cash", "U8"),
        "memo": np.full(len(person), "takings", "U8"),
        "crime": np.full(len(person), 4, np.int64),
    }


def _collude(draws: Draws, people: People, shops: Shops, days: int) -> Columns:
    """A shop that runs cards of a small circle for round sums and no goods (cash out of a credit line)."""
    rng = draws.of("collusion")
    bad = rng.permutation(shops.size)[: max(1, shops.size // 250)]
    circle = rng.integers(0, people.size, (len(bad), 12))
    times = rng.integers(20, 60, len(bad))
    shop = np.repeat(bad, times)
    which = np.repeat(np.arange(len(bad)), times)
    person = circle[which, rng.integers(0, 12, len(shop))]
    amount = rng.choice([100_000, 200_000, 300_000, 500_000], len(shop)) - rng.integers(0, 3, len(shop)) * 100
    at = rng.integers(0, days, len(shop)) * DAY_S + rng.integers(10 * 3600, 22 * 3600, len(shop))
    return _cards(person, shop, at, amount, 5)


def _leak(draws: Draws, people: People, shops: Shops, days: int) -> Columns:
    """Card data leaked at a terminal: its customers' cards are used elsewhere for two weeks."""
    rng = draws.of("leak")
    victims = np.flatnonzero(rng.random(people.size) < 0.008 * days / 90)
    times = rng.integers(2, 9, len(victims))
    person = np.repeat(victims, times)
    start = np.repeat(rng.integers(0, days, len(victims)), times)
    day = np.minimum(start + rng.integers(0, 14, len(person)), days - 1)
    online = np.flatnonzero(np.isin(shops.category, (4, 9)))
    amount = minor(lognormal(rng, 900.0, 0.8, len(person)))
    return _cards(
        person,
        online[rng.integers(0, len(online), len(person))],
        day * DAY_S + rng.integers(0, DAY_S, len(person)),
        amount,
        6,
    )


def _spree(draws: Draws, stolen: Columns, shops: Shops) -> Columns:
    """Purchases with a stolen account in the hour after it was taken."""
    rng = draws.of("spree")
    victims, first = np.unique(stolen["person"], return_index=True)
    some = rng.random(len(victims)) < 0.5
    person = np.repeat(victims[some], 2)
    at = np.repeat(stolen["at_s"][first[some]], 2) + rng.integers(120, 3_600, len(person))
    dear = np.flatnonzero(shops.category == 4)
    return _cards(
        person,
        dear[rng.integers(0, len(dear), len(person))],
        at,
        minor(lognormal(rng, 2_600.0, 0.5, len(person))),
        1,
    )


def _cards(person: Ints, shop: Ints, at_s: Ints, amount: Ints, crime: int) -> Columns:
    strange: Flags = np.full(len(person), crime in (1, 6))
    return {
        "person": person.astype(np.int64),
        "shop": shop.astype(np.int64),
        "at_s": at_s.astype(np.int64),
        "amount_minor": amount.astype(np.int64),
        "online": strange,
        "crime": np.full(len(person), crime, np.int64),
        "new_device": strange,
    }
