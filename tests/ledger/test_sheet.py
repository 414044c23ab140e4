"""Payments done as columns come to what `posting.move` makes of them one by one, or are left to it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jingwei.kernel.clock import BANK_OFFSET, DAY
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Balance, Line, Movement, Standing
from jingwei.ledger.columns import Columns
from jingwei.ledger.posting import MAX_BALANCE_MINOR, move
from jingwei.ledger.sheet import Sheet, run_of

SHOP = Standing(Account("shop", "bank", "chart@1", "CNY", "bank"), Balance("shop", 5_000))
START = 20_600 * DAY - BANK_OFFSET

odd = st.sampled_from(("", "", "", "in", "out", "both", "limited", "closed", "huge"))
accounts = st.builds(
    lambda booked, held, overdraft, what: Standing(
        Account(
            "", "ann", "p@1", "CNY", overdraft_minor=overdraft,
            frozen=what if what in ("in", "out", "both") else "",
            status="closed" if what == "closed" else "open",
            limit_day_minor=90 if what == "limited" else None,
        ),
        Balance("", booked if what != "huge" else MAX_BALANCE_MINOR // 2, held, 7, 20_600, 40, 676, 50),
    ),
    st.integers(-40, 300), st.integers(0, 60), st.integers(0, 50), odd,
)  # fmt: skip
payments = st.tuples(st.integers(-1, 3), st.integers(0, 120), st.integers(-2, 60), st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(accounts, min_size=4, max_size=4), st.lists(payments, max_size=12))
def test_a_run_of_payments_comes_to_the_same_as_one_by_one(
    opened: list[Standing], asked: list[tuple[int, int, int, bool]]
) -> None:
    sheet, books = Sheet(), {}
    for n, standing in enumerate([*opened, SHOP]):
        name = f"a{n}" if n < 4 else "shop"
        account = replace(standing.account, id=name)
        books[name] = Standing(account, replace(standing.balance, id=name))
        sheet.take(books[name])
    payer, amount, days, ordinary = np.array(asked, np.int64).reshape(-1, 4).T
    run = run_of(START + days * DAY + 5, payer, amount, ordinary > 0, sheet.rows["shop"], 100)
    lines, by_hand, at = [], 0, 0
    while (at := sheet.pay(run, at)) < len(asked):
        by_hand += 1
        stopped = payer[at] < 0 or not ordinary[at] or amount[at] < 1
        done = by_hand_done(sheet, asked[at], at)
        if isinstance(done, Line):
            account = books[f"a{asked[at][0]}"].account
            assert stopped or account.frozen or account.status != "open", "a run stops only where it must"
        at += 1
    for n, (who, much, day, _) in enumerate(asked):
        made = move(Movement(f"a{who}", "shop", much, "CNY", "card"), books.get(f"a{who}"), books["shop"],
                    (100 + n) << 16, START + day * DAY + 5)  # fmt: skip
        if run.lines[0, n] >= 0:
            assert not isinstance(made, Refusal)
            line, books[f"a{who}"], books["shop"] = made
            lines.append(line)
    assert list(sheet.lines(run, "CNY", "card")) == lines
    assert {name: sheet.standing(row) for name, row in sheet.rows.items()} == books
    changed = {balance.id: balance for balance in sheet.take_touched()}
    assert changed == {n: books[n].balance for n in changed} and len(lines) <= len(asked)
    assert set(changed) == {name for line in lines for name in (line.payer, line.payee)}
    assert len(sheet.take_touched()) == 0


def by_hand_done(sheet: Sheet, asked: tuple[int, int, int, bool], at: int) -> object:
    """What `move` says of a payment the run stopped at; it must not be one it could have done."""
    who, much, day, ordinary = asked
    if who < 0 or not ordinary:
        return None
    payer, shop = sheet.standing(who), sheet.standing(sheet.rows["shop"])
    movement = Movement(f"a{who}", "shop", much, "CNY", "card")
    done = move(movement, payer, shop, (100 + at) << 16, START + day * DAY + 5)
    return done if isinstance(done, Refusal) else done[0]


def spent(limits: dict[str, int], amounts: list[int], held: int = 0, overdraft: int = 0) -> int:
    """How many of these payments from 100 minor units, all on one day, are done in columns."""
    sheet = Sheet()
    account = Account("ann", "ann", "p@1", "CNY", overdraft_minor=overdraft, **limits)
    sheet.take(Standing(account, Balance("ann", 100, held)))
    shop = sheet.take(SHOP)
    count = len(amounts)
    at, payer = np.full(count, START), np.zeros(count, np.int64)
    return sheet.pay(run_of(at, payer, np.array(amounts), np.ones(count, np.bool_), shop, 0), 0)


def test_the_edges_of_money_and_limits_are_exact() -> None:
    assert spent({}, [60, 40]) == 2
    assert spent({}, [60, 41]) == 1
    assert spent({}, [60, 34], held=7, overdraft=1) == 2
    assert spent({}, [60, 35], held=7, overdraft=1) == 1
    for limit in ("limit_day_minor", "limit_month_minor"):
        assert spent({limit: 50}, [30, 20]) == 2
        assert spent({limit: 50}, [30, 21]) == 1
    assert spent({"limit_payment_minor": 50}, [50, 50]) == 2
    assert spent({"limit_payment_minor": 50}, [49, 51]) == 1
    assert spent({}, [0]) == 0


def test_columns_read_like_the_structs_they_hold() -> None:
    lines = [Line(n, n, f"a{n % 3}", "b", n + 1, "CNY", "card", -1, -1, -n, n) for n in range(7)]
    columns = Columns.of(Line, lines)
    assert list(columns) == lines == [columns[n] for n in range(7)] == list(columns[:7])
    assert list(columns.followed_by(Columns.of(Line, lines[:2])).small()) == lines + lines[:2]
    assert list(Columns.of(Line, [])) == []
    assert columns[-1] == lines[-1]
