"""The day an instalment was paid: kept in the plan, served as training computes it, not in old records."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest
from tests.credit.test_loan_life import DAY, at, loan_of, product_of
from tests.journeys.borrowers import borrower, close_days, kept, lend, repaying

from jingwei import bank as bank_room
from jingwei.channels.lending.warning import laid_out, whose
from jingwei.domains.credit.early_warning import NAMES, NEVER, Known, Loans, Timeline, signals, watch
from jingwei.domains.credit.loan_changes import repay, restructure
from jingwei.domains.credit.loan_life import close_days as closed
from jingwei.domains.credit.loan_life import owed_now
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.schedule import pack, unpack
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.table import seal
from jingwei.kernel.clock import bank_day

MONTHS, FAR = 6, 210
OWN = ("last_days_late", "late_share", "left_share", "days_to_due")


def nothing():
    columns = np.zeros((0, 3), np.int64)
    return Known(*[Timeline(columns[:, 0], columns[:, 1], columns[:, 2])] * 6)


def history(draw):
    """Days on which the borrower has money, and whether they pay themselves or the day's end takes it."""
    days = sorted(draw.sample(range(DAY + 1, DAY + FAR), draw.choice((2, 5, 9, 30))))
    return {day: draw.random() < 0.5 for day in days}


def lived(days, until):
    """The loan at the end of bank day `until`, and how it looks as training sees records of then."""
    product = product_of()
    loan = loan_of(product, months=MONTHS)
    for day in range(DAY + 1, until + 1):
        if days.get(day) and owed_now(closed(loan, product, day - 1).loan):
            moved = repay(loan, product, owed_now(closed(loan, product, day - 1).loan), "due", at(day))
            assert not hasattr(moved, "code"), moved
            loan = moved.loan
        loan = closed(loan, product, day, 10**9 if day in days else 0).loan
    due = np.array([[one.day for one in unpack(loan_of(product, months=MONTHS).plan)]])
    owed = np.array([[one.amount for one in unpack(loan_of(product, months=MONTHS).plan)]])
    paid = np.array([[min((day for day in days if day >= one), default=NEVER) for one in due[0].tolist()]])
    return loan, Loans(np.zeros(1, np.int64), due, paid, owed)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_served_is_what_training_computes(seed):
    days = history(random.Random(seed))
    looked = 0
    for day in range(DAY + 5, DAY + FAR, 11):
        loan, trained = lived(days, day)
        if loan.status != "running":
            break
        served = laid_out([loan], {whose(loan): 0})
        there, here = watch(trained, day), watch(served, day)
        assert here.loan.tolist() == there.loan.tolist() and here.number.tolist() == there.number.tolist()
        if len(here.loan):
            looked += 1
            for name in OWN:
                one = NAMES.index(name)
                assert signals(nothing(), served, here)[0, one] == signals(nothing(), trained, there)[0, one]
    assert looked or min(days) > DAY + 38


def test_some_history_tells_of_late_payments():
    told = []
    for late in (0, 3, 7):
        due = [one.day for one in unpack(loan_of(product_of(), months=MONTHS).plan)]
        loan, _ = lived({due[0] + late: False, due[1]: True}, due[1] + 2)
        served = laid_out([loan], {whose(loan): 0})
        case = signals(nothing(), served, watch(served, due[1] + 2))[0]
        told.append((case[NAMES.index("last_days_late")], case[NAMES.index("late_share")]))
    assert told == [(0.0, 0.0), (0.0, 0.5), (0.0, 0.5)]


def test_a_restructured_instalment_ends_on_the_day_of_it():
    product = product_of()
    due = unpack(loan_of(product).plan)[0].day
    loan = closed(loan_of(product), product, due + 4).loan
    done = restructure(loan, product, 24, at(due + 5))
    first, mark = unpack(done.loan.plan)[:2]
    assert (first.paid_day, mark.paid_day) == (due + 5, 0)
    served = laid_out([done.loan], {whose(done.loan): 0})
    case = signals(nothing(), served, watch(served, due + 6))[0]
    assert case[NAMES.index("last_days_late")] == 5, "it was late when it ended"
    assert case[NAMES.index("left_share")] == 24 / 25, "the mark of the restructuring is no instalment"


def test_a_plan_of_before_reads_and_stays_as_it_was():
    before = "[[20500,100,5,0,100,5,0,true,false],[20530,100,5,0,0,0,0,false,false]]"
    assert pack(unpack(before)) == before and unpack(before)[0].paid_day == 0


def test_the_bank_keeps_the_day_and_books_of_before_are_done_again_as_they_were(town, monkeypatch):
    borrower(town, opening_minor=0)
    loan = lend(town)
    due = [one.day for one in unpack(loan.plan)]
    begin = Overlay.begin
    with monkeypatch.context() as then:
        then.setattr(Overlay, "begin", lambda *told: begin(*told, 0))
        then.setattr(bank_room, "seal", partial(seal, rules=0))
        close_days(town, due[0] + 1)
    assert unpack(kept(town, Loan, loan.id).plan)[0].paid_day == 0, "then no day was kept"
    spent = town.money("dora")[0]
    town.open("shop")
    for _ in range(spent // 90_000 + 1):
        left = town.money("dora")[0]
        if left:
            assert town.do(town.pay("dora", "shop", min(left, 90_000), device="phone")).answer.result
            town.later(seconds=40_000)
    close_days(town, due[1] + 2)
    money = {"account": "dora", "currency": "CNY", "amount_minor": 400_000}
    assert town.do(Deposit(**money, **town.stamp("system:core"))).answer.refusal is None
    owed = owed_now(kept(town, Loan, loan.id))
    assert owed and repaying(town, loan, owed).answer.refusal is None
    plan = unpack(kept(town, Loan, loan.id).plan)
    assert plan[1].paid_day == bank_day(town.clock.at) == due[1] + 3 and plan[2].paid_day == 0
    close_days(town, due[2] + 1)
    assert unpack(kept(town, Loan, loan.id).plan)[2].paid_day == due[2]
    report = town.home.verify()
    assert report.sound and report.books == "compared", report.damage
