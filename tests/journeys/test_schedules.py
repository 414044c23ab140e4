"""Scheduled payments: made by themselves on their days, once each, judged like any other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jingwei.journeys.advance_schedule import AdvanceSchedule, due, moved_on, payment_of
from jingwei.journeys.schedule_payment import CancelSchedule, SchedulePayment
from jingwei.kernel.clock import bank_day
from jingwei.ledger.planned import FIRST, Schedule, due_at, occurrence, upcoming


def number(text: str) -> int:
    return (date.fromisoformat(text) - FIRST).days


def schedule(town: Any, every: str = "monthly", first: str = "2026-11-30", **more: Any) -> Any:
    fields = {"customer": "alice", "payer": "alice", "payee": "bob", "amount_minor": 10_000}
    fields |= {"first_day": number(first), "every": every, "currency": "CNY", "device": "phone-1"}
    more = fields | more
    return town.do(SchedulePayment(**more, **town.stamp(f"customer:{more['customer']}"))).answer


def kept(town: Any, some_id: str) -> Schedule:
    return town.bank._overlay.get(Schedule, some_id)


def work(town: Any, *, crash: bool = False) -> int:
    """One turn of the worker; with `crash` it dies between paying and moving on."""
    at, count = town.clock.at, 0
    active = lambda after: town.home.store.find(Schedule, "status", "active", after=after)  # noqa: E731
    for one in list(due(active, at)):
        paid = town.do(payment_of(one, at)).answer
        count += 1
        if not crash:
            assert town.do(moved_on(one, paid.id, at)).answer.result == "done"
    return count


def until(town: Any, day: str) -> None:
    town.clock.at = max(town.clock.at, due_at(number(day)))


@pytest.mark.parametrize(
    ("first", "days"),
    [
        ("2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2028-01-30", ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        ("2026-12-29", ["2026-12-29", "2027-01-29", "2027-02-28", "2027-03-29"]),
    ],
)
def test_month_ends_do_not_drift(first: str, days: list[str]) -> None:
    assert [occurrence(number(first), "monthly", n) for n in range(4)] == [number(one) for one in days]


@given(st.integers(0, 40_000), st.integers(0, 600))
def test_each_month_has_one_day_and_days_grow(first: int, n: int) -> None:
    one, after = (FIRST + timedelta(days=occurrence(first, "monthly", n + i)) for i in (0, 1))
    begin = FIRST + timedelta(days=first)
    assert one.year * 12 + one.month == begin.year * 12 + begin.month + n
    assert one < after and one.day <= begin.day
    assert one.day == begin.day or (one + timedelta(days=1)).day == 1


def test_a_schedule_pays_every_month_until_its_last_day(town: Any) -> None:
    made = schedule(town, until_day=number("2027-02-28")).made
    paid = []
    for day in ("2026-11-29", "2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"):
        until(town, day)
        paid.append((day, work(town), work(town)))
    assert [count for _, count, _ in paid] == [0, 1, 1, 1, 1, 0]
    assert [again for _, _, again in paid] == [0] * 6
    assert (town.money("bob"), kept(town, made).status) == ((40_000, 0), "done")


def test_a_payment_is_made_at_eight_not_before(town: Any) -> None:
    schedule(town, "once", "2026-11-10")
    town.clock.at = due_at(number("2026-11-10")) - 1
    assert work(town) == 0
    town.clock.at += 1
    assert work(town) == 1
    assert town.money("bob") == (10_000, 0)


def test_a_worker_that_dies_in_between_pays_once(town: Any) -> None:
    made = schedule(town, "weekly", "2026-11-10").made
    until(town, "2026-11-10")
    assert work(town, crash=True) == 1
    town.reopen()
    town.later(seconds=300)
    assert work(town) == 1
    assert town.money("bob") == (10_000, 0)
    assert (kept(town, made).next_day, kept(town, made).done) == (number("2026-11-17"), 1)


def test_a_worker_that_slept_for_weeks_makes_up_for_each_day_once(town: Any) -> None:
    schedule(town, "weekly", "2026-11-10")
    until(town, "2026-11-24")
    assert [work(town) for _ in range(4)] == [1, 1, 1, 0]
    assert town.money("bob") == (30_000, 0)


def test_a_refused_payment_is_told_and_the_schedule_goes_on(town: Any) -> None:
    made = schedule(town, "weekly", "2026-11-10", amount_minor=5_000_001).made
    until(town, "2026-11-10")
    work(town)
    now = kept(town, made)
    assert now.last_result in ("refused", "held") and now.last_payment and now.status == "active"
    assert town.money("bob") == (0, 0)


def test_a_cancelled_schedule_pays_no_more_even_when_its_payment_is_on_the_way(town: Any) -> None:
    made = schedule(town, "weekly", "2026-11-10").made
    until(town, "2026-11-10")
    stale = kept(town, made)
    told = town.do(CancelSchedule(schedule=made, **town.stamp("customer:alice"))).answer
    assert told.result == "done"
    assert work(town) == 0
    late = town.do(payment_of(stale, town.clock.at)).answer
    assert (late.result, late.refusal.code, town.money("bob")) == ("refused", "schedule_over", (0, 0))
    again = town.do(CancelSchedule(schedule=made, **town.stamp("customer:alice"))).answer
    assert again.refusal.code == "schedule_over"


def test_only_the_owner_schedules_and_cancels(town: Any) -> None:
    assert schedule(town, customer="bob").refusal.code == "account_not_found"
    made = schedule(town).made
    for actor, name in (("customer:bob", made), ("customer:bob", "R99999999999")):
        told = town.do(CancelSchedule(schedule=name, **town.stamp(actor))).answer
        assert told.refusal.code == "schedule_not_found"
    assert kept(town, made).status == "active"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"first_day": number("2026-11-01")}, "day_already_past"),
        ({"until_day": number("2026-11-29")}, "until_before_first"),
        ({"payee": "nobody"}, "account_not_found"),
        ({"payee": "bank:fees:CNY"}, "account_not_found"),
        ({"payee": "alice"}, "same_account"),
        ({"currency": "USD"}, "currency_differs"),
    ],
)
def test_what_cannot_be_scheduled(town: Any, more: dict[str, Any], code: str) -> None:
    assert schedule(town, **more).refusal.code == code


def test_a_schedule_moves_on_only_with_its_own_payment(town: Any) -> None:
    made = schedule(town, "weekly", "2026-11-10").made
    other = town.do(town.pay("alice", "bob", 1_000, device="phone-1")).answer
    day = number("2026-11-10")
    ask = AdvanceSchedule(schedule=made, day=day, payment=other.id, **town.stamp("system:schedules"))
    assert town.do(ask).answer.refusal.code == "schedule_not_found"
    assert kept(town, made).done == 0


@given(
    st.integers(20_000, 30_000), st.sampled_from(["once", "weekly", "monthly"]),
    st.integers(0, 400), st.none() | st.integers(0, 400),
)  # fmt: skip
def test_upcoming_is_what_the_worker_will_pay(first: int, every: str, ahead: int, last: int | None) -> None:
    one = Schedule(
        "R00000000001", "alice", "alice", "bob", 1, "CNY", every, first, first,
        None if last is None else first + last, "active",
    )  # fmt: skip
    walked, n, day = [], 0, first
    while day < first + ahead and (last is None or day <= first + last):
        walked.append(day)
        n += 1
        day = occurrence(first, every, n)
        if every == "once":
            break
    assert upcoming(one, first + ahead) == walked
    assert all(bank_day(due_at(day)) == day for day in walked)
