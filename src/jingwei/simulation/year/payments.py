"""All card payments and transfers of a simulated year as columns, with what is reported when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jingwei.simulation.city.crime import KINDS
from jingwei.simulation.city.draws import DAY_S, Draws, Flags, Floats, Ints
from jingwei.simulation.city.labels import reports
from jingwei.simulation.city.transfers import BILLERS
from jingwei.simulation.city.world import City
from jingwei.simulation.year.arms import DAYS, Arm

NOT_TOLD = 10**9
SAMPLE = 8
"""One honest payment in so many is kept to learn from; it counts as so many when scores are calibrated."""


class Payments(NamedTuple):
    """The payments in the order of time, one row each.

    `crime` is 0 for honest, else a position in KINDS plus one; `told_s` the second at which somebody reports
    the payment as fraud (NOT_TOLD: never), rightly or wrongly. `confirms` and `review` are draws between 0
    and 1 that decide how owner and reviewer answer, the same in every arm.
    """

    at_s: Ints
    at: Ints
    card: Flags
    person: Ints
    amount_minor: Ints
    crime: Ints
    told_s: Ints
    confirms: Floats
    review: Floats
    kept: Flags
    customer: list[str]
    payee: list[str]
    device: list[str]
    terminal: list[str]
    place: list[str]

    @property
    def size(self) -> int:
        """How many payments there are."""
        return len(self.at)

    @property
    def day(self) -> Ints:
        """The day of each payment, from 0."""
        return self.at_s // DAY_S


def payments_of(city: City) -> Payments:
    """The payments of a city that was lived through, as the bank is asked for them."""
    draws = Draws(city.seed)
    parts = [_cards(city, draws), _transfers(city, draws)]
    at_s = np.concatenate([part["at_s"] for part in parts])
    order = np.argsort(at_s, kind="stable")
    columns = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    size = len(order)
    rng = draws.of("answers of the year")
    crime, told_s = columns["crime"], columns["told_s"]
    kept = (crime > 0) | (told_s < NOT_TOLD) | (rng.random(size) < 1.0 / SAMPLE)
    return Payments(
        columns["at_s"],
        columns["at"],
        columns["card"],
        columns["person"],
        columns["amount_minor"],
        crime,
        told_s,
        rng.random(size),
        rng.random(size),
        kept,
        *(columns[name].tolist() for name in ("customer", "payee", "device", "terminal", "place")),
    )


def _common(city: City, draws: Draws, system: str) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    rows = city.systems[system]
    size = len(rows["at"])
    crime = np.zeros(size, np.int64)
    told = city.truth[f"crimes_{system}"]
    crime[told["row"]] = 1 + np.array([KINDS.index(kind) for kind in told["kind"].tolist()], np.int64)
    told_s = np.full(size, NOT_TOLD)
    reported = reports(draws, {"crime": crime, "at_s": rows["at_s"]}, system)
    told_s[reported["row"]] = reported["reported_s"]
    ids = np.array(city.people.ids(np.arange(city.people.size)), dtype=object)
    person = rows["person"].astype(np.int64)
    own = np.array([f"phone-{one}" for one in ids], dtype=object)[person]
    strange = np.array([f"thief-{system}-{row // 3}" for row in range(size)], dtype=object)
    return {
        "at_s": rows["at_s"].astype(np.int64),
        "at": rows["at"].astype(np.int64),
        "person": person,
        "amount_minor": rows["amount_minor"].astype(np.int64),
        "crime": crime,
        "told_s": told_s,
        "customer": ids[person],
        "device": np.where(rows["new_device"], strange, own),
    }


def _cards(city: City, draws: Draws) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    rows = city.systems["cards"]
    shops = np.array([f"shop-{n}" for n in range(city.shops.size)], dtype=object)
    cells = np.array([f"cell-{n}" for n in city.shops.place.tolist()], dtype=object)
    size = len(rows["at"])
    return _common(city, draws, "cards") | {
        "card": np.ones(size, bool),
        "terminal": shops[rows["shop"].astype(np.int64)],
        "place": cells[rows["shop"].astype(np.int64)],
        "payee": np.full(size, "", dtype=object),
    }


def _transfers(city: City, draws: Draws) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    rows = city.systems["payments"]
    to = rows["payee"].astype(np.int64)
    names = [*(f"city-{one}" for one in reversed(BILLERS)), *city.people.ids(np.arange(city.people.size))]
    homes = np.array([f"cell-{n}" for n in city.people.home.tolist()], dtype=object)
    size = len(to)
    return _common(city, draws, "payments") | {
        "card": np.zeros(size, bool),
        "terminal": np.full(size, "", dtype=object),
        "place": homes[rows["person"].astype(np.int64)],
        "payee": np.array(names, dtype=object)[to + len(BILLERS)],
    }


def told_in(arm: Arm, payments: Payments, seed: int) -> Ints:
    """When the bank of this arm is told of each payment as fraud, seconds; some about the wrong one."""
    told = np.where(payments.told_s < NOT_TOLD, payments.told_s + arm.labels_late_days * DAY_S, NOT_TOLD)
    if not arm.labels_wrong:
        return told
    rng = Draws(seed).of("wrong labels")
    about = np.flatnonzero(told < NOT_TOLD)
    wrong = about[rng.random(len(about)) < arm.labels_wrong]
    honest = np.flatnonzero(payments.kept & (payments.crime == 0) & (payments.told_s == NOT_TOLD))
    for row in wrong.tolist():
        near = honest[np.searchsorted(honest, row) - 1]
        told[near] = max(int(told[row]), int(payments.at_s[near]) + DAY_S)
        told[row] = NOT_TOLD
    return told


def until_end(payments: Payments) -> int:
    """How many of the payments fall into the year."""
    return int(np.searchsorted(payments.at_s, DAYS * DAY_S))
