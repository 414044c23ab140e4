"""Counts of what was spent stay inside the 64 bits they are kept in, however much goes round in a month."""

from __future__ import annotations

from pathlib import Path

from jingwei.kernel.clock import DAY
from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.ledger.accounts import Account, Balance, Movement, Standing
from jingwei.ledger.cards import Card, spent
from jingwei.ledger.posting import MAX_BALANCE_MINOR, Posted, post
from jingwei.stores.sqlite import SqliteStore
from jingwei.stores.store import Batch

AT = 10**15


def standing(name: str, booked: int, counted: int) -> Standing:
    day, month = (AT + 8 * DAY // 24) // DAY, 24020
    return Standing(
        Account(name, name, "p@1", "CNY"), Balance(name, booked, 0, -1, day, counted, month, counted)
    )


def test_a_payment_after_ten_thousand_of_the_largest_can_still_be_kept(tmp_path: Path):
    edge = MAX_BALANCE_MINOR - 1
    alice, bob = standing("alice", MAX_AMOUNT_MINOR, edge), standing("bob", 0, edge)
    moved = Movement("alice", "bob", MAX_AMOUNT_MINOR, "CNY", "payment")
    posted = post((moved,), {"alice": alice, "bob": bob}, 0, AT)
    assert isinstance(posted, Posted)
    after = posted.standings["alice"].balance
    assert (after.spent_day_minor, after.spent_month_minor) == (MAX_BALANCE_MINOR, MAX_BALANCE_MINOR)
    again = post((moved,), {"alice": Standing(alice.account, after), "bob": bob}, 1, AT)
    assert not isinstance(again, Posted), "the money is gone, whatever was counted"
    store = SqliteStore(tmp_path / "bank.db")
    counts = (after.day, after.spent_day_minor, after.month, after.spent_month_minor)
    before = Balance("alice", 0, 0, -1, *counts)
    store.write(Batch(0, [], [], [], {Balance: [before]}))
    assert store.load(Balance, ["alice"]) == [before]
    store.close()


def test_a_card_counts_no_further_either():
    card = Card("K00000000001", "alice", "alice", "0000", "", day=10**9, spent_minor=2**62 - 1)
    assert spent(card, MAX_AMOUNT_MINOR, AT).spent_minor == 2**62
