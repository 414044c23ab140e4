"""Early warnings on the bank's own loans: seen in the ledger, with consent, once, answered by a person."""

from __future__ import annotations

import pytest
from tests.journeys.borrowers import borrower, code, kept, lend

from jingwei.channels.lending.warning import give, serving, warnings_due
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.schedule import unpack
from jingwei.domains.credit.warnings import EARLY_WARNING, EarlyWarning, months_for, proposal
from jingwei.journeys.change_loan import RestructureLoan
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.warn_early import AnswerWarning, WarnEarly
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.work import Case
from jingwei.models.card import Card
from jingwei.models.points import Points, PointsModel
from jingwei.models.registry import Approval


@pytest.fixture
def owing(town):
    """dora has a loan and spent what it brought; erna has one too and a full account."""
    town.open("shop")
    for who, left in (("dora", 20_000), ("erna", 2_500_000)):
        borrower(town, who, opening_minor=0)
        lend(town, who)
        while (more := town.money(who)[0] - left) > 0:
            paid = town.pay(who, "shop", min(more, 90_000), device=f"phone-{who}")
            assert town.do(paid).answer.result == "allowed"
            town.later(seconds=20_000)
        if more:
            money = {"currency": "CNY", "amount_minor": -more}
            assert town.do(Deposit(account=who, **money, **town.stamp("system:core"))).answer.refusal is None
    return town


def loan_of(town, who):
    return town.home.store.find(Loan, "customer", who)[0]


def test_an_empty_account_warns_and_a_full_one_does_not(owing):
    (told,) = give(owing.home)
    assert told.customer == "dora" and told.status == "open" and told.chance_ppm >= 150_000
    assert "balance_lowest_35d=0" in told.signals and told.proposal in ("extension", "instalments")
    first = unpack(loan_of(owing, "dora").plan)[0]
    assert (told.due_day, told.instalment_minor) == (first.day, first.amount)
    case = kept(owing, Case, told.case_number)
    assert (case.code, case.status, case.customer) == (EARLY_WARNING, "open", "dora")


def test_asking_again_warns_no_second_time(owing):
    (told,) = give(owing.home)
    owing.later(days=1)
    assert give(owing.home) == [] and len(owing.home.store.page(EarlyWarning)) == 1
    answered = AnswerWarning(warning=told.id, outcome="spoken", **owing.stamp("staff:manager"))
    assert owing.do(answered).answer.refusal is None
    owing.later(days=1)
    assert give(owing.home) == []
    owing.later(days=28)
    assert [one.loan for one in give(owing.home)] == [told.loan]


def test_who_took_consent_back_is_not_looked_at(owing):
    back = WithdrawConsent(customer="dora", purpose=Purpose.CREDIT, **owing.stamp("customer:dora"))
    assert owing.do(back).answer.refusal is None
    assert warnings_due(owing.home.store, serving(owing.home), owing.clock.at) == []


def test_a_loan_that_is_not_there_or_not_running_is_not_warned_of(owing):
    (asked,) = warnings_due(owing.home.store, serving(owing.home), owing.clock.at)
    fields = {name: getattr(asked, name) for name in ("chance_ppm", "signals", "proposal", "due_day", "by")}
    fields["instalment_minor"] = asked.instalment_minor
    gone = WarnEarly(loan="L00000000999", **fields, **owing.stamp("system:lending"))
    assert code(owing.do(gone)) == "loan_not_found"
    by_staff = WarnEarly(loan=asked.loan, **fields, **owing.stamp("staff:manager"))
    assert code(owing.do(by_staff)) == "not_allowed"


def test_an_answer_closes_the_warning_and_its_case_once(owing):
    (told,) = give(owing.home)
    own = AnswerWarning(warning=told.id, outcome="spoken", **owing.stamp("staff:dora"))
    assert code(owing.do(own)) == "own_work"
    ask = {"warning": told.id, "outcome": "extension", "words": "two months until the new job"}
    reply = owing.do(AnswerWarning(**ask, **owing.stamp("staff:manager")))
    assert [event.relief for event in reply.answer.events] == ["extension"]
    after = kept(owing, EarlyWarning, told.id)
    assert (after.status, after.outcome, after.answered_by) == ("answered", "extension", "staff:manager")
    assert kept(owing, Case, told.case_number).status == "released"
    assert code(owing.do(AnswerWarning(**ask, **owing.stamp("staff:manager")))) == "warning_answered"
    missing = ask | {"warning": "D00000000999"}
    assert code(owing.do(AnswerWarning(**missing, **owing.stamp("staff:manager")))) == "warning_not_found"


def test_the_relief_that_is_proposed_can_be_booked(owing):
    (told,) = give(owing.home)
    before = loan_of(owing, "dora")
    left = len(unpack(before.plan))
    months = months_for(told.proposal, left)
    ask = RestructureLoan(loan=told.loan, months=months, why="early warning", **owing.stamp("staff:manager"))
    assert owing.do(ask).answer.refusal is None
    after = [one for one in unpack(loan_of(owing, "dora").plan) if one.left > 0]
    assert len(after) == months > left and max(one.amount for one in after) < told.instalment_minor


def test_income_that_stopped_is_given_time_and_income_too_small_smaller_instalments():
    assert proposal({"income_30d_to_usual": 0.0, "income_days_ago": 50.0}) == "extension"
    assert proposal({"income_30d_to_usual": 0.5, "income_days_ago": 5.0}) == "extension"
    assert proposal({"income_30d_to_usual": 1.0, "income_days_ago": 5.0}) == "instalments"
    assert (months_for("extension", 6), months_for("instalments", 6)) == (8, 12)


def test_an_approved_model_warns_in_place_of_the_points_made_by_hand(owing):
    lines = (Points("balance_lowest_35d", (1.0,), (4.0, -4.0)),)
    card = Card("early warning, test", "1", "For a test.", "测试用。", ("balance_lowest_35d",), "a test", 1)
    registry = owing.home.registry
    digest = registry.save(PointsModel(card, 0.0, lines))
    (registry.root / "slots").mkdir(exist_ok=True)
    registry._append(Approval(0, EARLY_WARNING, "approve", digest, "staff:bo", "for a test", 1, ""))
    told = give(owing.home)
    assert {one.by for one in told} == {digest[:12]} and {one.chance_ppm for one in told} == {982_014}
