"""What an early warning reads: the borrower's money in the loan's currency, and what really came in."""

from __future__ import annotations

from tests.journeys.test_early_warnings import owing

from jingwei.channels.lending.warning import serving, warnings_due
from jingwei.journeys.open_account import OpenAccount

__all__ = ["owing"]


def told(town):
    """What is told of dora at this moment: the chance and the signals."""
    (one,) = warnings_due(town.home.store, serving(town.home), town.clock.at)
    return one.chance_ppm, one.signals


def second(town, product: str, opening_minor: int = 0) -> None:
    asked = OpenAccount(
        account="dora-2", customer="dora", product=product, opening_minor=opening_minor,
        **town.stamp("system:core"),
    )  # fmt: skip
    assert town.do(asked).answer.refusal is None


def test_money_in_another_currency_does_not_hide_that_the_account_is_empty(owing):
    before = told(owing)
    second(owing, "current_usd", 5_000_000)
    assert told(owing) == before


def test_ones_own_money_moved_to_and_fro_is_no_income(owing):
    second(owing, "current_cny")
    before = told(owing)
    for payer, payee in (("dora", "dora-2"), ("dora-2", "dora")):
        paid = owing.pay(payer, payee, 15_000, customer="dora", actor="customer:dora", device="phone-dora")
        assert owing.do(paid).answer.result == "allowed"
    assert told(owing) == before
