"""The order within a day: found by its balances, whatever order the file has, however long the day is."""

from __future__ import annotations

import random
import time
from datetime import date
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from jingwei.channels.berka.order import TOLERANCE_MINOR, in_order, starts_at
from jingwei.channels.berka.reader import Transaction

DAY = date(1993, 1, 31)
ROUNDINGS = st.sampled_from([0, 0, 0, -10, 10, 7])
AMOUNTS = st.integers(-500_00, 500_00).filter(bool)


def row(number: int, amount: int, balance: int) -> Transaction:
    return Transaction(number, 1, DAY, amount, balance, "cash_in", "", "", "")


def broken(rows: list[Transaction], before: int, ours: int) -> tuple[int, int]:
    """How many follow from neither the recorded balance nor ours, and how much the rest is rounded."""
    links, rounded, recorded = 0, 0, before
    for one in rows:
        gap = min(abs(starts_at(one) - recorded), abs(starts_at(one) - ours))
        links, rounded = (links + 1, rounded) if gap > TOLERANCE_MINOR else (links, rounded + gap)
        recorded, ours = one.balance_minor, ours + one.amount_minor
    return links, rounded


def chain(start: int, steps: list[tuple[int, int]], numbers: list[int]) -> list[Transaction]:
    rows = []
    for number, (amount, rounding) in zip(numbers, steps, strict=True):
        start += amount + rounding
        rows.append(row(number, amount, start))
    return rows


KORUNA = AMOUNTS.filter(lambda amount: abs(amount) >= 10_00)


@given(
    st.integers(-(10**6), 10**6),
    st.lists(st.tuples(KORUNA, ROUNDINGS), min_size=1, max_size=30),
    st.randoms(),
)
def test_a_day_that_chains_is_put_into_an_order_that_chains(
    start: int, steps: list[tuple[int, int]], chance: random.Random
) -> None:
    numbers = list(range(1, len(steps) + 1))
    chance.shuffle(numbers)
    rows = chain(start, steps, numbers)
    told, again = list(rows), list(rows)
    chance.shuffle(told)
    chance.shuffle(again)
    found = in_order(told, start, start)
    assert sorted(found) == sorted(rows)
    assert broken(found, start, start)[0] == 0
    assert found == in_order(again, start, start), "the order of the file decides nothing"


@given(
    st.lists(st.tuples(AMOUNTS, st.integers(-100_00, 100_00)), min_size=1, max_size=5),
    st.sampled_from([0, 35]),
)
def test_no_order_leaves_fewer_unchained_or_rounds_less(rows: list[tuple[int, int]], off: int) -> None:
    day = [row(n, amount, balance) for n, (amount, balance) in enumerate(rows)]
    best = min(broken(list(order), 0, off) for order in permutations(day))
    assert broken(in_order(day, 0, off), 0, off) == best


def test_the_balances_decide_not_the_numbers() -> None:
    first, second, third = row(9, 1000, 1000), row(2, -300, 700), row(5, 10, 710)
    assert in_order([third, second, first], 0, 0) == [first, second, third]


def test_of_two_orders_the_one_that_rounds_less_then_the_lower_number() -> None:
    exact, near = row(2, 100, 100), row(1, 90, 100)
    assert in_order([exact, row(3, 5, 105)], 0, 0) == [exact, row(3, 5, 105)]
    assert in_order([near, exact], 0, 0)[0] == exact
    back, forth, again = row(3, -100, 0), row(7, 100, 100), row(1, 100, 100)
    assert [one.id for one in in_order([forth, back, again], 0, 0)] == [1, 3, 7]


def test_the_edge_of_rounding() -> None:
    follows, other = row(2, 100, 110), row(1, 50, 160)
    assert in_order([other, follows], 0, 0) == [follows, other]
    beyond = row(2, 100, 111)
    assert broken([beyond], 0, 0) == (1, 0) and broken([follows], 0, 0) == (0, 10)


def test_after_a_typing_error_our_own_balance_leads_on() -> None:
    mistyped, right = row(9, 100, 900), row(1, 50, 150)
    assert in_order([right, mistyped], 0, 0) == [mistyped, right]


def test_a_day_without_history_begins_where_it_can() -> None:
    first, second = row(8, 50, 850), row(1, -50, 800)
    assert in_order([second, row(3, 25, 825), first], None, 0)[0].id in (1, 8)
    assert starts_at(in_order([row(2, 25, 875), first], None, 0)[0]) == 800


def test_a_long_day_with_a_gap_keeps_both_pieces_in_order() -> None:
    early = chain(0, [(100 * n, 0) for n in range(1, 9)], list(range(50, 58)))
    late = chain(90_000, [(-77 * n, 0) for n in range(1, 9)], list(range(8)))
    told = [*late, *early]
    random.Random(5).shuffle(told)
    assert in_order(told, 0, 0) == [*early, *late]


def test_a_long_day_turns_back_at_a_dead_end() -> None:
    """From 0 both 1 and 2 lead to 100; only taking the loop through 50 first uses all of them."""
    loop = [row(1, 100, 100), row(2, -50, 50), row(3, -50, 0)]
    tail = chain(100, [(1000 + n, 0) for n in range(9)], list(range(10, 19)))
    day = [row(0, 100, 100), *loop, *tail]
    found = in_order(day, 0, 0)
    assert broken(found, 0, 0) == (0, 0)
    assert [one.id for one in found[-9:]] == list(range(10, 19))


def test_a_day_made_to_be_slow_is_over_soon() -> None:
    day = [row(n, (-1) ** n * 100, (n % 7) * 100) for n in range(4_000)]
    started = time.perf_counter()
    assert sorted(in_order(day, 0, 0)) == day
    assert time.perf_counter() - started < 10
