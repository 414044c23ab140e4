"""Money: read and written exactly, whole minor units only, and shares that add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jingwei.kernel.money import (
    CURRENCIES,
    MAX_AMOUNT_MINOR,
    Money,
    MoneyError,
    currency,
    format_minor,
    parse_minor,
    split,
)

amounts = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
codes = st.sampled_from(sorted(CURRENCIES))


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("12.30", "CNY", 1230),
        ("12.3", "CNY", 1230),
        ("12", "CNY", 1200),
        ("-0.01", "CNY", -1),
        ("0", "JPY", 0),
        ("1000", "JPY", 1000),
        ("1.234", "KWD", 1234),
        ("1", "KWD", 1000),
        ("007.50", "USD", 750),
        ("-0.00", "CNY", 0),
        ("10000000000000.00", "CNY", MAX_AMOUNT_MINOR),
    ],
)
def test_amounts_are_read_with_the_currencys_own_places(text, code, minor):
    assert parse_minor(text, code) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1,000.00",
        "1e3",
        "1E3",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "0x10",
        "+5",
        "--5",
        "5-",
        ".5",
        "5.",
        "1 000",
        " 5",
        "5 ",
        "5\n",
        "\n5",
        "5\x00",
        "１２",
        "١٢",
        "१२",
        "1٫5",
        "1.٥",
        "²",
        "①",
        "−5",
        "1_000",
        "1.2.3",
        "1.234",
        "0.001",
        "9" * 20,
        "10000000000000.01",
        "9" * 1000,
        "1." + "0" * 10,
        "¥5",
        "五",
    ],
)
def test_hostile_amounts_are_refused_with_a_short_message(text):
    with pytest.raises(MoneyError) as caught:
        parse_minor(text, "CNY")
    assert len(str(caught.value)) < 120


def test_more_places_than_the_currency_has_are_refused_not_rounded():
    for text, code in (("1.0", "JPY"), ("1.000", "CNY"), ("1.0000", "KWD"), ("-1.000", "USD")):
        with pytest.raises(MoneyError, match="decimal places"):
            parse_minor(text, code)


@pytest.mark.parametrize("code", ["", "cny", "XXX", "CNY ", "ＣＮＹ", "X" * 500])
def test_an_unknown_currency_is_refused_naming_the_known_ones(code):
    with pytest.raises(MoneyError, match="CNY, USD, EUR"):
        currency(code)
    with pytest.raises(MoneyError):
        parse_minor("1", code)


@given(amounts, codes)
def test_what_is_written_is_read_back(minor, code):
    text = format_minor(minor, code)
    assert parse_minor(text, code) == minor
    assert len(text.partition(".")[2]) == CURRENCIES[code].places


@given(st.text(max_size=30), codes)
def test_any_text_is_an_exact_amount_or_a_money_error(text, code):
    try:
        minor = parse_minor(text, code)
    except MoneyError:
        return
    assert text.isascii() and abs(minor) <= MAX_AMOUNT_MINOR
    assert parse_minor(format_minor(minor, code), code) == minor


def test_small_amounts_keep_their_zeros():
    assert format_minor(5, "CNY") == "0.05"
    assert format_minor(-5, "KWD") == "-0.005"
    assert format_minor(0, "CNY") == "0.00"
    assert format_minor(5, "JPY") == "5"
    assert str(Money(-123456, "EUR")) == "-1234.56 EUR"


def test_currencies_do_not_mix():
    assert Money(1, "CNY") + Money(2, "CNY") == Money(3, "CNY")
    assert Money(1, "CNY") - Money(2, "CNY") == Money(-1, "CNY")
    for act in (Money.__add__, Money.__sub__):
        with pytest.raises(MoneyError, match="exchange"):
            act(Money(1, "CNY"), Money(1, "USD"))


def test_there_are_currencies_with_no_and_with_three_places_named_in_both_languages():
    assert len(CURRENCIES) >= 12
    assert (CURRENCIES["CNY"].places, CURRENCIES["JPY"].places, CURRENCIES["KWD"].places) == (2, 0, 3)
    for one in CURRENCIES.values():
        assert one.en.isascii() and one.zh and not one.zh.isascii()


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_shares_add_up_and_none_is_a_whole_unit_off(amount, weights):
    parts, whole = split(amount, weights), sum(weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - amount * weight) < whole


def test_shares_go_to_the_largest_remainders_first_then_to_the_first():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(5, [1, 3]) == [1, 4]
    assert split(-100, [1, 1, 1]) == [-33, -33, -34]
    assert split(7, [0, 1]) == [0, 7]
    for weights in ([], [0], [0, 0], [2, -1]):
        with pytest.raises(MoneyError):
            split(1, weights)
