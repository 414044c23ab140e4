"""Whose money and whose word: what staff and families may not do with what is others', or their own."""

from __future__ import annotations

from typing import Any

import pytest

from jingwei.journeys.deposit import Deposit
from jingwei.journeys.exchange import Exchange
from jingwei.journeys.freeze import FreezeAccount
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.reverse import Reverse
from jingwei.journeys.set_limits import SetLimits


def test_staff_open_an_account_with_money_of_its_owner_only(town: Any):
    fields = {"customer": "bob", "product": "current_cny", "account": "bob2", "opening_minor": 1_000}
    stolen = town.do(OpenAccount(source="alice", **fields, **town.stamp("staff:lin"))).answer
    assert stolen.refusal is not None and stolen.refusal.code == "account_not_found"
    assert town.money("alice") == (5_000_000, 0)
    hers = fields | {"customer": "alice"}
    own = town.do(OpenAccount(source="alice", **hers, **town.stamp("staff:lin"))).answer
    assert own.result == "done"


@pytest.mark.parametrize("clerk", ["staff:alice", "staff:lin"])
def test_nobody_of_the_staff_works_on_an_account_of_their_own(town: Any, clerk: str):
    town.do(
        OpenAccount(account="dollars", customer="alice", product="current_usd", **town.stamp("system:core"))
    )
    money = {"account": "alice", "amount_minor": 700, "currency": "CNY"}
    paid = town.do(Deposit(**money, **town.stamp("system:core"))).answer
    rate = {"rate_numerator": 7, "rate_denominator": 50}
    orders = (
        Deposit(account="alice", amount_minor=5, currency="CNY", **town.stamp(clerk)),
        Exchange(
            customer="alice", payer="alice", payee="dollars", amount_minor=500, **rate, **town.stamp(clerk)
        ),
        SetLimits(
            account="alice",
            payment_minor=None,
            day_minor=None,
            month_minor=None,
            overdraft_minor=100,
            **town.stamp(clerk),
        ),
        FreezeAccount(account="alice", direction="in", on=False, **town.stamp(clerk)),
        Reverse(decision=paid.id, **town.stamp(clerk)),
    )
    for order in orders:
        told = town.do(order).answer
        code = told.refusal.code if told.refusal else ""
        assert code == ("own_work" if clerk == "staff:alice" else ""), order
