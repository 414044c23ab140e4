"""Offers made to the simulated city's people, who answer by a truth the bank never reads. All simulated."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from jingwei.domains.offers.bandit import Arm, chances, choose
from jingwei.domains.offers.catalogue import Catalogue, Offer, spread
from jingwei.domains.offers.showing import Offering, cell_of, fitting, offering_id
from jingwei.domains.tags.live import LiveTags
from jingwei.domains.tags.needs import Watch
from jingwei.kernel.clock import DAY, bank_day
from jingwei.simulation.city.draws import Draws
from jingwei.simulation.city.people import SEGMENTS
from jingwei.simulation.city.world import City
from jingwei.simulation.happened import people
from jingwei.simulation.needs_truth import relevant

RECENT: Final = 14
"""A need counts for an offer for so many days."""

VISITS: Final = 12
"""Everybody opens the app on one day in so many, and on the day a need shows."""

ANSWERS: Final = 0.35
"""The share of offers not taken that are answered with "not interested"."""

CAUSE_OF: Final = {"child_plan": "child", "study_account": "study_abroad", "home_talk": "move",
                   "pension_talk": "retirement"}  # fmt: skip
TASTES: Final = {
    "child_plan": (0.010, (0.4, 1.2, 0.8, 0.2, 0.8, 0.8)),
    "study_account": (0.012, (1.5, 1.2, 0.4, 0.2, 0.8, 0.2)),
    "home_talk": (0.012, (0.8, 1.4, 1.0, 0.2, 1.0, 0.4)),
    "pension_talk": (0.020, (0.1, 0.7, 1.5, 1.2, 0.6, 0.8)),
    "payday_pot": (0.060, (1.8, 0.8, 1.3, 0.5, 0.3, 0.4)),
    "deposit_rate": (0.050, (0.3, 1.5, 0.5, 2.2, 1.2, 0.6)),
    "bills_calendar": (0.045, (1.2, 1.5, 0.8, 0.4, 1.4, 0.5)),
}
"""For each offer the share that takes it and how much the segments (in order) like it."""

MOVED: Final = 0.22
"""What a hidden cause of the last or next weeks adds for the offer made for it."""

ANYWAY: Final = 0.35
"""What part of those who would take an offer take the product in 30 days without being shown anything."""


class Shown(NamedTuple):
    """One choice: day, context, what fitted, what was chosen with which chance, what came of it, for whom.

    `truths` are the chances to take each fitting offer, `expected` what the bank expected of the chosen.
    """

    day: int
    cell: str
    fits: tuple[str, ...]
    place: int
    chance: float
    taken: bool
    truths: tuple[float, ...]
    expected: float
    customer: str


class Life(NamedTuple):
    """What a policy's offers came to: the choices, and by customer whether they took a product in 30 days."""

    shown: list[Shown]
    took: dict[str, bool]
    control: set[str]
    arms: dict[tuple[str, str], Arm]


Policy = Callable[[Sequence[Arm], int], list[int]]
"""From the arms that fit to the chance of each in parts of a million."""


class Way(NamedTuple):
    """One way to make offers: the policy, after how many days it is told what came of an offer, and which
    share of that it is told wrongly."""

    policy: Policy
    late_days: int = 0
    wrong: float = 0.0


def random_one(arms: Sequence[Arm], _: int) -> list[int]:
    """Every fitting offer with the same chance."""
    each = 1_000_000 // len(arms)
    return [each + (1_000_000 - each * len(arms) if not i else 0) for i in range(len(arms))]


def first_listed(arms: Sequence[Arm], _: int) -> list[int]:
    """The first in the catalogue's order: the rule of thumb beside the bandit."""
    return [1_000_000 if not i else 0 for i in range(len(arms))]


class Truth:
    """How likely people are to take an offer; the bank never sees it."""

    def __init__(self, city: City) -> None:
        rows = city.truth["causes"]
        self.first = bank_day(int(city.systems["digital"]["at"].min()))
        told = zip(rows["person"].tolist(), rows["cause"].tolist(), rows["day"].tolist(), strict=True)
        self._cause = {(who, cause): day + self.first for who, cause, day in told}
        self._trade = city.people.trade.tolist()

    def takes(self, customer: str, offer: str, day: int) -> float:
        """The chance to take the offer when it is shown on that day."""
        who = int(customer[1:])
        base, likes = TASTES[offer]
        struck = self._cause.get((who, CAUSE_OF.get(offer, "")))
        near = struck is not None and -30 <= day - struck <= 60
        assert len(likes) == len(SEGMENTS)
        return base * likes[self._trade[who]] + (MOVED if near else 0.0)


class _Bank:
    """The state of offers while the city lives."""

    def __init__(self, city: City, rules: Catalogue, way: Way) -> None:
        self.rules, self.way, self.truth = rules, way, Truth(city)
        self.rng = Draws(city.seed).of("offers")
        self.mistakes = Draws(city.seed).of("offers told wrongly")
        self.untold: deque[tuple[int, str, str, bool]] = deque()
        self.made: defaultdict[str, list[Offering]] = defaultdict(list)
        self.life = Life([], {}, set(), {})
        self.until: dict[str, int] = {}

    def meet(self, customer: str, facts: dict[str, int], needs: Sequence[str], day: int) -> None:
        """The customer opens the app."""
        at = day * DAY
        while self.untold and self.untold[0][0] <= day:
            self._learn(*self.untold.popleft()[1:])
        fits = fitting(self.rules, facts, needs, self.made[customer], at)
        if not fits:
            return
        truths = tuple(self.truth.takes(customer, one.id, day) for one in fits)
        drawn = self.rng.random(3)
        if customer not in self.until:
            self.until[customer] = day + 30
            self.life.took[customer] = bool(drawn[0] < ANYWAY * max(truths))
        cell = cell_of(facts, needs)
        if self.rules.in_control(customer):
            self.life.control.add(customer)
            self._keep(customer, fits[0], "control", at, False)
            return
        arms = [self.life.arms.get((cell, one.id), Arm(one.id, 0, 0)) for one in fits]
        shares = self.way.policy(arms, self.rules.explore_ppm)
        place = choose(shares, spread(self.rules.salt, customer, str(day)))
        taken = bool(drawn[1] < truths[place])
        arm = arms[place]
        told = Shown(day, cell, tuple(one.id for one in fits), place, shares[place] / 1e6, taken, truths,
                     arm.expected, customer)  # fmt: skip
        self.life.shown.append(told)
        heard = taken != bool(self.way.wrong and self.mistakes.random() < self.way.wrong)
        if self.way.late_days:
            self.untold.append((day + self.way.late_days, cell, arm.offer, heard))
        else:
            self._learn(cell, arm.offer, heard)
        state = "taken" if taken else "not_interested" if drawn[2] < ANSWERS else "open"
        self._keep(customer, fits[place], state, at, taken and day < self.until[customer])

    def _learn(self, cell: str, offer: str, taken: bool) -> None:
        """What came of an offer is known."""
        arm = self.life.arms.get((cell, offer), Arm(offer, 0, 0))
        self.life.arms[cell, offer] = Arm(offer, arm.shown + 1, arm.taken + taken)

    def _keep(self, customer: str, offer: Offer, state: str, at: int, took: bool) -> None:
        answered = at if state in ("taken", "not_interested") else 0
        some_id = offering_id(len(self.made[customer]))
        self.made[customer].append(Offering(some_id, customer, offer.id, "", "", state, at, answered, 0))
        if took:
            self.life.took[customer] = True


def live(city: City, rules: Catalogue, policy: Policy = chances) -> Life:
    """Let the bank make offers day by day while the city lives; the same city answers every policy alike."""
    return live_each(city, rules, {"": Way(policy)})[""]


def live_each(city: City, rules: Catalogue, ways: Mapping[str, Way]) -> dict[str, Life]:
    """The same life with offers made in several ways, each beside the others and knowing nothing of them."""
    banks = {name: _Bank(city, rules, way) for name, way in ways.items()}
    known, happened = people(city), relevant(city, rules.reads)
    tags = LiveTags()
    for name, person in known.items():
        tags.know(name, person)
    watch = Watch(tags)
    first, place = bank_day(happened[0].at), 0
    recent: defaultdict[str, dict[str, int]] = defaultdict(dict)
    names = sorted({*rules.reads, "age_years"})
    for day in range(first, first + city.days):
        watch.today = day
        found = []
        while place < len(happened) and happened[place].day <= day:
            found += watch.add(happened[place])
            place += 1
        found += watch.close()
        for one in found:
            recent[one.customer][one.need] = day
        today = {one.customer for one in found}
        for number, customer in enumerate(known):
            if customer in today or (day + number) % VISITS == 0:
                needs = [n for n, when in sorted(recent[customer].items(), key=lambda p: -p[1])
                         if day - when < RECENT]  # fmt: skip
                told = tags.values(customer, names, day)
                facts = {name: value for name, value in told.items() if value is not None}
                for bank in banks.values():
                    bank.meet(customer, facts, needs, day)
    return {name: bank.life for name, bank in banks.items()}


def mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return float(np.mean(values)) if values else None
