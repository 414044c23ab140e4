"""Clearing files booked as columns end as `post` movement by movement would, to the last field."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Balance, Line, Movement, Standing, line_id
from jingwei.ledger.bulk import LINES_A_RECORD, Columns, File, balances_of, clear, lines_of
from jingwei.ledger.posting import check, post

ACCOUNTS = 6
NAMES = np.array([f"acc{n}" for n in range(ACCOUNTS)], dtype=object)
SEQ, AT = 41, 1_700_000_000_000_000

rows = st.integers(0, ACCOUNTS - 1)
amounts = st.integers(1, 400) | st.sampled_from([1, MAX_AMOUNT_MINOR])
files = st.lists(st.tuples(rows, rows, amounts), max_size=60)
state = st.tuples(st.integers(-200, 500), st.integers(0, 100), st.integers(0, 100), st.booleans())
states = st.lists(state, min_size=ACCOUNTS, max_size=ACCOUNTS)


def columns_of(states) -> Columns:
    booked, held, overdraft, bank = (list(column) for column in zip(*states, strict=True))
    last = list(range(100, 100 + ACCOUNTS))
    return Columns(*(np.array(c, dtype=np.int64) for c in (booked, held, overdraft, last)), np.array(bank))


def standings_of(states) -> dict[str, Standing]:
    found = {}
    for n, (booked, held, overdraft, bank) in enumerate(states):
        side = "bank" if bank else "customer"
        account = Account(NAMES[n], "o", "p@1", "CNY", side, overdraft_minor=overdraft)
        found[NAMES[n]] = Standing(account, Balance(NAMES[n], booked, held, 100 + n))
    return found


def one_by_one(file, standings) -> tuple[list[bool], list[Line]]:
    """The same file through `post`; the n-th movement's line has number n."""
    accepted, lines = [], []
    for n, (payer, payee, amount) in enumerate(file):
        movement = Movement(NAMES[payer], NAMES[payee], amount, "CNY", "clearing")
        refused = check(movement, standings[movement.payer], standings[movement.payee], AT)
        accepted.append(refused is None)
        if refused is None:
            posted = post((movement,), standings, SEQ, AT)
            assert not isinstance(posted, Refusal)
            standings |= posted.standings
            lines.append((n, posted.lines[0]))
    return accepted, lines


@settings(max_examples=300, deadline=None)
@given(files, states)
def test_a_file_ends_as_its_movements_posted_one_by_one(file, states):
    accounts, standings = columns_of(states), standings_of(states)
    columns = [np.array([entry[i] for entry in file], dtype=np.int64) for i in range(3)]
    cleared = clear(accounts, *columns, SEQ)
    accepted, posted = one_by_one(file, standings)
    assert cleared.accepted.tolist() == accepted
    assert accounts.booked.tolist() == [standings[name].balance.booked_minor for name in NAMES]
    lines = lines_of(File(SEQ, AT, "CNY", "clearing"), cleared, NAMES, *columns)
    assert [line.id for line in lines] == [line_id(SEQ, n) for n, _ in posted]
    for line, (_, expected) in zip(lines, posted, strict=True):
        assert line.payer_after_minor == expected.payer_after_minor
        assert line.payee_after_minor == expected.payee_after_minor
        assert (line.at, line.payer, line.payee) == (expected.at, expected.payer, expected.payee)
        assert (line.amount_minor, line.currency, line.kind) == (expected.amount_minor, "CNY", "clearing")
    newest = {name: 100 + n for n, name in enumerate(NAMES)}
    for line in lines:
        assert (line.payer_previous, line.payee_previous) == (newest[line.payer], newest[line.payee])
        newest[line.payer] = newest[line.payee] = line.id
    balances = {balance.id: balance for balance in balances_of(accounts, cleared, NAMES, *columns[:2])}
    assert set(balances) == {name for line in lines for name in (line.payer, line.payee)}
    for name, balance in balances.items():
        assert (balance.booked_minor, balance.last_line) == (
            standings[name].balance.booked_minor,
            newest[name],
        )
        assert balance.held_minor == standings[name].balance.held_minor


def test_available_money_to_the_last_unit():
    accounts = columns_of([(100, 30, 5, False), *[(0, 0, 0, False)] * 5])
    payer, payee = np.array([0, 0, 0]), np.array([1, 2, 1])
    cleared = clear(accounts, payer, payee, np.array([76, 75, 1]), SEQ)
    assert cleared.accepted.tolist() == [False, True, False]
    assert accounts.booked[:3].tolist() == [25, 0, 75]


@pytest.mark.parametrize(
    ("payer", "payee", "amount", "says"),
    [
        ([0], [1], [0], "between 1"),
        ([0], [1], [-5], "between 1"),
        ([0], [1], [MAX_AMOUNT_MINOR + 1], "between 1"),
        ([0], [ACCOUNTS], [1], "not there"),
        ([-1], [0], [1], "not there"),
        ([0, 1], [1], [1], "each with"),
        ([0] * (LINES_A_RECORD + 1), [1] * (LINES_A_RECORD + 1), [1] * (LINES_A_RECORD + 1), "at most"),
    ],
)
def test_a_file_out_of_range_is_refused_before_anything_changes(payer, payee, amount, says):
    accounts = columns_of([(100, 0, 0, False)] * ACCOUNTS)
    with pytest.raises(ValueError, match=says):
        clear(accounts, np.array(payer), np.array(payee), np.array(amount), SEQ)
    assert accounts.booked.tolist() == [100] * ACCOUNTS


def test_sums_that_could_leave_64_bits_are_refused():
    accounts = columns_of([(2**62, 0, 0, False)] * ACCOUNTS)
    with pytest.raises(ValueError, match="one by one"):
        clear(accounts, np.array([0]), np.array([1]), np.array([1]), SEQ)
