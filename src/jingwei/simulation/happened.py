"""What the city's source systems tell, as happenings to people, in the order of time. All of it simulated."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import Person
from jingwei.kernel.clock import bank_day, day_start
from jingwei.simulation.city.records import PAGES, SHOPPED, TOPICS
from jingwei.simulation.city.shops import CODES
from jingwei.simulation.city.world import City

Told = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]
"""Columns of one kind: person (position), at, category, amount_minor."""

CONTACTS = ("no_answer", "talked", "interested")


def happenings(city: City, kinds: Collection[str] = ()) -> Iterator[Happening]:
    """Everything that happened, or only what is of these kinds, in the order of time."""
    told = {kind: rows for kind, rows in _all(city).items() if not kinds or kind in kinds}
    names = list(told)
    which = np.repeat(np.arange(len(names)), [len(told[name][0]) for name in names])
    person, at, category, amount = (
        np.concatenate([told[name][i].astype(object) for name in names]) for i in range(4)
    )
    for n in np.argsort(at.astype(np.int64), kind="stable").tolist():
        yield Happening(f"p{person[n]:06d}", at[n], names[which[n]], str(category[n]), amount[n], "simulated")


def people(city: City) -> dict[str, Person]:
    """What the bank knows of everybody, as it takes them on: the year they were born."""
    first = bank_day(day_start(0)) + (city.first - city.first.fromordinal(719_163)).days
    ids = city.people.ids(np.arange(city.people.size))
    opened = city.people.opened_day.tolist()
    return {
        who: Person((city.first.year - age) * 10_000 + 615, first + day)
        for who, age, day in zip(ids, city.people.age.tolist(), opened, strict=True)
    }


def _all(city: City) -> dict[str, Told]:
    systems = city.systems
    return {
        "card": _card(city),
        **_payments(systems["payments"]),
        "income": _income(systems["deposits"]),
        **_chosen(systems["wealth"], "fund", systems["wealth"]["amount_minor"] < 0, ("buy", "sell")),
        **_chosen(
            systems["insurance"], "insurance", systems["insurance"]["claim"] == 1, ("premium", "claim")
        ),
        **_chosen(systems["loans"], "loan", systems["loans"]["days_late"] > 0, ("paid", "late")),
        **_chosen(systems["registers"], "register", systems["registers"]["kind"] == 1, ("tax", "power")),
        **_chosen(systems["devices"], "sign_in", systems["devices"]["device"] == 1, ("usual", "second")),
        "page": _named(systems["digital"], "page", PAGES),
        "call": _named(systems["service"], "topic", TOPICS),
        "contact": _named(systems["crm"], "outcome", CONTACTS),
        "shop": _named(systems["shopping"], "thing", SHOPPED),
        "bought": _named(_some(systems["shopping"], systems["shopping"]["bought"] == 1), "thing", SHOPPED),
    }


def _some(rows: dict[str, Any], which: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {name: column[which] for name, column in rows.items()}


def _card(city: City) -> Told:
    rows = city.systems["cards"]
    category = np.array(CODES)[city.shops.category[rows["shop"].astype(np.int64)]]
    return rows["person"], rows["at"], category, rows["amount_minor"]


def _payments(rows: dict[str, Any]) -> dict[str, Told]:
    """Each payment twice: sent by one, received by the other, unless that is a company."""
    memo = rows["why"]
    inside = rows["payee"] >= 0
    got = _some(rows, inside)
    return {
        "out": (rows["person"], rows["at"], memo, rows["amount_minor"]),
        "in": (got["payee"], got["at"], got["why"], got["amount_minor"]),
    }


def _income(rows: dict[str, Any]) -> Told:
    return rows["person"], rows["at"], rows["memo"], rows["amount_minor"]


def _chosen(
    rows: dict[str, Any], kind: str, second: npt.NDArray[np.bool_], names: tuple[str, str]
) -> dict[str, Told]:
    """A kind of two categories; amounts without their sign."""
    amount = rows.get("amount_minor", rows.get("value", np.zeros(len(second), np.int64)))
    return {kind: (rows["person"], rows["at"], np.where(second, names[1], names[0]), np.abs(amount))}


def _named(rows: dict[str, Any], column: str, names: tuple[str, ...]) -> Told:
    which = np.array(names)[rows[column].astype(np.int64)]
    return rows["person"], rows["at"], which, np.zeros(len(which), np.int64)
