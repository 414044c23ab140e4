"""The whole bank against a reference written from the rules; and planted errors are caught in few lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.model.machine import BankMachine
from tests.model.planted import PLANTED, refused_payment_counts
from tests.model.runs import Run, opened
from tests.model.watch import Differs
from tests.soak.rows_model import FEW, ROWS, caught

from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.set_limits import SetLimits
from jingwei.kernel.command import Command
from jingwei.ledger.accounts import Balance
from jingwei.stores.local_postgres import find_programs

SHORT = {"R5 sqlite": 10_000, "R5 postgres": 1_000}
MODEL = [row for row in ROWS if row.id in SHORT]


@pytest.mark.parametrize("row", MODEL, ids=lambda row: row.id)
def test_the_bank_does_what_the_reference_says(row):
    if "postgres" in row.id and find_programs() is None:
        pytest.skip("PostgreSQL is not installed")
    tally = row.run(1, SHORT[row.id])
    assert tally.bad == ()
    assert tally.trials == SHORT[row.id]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_caught_and_told_in_few_lines(name):
    lines, told = caught(name, 1)
    assert 0 < lines <= FEW, told


def test_hypothesis_finds_nothing():
    run_state_machine_as_test(BankMachine, settings=settings(max_examples=12, stateful_step_count=40))


def test_hypothesis_finds_a_planted_error():
    """It is told unshortened: `caught` shortens in a second what takes Hypothesis minutes."""
    found = settings(max_examples=60, stateful_step_count=25, print_blob=False, phases=[Phase.generate])
    with refused_payment_counts(), pytest.raises(Differs):
        run_state_machine_as_test(BankMachine, settings=found)


def spent(run: Run, command: Command, result: str) -> tuple[int, int]:
    """Do a command that comes to this, and tell what `ann` has spent today and what is held."""
    reply = run.home.bank.do([command])[0]
    assert reply.answer.result == result, reply
    balance = run.home.store.load(Balance, ["ann"])[0]
    return balance.spent_day_minor, balance.held_minor


@pytest.mark.parametrize("release", [True, False])
def test_the_fee_of_a_payment_that_waits_counts_against_no_limit(release):
    def stamp(key: str, actor: str = "staff:lee") -> dict[str, Any]:
        return {"key": key, "actor": actor, "at": 1_793_592_000_000_000, "known_at": 1_793_592_000_000_000}

    with opened() as home:
        run = Run(home)
        for name in ("ann", "bob"):
            person: dict[str, Any] = {"customer": name, "account": name, "product": "current_jpy"}
            home.bank.do([OpenAccount(opening_minor=100_000, **person, **stamp(f"open {name}"))])
        limits = {"payment_minor": 7_500, "day_minor": 7_500, "month_minor": 7_500}
        home.bank.do([SetLimits(account="ann", **limits, **stamp("limits"))])
        pay = Pay(
            customer="ann", payer="ann", payee="bob", amount_minor=7_500, currency="JPY",
            **stamp("pay", "customer:ann"),
        )  # fmt: skip
        assert spent(run, pay, "held") == (7_500, 7_610)
        case = home.bank.do([pay])[0].answer.case
        review = ReviewCase(case=case, release=release, **stamp("review"))
        assert spent(run, review, "allowed" if release else "refused") == ((7_500, 0) if release else (0, 0))
        run.close()


def test_a_payment_that_waits_needs_the_money_for_its_fee_too():
    stamp = {"at": 1_793_592_000_000_000, "known_at": 1_793_592_000_000_000}
    with opened() as home:
        for name, money in (("ann", 7_609), ("bob", 7_610)):
            person: dict[str, Any] = {"customer": name, "account": name, "product": "current_jpy"}
            opens = OpenAccount(opening_minor=money, **person, key=name, actor="staff:lee", **stamp)
            assert home.bank.do([opens])[0].answer.result == "done"
        pays = [
            Pay(
                customer=payer, payer=payer, payee=payee, amount_minor=7_500, currency="JPY", key="pay",
                actor=f"customer:{payer}", **stamp,
            )
            for payer, payee in (("ann", "bob"), ("bob", "ann"))
        ]  # fmt: skip
        poor, enough = (reply.answer for reply in home.bank.do(pays))
        assert poor.refusal is not None and poor.refusal.code == "balance_too_low"
        assert enough.result == "held"
