"""One city for one seed: all that happens in it, by the system that records it, and the truth apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import CAUSES, Causes, effects, strike
from jingwei.simulation.city.crime import KINDS, Crime, commit_crimes
from jingwei.simulation.city.draws import DAY_S, Columns, Draws, Ints, in_time, joined
from jingwei.simulation.city.labels import reports
from jingwei.simulation.city.lending import NEVER_PAID, borrowing, lend, lived, records
from jingwei.simulation.city.people import SEGMENTS, People, settle
from jingwei.simulation.city.records import (
    PAGES,
    SHOPPED,
    TOPICS,
    calls,
    contacts,
    funds,
    loans,
    logins,
    policies,
    registers,
    shopping,
    views,
)
from jingwei.simulation.city.shops import CODES, Shops, open_shops
from jingwei.simulation.city.spending import card_payments
from jingwei.simulation.city.strains import Strains, debts, queries, strain
from jingwei.simulation.city.strains import told as told_strains
from jingwei.simulation.city.transfers import BILLERS, incomes, transfers

LEAST_PEOPLE, MOST_PEOPLE = 20, 2_000_000
LEAST_DAYS, MOST_DAYS = 1, 1_000

Progress = Callable[[int, int], None]


@dataclass
class City:
    """A city that was lived through.

    `systems` holds the rows of each source system in the order they happened, with the columns its
    records have; `truth` holds what nobody tells the bank. All of it is simulated.
    """

    first: date
    days: int
    seed: int
    people: People
    shops: Shops
    systems: dict[str, Columns] = field(default_factory=dict)
    truth: dict[str, Columns] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many rows the source systems hold together."""
        return sum(len(rows["at"]) for rows in self.systems.values() if "at" in rows)


def live_through(
    count: int,
    days: int,
    seed: int,
    first: date | None = None,
    told: Progress = lambda done, total: None,
    only: Sequence[str] | None = None,
) -> City:
    """Let `count` people live for `days` from `first` (by default: the days before 2026-03-01).

    Of the systems that move no money only those named in `only` are made, all when None; what is made is the
    same either way.

    Raises ValueError when the city would be too small or too large.
    """
    if not (LEAST_PEOPLE <= count <= MOST_PEOPLE and LEAST_DAYS <= days <= MOST_DAYS):
        raise ValueError(
            f"a city has {LEAST_PEOPLE} to {MOST_PEOPLE} people and lives {LEAST_DAYS} to {MOST_DAYS} days"
        )
    begin = first or date(2026, 3, 1) - timedelta(days=days)
    draws, almanac = Draws(seed), Almanac(begin, days)
    people = settle(draws, count)
    shops = open_shops(draws, people)
    causes = strike(draws, people, days)
    effect = effects(causes, people, days)
    strains = strain(draws, people, days)
    told(1, 6)
    cards = card_payments(draws, people, shops, almanac, (causes, effect))
    told(2, 6)
    moves = transfers(draws, people, almanac, effect)
    cash = incomes(draws, people, almanac, effect, strains)
    told(3, 6)
    crime = commit_crimes(draws, people, shops, days)
    city = City(begin, days, seed, people, shops)
    _money(city, cards, moves, cash, crime)
    told(4, 6)
    _beside(city, draws, almanac, (causes, strains, crime), only)
    told(5, 6)
    _lending(city, draws, almanac, (causes, strains))
    _labels(city, draws)
    _truth(city, causes, crime)
    told(6, 6)
    return city


def _at(first: date, at_s: Ints) -> Ints:
    """Microseconds UTC of seconds since the first day's midnight in China."""
    days = (first - date(1970, 1, 1)).days
    return (days * DAY_S - 8 * 3_600 + at_s.astype(np.int64)) * 1_000_000


def _money(city: City, cards: Columns, moves: Columns, cash: Columns, crime: Crime) -> None:
    """The systems that move money: cards, payments, deposits."""
    horizon = city.days * DAY_S
    size = len(cards["person"])
    honest = {**cards, "crime": np.zeros(size, np.int64), "new_device": np.zeros(size, bool)}
    del honest["category"]
    city.systems["cards"] = _within(in_time(joined([honest, crime.cards])), horizon)
    size = len(moves["person"])
    honest = {**moves, "crime": np.zeros(size, np.int64), "new_device": np.zeros(size, bool)}
    city.systems["payments"] = _within(in_time(joined([honest, crime.transfers])), horizon)
    honest = {**cash, "crime": np.zeros(len(cash["person"]), np.int64)}
    city.systems["deposits"] = _within(in_time(joined([honest, crime.cash])), horizon)
    for name in ("cards", "payments", "deposits"):
        city.systems[name]["at"] = _at(city.first, np.asarray(city.systems[name]["at_s"]))


def _within(rows: Columns, horizon: int) -> Columns:
    here = (rows["at_s"] >= 0) & (rows["at_s"] < horizon)
    return {name: column[here] for name, column in rows.items()}


def _beside(
    city: City,
    draws: Draws,
    almanac: Almanac,
    life: tuple[Causes, Strains, Crime],
    only: Sequence[str] | None,
) -> None:
    """The systems that move no money of ours, each with a moment `at`."""
    people, days = city.people, city.days
    causes, strains, crime = life
    made: dict[str, Callable[[], Columns]] = {
        "loans": lambda: in_time(
            joined([loans(draws, people, almanac, causes), debts(draws, people, strains, almanac)])
        ),
        "wealth": lambda: funds(draws, people, days),
        "digital": lambda: views(draws, people, almanac, causes),
        "crm": lambda: contacts(draws, people, days),
        "insurance": lambda: policies(draws, people, days),
        "service": lambda: calls(draws, people, causes, days, crime.calls),
        "devices": lambda: logins(draws, people, days),
        "registers": lambda: registers(draws, people, almanac),
        "shopping": lambda: shopping(draws, people, almanac, causes),
    }
    for name in made if only is None else only:
        rows = made[name]()
        city.systems[name] = {**rows, "at": _at(city.first, np.asarray(rows["at_s"]))}


def _lending(city: City, draws: Draws, almanac: Almanac, life: tuple[Causes, Strains]) -> None:
    """The bank's own loans and the bureau's record of who asked about whom; whether the refused would have
    paid goes into the truth."""
    asked = borrowing(draws, city.people, almanac, life, city.systems)
    book, granted = lend(draws, asked)
    made = records(asked, book, granted)
    made["bureau_queries"] = queries(draws, city.people, life[1], city.days)
    for name, rows in made.items():
        city.systems[name] = {**rows, "at": _at(city.first, np.asarray(rows["at_s"]))}
    paid = city.systems["book_instalments"].pop("paid_s")
    at = _at(city.first, np.asarray(paid))
    city.systems["book_instalments"]["paid"] = np.where(paid == NEVER_PAID, 0, at)
    would = lived(asked, np.ones(len(granted), bool)).written_off < city.days
    city.truth["would_fail"] = {"loan": np.flatnonzero(would)}
    city.truth["strains"] = told_strains(life[1], city.people)


def _labels(city: City, draws: Draws) -> None:
    """What was reported: part of the service system's letters, with the number of the payment it is about."""
    for system in ("cards", "payments"):
        rows = reports(draws, city.systems[system], system)
        at = _at(city.first, np.asarray(rows["reported_s"]))
        city.systems[f"reports_{system}"] = {"row": rows["row"], "at": at}


def _truth(city: City, causes: Causes, crime: Crime) -> None:
    """Move what nobody tells the bank out of the systems."""
    for system in ("cards", "payments", "deposits"):
        hidden = city.systems[system].pop("crime")
        row = np.flatnonzero(hidden)
        kind = np.array(["", *KINDS])[hidden[row].astype(np.int64)]
        city.truth[f"crimes_{system}"] = {"row": row, "kind": kind}
    city.systems["payments"]["why"] = _memo(city.systems["payments"]["why"])
    code = np.array([one.code for one in CAUSES])[causes.cause]
    city.truth["causes"] = {"person": causes.person, "cause": code, "day": causes.day}
    city.truth["mules"] = {"person": crime.mules, "ring": crime.ring}
    city.truth["scam_calls"] = crime.calls


def _memo(why: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the payer wrote: criminals write what others write."""
    return np.where(np.isin(why, ("scam", "pass_on")), "friend", why)


LISTS = {
    "segment": tuple(one.code for one in SEGMENTS),
    "category": CODES,
    "page": PAGES,
    "topic": TOPICS,
    "thing": SHOPPED,
    "biller": BILLERS,
}
"""What the numbers in the columns of these names mean."""
