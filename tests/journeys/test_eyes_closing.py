"""An account closes only when nothing hangs on it any more."""

from __future__ import annotations

from typing import Any

from tests.journeys.borrowers import borrower, code, lend

from jingwei.journeys.close_account import CloseAccount
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.ledger.pots import Pot


def second(town: Any, who: str) -> str:
    fields = {"customer": who, "product": "current_cny", "account": f"{who}2"}
    assert town.do(OpenAccount(**fields, **town.stamp("system:core"))).answer.result == "done"
    return f"{who}2"


def test_an_account_with_an_open_pot_is_not_closed_over_its_money(town: Any):
    other, alice = second(town, "alice"), "customer:alice"
    pot = town.do(OpenPot(account="alice", name="sea", **town.stamp(alice))).answer.made
    town.do(MovePot(pot=pot, direction="in", amount_minor=700, **town.stamp(alice)))
    early = CloseAccount(account="alice", payee=other, **town.stamp(alice))
    assert code(town.do(early)) == "account_has_pots"
    assert town.do(MovePot(pot=pot, direction="close", **town.stamp(alice))).answer.result == "done"
    closed = town.do(CloseAccount(account="alice", payee=other, **town.stamp(alice))).answer
    assert closed.result == "done" and town.money(other) == (5_000_000, 0)


def test_closing_the_account_of_a_pot_closes_the_pot(town: Any):
    alice = "customer:alice"
    pot = town.do(OpenPot(account="alice", name="sea", **town.stamp(alice))).answer.made
    town.do(MovePot(pot=pot, direction="in", amount_minor=700, **town.stamp(alice)))
    assert town.do(CloseAccount(account=pot, payee="alice", **town.stamp(alice))).answer.result == "done"
    assert town.home.store.load(Pot, [pot])[0].status == "closed"
    assert town.money("alice") == (5_000_000, 0)


def test_an_account_from_which_a_loan_is_repaid_stays_open_until_it_is(town: Any):
    borrower(town)
    lend(town)
    other, dora = second(town, "dora"), "customer:dora"
    assert code(town.do(CloseAccount(account="dora", payee=other, **town.stamp(dora)))) == "account_has_loans"
