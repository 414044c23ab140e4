"""A day-end that has years to make up for goes in as many pages as its movements need."""

from __future__ import annotations

import pytest
from tests.journeys.borrowers import borrower, close_days, kept, lend
from tests.journeys.test_ledger_journeys import savers

from jingwei.domains.credit.loans import Loan
from jingwei.journeys import run_day_end, run_loan_day
from jingwei.journeys.run_day_end import run
from jingwei.kernel.clock import DAY, bank_day, day_start
from jingwei.ledger import posting
from jingwei.ledger.accounts import Account, Balance


@pytest.fixture
def few(monkeypatch):
    """One entry holds only so many movements."""

    def at_most(many):
        for place in (posting, run_day_end, run_loan_day):
            monkeypatch.setattr(place, "MAX_MOVEMENTS", many)

    return at_most


def test_a_page_ends_before_the_account_that_does_not_fit(town, few):
    names = savers(town, 5)
    town.clock.at += 800 * DAY
    day = bank_day(town.clock.at) - 1
    few(60)
    pages = list(run(day, town.clock.at, lambda command: town.do(command).answer, limit=500))
    assert len(pages) > 2 and sum(page.accounts for page in pages) == town_size(town)
    assert [page.last for page in pages[:-1]] == sorted(page.last for page in pages[:-1])
    assert not pages[-1].last
    balances = {one.id: one for one in town.home.store.load(Balance, names)}
    assert {one.accrued_day for one in balances.values()} == {day}
    assert len({one.booked_minor for one in balances.values()}) == 1, "each earned the same"
    assert town.home.verify().sound


def town_size(town):
    return sum(one.side == "customer" for one in town.home.store.page(Account, limit=1_000))


def test_a_page_of_loans_ends_before_the_loan_that_does_not_fit(town, few):
    loans = []
    for who in ("dora", "erna", "fred"):
        borrower(town, who)
        loans.append(lend(town, who, months=3))
    few(12)
    day = bank_day(town.clock.at) + 120
    pages = close_days(town, day)
    assert len(pages) > 1 and sum(page.loans for page in pages) == 3
    ended = [kept(town, Loan, loan.id) for loan in loans]
    assert all(one.closed_day == day or one.status == "repaid" for one in ended)
    assert day_start(day) < town.clock.at and town.home.verify().sound
