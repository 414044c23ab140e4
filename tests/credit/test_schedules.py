"""Schedules: whole minor units, principal adds up to the loan, known examples, yearly rates."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jingwei.domains.credit.limits import carried_minor
from jingwei.domains.credit.offer import in_one_sentence, offer_of, percent
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.rates import effective_ppm
from jingwei.domains.credit.schedule import (
    FIRST,
    Instalment,
    Terms,
    due_days,
    fewest_months,
    interest_of,
    level,
    pack,
    schedule,
    unpack,
)
from jingwei.kernel.clock import day_start

KINDS = ("annuity", "equal_principal", "interest_only", "bullet")


def number(text: str) -> int:
    return (date.fromisoformat(text) - FIRST).days


DAY = number("2026-01-31")


def made(kind: str, principal: int, rate: int, months: int, **more: int) -> tuple[Instalment, ...]:
    lent_day = more.pop("lent_day", DAY)
    return schedule(Terms(kind, principal, rate, due_days(DAY, months), DAY, lent_day, **more))


def test_an_annuity_of_12_000_at_12_percent_is_what_the_textbook_says() -> None:
    plan = made("annuity", 1_200_000, 120_000, 12)
    assert plan[0] == Instalment(number("2026-02-28"), 94_619, 12_000)
    assert {one.amount for one in plan[:-1]} == {106_619}
    assert plan[-1].amount in range(106_607, 106_632)
    assert sum(one.interest for one in plan) == 79_423  # 12 x 1,066.19 - 12,000.00, less the last cents


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [
        ("equal_principal", [400_000 + 12_000, 400_000 + 8_000, 400_000 + 4_000]),
        ("interest_only", [12_000, 12_000, 1_212_000]),
        ("bullet", [1_236_000]),
    ],
)
def test_three_months_at_12_percent(kind: str, amounts: list[int]) -> None:
    assert [one.amount for one in made(kind, 1_200_000, 120_000, 3)] == amounts


def test_due_days_are_month_ends_where_the_month_is_shorter() -> None:
    days = ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert due_days(DAY, 3) == tuple(number(day) for day in days)


@given(
    st.sampled_from((*KINDS, "revolving")), st.integers(1, 10**10), st.integers(0, 240_000),
    st.integers(1, 120), st.integers(0, 5_000),
)  # fmt: skip
def test_principal_adds_up_to_the_loan_exactly(
    kind: str, principal: int, rate: int, months: int, fee: int
) -> None:
    plan = made(kind, principal, rate, months, fee_minor=fee)
    assert sum(one.principal for one in plan) == principal
    assert all(one.principal >= 0 and one.interest >= 0 for one in plan)
    assert sum(one.fee for one in plan) == plan[0].fee == fee
    assert [one.day for one in plan] == sorted({one.day for one in plan})
    assert unpack(pack(plan)) == plan


@given(st.integers(100_000, 10**9), st.integers(0, 240_000), st.integers(2, 120), st.integers(0, 27))
def test_a_period_that_begins_in_its_middle_costs_its_days(
    principal: int, rate: int, months: int, gone: int
) -> None:
    whole, part = (
        made("annuity", principal, rate, months),
        made("annuity", principal, rate, months, lent_day=DAY + gone),
    )
    share = Fraction(28 - gone, 28)
    assert part[0].interest == interest_of(principal, rate, share) <= whole[0].interest
    assert sum(one.principal for one in part) == principal


@given(st.integers(1_000_000, 10**9), st.integers(0, 240_000), st.integers(3, 36))
def test_fewer_months_never_cost_more_each_month(principal: int, rate: int, months: int) -> None:
    plan = made("annuity", principal, rate, months)
    less = Terms("annuity", principal // 3, rate, due_days(DAY, months), DAY, DAY)
    shorter = fewest_months(less, plan[0].amount)
    after = schedule(Terms("annuity", less.principal_minor, rate, less.days[:shorter], DAY, DAY))
    assert shorter < months and after[0].amount <= plan[0].amount


@pytest.mark.parametrize(
    ("rate_ppm", "months", "yearly"),
    [(120_000, 12, 126_825), (72_000, 24, 74_424), (0, 6, 0), (240_000, 3, 268_242)],
)
def test_the_effective_rate_compounds_the_monthly_one(rate_ppm: int, months: int, yearly: int) -> None:
    """(1 + 0.12 / 12)^12 - 1 = 12.6825 %."""
    payments = [one.amount for one in made("annuity", 10**9, rate_ppm, months)]
    assert abs(effective_ppm(10**9, payments) - yearly) <= 1


def test_a_fee_makes_a_loan_dearer_than_its_rate() -> None:
    plain = [one.amount for one in made("annuity", 10**7, 60_000, 12)]
    charged = [one.amount for one in made("annuity", 10**7, 60_000, 12, fee_minor=10**5)]
    assert effective_ppm(10**7, charged) > effective_ppm(10**7, plain) + 15_000


@given(st.integers(0, 10**8), st.integers(0, 240_000), st.integers(1, 120))
def test_the_largest_loan_a_room_carries_is_exactly_the_largest(room: int, rate: int, months: int) -> None:
    most = carried_minor(room, rate, months)
    assert level(most, rate, months) <= room or most <= 0
    assert level(most + months + 1, rate, months) > room


def test_one_sentence_says_it_all() -> None:
    product = shipped().find("personal_loan")
    assert product is not None
    offer = offer_of(product, 1_200_000, 12, 120_000, day_start(DAY))
    words = in_one_sentence(offer, 1_200_000, "CNY")
    assert words.en == (
        "You borrow 12000.00 CNY and repay 12794.23 in all (12 times about 1066.19): it costs 794.23,"
        " which is 12.68 % a year."
    )
    assert "年化利率12.68%" in words.zh and "12794.23" in words.zh
    assert percent(74_425) == "7.44"
