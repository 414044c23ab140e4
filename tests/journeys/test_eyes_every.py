"""What a journey must know all of, it reads to the end, however much there is."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys import issue_card, shape
from jingwei.journeys.issue_card import IssueCard
from jingwei.journeys.shape import every
from jingwei.ledger.cards import Card


class Shelf:
    """A thousand and some cards of one account, handed out in pages."""

    def __init__(self, count: int) -> None:
        self.cards = [Card(f"K{n:011d}", "alice", "alice", "0000", "") for n in range(count)]

    def find(self, _: Any, __: str, ___: str, *, after: str = "", limit: int = 100) -> list[Card]:
        return [card for card in self.cards if card.id > after][:limit]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1_000, 1_234])
def test_every_one_is_read_once_in_order(count: int):
    shelf: Any = Shelf(count)
    assert every(shelf, Card, "account", "alice") == shelf.cards


def test_a_limit_on_how_many_counts_those_behind_the_first_page_too(
    town: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shape, "AT_ONCE", 2)
    monkeypatch.setattr(issue_card, "MOST", 3)
    asked = [IssueCard(account="alice", **town.stamp("customer:alice")) for _ in range(4)]
    assert [town.do(one).answer.result for one in asked] == ["done", "done", "done", "refused"]
