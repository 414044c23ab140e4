"""Interest and day-end: what a day earns to the millionth, posted once, never beyond an overdraft line."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jingwei.kernel.clock import day_start
from jingwei.kernel.refusal import Words
from jingwei.ledger.accounts import Account, Balance, Standing, chart_account
from jingwei.ledger.day_end import close_days, first_open_day, settle_interest
from jingwei.ledger.interest import (
    MICRO,
    daily_micro,
    days_in_year,
    is_month_end,
    is_posting_day,
    whole_minor,
)
from jingwei.ledger.posting import post
from jingwei.ledger.product import Interest, Product, Tier

TIERS = (Tier(0, 10_000), Tier(100_000, 20_000), Tier(1_000_000, -5_000))


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def product(**terms: object) -> Product:
    fields = {"code": "p", "version": 1, "name": Words("P", "P"), "currency": "CNY", "kind": "savings"}
    return Product(**(fields | terms))


def opened(day: str, minor: int = 0, overdraft: int = 0, **more: object) -> Standing:
    account = Account("a", "o", "p@1", "CNY", opened_at=day_start(day_of(day)), overdraft_minor=overdraft)
    return Standing(account, Balance("a", minor, **more))


def test_a_year_of_interest_is_the_rate():
    interest = Interest(tiers=(Tier(0, 36_500),))  # 3.65 % a year, so 0.01 % a day
    assert daily_micro(1_000_000, interest, day_of("2026-05-05")) == 100 * MICRO
    assert 365 * daily_micro(1_000_000, interest, 0) == 36_500 * MICRO


@pytest.mark.parametrize(
    ("count", "day", "days"),
    [
        ("actual/365", "2028-02-29", 365),
        ("actual/365", "2026-02-28", 365),
        ("actual/360", "2028-02-29", 360),
        ("actual/actual", "2028-02-29", 366),
        ("actual/actual", "2028-12-31", 366),
        ("actual/actual", "2027-12-31", 365),
        ("actual/actual", "2029-01-01", 365),
        ("actual/actual", "2100-03-01", 365),
        ("actual/actual", "2000-03-01", 366),
    ],
)
def test_a_day_is_its_part_of_the_year(count, day, days):
    assert days_in_year(day_of(day), count) == days


def test_each_tier_earns_its_own_rate_for_its_slice():
    interest = Interest(tiers=TIERS, day_count="actual/360")
    for balance, yearly in (
        (0, 0),
        (99_999, 99_999 * 10_000),
        (100_000, 100_000 * 10_000),
        (100_001, 100_000 * 10_000 + 20_000),
        (1_000_000, 100_000 * 10_000 + 900_000 * 20_000),
        (1_000_001, 100_000 * 10_000 + 900_000 * 20_000 - 5_000),
    ):
        assert abs(daily_micro(balance, interest, 0) - Fraction(yearly, 360)) < len(TIERS)


def test_the_tier_reached_holds_for_the_whole_balance():
    interest = Interest(tiers=TIERS, tiering="whole", day_count="actual/360")
    for balance, rate in ((99_999, 10_000), (100_000, 20_000), (999_999, 20_000), (1_000_000, -5_000)):
        assert daily_micro(balance, interest, 0) == int(Fraction(balance * rate, 360))


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**7), st.sampled_from(["actual/365", "actual/360"]))
def test_a_day_is_cut_towards_zero_at_a_millionth(balance, rate, count):
    interest = Interest(tiers=(Tier(0, rate),), overdraft_ppm=rate, day_count=count)
    exact = Fraction(balance * rate, days_in_year(0, count))
    micro = daily_micro(balance, interest, 0)
    assert abs(micro) <= abs(exact) < abs(micro) + 1
    assert micro * exact >= 0


def test_an_overdraft_costs_its_own_rate():
    interest = Interest(tiers=(Tier(0, 10_000),), overdraft_ppm=36_500)
    assert daily_micro(-1_000_000, interest, 0) == -100 * MICRO
    assert daily_micro(-1, Interest(tiers=(Tier(0, 10_000),)), 0) == 0
    assert daily_micro(10, Interest(), 0) == 0


@pytest.mark.parametrize(
    ("micro", "down", "half_up", "half_even"),
    [
        (0, 0, 0, 0),
        (499_999, 0, 0, 0),
        (500_000, 0, 1, 0),
        (500_001, 0, 1, 1),
        (999_999, 0, 1, 1),
        (1_000_000, 1, 1, 1),
        (1_500_000, 1, 2, 2),
        (2_500_000, 2, 3, 2),
        (-500_000, 0, -1, 0),
        (-1_500_000, -1, -2, -2),
        (-2_500_000, -2, -3, -2),
        (-999_999, 0, -1, -1),
    ],
)
def test_rounding_is_a_named_policy(micro, down, half_up, half_even):
    assert whole_minor(micro, "down") == down
    assert whole_minor(micro, "half_up") == half_up
    assert whole_minor(micro, "half_even") == half_even


@pytest.mark.parametrize(
    ("day", "month", "quarter", "year"),
    [
        ("2026-01-31", True, False, False),
        ("2026-01-30", False, False, False),
        ("2028-02-28", False, False, False),
        ("2028-02-29", True, False, False),
        ("2026-02-28", True, False, False),
        ("2026-03-31", True, True, False),
        ("2026-12-31", True, True, True),
        ("2026-06-30", True, True, False),
        ("2026-10-31", True, False, False),
    ],
)
def test_interest_is_posted_when_its_period_ends(day, month, quarter, year):
    when = day_of(day)
    assert is_month_end(when) == month
    assert is_posting_day(when, "month_end") == month
    assert is_posting_day(when, "quarter_end") == quarter
    assert is_posting_day(when, "year_end") == year


DAILY = product(interest=Interest(tiers=(Tier(0, 36_500),), overdraft_ppm=36_500))
"""Earns or costs 0.01 % a day."""


def close(
    standing: Standing, terms: Product, last: str, balance: int | None = None
) -> tuple[Standing, list[int]]:
    """Close every open day up to this one at one balance and post; return the account and what moved."""
    minor = standing.balance.booked_minor if balance is None else balance
    count = max(day_of(last) - first_open_day(standing) + 1, 0)
    closed = close_days(standing, terms, [minor] * count, day_of(last))
    names = [f"bank:{own}:CNY" for own in ("interest_paid", "interest_earned", "fees")]
    bank = {name: chart_account(name) for name in names}
    posted = post(closed.movements, {**bank, "a": closed.standing}, 1, day_start(day_of(last) + 1))
    moved = [m.amount_minor if m.payee == "a" else -m.amount_minor for m in closed.movements]
    return posted.standings.get("a", closed.standing), moved


def test_interest_accrues_daily_and_is_posted_at_the_end_of_the_month():
    account, moved = close(opened("2026-11-28", 1_000_000), DAILY, "2026-11-29")
    assert (account.balance.accrued_micro, moved) == (200 * MICRO, [])
    account, moved = close(account, DAILY, "2026-11-30")
    assert (account.balance.accrued_micro, moved, account.balance.booked_minor) == (0, [300], 1_000_300)


def test_a_day_is_closed_once_however_often_it_is_asked():
    account, _ = close(opened("2026-11-28", 1_000_000), DAILY, "2026-11-30")
    for day in ("2026-11-30", "2026-11-29", "2026-01-01"):
        again = close_days(account, DAILY, [], day_of(day))
        assert (again.movements, again.standing) == ((), account)


@given(st.integers(-(10**6), 10**9), st.sets(st.integers(0, 69), max_size=10))
def test_closing_days_at_once_or_one_by_one_is_the_same(minor, stops):
    first = day_of("2026-11-20")
    at_once = close_days(opened("2026-11-20", minor, 10**9), DAILY, [minor] * 71, first + 70)
    account, moved, extra = opened("2026-11-20", minor, 10**9), 0, 0
    for stop in sorted(stops | {70}):
        open_days = first + stop - first_open_day(account) + 1
        closed = close_days(account, DAILY, [minor + extra] * open_days, first + stop)
        gained = sum(m.amount_minor if m.payee == "a" else -m.amount_minor for m in closed.movements)
        moved, extra = moved + gained, extra + gained
        balance = closed.standing.balance
        account = Standing(account.account, replace(balance, booked_minor=balance.booked_minor + gained))
    assert moved == sum(m.amount_minor if m.payee == "a" else -m.amount_minor for m in at_once.movements)
    assert account.balance.accrued_micro == at_once.standing.balance.accrued_micro


def test_what_is_less_than_a_cent_stays_accrued_until_it_is_one():
    terms = product(interest=Interest(tiers=(Tier(0, 36_500),)))
    account, moved = close(opened("2026-11-30", 4_999), terms, "2026-11-30")
    assert (moved, account.balance.accrued_micro) == ([], 499_900)
    account, moved = close(account, terms, "2026-12-31")
    assert (moved, account.balance.accrued_micro) == ([15], 32 * 499_900 - 15 * MICRO)


def test_interest_owed_is_charged_up_to_the_overdraft_line_and_not_a_cent_beyond():
    for room, charged in ((301, -300), (300, -300), (299, -299), (1, -1)):
        account, moved = close(opened("2026-11-28", -1_000_000, 1_000_000 + room), DAILY, "2026-11-30")
        assert moved == [charged]
        assert account.balance.accrued_micro == (-300 - charged) * MICRO
        assert account.available_minor == room + charged >= 0
    account, moved = close(opened("2026-11-28", -1_000_000, 1_000_000), DAILY, "2026-11-30")
    assert (moved, account.balance.accrued_micro) == ([], -300 * MICRO)


def test_held_money_is_not_taken_for_interest():
    account, moved = close(opened("2026-11-28", -1_000_000, 1_000_200, held_minor=100), DAILY, "2026-11-30")
    assert (moved, account.available_minor) == ([-100], 0)


def test_a_monthly_fee_is_taken_in_full_or_waived():
    terms = product(monthly_fee_minor=500)
    for minor, fee in ((500, [-500]), (501, [-500]), (499, [])):
        account, moved = close(opened("2026-11-01", minor), terms, "2026-11-30")
        assert (moved, account.balance.booked_minor) == (fee, minor + sum(fee))
    waived = close_days(opened("2026-11-30", 499), terms, [499], day_of("2026-11-30"))
    assert waived.waived_minor == 500
    assert close(opened("2026-11-01", 500), terms, "2026-11-29")[1] == []


def test_a_freeze_stops_the_fee_but_not_the_interest():
    terms = product(monthly_fee_minor=500, interest=DAILY.interest)
    account = opened("2026-11-30", 1_000_000)
    frozen = Standing(replace(account.account, frozen="both"), account.balance)
    assert close(frozen, terms, "2026-11-30")[1] == [100]


def test_days_missed_are_made_up_with_interest_on_interest():
    account, moved = close(opened("2026-10-31", 1_000_000), DAILY, "2026-11-30")
    assert moved[0] == 100
    assert moved[1] == whole_minor(30 * daily_micro(1_000_100, DAILY.interest, 0), "down")


def test_an_account_earns_from_the_day_it_was_opened_and_only_while_open():
    account = opened("2026-11-30", 1_000_000)
    assert first_open_day(account) == day_of("2026-11-30")
    assert close(account, DAILY, "2026-11-29")[0] == account
    for change in ({"status": "closed"}, {"side": "bank"}):
        other = Standing(replace(account.account, **change), account.balance)
        assert close_days(other, DAILY, [], day_of("2026-12-31")).standing == other


def test_a_product_that_bears_nothing_needs_no_balances():
    closed = close_days(opened("1993-01-01", 5), product(), [], day_of("2026-11-30"))
    assert closed.movements == () and closed.standing.balance.accrued_day == day_of("2026-11-30")


@pytest.mark.parametrize(
    ("micro", "moved"), [(500_000, []), (500_001, [1]), (1_500_000, [2]), (-1_500_000, [-2])]
)
def test_closing_an_account_settles_interest_to_the_cent_and_leaves_nothing(micro, moved):
    settled = settle_interest(opened("2026-11-30", 100, accrued_micro=micro), DAILY)
    assert [m.amount_minor if m.payee == "a" else -m.amount_minor for m in settled.movements] == moved
    assert settled.standing.balance.accrued_micro == 0


def test_interest_owed_that_cannot_be_paid_stays_owed():
    settled = settle_interest(opened("2026-11-30", 1, accrued_micro=-2_600_000), DAILY)
    assert settled.standing.balance.accrued_micro == -2 * MICRO
