"""More than the last of a loan: told as such, and records of before come out as they were sealed."""

from __future__ import annotations

from functools import partial

import pytest
from tests.journeys.borrowers import borrower, close_days, code, kept, lend, repaying

from jingwei import bank as bank_room
from jingwei.domains.credit.loan_changes import _early
from jingwei.domains.credit.loan_life import owed_now, pay_due
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import unpack
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.table import seal
from jingwei.kernel.refusal import Refusal


@pytest.fixture
def last(town):
    """A loan of which only the last instalment is left, due and not paid."""
    borrower(town)
    loan = lend(town, months=3)
    days = [one.day for one in unpack(loan.plan)]
    close_days(town, days[-2])
    room = town.money("dora")[0]
    town.open("shop")
    while room:
        part = min(room, 90_000)
        assert town.do(town.pay("dora", "shop", part, device="phone")).answer.refusal is None
        town.later(seconds=90_000)
        room = town.money("dora")[0]
    close_days(town, days[-1])
    found = kept(town, Loan, loan.id)
    assert found.status == "running" and owed_now(found)
    return found


def then(monkeypatch, rules):
    """The bank as it stood before this journey counted its rules."""
    begin = Overlay.begin
    monkeypatch.setattr(Overlay, "begin", lambda *told: begin(*told, rules))
    monkeypatch.setattr(bank_room, "seal", partial(seal, rules=0))


def test_records_of_every_time_come_out_as_they_were_sealed(town, last, monkeypatch):
    more = owed_now(last) + 5_000
    with monkeypatch.context() as before:
        then(before, 0)
        told = repaying(town, last, more, "smaller").answer.refusal
    product = shipped().find(last.product)
    nothing_left = pay_due(last, owed_now(last)).loan
    assert told == _early(nothing_left, product, 5_000, "smaller", town.clock.at)
    assert told == Refusal("loan_part_too_small", {"interest": "0.00 CNY"})
    with monkeypatch.context() as between:
        then(between, 1)
        assert code(repaying(town, last, more, "smaller")) == "loan_above_rest"
    assert code(repaying(town, last, more, "smaller")) == "loan_above_rest"
    report = town.home.verify()
    assert report.sound and report.books == "compared", report.damage
