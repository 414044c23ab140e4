"""A bank killed while it signs loans: money exactly where there is a contract; the check can fail."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jingwei.channels.lending.applicants import asking, settling, signing
from jingwei.channels.lending.killing import kill_rounds, looked
from jingwei.channels.streams.loan_measuring import at_once, evaluate_loans
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.home import open_home
from jingwei.journeys.sign_loan import SIGN_LOAN, SignLoan
from jingwei.journeys.table import BY_COMMAND
from jingwei.ledger.accounts import Line, Standing


def test_money_iff_contract_when_killed_while_signing(tmp_path: Path) -> None:
    found = kill_rounds(tmp_path / "home", 3, random.Random(20_261_122))
    assert found.rounds == 3 and found.contracts == found.paid_out > 0
    assert (found.money_without_contract, found.contract_without_money, found.lost) == (0, 0, 0)


def test_money_iff_contract_when_killed_while_a_company_signs(tmp_path: Path) -> None:
    found = kill_rounds(tmp_path / "home", 2, random.Random(20_261_123), "company")
    assert found.rounds == 2 and found.contracts == found.paid_out > 0
    assert (found.money_without_contract, found.contract_without_money, found.lost) == (0, 0, 0)
    home = open_home(tmp_path / "home")
    assert {one.product for one in home.store.page(Loan, limit=500)} == {"shop_loan@1"}
    home.close()


def forgetful(part: str) -> Any:
    """Signing that forgets to keep the loan, or to book the money."""

    def act(ask: Any, seen: Any) -> Any:
        outcome = SIGN_LOAN.act(ask, seen)
        if part == "loan":
            kept = tuple(one for one in outcome.kept if not isinstance(one, Loan))
            return msgspec.structs.replace(outcome, kept=kept)
        none: tuple[Line, ...] = ()
        standings: tuple[Standing, ...] = ()
        return msgspec.structs.replace(outcome, lines=none, standings=standings)

    return msgspec.structs.replace(SIGN_LOAN, act=act)


@pytest.mark.parametrize(
    ("part", "field"), [("loan", "money_without_contract"), ("money", "contract_without_money")]
)
def test_a_signing_that_forgets_half_is_found(
    part: str, field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(tmp_path / "home")
    home.bank.do(list(settling("k1", home.clock.now(), 6)))
    made = home.bank.do([asking(home.store, "k1", home.clock.now(), "ask")])[0].answer.made
    offer = home.store.load(LoanApplication, [made])[0]
    monkeypatch.setitem(BY_COMMAND, SignLoan, forgetful(part))
    assert home.bank.do([signing(offer, home.clock.now(), "sign")])[0].answer.made
    assert getattr(looked(home.store, 1, set()), field) == 1
    assert looked(home.store, 1, {"L00000000777"}).lost == 1
    home.close()


def test_a_hundred_at_once_are_all_answered_and_none_doubled(tmp_path: Path) -> None:
    import asyncio

    home = open_home(tmp_path / "home")
    home.bank.do([command for n in range(100) for command in settling(f"c{n}", home.clock.now(), 6)])
    crowd = asyncio.run(at_once(home, 100))
    assert crowd.answered == 2 * 100 + 2 * crowd.offered and crowd.doubled == 0
    assert crowd.loans == crowd.offered > 60
    home.close()


def test_the_measurement_tells_all_its_parts() -> None:
    told = evaluate_loans(3, 0, 7, lambda _, __: None)
    assert told.agree and told.applications == 3 and told.apply.p95_ms > 0
    assert told.journey.p95_ms < 1_000, "straight through in one second of engine time"
