"""Posting one day of history: what is exact, what is rounded, what differs, how far below zero it went."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.channels.berka import codes
from jingwei.journeys import import_accounts, import_customers
from jingwei.journeys.import_accounts import HistoricAccount, ImportAccounts
from jingwei.journeys.import_customers import HistoricCustomer, ImportCustomers
from jingwei.journeys.import_entries import HistoricEntry, ImportEntries, Seen, act, walk
from jingwei.ledger.accounts import Account, Balance, Standing, chart_account
from jingwei.ledger.products import shipped
from jingwei.ledger.work import Customer

CHARTS = ("cash", "rounding", "suspense")
STAMP: dict[str, Any] = {"key": "k", "actor": "system:import", "at": 0, "known_at": 0, "source": "old"}


def day(*entries: tuple[int, int], before: int = 0, tolerance: int = 10) -> ImportEntries:
    """A day of (amount, recorded balance)."""
    rows = tuple(
        HistoricEntry(f"E{n}", amount, recorded, "cash", "cash_deposit")
        for n, (amount, recorded) in enumerate(entries)
    )
    return ImportEntries(
        **STAMP,
        account="a",
        currency="CZK",
        recorded_before_minor=before,
        entries=rows,
        tolerance_minor=tolerance,
    )


def counted(ask: ImportEntries, booked: int) -> tuple[int, int, int, int]:
    found = walk(ask, booked)
    return found.exact, found.rounded, len(found.differs), found.unchained


@pytest.mark.parametrize(
    ("entries", "result"),
    [
        ([(100, 100), (50, 150)], (2, 0, 0, 0)),
        ([(100, 110), (50, 150)], (0, 2, 0, 0)),
        ([(100, 111)], (0, 0, 1, 1)),
        ([(100, 89)], (0, 0, 1, 1)),
        ([(0, 0)], (1, 0, 0, 0)),
        ([(0, 10)], (0, 1, 0, 0)),
        ([(100, 400), (50, 450), (50, 500)], (0, 0, 3, 1)),
        ([(100, 900), (50, 150)], (1, 0, 1, 2)),
        ([(100, 900), (50, 155)], (0, 1, 1, 2)),
    ],
    ids=[
        "exact",
        "tenth",
        "beyond",
        "below",
        "nothing",
        "only rounding",
        "gap stays",
        "typing error",
        "and rounded",
    ],
)
def test_a_day_is_compared(entries: list[tuple[int, int]], result: tuple[int, int, int, int]) -> None:
    assert counted(day(*entries), 0) == result


def test_a_gap_from_earlier_days_stays_and_rounding_goes_on_beside_it() -> None:
    found = walk(day((100, 1105), (10, 1115), before=1000), 800)
    assert [(one.recorded_minor, one.ours_minor) for one in found.differs] == [(1105, 905), (1115, 915)]
    assert [movement.kind for movement in found.movements] == ["cash_deposit", "rounding", "cash_deposit"]
    assert found.unchained == 0


def test_our_own_balance_goes_before_the_recorded_one() -> None:
    assert counted(day((50, 155), before=105), 100) == (0, 1, 0, 0)
    assert counted(day((50, 155), before=105), 94) == (0, 0, 1, 0), "11 off is more than rounding"


def test_the_overdraft_line_reaches_as_far_as_history_and_what_is_held() -> None:
    def line(held: int, overdraft: int) -> int:
        account = Account("a", "o", "current_czk@1", "CZK", overdraft_minor=overdraft)
        seen = Seen(
            7, Standing(account, Balance("a", booked_minor=100, held_minor=held)),
            {f"bank:{name}:CZK": chart_account(f"bank:{name}:CZK") for name in CHARTS},
        )  # fmt: skip
        outcome = act(day((-400, -300), (350, 50), before=100), seen)
        assert outcome.answer.result == "done"
        return next(one.account for one in outcome.standings if one.account.id == "a").overdraft_minor

    assert (line(0, 0), line(30, 0), line(0, 299), line(0, 300), line(0, 5000)) == (300, 330, 300, 300, 5000)


def test_every_code_has_its_place_in_the_chart() -> None:
    for operation in codes.CHARTS:
        for purpose in codes.PURPOSES.values():
            chart, kind = codes.meaning(operation, purpose)
            assert chart_account(f"bank:{chart}:CZK") is not None and kind
    assert codes.meaning(codes.CASH_OUT, "fee") == ("fees", "fee")
    assert codes.meaning(codes.CASH_OUT, "household") == ("cash", "household")
    assert codes.meaning(codes.TO_BANK, "loan_payment") == ("clearing", "loan_payment")
    assert codes.meaning(codes.NONE, "interest") == ("interest_paid", "interest")


def test_the_same_person_told_twice_differently_is_refused_whole() -> None:
    asked = ImportCustomers(
        **STAMP,
        customers=(HistoricCustomer("c1", "A"), HistoricCustomer("c2", "B"), HistoricCustomer("c2", "C")),
    )
    outcome = import_customers.act(asked, import_customers.Seen(1, (None, None, None)))
    assert outcome.answer.result == "refused" and outcome.kept == ()


@pytest.mark.parametrize(
    ("owner", "opened_at", "result"),
    [("c1", 5, "done"), ("c2", 5, "refused"), ("c1", 6, "refused")],
)
def test_an_account_that_is_here_must_be_the_same(owner: str, opened_at: int, result: str) -> None:
    product = shipped().latest("current_czk")
    assert product is not None
    here = Standing(
        import_accounts.opened(HistoricAccount("a", "c1", 5), product), Balance("a", booked_minor=12)
    )
    asked = ImportAccounts(**STAMP, product=product.id, items=(HistoricAccount("a", owner, opened_at),))
    outcome = import_accounts.act(asked, import_accounts.Seen(1, product, (here,), (Customer(owner, "x"),)))
    assert (outcome.answer.result, outcome.standings) == (result, ())


def test_an_account_needs_its_product_and_its_owner() -> None:
    asked = ImportAccounts(**STAMP, product="nothing@1", items=(HistoricAccount("a", "c1", 5),))
    outcome = import_accounts.act(asked, import_accounts.Seen(1, None, (None,), (None,)))
    assert outcome.answer.refusal is not None and outcome.answer.refusal.code == "product_not_found"
    product = shipped().latest("current_czk")
    outcome = import_accounts.act(asked, import_accounts.Seen(1, product, (None,), (None,)))
    assert outcome.answer.refusal is not None and outcome.answer.refusal.code == "customer_not_found"
