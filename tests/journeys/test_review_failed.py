"""What counts against an applicant as a payment that failed: for want of money, in the last half year."""

from __future__ import annotations

from tests.journeys.test_schedules import schedule, until, work

from jingwei.channels.lending.asking import failed_payments
from jingwei.journeys.freeze import FreezeAccount


def failed(town) -> int:
    return failed_payments(town.home.store, "alice", town.clock.at)


def test_a_payment_that_lacked_money_counts_for_half_a_year_and_no_longer(town):
    schedule(town, "once", amount_minor=town.money("alice")[0] + 1)
    until(town, "2026-11-30")
    assert work(town) == 1 and failed(town) == 1
    town.later(days=179)
    assert failed(town) == 1
    town.later(days=2)
    assert failed(town) == 0, "years later it is not held against anybody"


def test_a_payment_that_was_refused_for_another_reason_does_not_count(town):
    """The account is frozen: nothing is told of how much money there is."""
    schedule(town, "once")
    stopped = FreezeAccount(account="alice", direction="out", **town.stamp("staff:reviewer"))
    assert town.do(stopped).answer.refusal is None
    until(town, "2026-11-30")
    assert work(town) == 1 and failed(town) == 0
