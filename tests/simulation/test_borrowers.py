"""Borrowers of the made-up city: who can pays, what fails has a cause, relief moves what is due."""

from __future__ import annotations

import numpy as np
import pytest

from jingwei.simulation.city.borrowers import WRITTEN_OFF_DAYS, Book, Flow, Needs
from jingwei.simulation.city.strains import NEVER
from jingwei.simulation.city.world import live_through

INCOME = 1_000_000


def book(daily, opening, months=3, refuses=99, forgets=0):
    """One loan of 3,000 yuan asked for on day 0 over `months`, on an account with this flow each day."""
    one = np.array([0])
    needs = Needs(
        person=one, day=one, amount_minor=np.array([300_000]), term=np.array([months]),
        stated_minor=np.array([INCOME]), due_day=np.array([1]),
        forgets_days=np.full((1, 12), forgets), refuses=np.array([refuses]), accepts=np.array([0.5]),
    )  # fmt: skip
    flow = Flow(one, np.array([daily]), np.array([INCOME]), np.array([opening]), np.array([0]))
    made = Book(needs, flow)
    made.grant(one, (30 + 30 * np.arange(12))[None, :])
    return made


def live(made, days):
    for day in range(days):
        made.live(day)


def test_a_loan_is_paid_on_its_days_while_the_account_holds_it():
    made = book([0] * 150, opening=INCOME)
    live(made, 150)
    assert made.paid[0, :3].tolist() == [30, 60, 90] and (made.paid[0, 3:] == NEVER).all()
    assert made.balance[0, -1] == INCOME - 3 * int(made.needs.instalment_minor[0])
    assert made.lost_minor(149).sum() == 0


def test_what_people_keep_back_to_live_on_is_not_paid():
    owed = int(book([0] * 10, 0).needs.instalment_minor[0])
    reserve = INCOME // 4
    enough, short = book([0] * 40, owed + reserve), book([0] * 40, owed + reserve - 1)
    live(enough, 31), live(short, 31)
    assert enough.paid[0, 0] == 30
    assert short.paid[0, 0] == NEVER


def test_money_that_comes_late_pays_late_and_none_is_lost():
    daily = [0] * 150
    daily[40] = INCOME
    made = book(daily, opening=0)
    live(made, 150)
    assert made.paid[0, :3].tolist() == [40, 60, 90] and made.written_off[0] == NEVER


def test_who_never_pays_is_written_off_after_its_days_with_the_principal_left():
    made = book([0] * 150, opening=INCOME, refuses=1)
    live(made, 150)
    assert made.paid[0, 0] == 30 and made.written_off[0] == 60 + WRITTEN_OFF_DAYS
    assert 190_000 < made.lost_minor(149)[0] < 210_000
    assert made.lost_minor(60 + WRITTEN_OFF_DAYS - 1)[0] == 0


def test_relief_puts_off_what_is_due_and_a_passing_need_is_passed():
    daily = [0] * 250
    daily[100] = INCOME
    refused, relieved = book(daily, opening=0), book(daily, opening=0)
    live(refused, 25), live(relieved, 25)
    relieved.relieve(np.array([0]), 25)
    for day in range(25, 250):
        refused.live(day), relieved.live(day)
    assert refused.written_off[0] < NEVER and relieved.written_off[0] == NEVER
    assert relieved.due[0, :3].tolist() == [90, 120, 150] and (relieved.paid[0, :3] < NEVER).all()


@pytest.fixture(scope="module")
def city():
    return live_through(1_200, 240, 5)


def test_the_books_of_the_city_hold_loans_that_go_well_and_some_that_do_not(city):
    told, owed = city.systems["book_applications"], city.systems["book_instalments"]
    assert 0.3 < told["granted"].mean() < 0.8
    assert set(owed["loan"].tolist()) <= set(told["loan"][told["granted"]].tolist())
    late = np.where(owed["paid"] > 0, owed["paid"] - owed["at"], city.systems["cards"]["at"][-1] - owed["at"])
    missed = (late > 7 * 86_400_000_000).mean()
    assert 0.005 < missed < 0.12
    assert (owed["paid"] >= 0).all() and "would_fail" not in city.systems


def test_who_lost_work_fails_more_often(city):
    lost = city.truth["causes"]["person"][city.truth["causes"]["cause"] == "job_loss"]
    asked = np.isin(city.systems["book_applications"]["person"], lost)
    fails = np.isin(city.systems["book_applications"]["loan"], city.truth["would_fail"]["loan"])
    assert fails[asked].mean() > 2 * fails[~asked].mean() > 0
