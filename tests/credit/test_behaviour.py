"""Behaviour from ledger lines: income, days with money, purchases; own transfers count as neither."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.domains.credit.behaviour import History, measure
from jingwei.kernel.clock import DAY, HOUR, bank_day, day_start, parse_iso
from jingwei.ledger.accounts import Account, Balance, Line

AT = parse_iso("2026-11-02T04:00:00")


def history(name: str, moves: list[tuple[int, int, str]], number: int = 1) -> History:
    """An account with (days ago, amount below zero when paid, kind), oldest first."""
    lines, money = [], 0
    for n, (ago, amount, kind) in enumerate(moves):
        money += amount
        at = day_start(bank_day(AT) - ago) + 10 * HOUR
        payer, payee = (name, "") if amount < 0 else ("", name)
        after = (money, 0) if amount < 0 else (0, money)
        lines.append(Line(number * 1000 + n, at, payer, payee, abs(amount), "CNY", kind, -1, -1, *after))
    account = Account(name, "dora", "current_cny@1", "CNY", opened_at=AT - 400 * DAY)
    return History(account, Balance(name, booked_minor=money), tuple(lines[::-1]))


def test_six_salaries_are_six_months_of_income_and_the_lower_middle_counts() -> None:
    moves = [(30 * n + 5, 1_000_000 + n * 1_000, "deposit") for n in range(5, -1, -1)]
    seen = measure([history("a", moves)], 2, AT, "CNY")
    assert (seen.income_months, seen.income_minor) == (6, 1_002_000)
    assert (seen.account_days, seen.balance_days, seen.overdrawn_days, seen.refused) == (400, 90, 0, 2)


def test_a_small_sum_or_a_loan_is_no_income() -> None:
    seen = measure(
        [history("a", [(5, 49_999, "deposit"), (4, 10**6, "loan"), (3, 10**6, "interest")])], 0, AT, "CNY"
    )
    assert (seen.income_months, seen.income_minor) == (0, 0)
    edge = measure([history("a", [(5, 50_000, "deposit")])], 0, AT, "CNY")
    assert edge.income_months == 1


def test_a_line_between_own_accounts_is_neither_income_nor_spending() -> None:
    out, into = history("a", [(5, -80_000, "payment")]), history("b", [(5, 80_000, "payment")])
    assert out.lines[0].id == into.lines[0].id
    seen = measure([out, into], 0, AT, "CNY")
    assert (seen.income_months, seen.spending_minor) == (0, 0)


def test_days_with_money_and_overdrawn_days_are_counted_at_their_ends() -> None:
    moves = [(20, 10_000, "deposit"), (10, -1, "payment"), (5, -20_000, "card"), (1, 30_000, "deposit")]
    seen = measure([history("a", moves)], 0, AT, "CNY")
    assert seen.balance_days == 10 + 1, "from day 20 to 11 ago with 100.00, and yesterday"
    assert seen.overdrawn_days == 4 and seen.purchases == 1


def test_today_and_older_than_half_a_year_do_not_count() -> None:
    seen = measure([history("a", [(181, 10**6, "deposit"), (0, 10**6, "deposit")])], 0, AT, "CNY")
    assert seen.income_months == 0 and seen.until == bank_day(AT) - 1
    inside = measure([history("a", [(180, 10**6, "deposit")])], 0, AT, "CNY")
    assert inside.income_months == 1


def test_who_is_known_for_a_month_is_measured_by_that_month() -> None:
    one = history("a", [(31, 10**8, "deposit"), (30, 900_000, "deposit"), (1, 1_000_000, "deposit")])
    new = History(replace(one.account, opened_at=AT - 31 * DAY), one.balance, one.lines)
    seen = measure([new], 0, AT, "CNY")
    assert (seen.account_days, seen.income_months, seen.income_minor) == (31, 2, 1_900_000)


def test_without_accounts_nothing_is_known() -> None:
    seen = measure([], 0, AT, "CNY")
    assert (seen.account_days, seen.balance_days, seen.income_months) == (0, 0, 0)
