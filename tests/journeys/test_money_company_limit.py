"""A company is offered no more than the limit it is told; applications of before are as they were sealed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.credit.test_company_deciding import CLEAN, asked, company, inputs, product
from tests.journeys.firms import ALL, agree, asking, bring, firm

from jingwei import bank as bank_room
from jingwei.domains.credit.deciding import decide
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.overlay import Overlay
from jingwei.journeys.table import seal, unseal


@given(
    st.integers(5_000, 400_000), st.integers(20_000, 1_500_000), st.integers(0, 5_000),
    st.sampled_from([6, 12, 24, 36]), st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_is_offered_is_within_the_limit(amount, turnover, debts, months, fen):
    own = company({"money_in_year": float(turnover)}, agreed=("bureau",))
    facts = inputs(own, CLEAN, own_monthly_minor=debts * 100)
    found = decide(asked(amount * 100 + fen, months), facts)
    assert found.result != "offer" or amount * 100 + fen <= found.limit_minor
    above = found.price is not None and amount * 100 + fen > found.limit_minor
    reasons = {"above_turnover", "debts_not_covered", "above_grade_limit"} & set(found.policy)
    assert above == bool(reasons)


def test_forty_yuan_above_the_limit_is_too_much():
    own = company({"money_in_year": 41_150.0}, agreed=("bureau",))
    found = decide(asked(1_234_000, 36), inputs(own))
    assert found.limit_minor == 1_230_000
    assert (found.result, found.policy) == ("refuse", ("above_turnover",))
    assert product().turnover_percent == 30


@pytest.fixture
def shop(town: Any, tmp_path: Path) -> Any:
    bring(town, tmp_path / "files", firm(town, 0))
    agree(town, "shop", *ALL)
    return town


def test_applications_of_before_come_out_as_they_were_sealed(shop, monkeypatch):
    def apply(amount_minor: int) -> LoanApplication:
        made = shop.do(asking(shop, amount_minor=amount_minor, months=6)).answer.made
        return shop.bank._overlay.get(LoanApplication, made)

    begin = Overlay.begin
    with monkeypatch.context() as then:
        then.setattr(Overlay, "begin", lambda *told: begin(*told, 0))
        then.setattr(bank_room, "seal", partial(seal, rules=0))
        limit = apply(500_000).limit_minor
        before = [apply(limit), apply(limit + 1)]
    assert limit and [one.policy_reasons for one in before] == ["", ""]
    today = apply(limit + 1)
    assert (today.status, today.policy_reasons) == ("refused", "debts_not_covered")
    assert unseal(shop.home.store.record(shop.home.store.size() - 1)).rules == 1
    report = shop.home.verify()
    assert report.sound and report.books == "compared", report.damage
