"""Who lives in the city: age, trade, household, employer, home, devices, income and habits."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jingwei.simulation.city.draws import Draws, Flags, Floats, Ints, lognormal, pick

CELLS: Final = 48
"""Neighbourhoods of the city; neighbouring numbers lie side by side."""


class Segment(NamedTuple):
    """A kind of person. `card_day` and `view_day` are card payments and page views a day, `transfer_month`
    transfers to friends a month; incomes are yuan a month; `saves` is the share of income left over."""

    code: str
    share: float
    ages: tuple[int, int]
    income: float
    spread: float
    card_day: float
    transfer_month: float
    view_day: float
    saves: float
    waged: float


SEGMENTS: Final = (
    Segment("gen_z", 0.22, (18, 27), 6_500, 0.40, 2.6, 6.0, 9.0, 0.05, 0.85),
    Segment("middle_class", 0.25, (28, 45), 16_000, 0.45, 2.4, 4.0, 5.0, 0.25, 0.95),
    Segment("worker", 0.19, (25, 58), 7_200, 0.30, 1.6, 3.0, 3.0, 0.12, 0.95),
    Segment("senior", 0.16, (60, 88), 4_300, 0.35, 0.9, 1.0, 0.8, 0.20, 1.0),
    Segment("merchant", 0.08, (25, 60), 14_000, 0.70, 1.8, 5.0, 3.0, 0.18, 0.0),
    Segment("farmer", 0.10, (25, 70), 3_900, 0.50, 0.8, 1.5, 1.2, 0.15, 0.0),
)

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN: Final = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰婷建华文慧玉红宇浩轩涵子怡欣佳悦思晨"


class People(NamedTuple):
    """The people as columns, one row for each; `trade` is a position in SEGMENTS.

    `income_minor` is fen a month before hidden causes; `friends` holds FRIENDS positions each;
    `parent` is the position of a living parent among the people, -1 for none.
    """

    trade: Ints
    age: Ints
    woman: Flags
    household: Ints
    home: Ints
    work: Ints
    employer: Ints
    payday: Ints
    income_minor: Ints
    rent_minor: Ints
    landlord: Ints
    friends: npt.NDArray[np.int64]
    parent: Ints
    trusting: Floats
    online: Floats
    second_device: Flags
    opened_day: Ints

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.trade)

    def ids(self, which: Ints) -> list[str]:
        """The ids of people by position."""
        return [f"p{n:06d}" for n in which.tolist()]


FRIENDS: Final = 8


def settle(draws: Draws, count: int) -> People:
    """Draw `count` people (at least 20)."""
    rng = draws.of("people")
    shares = np.array([one.share for one in SEGMENTS])
    trade = pick(rng, shares, count)
    low, high = (np.array([one.ages[end] for one in SEGMENTS])[trade] for end in (0, 1))
    age = rng.integers(low, high + 1)
    household, home = _households(rng, count)
    employer, payday = _employers(rng, trade, count)
    income = lognormal(
        rng,
        np.array([one.income for one in SEGMENTS])[trade],
        np.array([one.spread for one in SEGMENTS])[trade],
        count,
    )
    income_minor = np.maximum(np.rint(income / 50) * 5_000, 80_000).astype(np.int64)
    tenant = rng.random(count) < np.array([0.65, 0.25, 0.40, 0.04, 0.30, 0.05])[trade]
    rent = np.where(tenant, np.rint(income * rng.uniform(0.18, 0.33, count) / 100) * 10_000, 0)
    return People(
        trade=trade,
        age=age.astype(np.int64),
        woman=rng.random(count) < 0.5,
        household=household,
        home=home,
        work=(home + rng.integers(-8, 9, count)) % CELLS,
        employer=employer,
        payday=payday,
        income_minor=income_minor,
        rent_minor=rent.astype(np.int64),
        landlord=_landlords(rng, age.astype(np.int64), count),
        friends=_friends(rng, home, count),
        parent=_parents(rng, age.astype(np.int64), count),
        trusting=np.clip(rng.beta(2.0, 5.0, count) + np.where(age >= 60, 0.25, 0.0), 0.0, 1.0),
        online=np.clip(rng.beta(4, 3, count) - np.where(age >= 60, 0.35, 0.0), 0.02, 1.0),
        second_device=rng.random(count) < np.where(age >= 60, 0.1, 0.35),
        opened_day=-rng.integers(30, 4_000, count),
    )


def _households(rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """Households of one to four of the bank's people, and the neighbourhood each lives in."""
    sizes = 1 + pick(rng, np.array([0.45, 0.33, 0.16, 0.06]), count)
    household = np.repeat(np.arange(count), sizes)[:count].astype(np.int64)
    crowd = rng.dirichlet(np.full(CELLS, 2.0))
    return household, pick(rng, crowd, int(household[-1]) + 1)[household]


def _employers(rng: np.random.Generator, trade: Ints, count: int) -> tuple[Ints, Ints]:
    """Each person's employer (-1: none; pensions come from employer 0) and day of the month they are paid."""
    firms = max(4, count // 40)
    weights = np.asarray(np.arange(1.0, firms + 1) ** -0.7, np.float64)
    employer = 1 + pick(rng, weights, count)
    waged = rng.random(count) < np.array([one.waged for one in SEGMENTS])[trade]
    employer = np.where(np.array([one.code == "senior" for one in SEGMENTS])[trade], 0, employer)
    paydays = np.concatenate([[20], rng.choice([5, 8, 10, 12, 15, 18, 25, 28], firms)])
    return np.where(waged, employer, -1).astype(np.int64), paydays[employer].astype(np.int64)


def _landlords(rng: np.random.Generator, age: Ints, count: int) -> Ints:
    """Somebody of 40 or more whom the rent goes to."""
    owners = np.flatnonzero(age >= 40)
    owners = owners if len(owners) else np.arange(count)
    return owners[rng.integers(0, max(1, len(owners) // 4), count)].astype(np.int64)


def _friends(rng: np.random.Generator, home: Ints, count: int) -> npt.NDArray[np.int64]:
    """FRIENDS people each, most of them from neighbourhoods near by; never oneself."""
    by_home = np.argsort(home, kind="stable")
    place = np.empty(count, np.int64)
    place[by_home] = np.arange(count)
    reach = np.rint(rng.standard_normal((count, FRIENDS)) * max(10, count // 60)).astype(np.int64)
    near = by_home[(place[:, None] + reach) % count]
    far = rng.integers(0, count, (count, FRIENDS))
    friends = np.where(rng.random((count, FRIENDS)) < 0.8, near, far)
    own = np.arange(count)[:, None]
    return np.where(friends == own, (friends + 1) % count, friends)


def _parents(rng: np.random.Generator, age: Ints, count: int) -> Ints:
    """A parent among the people of 60 and more, for some of those who are between 25 and 55."""
    old = np.flatnonzero(age >= 60)
    if not len(old):
        return np.full(count, -1, np.int64)
    has = (age >= 25) & (age <= 55) & (rng.random(count) < 0.35)
    return np.where(has, old[rng.integers(0, len(old), count)], -1).astype(np.int64)


def openings_minor(draws: Draws, people: People) -> Ints:
    """What lies on each person's account on the first day, whole yuan in fen."""
    rng = draws.of("openings")
    months = 0.5 + rng.exponential(1.8, people.size)
    return np.rint(people.income_minor * months / 100).astype(np.int64) * 100


def names(draws: Draws, count: int) -> list[str]:
    """Made-up names, two or three characters; the same name may occur twice, as in life."""
    rng = draws.of("names")
    first = rng.integers(0, len(SURNAMES), count)
    second = rng.integers(0, len(GIVEN), (count, 2))
    two = rng.random(count) < 0.25
    return [
        SURNAMES[a] + GIVEN[b] + ("" if short else GIVEN[c])
        for a, (b, c), short in zip(first.tolist(), second.tolist(), two.tolist(), strict=True)
    ]
