"""Closing an account and cutting a statement go by the bank's day, however late a payment came in."""

from __future__ import annotations

from functools import partial

import pytest
from tests.journeys.test_late_day_end import put_in
from tests.journeys.test_ledger_journeys import CORE, LAST, ask, code, kept, savers
from tests.ledger.notation import check
from tests.ledger.test_late_lines import LATE_STORY
from tests.ledger.test_statement import at, of

from jingwei import bank as bank_room
from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.run_day_end import run
from jingwei.journeys.table import seal, unseal
from jingwei.keeping.day_bounds import day_bounds
from jingwei.kernel.clock import HOUR, bank_day, day_start
from jingwei.ledger.accounts import Account


@pytest.fixture
def late(town):
    """A saver with a payment sixteen hours late over midnight; only that day is open."""
    (name,) = savers(town, 1)
    town.clock.at = day_start(LAST)
    list(run(LAST - 1, town.clock.at, lambda command: town.do(command).answer))
    town.clock.at = day_start(LAST + 1) + HOUR
    put_in(town, name, 3_650_000)
    put_in(town, name, 1, late=16 * HOUR)
    other = {"customer": name, "account": f"{name}-2", "product": "current_cny"}
    assert code(ask(town, OpenAccount, CORE, **other)) == "done"
    return name


def interest(town, name, **more):
    """What closing pays, over what was paid in and the closed days."""
    days = LAST + 1 - bank_day(kept(town, Account, name).opened_at)
    answer = ask(town, CloseAccount, CORE, account=name, payee=f"{name}-2", **more)
    assert code(answer) == "done", answer
    moved = sum(one.amount_minor for one in answer.movements if one.payee == name)
    return moved, days * 85


@pytest.mark.parametrize("bounded", [True, False])
def test_a_late_payment_earns_nothing_for_the_day_before(town, late, bounded):
    since = day_bounds(town.home.store, bank_day(town.clock.at) - 1) if bounded else ()
    paid, right = interest(town, late, since=since)
    assert paid == right
    report = town.home.verify()
    assert report.sound, report.damage


def test_records_of_before_are_done_again_by_the_rule_of_then(town, late, monkeypatch):
    begin = Overlay.begin
    with monkeypatch.context() as then:
        then.setattr(Overlay, "begin", lambda *told: begin(*told, 0))
        then.setattr(bank_room, "seal", partial(seal, rules=0))
        paid, right = interest(town, late)
    assert paid > right, "the rule of then took a payment for one of the day before"
    assert unseal(town.home.store.record(town.home.store.size() - 1)).rules == 0
    report = town.home.verify()
    assert report.sound and report.books == "compared", report.damage


def test_a_statement_holds_what_was_booked_in_its_days(town):
    world = check(LATE_STORY)
    told = of(world, at("2026-11-03T00:00"), at("2026-11-04T00:00"))
    assert (told.opening_minor, told.closing_minor, len(told.entries)) == (10_000, 8_900, 2)
    before = of(world, at("2026-11-02T00:00"), at("2026-11-03T00:00"))
    assert (before.opening_minor, before.closing_minor, before.entries) == (10_000, 10_000, ())
