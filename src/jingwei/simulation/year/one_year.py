"""One seed: a city lives a year, and the bank is run on it three times, each day as the last."""

from __future__ import annotations

from typing import Any, Final

from jingwei.learning.history import Progress, quiet
from jingwei.simulation.city.almanac import Almanac
from jingwei.simulation.city.causes import strike
from jingwei.simulation.city.draws import Draws
from jingwei.simulation.city.lending import Borrowing, borrowing
from jingwei.simulation.city.strains import strain
from jingwei.simulation.city.world import City, live_through
from jingwei.simulation.year.arms import ARMS, DAYS
from jingwei.simulation.year.credit import CreditYear, truth_of
from jingwei.simulation.year.fraud import FraudYear
from jingwei.simulation.year.measured import Lived, measured
from jingwei.simulation.year.offers import offers_of
from jingwei.simulation.year.past import past_of
from jingwei.simulation.year.payments import payments_of

STEPS: Final = 2 + len(ARMS)


def asked_in(city: City) -> Borrowing:
    """Who of the city asks for loans, and the accounts behind them."""
    draws, people = Draws(city.seed), city.people
    life = strike(draws, people, city.days), strain(draws, people, city.days)
    return borrowing(draws, people, Almanac(city.first, city.days), life, city.systems)


def one_year(seed: int, people: int, progress: Progress = quiet) -> dict[str, Any]:
    """The figures of each arm in the city of this seed; the same seed gives the same figures."""
    city = live_through(people, DAYS, seed)
    progress(1, STEPS)
    payments, asked, past = payments_of(city), asked_in(city), past_of(seed)
    truth = truth_of(asked)
    progress(2, STEPS)
    told: dict[str, Any] = {"seed": seed, "people": people, "payments": payments.size}
    offers = offers_of(city, ARMS)
    told["applications"] = asked.needs.size
    told["applications_that_would_fail"] = int(truth.fails.sum())
    for done, arm in enumerate(ARMS):
        fraud, credit = FraudYear(payments, arm, seed), CreditYear(city, asked, past, arm)
        for day in range(DAYS):
            fraud.live(day)
            credit.live(day)
        figures = measured(Lived(payments, fraud, credit, truth, city.people))
        figures["total"] |= offers[arm.name]
        told[arm.name] = figures | {"learned": fraud.judged.learned + credit.learned}
        progress(3 + done, STEPS)
    return told
