"""Day-ends of a real bank: interest is of what was there at midnight, however late a payment came in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.journeys.test_ledger_journeys import CORE, LAST, ask, code, kept, savers

from jingwei.journeys.deposit import Deposit
from jingwei.journeys.run_day_end import RunDayEnd, run
from jingwei.journeys.table import unseal
from jingwei.keeping.day_bounds import bounds_named, day_bounds
from jingwei.kernel.clock import DAY, HOUR, bank_day, day_start
from jingwei.ledger.accounts import Account


def put_in(town: Any, account: str, amount_minor: int, late: int = 0) -> None:
    """Pay money in that came to the bank's knowledge `late` microseconds after it happened."""
    stamp = town.stamp(CORE) | {"at": town.clock.at - late}
    fields = {"account": account, "amount_minor": amount_minor, "currency": "CNY"}
    assert code(town.do(Deposit(**fields, **stamp)).answer) == "done"


def test_bounds_reach_back_to_the_first_record(town):
    names = savers(town, 1)
    for _ in range(9):
        town.clock.at += DAY
        put_in(town, names[0], 100)
    store, day = town.home.store, bank_day(town.clock.at) - 1
    found = day_bounds(store, day)
    assert [day - one for one, _ in found][:4] == [0, 1, 2, 4] and found[-1][1] == 0
    for one, record in found:
        learned = [unseal(store.record(seq)).command.known_at for seq in range(record)]
        assert all(moment < day_start(one + 1) for moment in learned)
    assert found[0][1] == store.size() - 1, "only today's deposit is after yesterday"


@pytest.mark.parametrize("bounded", [True, False])
def test_a_payment_sixteen_hours_late_earns_nothing_for_the_day_before(town, bounded):
    (name,) = savers(town, 1)
    town.clock.at = day_start(LAST)
    list(run(LAST - 1, town.clock.at, lambda command: town.do(command).answer))
    town.clock.at = day_start(LAST + 1) + HOUR
    put_in(town, name, 3_650_000)
    put_in(town, name, 1, late=16 * HOUR)
    since = day_bounds(town.home.store, LAST) if bounded else ()
    list(run(LAST, town.clock.at, lambda command: town.do(command).answer, since))
    paid = town.money(name)[0] - 7_300_001
    days = LAST + 1 - bank_day(kept(town, Account, name).opened_at)
    assert paid == days * 85 if bounded else paid > days * 85, "without its bound a record replays as it was"


def test_a_day_end_asked_again_with_another_bound_is_the_same_request(town):
    savers(town, 1)
    town.clock.at = day_start(LAST + 1)
    first = ask(town, RunDayEnd, CORE, "day-end", day=LAST, since=((LAST, 1),))
    again = ask(town, RunDayEnd, CORE, "day-end", day=LAST, since=((LAST, 2),))
    assert (first.id, code(first)) == (again.id, code(again)) and code(again) == "done"


@pytest.mark.parametrize("first", [True, False])
def test_records_known_out_of_order_change_no_interest(town, first):
    """A stream that catches up brings in what it knew before midnight, behind payments of after midnight."""
    name, other = savers(town, 2)
    if not first:
        town.clock.at = day_start(LAST - 1)
        day_end(town, LAST - 2)
    town.clock.at = day_start(LAST)
    list(run(LAST - 1, town.clock.at, lambda command: town.do(command).answer))
    town.clock.at = day_start(LAST + 1) + HOUR
    put_in(town, name, 3_650_000)
    put_in(town, name, 1)
    for number in range(40):
        moment = day_start(LAST + 1) - HOUR + number
        stamp = town.stamp(CORE) | {"at": moment, "known_at": moment}
        assert code(town.do(Deposit(account=other, amount_minor=1, currency="CNY", **stamp)).answer) == "done"
    town.clock.at += HOUR
    day_end(town, LAST)
    paid = town.money(name)[0] - 7_300_001
    days = LAST + 1 - bank_day(kept(town, Account, name).opened_at)
    assert paid == days * 85
    store = town.home.store
    named = bounds_named(store, LAST)
    assert named == day_bounds(store, LAST) and named[0][0] == LAST
    for one, record in named:
        learned = [unseal(store.record(seq)).command.known_at for seq in range(record)]
        assert all(moment < day_start(one + 1) for moment in learned)


def day_end(town: Any, day: int) -> None:
    """Close a day for every account, as the bank does."""
    since = day_bounds(town.home.store, day)
    list(run(day, town.clock.at, lambda command: town.do(command).answer, since))
