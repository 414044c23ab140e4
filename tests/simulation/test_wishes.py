"""The city's people ask for loans: measured by the bank, decided, answered; deterministic by seed."""

from __future__ import annotations

import pytest

from jingwei.channels.lending.counter import LoanCounter
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.home import open_home
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.table import unseal
from jingwei.kernel.clock import DAY, MINUTE, ManualClock, parse_iso
from jingwei.ledger.work import Case
from jingwei.simulation.city.town import REVIEWED, Plan, Present, settle_past
from jingwei.simulation.city.wishes import SYSTEM

NOW = parse_iso("2026-11-20T12:00:00")
PLAN = Plan(5, 700, 9, 3, NOW, 10, NOW, NOW)


def live(folder, plan=PLAN):
    """A bank in which the city's past was lived through."""
    home = open_home(folder, ManualClock(NOW))
    return home, settle_past(home.bank, plan, counter=LoanCounter(home.store, home.registry))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    home, feed = live(tmp_path_factory.mktemp("wishes") / "home")
    yield home, feed
    home.close()


def asked(home):
    """The sealed applications and their answers."""
    found = (unseal(leaf) for _, leaf in home.store.records(0, home.store.size()))
    return [one for one in found if isinstance(one.command, ApplyForLoan)]


def test_a_few_ask_every_day_and_the_bank_decides_each_on_what_it_measured(town):
    home, feed = town
    there = asked(home)
    assert 5 <= len(there) <= int((feed.city.systems[SYSTEM]["at"] < NOW).sum())
    for one in there:
        assert one.answer.refusal is None, one.answer.refusal
        assert one.command.behaviour.account_days <= PLAN.past_days + 1 and one.command.bureau
    kept = home.store.page(LoanApplication, limit=500)
    assert len(kept) == len(there) and {one.status for one in kept} >= {"refused"}


def test_old_cases_were_decided_offers_signed_and_new_ones_wait_for_a_person(town):
    home, _ = town
    kept = home.store.page(LoanApplication, limit=500)
    waiting = [one for one in kept if one.status == "waiting"]
    assert all(one.asked_at > NOW - REVIEWED - DAY for one in waiting)
    cases = {one.id for one in home.store.find(Case, "status", "open", limit=500)}
    assert {one.case_number for one in waiting} <= cases
    signed = [one for one in kept if one.status == "signed"]
    assert signed and {one.id for one in signed} == {
        one.application for one in home.store.page(Loan, limit=500)
    }
    assert home.verify().sound


def test_the_same_seed_asks_the_same(tmp_path):
    roots = []
    for name in ("one", "two"):
        home, _ = live(tmp_path / name, Plan(6, 200, 4, 1, NOW, 10, NOW, NOW))
        roots.append(home.store.root())
        assert asked(home)
        home.close()
    assert roots[0] == roots[1]


def test_without_a_counter_nobody_asks(tmp_path):
    home = open_home(tmp_path / "home", ManualClock(NOW))
    try:
        settle_past(home.bank, Plan(5, 60, 2, 1, NOW, 10, NOW, NOW))
        assert asked(home) == []
    finally:
        home.close()


def test_in_the_present_people_ask_on(town):
    home, feed = town
    present = Present(feed, PLAN, LoanCounter(home.store, home.registry))
    before, clock = len(asked(home)), home.clock
    for _ in range(36):
        clock.at += 10 * MINUTE
        while due := present.due(clock.at):
            present.told(due, home.bank.do(due), clock.at)
    new = asked(home)[before:]
    assert new and all(one.answer.refusal is None for one in new)
