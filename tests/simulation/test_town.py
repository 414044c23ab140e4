"""The city in a bank: its past comes in once, people react by the truth, and it goes on after a restart."""

from __future__ import annotations

import msgspec
import pytest

from jingwei.home import open_home
from jingwei.journeys.answer_step_up import AnswerStepUp
from jingwei.kernel.clock import DAY, HOUR, SECOND, ManualClock, parse_iso
from jingwei.ledger.accounts import Account
from jingwei.ledger.work import Case
from jingwei.simulation.city.town import Plan, Present, settle_past, wake_up

NOW = parse_iso("2026-11-20T12:00:00")
PLAN = Plan(5, 120, 4, 3, NOW, 10, NOW, NOW)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    clock = ManualClock(NOW)
    home = open_home(tmp_path_factory.mktemp("town") / "home", clock)
    feed = settle_past(home.bank, PLAN)
    yield home, feed, clock
    home.close()


def test_everybody_has_an_account_and_money_moved(town):
    home, _, _ = town
    assert len(home.store.page(Account, limit=500)) >= 120
    assert all(booked == 0 for _, booked, _ in home.store.totals())
    assert home.store.size() > 1_000
    assert home.verify().damage == []


def test_the_past_ends_now_and_is_in_the_order_of_time(town):
    from jingwei.journeys.table import unseal

    home, _, _ = town
    moments = [unseal(leaf).command.at for _, leaf in home.store.records(4, home.store.size())]
    assert max(moments) < NOW
    assert moments == sorted(moments)


def test_old_cases_were_answered_and_new_ones_wait(town):
    home, _, _ = town
    for case in home.store.find(Case, "status", "open", limit=500):
        assert case.opened_at > NOW - 2 * DAY


def test_the_same_past_twice_changes_nothing(town):
    home, _, _ = town
    before = home.store.root()
    settle_past(home.bank, PLAN)
    assert home.store.root() == before


def test_the_present_goes_on_at_its_speed(town):
    home, feed, clock = town
    present = Present(feed, PLAN)
    assert present.position(NOW + HOUR) == NOW + 10 * HOUR
    commands = []
    for _ in range(120):
        clock.at += 60 * SECOND
        due = present.due(clock.at)
        assert all(one.at == one.known_at == clock.at for one in due)
        present.told(due, home.bank.do(due), clock.at)
        commands += due
    assert len(commands) > 50
    assert len({one.key for one in commands}) == len(commands)
    answers = [one for one in commands if isinstance(one, AnswerStepUp)]
    assert all(one.actor.startswith("customer:p") for one in answers)


def test_a_city_that_wakes_asks_nothing_of_before(town):
    later = msgspec.structs.replace(PLAN, position=NOW + 5 * HOUR, at=NOW + 9 * DAY)
    present = Present(wake_up(later), later)
    due = present.due(NOW + 9 * DAY + HOUR, most=1_000)
    assert due
    fresh = {one.key for one in due}
    feed = wake_up(msgspec.structs.replace(PLAN, position=NOW))
    before = {one.key for batch in feed.until(NOW + 5 * HOUR, 500) for one in batch}
    assert not fresh & before
