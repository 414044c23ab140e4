"""Each aggregate as the bank would state it: a history, and what the last payment finds; live, replay and
SQL.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.features.feature_histories import START, by_sql, columns, feature, same_bits

from jingwei.features.definition import (
    AGE,
    COUNT,
    DEVIATION,
    LAST,
    LATENESS,
    MAX,
    MEAN,
    MIN,
    SUM,
    TIME_SINCE,
    amount_over,
    bank_hours,
    distinct,
    fraud_count,
    fraud_share,
    share,
    window,
)
from jingwei.features.live import LiveFeatures
from jingwei.features.replay import Event, replay
from jingwei.kernel.clock import DAY, HOUR, MINUTE

UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": 1_000_000, "u": 1}


def moment(text: str) -> int:
    """`2d3h` after the start; a leading - goes before it."""
    sign, total, digits = (-1 if text.startswith("-") else 1), 0, ""
    for letter in text.lstrip("-"):
        if letter in UNITS:
            total, digits = total + int(digits) * UNITS[letter], ""
        else:
            digits += letter
    return START + sign * total


def history(table: str) -> list[Event]:
    """Lines `pay MOMENT CUSTOMER -> PAYEE AMOUNT` and `report MOMENT CUSTOMER of MOMENT`, as they arrived."""
    events = []
    for seq, line in enumerate(filter(None, map(str.strip, table.splitlines()))):
        verb, at, who, _, other, *amount = line.split()
        name = "" if who == "nobody" else who
        if verb == "pay":
            entities = {"customer": name, "payee": "" if other == "nobody" else other}
            events.append(Event(seq, 0, moment(at), moment(at), int(amount[0]), entities))
        else:
            events.append(Event(seq, 1, moment(at), moment(other), 0, {"customer": name, "payee": ""}))
    return events


def check(table: str, value, over: int, expected: float, empty: float = 0.0) -> None:
    """The last payment of the table finds this number, in all three executions to the last bit."""
    events = columns(history(table))
    definitions = (feature("number", value, over, empty=empty),)
    found = [
        LiveFeatures(definitions).advance(events)[-1, 0],
        replay(definitions, events)[-1][0],
        by_sql(definitions, events)[-1, 0],
        by_sql(definitions, events, in_order=False)[-1, 0],
    ]
    assert all(same_bits(np.array([one]), np.array([float(expected)])) for one in found), (found, expected)


PAYMENTS = """
    pay  0d     ann -> shop   700
    pay  0d1u   ann -> shop   100
    pay  3d     bo  -> shop   999
    pay  5d     ann -> bo     400
    pay  7d     ann -> cafe   100
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (COUNT, 3), (SUM, 600), (MEAN, 200), (MAX, 400), (MIN, 100), (DEVIATION, math.sqrt(20_000.0)),
        (LAST, 400),
        (TIME_SINCE, 2 * 86_400), (AGE, (7 * DAY - 1) / 1e6), (distinct("payee"), 3),
        (share(amount_over(100)), 1 / 3), (share(amount_over(99)), 1), (share(bank_hours(0, 1)), 1),
        (share(bank_hours(22, 24)), 0),
    ],
    ids=lambda one: getattr(getattr(one, "kind", None), "value", ""),
)  # fmt: skip
def test_a_window_holds_what_came_after_its_edge(value, expected):
    check(PAYMENTS, value, window(days=7), expected)


def test_a_payment_exactly_as_old_as_the_window_is_outside():
    check("pay 0d ann -> x 5 \n pay 5m ann -> x 1", COUNT, window(minutes=5), 1)
    check("pay 0d1u ann -> x 5 \n pay 5m ann -> x 1", COUNT, window(minutes=5), 2)


@pytest.mark.parametrize("value", [LAST, TIME_SINCE, DEVIATION])
def test_the_first_payment_finds_the_empty_value(value):
    check("pay 0d ann -> x 5", value, window(days=1), 86_400.0, empty=86_400.0)
    check("pay 0d ann -> x 5 \n pay 1d ann -> x 7", value, window(days=1), -1.0, empty=-1.0)


def test_without_the_entity_it_is_not_a_number():
    check("pay 0d nobody -> x 5", COUNT, window(days=1), math.nan)


def test_a_missing_counted_entity_is_not_counted():
    check("pay 0d ann -> nobody 5 \n pay 1h ann -> x 5", distinct("payee"), window(days=1), 1)


def test_a_tie_sees_only_what_arrived_before_it():
    check("pay 0d ann -> x 5 \n pay 0d ann -> y 6", LAST, window(days=1), 5)
    check("pay 0d ann -> x 5 \n pay 0d ann -> y 6", TIME_SINCE, window(days=1), 0)
    events = columns(history("pay 0d ann -> x 5 \n pay 0d ann -> y 6"))
    number = (feature("number", COUNT, window(days=1)),)
    assert (
        by_sql(number, events)[:, 0].tolist() == [1, 2] == LiveFeatures(number).advance(events)[:, 0].tolist()
    )


def test_a_late_payment_reads_the_window_of_the_newest():
    late = "pay 0d ann -> x 5 \n pay 2d ann -> x 7 \n pay 1d1h ann -> x 11"
    check(late, SUM, window(days=1), 18)
    check(late, LAST, window(days=1), 7)
    check(late, TIME_SINCE, window(days=1), 0)
    check("pay 0d ann -> x 5 \n pay 2d ann -> x 7 \n pay 1d ann -> x 11", SUM, window(days=1), 7)
    check("pay 2d ann -> x 7 \n pay 1d1h ann -> x 11 \n pay 2d2h ann -> x 1", SUM, window(days=1), 8)


def test_a_very_late_payment_is_read_as_thirty_days_late():
    days = LATENESS // DAY
    check(f"pay 0d ann -> x 5 \n pay {days}d bo -> x 7 \n pay 0d ann -> x 1", COUNT, window(days=1), 2)
    check(f"pay 0d ann -> x 5 \n pay {days + 1}d bo -> x 7 \n pay 0d1h ann -> x 1", COUNT, window(days=1), 1)
    check(f"pay 0d ann -> x 5 \n pay {days + 1}d bo -> x 7 \n pay 0d ann -> x 1", COUNT, window(days=1), 0)


REPORTED = """
    pay     0d     ann -> x 5
    pay     0d1u   ann -> x 5
    pay     1d     ann -> x 5
    pay     1d1u   ann -> x 5
    report  2d     ann of 0d
    report  2d     ann of 0d1u
    report  3d     ann of 1d
    report  3d     ann of 1d1u
    report  3d     bo  of 1d
    pay     8d     ann -> x 5
    report  9d     ann of 1d
"""


def test_labels_count_after_their_delay_and_not_before_they_are_known():
    before = REPORTED.rsplit("\n", 2)[0]
    check(before, fraud_count(delay=window(days=7)), window(days=1), 2)
    check(before, fraud_share(delay=window(days=7)), window(days=1), 1)
    check(before, fraud_count(), window(days=30), 4)
    check(before, fraud_share(), window(days=30), 4 / 5)
    check(
        before.replace("report  3d     ann of 1d\n", ""),
        fraud_share(delay=window(days=7)),
        window(days=1),
        0.5,
    )
    check("pay 0d ann -> x 5", fraud_share(delay=window(days=7)), window(days=1), 0.125, empty=0.125)


def test_huge_amounts_stay_exact():
    most = 10**15
    many = "\n".join(f"pay {seq}m ann -> x {most - seq % 2}" for seq in range(20))
    check(many, SUM, window(days=1), float(20 * most - 10))
    check(many, MEAN, window(days=1), float(20 * most - 10) / 20.0)
    check(many, DEVIATION, window(days=1), 0.5)
