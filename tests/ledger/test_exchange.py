"""Exchange: two linked movements, exact fractions, rounded down, nothing lost between currencies."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.notation import check

from jingwei.kernel.money import CURRENCIES
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.exchange import Rate, bought_minor, exchange, margin_minor

codes = st.sampled_from(["CNY", "USD", "JPY", "KWD"])
parts = st.integers(1, 10**9)


def test_money_is_exchanged_through_the_banks_positions():
    check("""
        account alice 710.00 CNY
        account alice_usd 0.00 USD
        exchange alice -> alice_usd 710.00 at 10/71 margin 50
        alice 0.00
        alice_usd 99.50
        bank:exchange:CNY 710.00
        bank:exchange:USD -99.50
    """)


def test_both_sides_happen_or_neither():
    check("""
        account alice 100.00 CNY
        account alice_usd 0.00 USD
        account alice_cny 0.00 CNY
        exchange alice -> alice_usd 100.01 at 1/7 = balance_too_low
        freeze alice_usd in
        exchange alice -> alice_usd 70.00 at 1/7 = account_frozen
        exchange alice -> alice_cny 70.00 at 1/1 = same_currency
        alice 100.00
    """)


def test_what_buys_less_than_the_smallest_unit_is_refused():
    check("""
        account alice 100.00 CNY
        account alice_jpy 0 JPY
        exchange alice -> alice_jpy 0.04 at 20/1 = exchange_too_small
        exchange alice -> alice_jpy 0.05 at 20/1 = posted
        alice_jpy 1
    """)


def test_an_exchange_counts_against_limits():
    check("""
        account alice 100.00 CNY
        account alice_usd 0.00 USD
        limit alice day 50.00
        exchange alice -> alice_usd 50.01 at 1/7 = above_day_limit
        exchange alice -> alice_usd 50.00 at 1/7 = posted
    """)


@pytest.mark.parametrize(
    ("rate", "sold", "bought"),
    [
        (Rate("CNY", "JPY", 20, 1), 100, 20),
        (Rate("JPY", "CNY", 1, 20), 1, 5),
        (Rate("KWD", "JPY", 500, 1), 1, 0),
        (Rate("KWD", "JPY", 500, 1), 2, 1),
        (Rate("JPY", "KWD", 2, 1000), 1, 2),
        (Rate("USD", "CNY", 71_234, 10_000), 1, 7),
        (Rate("USD", "CNY", 71_234, 10_000), 10_000, 71_234),
        (Rate("USD", "CNY", 71_234, 10_000, 100), 10_000, 70_521),
    ],
)
def test_rates_are_between_whole_units_of_currencies_with_different_places(rate, sold, bought):
    assert bought_minor(rate, sold) == bought


@given(codes, codes, parts, parts, st.integers(0, 9_999), st.integers(1, 10**15))
def test_the_customer_never_gets_a_part_of_a_unit_too_much_or_a_whole_one_too_little(
    sold, bought, above, below, margin, amount
):
    rate = Rate(sold, bought, above, below, margin)
    scale = Fraction(10 ** CURRENCIES[bought].places, 10 ** CURRENCIES[sold].places)
    exact = amount * Fraction(above, below) * scale * Fraction(10_000 - margin, 10_000)
    got = bought_minor(rate, amount)
    assert got <= exact < got + 1
    assert margin_minor(rate, amount) >= 0


def test_movements_name_both_positions_and_a_rate_must_be_one():
    movements = exchange("a", "b", 700, Rate("CNY", "USD", 1, 7))
    assert not isinstance(movements, Refusal)
    assert [(m.payer, m.payee, m.amount_minor, m.currency) for m in movements] == [
        ("a", "bank:exchange:CNY", 700, "CNY"),
        ("bank:exchange:USD", "b", 100, "USD"),
    ]
    for wrong in (Rate("CNY", "USD", 0, 1), Rate("CNY", "USD", 1, 0), Rate("CNY", "USD", 1, 1, 10_000)):
        with pytest.raises(AssertionError):
            exchange("a", "b", 1, wrong)
