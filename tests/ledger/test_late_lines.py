"""Lines that come in later than six hours: a closing balance is right whatever the moment lines bear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.notation import World, check
from tests.ledger.test_statement import at, fetcher

from jingwei.kernel.clock import HOUR, bank_day
from jingwei.ledger.statement import closings, moments, prefetch

LATE_STORY = """
    day 2026-11-01 09:00
    account alice 100.00 CNY
    account bob 0.00 CNY
    day 2026-11-03 01:00
    move alice -> bob 10.00
    day 2026-11-02 08:00
    move alice -> bob 1.00
"""


def ends(world: World, days: range, since: tuple[tuple[int, int], ...]) -> list[int]:
    balance = world.standings["alice"].balance
    known = prefetch([(balance, days.start)], fetcher(world), since)
    return closings(balance, days, lambda ids: pytest.fail("not prefetched"), known, since)


def test_a_payment_sixteen_hours_late_does_not_end_the_walk_early():
    world = check(LATE_STORY)
    day = bank_day(at("2026-11-02T12:00"))
    first_after = min(n >> 16 for n, line in world.lines.items() if line.at >= at("2026-11-03T00:00"))
    assert ends(world, range(day, day + 2), ((day, first_after),)) == [10_000, 8_900]
    assert ends(world, range(day, day + 2), ((day + 1, first_after + 99),)) == [10_000, 8_900]


def test_a_record_without_a_bound_replays_as_it_was():
    world = check(LATE_STORY)
    day = bank_day(at("2026-11-02T12:00"))
    assert ends(world, range(day, day + 2), ()) == [8_900, 8_900]


moves = st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(-60, 72)), max_size=20)


@given(moves, st.integers(-1, 4))
def test_closings_with_a_bound_are_those_of_the_whole_chain(story, skip):
    world = check("account alice 100000.00 CNY\naccount bob 100000.00 CNY")
    first, begun = bank_day(world.at) + skip, world.at
    for cents, hours in story:
        world.at = max(begun, world.at + hours * HOUR)
        payer, payee = ("alice", "bob") if cents > 0 else ("bob", "alice")
        world.do(f"move {payer} -> {payee} {abs(cents) / 100:.2f} = posted")
    mine = [one for _, one in sorted(world.lines.items()) if "alice" in (one.payer, one.payee)]
    when = [bank_day(moment) for moment in moments(mine)]
    sums, total = [], 0
    for line in mine:
        total += line.amount_minor if line.payee == "alice" else -line.amount_minor
        sums.append(total)
    days = range(first, first + 6)
    whole = [next((s for s, w in zip(sums[::-1], when[::-1], strict=True) if w <= d), 0) for d in days]
    every = sorted(world.lines.items())
    since = [
        (d, next((n >> 16 for n, one in every if bank_day(one.at) > d), world.seq))
        for d in (first - 4, first - 1, first)
    ]
    for marks in (since, since[:2], since[:1], [(first + 1, 0)]):
        assert ends(world, days, tuple(marks)) == whole
