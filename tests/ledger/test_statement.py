"""Statements: balances chain from line to line, periods and pages fit together, damage is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.ledger.notation import World, check

from jingwei.kernel.clock import BANK_OFFSET, HOUR, bank_day, parse_iso
from jingwei.ledger.accounts import Line
from jingwei.ledger.statement import LATE, BrokenChain, closings, prefetch, statement

ALWAYS = (-(2**50), 2**52)

STORY = """
    day 2026-11-01 09:00
    account alice 100.00 CNY
    account bob 0.00 CNY
    day 2026-11-02 10:00
    move alice -> bob 10.00 ; alice -> bob 1.00
    day 2026-11-03 00:00
    move bob -> alice 5.00
    day 2026-11-05 23:59
    move alice -> bob 50.00
    day 2026-11-06 12:00
    move alice -> bob 2.00
"""


def at(text: str) -> int:
    return parse_iso(text) - BANK_OFFSET


def fetcher(world: World):
    return lambda ids: [world.lines[i] for i in ids if i in world.lines]


def of(world: World, start: int, end: int, **more):
    return statement(world.standings["alice"].balance, fetcher(world), start, end, **more)


def test_a_statement_runs_from_opening_to_closing():
    told = of(check(STORY), *ALWAYS)
    assert (told.opening_minor, told.closing_minor, told.older, told.broken) == (0, 4_200, -1, ())
    assert [entry.amount_minor for entry in told.entries] == [10_000, -1_000, -100, 500, -5_000, -200]
    assert [entry.after_minor for entry in told.entries] == [10_000, 9_000, 8_900, 9_400, 4_400, 4_200]
    assert [entry.other for entry in told.entries] == ["bank:cash:CNY"] + ["bob"] * 5


@pytest.mark.parametrize(
    ("start", "end", "opening", "closing", "count"),
    [
        ("2026-11-02T10:00", "2026-11-03T00:00", 10_000, 8_900, 2),
        ("2026-11-02T10:00", "2026-11-03T00:00:00.000001", 10_000, 9_400, 3),
        ("2026-11-02T10:00:00.000001", "2026-11-03T00:00", 8_900, 8_900, 0),
        ("2026-10-01T00:00", "2026-11-01T09:00", 0, 0, 0),
        ("2026-11-04T00:00", "2026-11-05T00:00", 9_400, 9_400, 0),
        ("2026-11-06T12:00:00.000001", "2027-01-01T00:00", 4_200, 4_200, 0),
        ("2026-11-06T00:00", "2027-01-01T00:00", 4_400, 4_200, 1),
    ],
)  # fmt: skip
def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(start, end, opening, closing, count):
    told = of(check(STORY), at(start), at(end))
    assert (told.opening_minor, told.closing_minor, len(told.entries)) == (opening, closing, count)
    assert told.older == -1


def test_an_account_without_lines_has_an_empty_statement():
    told = statement(
        check(STORY + "account carol 0.00 CNY").standings["carol"].balance, lambda ids: [], *ALWAYS
    )
    assert (told.opening_minor, told.closing_minor, told.entries, told.older) == (0, 0, (), -1)


def busy(moves: list[tuple[int, int]]) -> World:
    """Alice and bob pay each other: (amount below zero: bob pays, hours since the last one)."""
    world = check("account alice 100000.00 CNY\naccount bob 100000.00 CNY")
    for cents, hours in moves:
        world.at += hours * HOUR
        payer, payee = ("alice", "bob") if cents > 0 else ("bob", "alice")
        world.do(f"move {payer} -> {payee} {abs(cents) / 100:.2f} = posted")
    return world


moves = st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(0, 30)), max_size=25)


@given(moves, st.integers(1, 7), st.integers(0, 400), st.integers(0, 400))
def test_pages_fit_together_whatever_their_size(story, limit, start_hours, length):
    world = busy(story)
    start = at("2026-11-01T12:00") + start_hours * HOUR
    whole = of(world, start, start + length * HOUR, limit=1_000)
    pages, older = [], None
    while older != -1:
        page = of(world, start, start + length * HOUR, limit=limit, older=older)
        assert len(page.entries) <= limit and not page.broken
        assert page.opening_minor + sum(e.amount_minor for e in page.entries) == page.closing_minor
        if pages:
            assert page.closing_minor == pages[-1].opening_minor
        pages.append(page)
        older = page.older
    assert tuple(entry for page in reversed(pages) for entry in page.entries) == whole.entries
    assert (pages[-1].opening_minor, pages[0].closing_minor) == (whole.opening_minor, whole.closing_minor)


@given(moves)
def test_closing_balances_are_those_each_day_ended_with(story):
    world = check("account alice 100000.00 CNY\naccount bob 100000.00 CNY")
    first = bank_day(world.at)
    ends: dict[int, int] = {}
    for cents, hours in story:
        for day in range(bank_day(world.at), bank_day(world.at + hours * HOUR)):
            ends[day] = world.standings["alice"].balance.booked_minor
        world.at += hours * HOUR
        payer, payee = ("alice", "bob") if cents > 0 else ("bob", "alice")
        world.do(f"move {payer} -> {payee} {abs(cents) / 100:.2f} = posted")
    last = bank_day(world.at)
    ends[last] = world.standings["alice"].balance.booked_minor
    due = [(world.standings[name].balance, first) for name in ("alice", "bob")]
    known = prefetch(due, fetcher(world))
    read = closings(due[0][0], range(first, last + 1), lambda ids: pytest.fail("not prefetched"), known)
    assert read == [ends[day] for day in range(first, last + 1)]
    assert closings(due[0][0], range(first, last + 1), fetcher(world), {}) == read


def test_prefetch_asks_for_all_accounts_at_once_and_no_more_than_needed():
    world, asked = check(STORY), []

    def fetch(ids):
        asked.append(list(ids))
        return fetcher(world)(ids)

    balances = [world.standings[name].balance for name in ("alice", "bob")]
    prefetch([(balance, bank_day(at("2026-11-06T00:00"))) for balance in balances], fetch)
    assert [len(ids) for ids in asked] == [1]
    asked.clear()
    known = prefetch([(balance, bank_day(at("2026-11-02T00:00"))) for balance in balances], fetch)
    assert len(asked) == 4 and len(known) == 4


def test_a_line_that_comes_in_late_counts_where_it_was_booked():
    world = check("""
        day 2026-11-01 09:00
        account alice 100.00 CNY
        account bob 0.00 CNY
        day 2026-11-03 01:00
        move alice -> bob 10.00
        day 2026-11-02 23:00
        move alice -> bob 1.00
        move alice -> bob 2.00
        day 2026-11-03 12:00
        move alice -> bob 3.00
    """)
    told = of(world, at("2026-11-03T00:00"), at("2026-11-04T00:00"))
    assert (told.opening_minor, told.closing_minor, len(told.entries)) == (10_000, 8_400, 4)
    told = of(world, at("2026-11-02T00:00"), at("2026-11-03T00:00"))
    assert (told.opening_minor, told.closing_minor, len(told.entries)) == (10_000, 10_000, 0)
    day = bank_day(at("2026-11-02T12:00"))
    alice = world.standings["alice"].balance
    assert closings(alice, range(day, day + 2), fetcher(world), {}) == [10_000, 8_400]
    assert LATE >= 2 * HOUR


def damaged(world: World, n: int, **change) -> None:
    number = sorted(world.lines)[n]
    world.lines[number] = replace(world.lines[number], **change)


@pytest.mark.parametrize(
    ("n", "change"),
    [
        (-1, {"payer_after_minor": 4_201}), (-2, {"payer_after_minor": 4_401}), (-2, {"amount_minor": 4_999}),
        (0, {"amount_minor": 9_999, "payee_after_minor": 9_999}), (0, {"amount_minor": 9_999}),
        (-1, {"payer_previous": 2**60}), (-1, {"payer_previous": 1}), (-1, {"payer": "carol"}),
        (-2, {"payer_previous": -1}), (3, {"payee": "carol"}),
    ],
)  # fmt: skip
def test_a_break_in_the_chain_is_told_and_stops_interest(n, change):
    world = check(STORY)
    damaged(world, n, **change)
    told = of(world, *ALWAYS)
    assert told.broken
    first = bank_day(at("2026-10-31T00:00"))
    with pytest.raises(BrokenChain, match="account alice are damaged"):
        closings(world.standings["alice"].balance, range(first, first + 8), fetcher(world), {})


def test_a_missing_line_is_told():
    world = check(STORY)
    del world.lines[sorted(world.lines)[2]]
    told = of(world, *ALWAYS)
    assert [one.says for one in told.broken] == ["it is missing"]
    assert [entry.amount_minor for entry in told.entries] == [500, -5_000, -200]


def test_a_chain_in_a_circle_ends():
    world = check(STORY)
    first, second = sorted(world.lines)[:2]
    world.lines[first] = replace(world.lines[first], payee_previous=second)
    assert any("not older" in one.says for one in of(world, *ALWAYS).broken)


def test_lines_keep_their_order_by_number():
    assert [line.id for line in check(STORY).lines.values()] == sorted(check(STORY).lines)
    assert all(isinstance(line, Line) for line in check(STORY).lines.values())
