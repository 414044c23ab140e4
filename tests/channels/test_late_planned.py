"""What waits for its time is read once and when it is due, not every second."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jingwei.channels.streams.planned_work import ANEW, Agenda, Awaited
from jingwei.ledger.planned import PendingPayment
from jingwei.stores.store import StoreError


def pending(n: int, settle_at: int, status: str = "waiting") -> PendingPayment:
    return PendingPayment(
        f"U{n:011d}", "D1", "alice", "H1", "alice", "bob", 100, 0, "CNY", status, 0, settle_at
    )


class Shelf:
    """Kept payments, and how many rows were read of them."""

    def __init__(self, *kept: PendingPayment) -> None:
        self.kept = {one.id: one for one in kept}
        self.rows = 0
        self.broken = False

    def find(self, _: Any, column: str, value: str, *, after: str, limit: int) -> list[PendingPayment]:
        assert (column, value) == ("status", "waiting")
        found = [one for name, one in sorted(self.kept.items()) if name > after and one.status == value]
        self.rows += len(found[:limit])
        return found[:limit]

    def load(self, _: Any, ids: list[str]) -> list[PendingPayment]:
        if self.broken:
            raise StoreError("the disk is gone")
        self.rows += len(ids)
        return [self.kept[one] for one in ids][::-1]

    def end(self, n: int) -> None:
        one = self.kept[f"U{n:011d}"]
        self.kept[one.id] = msgspec.structs.replace(one, status="settled")


def due(agenda: Awaited[PendingPayment], shelf: Any, now: int) -> list[int]:
    return [int(one.id[1:]) for one in agenda.due(shelf, now)]


def test_a_turn_reads_what_is_new_and_what_is_due_and_nothing_else():
    shelf, agenda = Shelf(*(pending(n, 1_000 + n) for n in range(2_000))), Agenda().payments
    assert due(agenda, shelf, 0) == [] and shelf.rows == 2_000
    for now in range(1, 100):
        assert due(agenda, shelf, now) == []
    assert shelf.rows == 2_000, "nothing is new and nothing is due"
    shelf.kept["U00000009000"] = pending(9_000, 50)
    assert due(agenda, shelf, 100) == [9_000] and shelf.rows == 2_002


def test_what_is_due_is_told_until_it_waits_no_longer():
    shelf, agenda = Shelf(pending(3, 10), pending(1, 20), pending(2, 5)), Agenda().payments
    assert due(agenda, shelf, 20) == [1, 2, 3] == due(agenda, shelf, 21)
    shelf.end(2)
    assert due(agenda, shelf, 22) == [1, 3]
    shelf.end(1)
    shelf.end(3)
    assert due(agenda, shelf, 23) == []
    before = shelf.rows
    assert due(agenda, shelf, 24) == [] and shelf.rows == before


def test_a_time_that_moves_on_is_kept_to():
    shelf, agenda = Shelf(pending(1, 10)), Agenda().payments
    assert due(agenda, shelf, 10) == [1]
    shelf.kept["U00000000001"] = pending(1, 500)
    assert due(agenda, shelf, 11) == [] == due(agenda, shelf, 499)
    assert due(agenda, shelf, 500) == [1]


def test_a_turn_that_could_not_read_loses_nothing():
    shelf, agenda = Shelf(pending(1, 10), pending(2, 10)), Agenda().payments
    shelf.broken = True
    with pytest.raises(StoreError):
        due(agenda, shelf, 10)
    shelf.broken = False
    assert due(agenda, shelf, 10) == [1, 2]


def test_now_and_then_all_that_waits_is_read_anew():
    shelf, agenda = Shelf(pending(5, 10**9)), Agenda().payments
    due(agenda, shelf, 0)
    shelf.kept["U00000000001"] = pending(1, 0)  # behind the cursor: nothing in the bank does this
    assert [n for n in range(ANEW) if due(agenda, shelf, 1) == [1]]
