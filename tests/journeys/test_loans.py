"""Loans over a real bank: asked for, decided by program and people, signed with the money at once."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.journeys.borrowers import (
    BAD,
    CLEAN,
    GOOD,
    agree,
    apply,
    ask,
    borrower,
    code,
    kept,
    lend,
    signing,
)

from jingwei.domains.credit.letter import letter
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.journeys.sign_loan import DeclineLoanOffer
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.appeals import Appeal
from jingwei.ledger.work import Case


def review(town: Any, case: str, approve: bool, who: str = "staff:rita", **more: Any) -> Any:
    return town.do(ReviewLoan(case=case, approve=approve, words="looked at", **more, **town.stamp(who)))


def test_a_good_customer_gets_an_offer_signs_it_and_has_the_money(town: Any) -> None:
    borrower(town)
    found = apply(town)
    assert (found.status, found.grade, found.rate_ppm, found.case_number) == ("offered", "A", 42_000, "")
    assert found.total_minor == 1_200_000 + found.interest_minor and found.effective_ppm > 42_000
    before = town.money("dora")[0]
    reply = town.do(signing(town, found))
    loan = kept(town, Loan, reply.answer.made)
    assert town.money("dora")[0] == before + 1_200_000
    assert (loan.status, loan.principal_minor) == ("running", 1_200_000)
    assert loan.terms_sha256 == found.terms_sha256
    assert kept(town, LoanApplication, found.id).status == "signed"
    agree(town)


def test_without_consent_nothing_is_read_and_it_is_told_what_to_do(town: Any) -> None:
    borrower(town, consent=False)
    reply = town.do(ask(town))
    assert code(reply) == "loan_consent_missing" and "My data" in reply.answer.refusal.words().en
    borrower(town, "emil")
    gone = WithdrawConsent(customer="emil", purpose=Purpose.CREDIT, **town.stamp("customer:emil"))
    assert town.do(gone).answer.result == "done"
    assert code(town.do(ask(town, "emil"))) == "loan_consent_missing"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"amount_minor": 99_999}, "loan_amount_not_possible"),
        ({"months": 7}, "loan_term_not_possible"),
        ({"product": "no_such"}, "loan_product_not_found"),
        ({"product": "pay_later", "amount_minor": 20_000}, "loan_product_not_found"),
        ({"account": "alice"}, "account_not_found"),
        ({"behaviour": None}, "loan_inputs_missing"),
        ({"bureau": None}, "loan_inputs_missing"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_kept_nowhere(town: Any, other: Any, why: str) -> None:
    borrower(town)
    assert code(town.do(ask(town, **other))) == why
    assert not town.home.store.page(LoanApplication)


def test_an_old_report_or_old_behaviour_decides_nothing(town: Any) -> None:
    borrower(town)
    old = ask(town)
    report = replace(CLEAN, reported_at=old.at - 31 * DAY)
    assert code(town.do(replace(old, bureau=report))) == "loan_inputs_missing"
    stale = replace(ask(town), behaviour=replace(GOOD, until=bank_day(old.at) - 2))
    assert code(town.do(stale)) == "loan_inputs_missing"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"terms_sha256": "0" * 64}, "loan_terms_differ"),
        ({"amount_minor": 1_200_001}, "loan_terms_differ"),
        ({"account": "alice"}, "loan_terms_differ"),
        ({"proof": ""}, "loan_proof_missing"),
        ({"proof": "totp sha256:00 loan Q00000000999: 12000.00 CNY to dora"}, "loan_proof_missing"),
    ],
)
def test_only_exactly_what_was_offered_is_signed_with_a_proof_of_exactly_that(
    town: Any, other: Any, why: str
) -> None:
    borrower(town)
    before = town.money("dora")
    assert code(town.do(signing(town, apply(town), **other))) == why
    assert town.money("dora") == before and not town.home.store.page(Loan)


def test_an_offer_is_good_for_its_days_once_and_for_its_customer(town: Any) -> None:
    borrower(town)
    borrower(town, "emil")
    found = apply(town)
    foreign = replace(signing(town, found), actor="customer:emil")
    assert code(town.do(foreign)) == "application_not_found"
    late = apply(town)
    assert town.do(signing(town, found)).answer.result == "done"
    assert code(town.do(signing(town, found))) == "loan_offer_over"
    assert code(town.do(signing(town, late))) == "loan_signed_another"
    third = apply(town)
    town.later(days=8)
    assert code(town.do(signing(town, third))) == "loan_offer_over"
    fourth = apply(town)
    no = DeclineLoanOffer(customer="dora", application=fourth.id, **town.stamp("customer:dora"))
    assert town.do(no).answer.result == "done" and code(town.do(signing(town, fourth))) == "loan_offer_over"


def test_many_applications_in_one_batch_pay_out_once(town: Any) -> None:
    borrower(town)
    asked = town.bank.do([ask(town) for _ in range(5)])
    offers = [kept(town, LoanApplication, reply.answer.made) for reply in asked]
    replies = town.bank.do([signing(town, found) for found in offers])
    assert [code(reply) for reply in replies] == ["", *["loan_signed_another"] * 4]
    agree(town)


def test_the_score_refuses_with_reasons_advice_and_the_law(town: Any) -> None:
    borrower(town)
    found = apply(town, bureau=BAD)
    assert (found.status, found.grade, found.by_score, found.policy_reasons) == ("refused", "E", 1, "")
    told = letter(found)
    assert told.score[0][:2] == ("late_marks", 150) and not told.policy
    assert "article 24" in told.law.en and "第二十四条" in told.law.zh


def test_policy_reasons_are_told_apart_from_the_score(town: Any) -> None:
    borrower(town)
    found = apply(town, amount_minor=50_000_00, months=3)
    assert (found.status, found.policy_reasons, found.by_score) == ("refused", "debts_too_heavy", 0)
    told = letter(found)
    assert [name for name, _ in told.policy] == ["debts_too_heavy"] and not told.score
    assert "ask for" in told.advice[0].en and any("months" in one.en for one in told.advice)
    assert apply(town, amount_minor=50_000_00, months=12).status == "offered"


def test_a_child_is_refused_and_no_person_may_change_that(town: Any) -> None:
    borrower(town, "kid", born="2012-01-01")
    found = apply(town, "kid", person=True)
    assert (found.status, found.policy_reasons, found.advice) == ("refused", "under_age,person_asked", "[]")
    asked = AskLoanReview(application=found.id, text="please", **town.stamp("customer:kid"))
    case = town.do(asked).answer.case
    told = review(town, case, True)
    assert code(told) == "loan_under_age"
    words = told.answer.refusal.words()
    assert "18 years" in words.en and words.en.isascii(), words.en
    assert "18周岁" in words.zh


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"person": True}, "person_asked"),
        ({"behaviour": replace(GOOD, account_days=29)}, "known_briefly"),
        ({"behaviour": replace(GOOD, balance_days=20, income_months=2, refused=3), "amount_minor": 100_000,
          "bureau": replace(CLEAN, late_marks=1)}, "score_doubtful"),
    ],
)  # fmt: skip
def test_a_person_decides_on_request_and_where_it_is_doubtful(town: Any, more: Any, why: str) -> None:
    borrower(town)
    found = apply(town, **more)
    assert found.status == "waiting" and why in found.policy_reasons.split(",")
    case = kept(town, Case, found.case_number)
    assert (case.code, case.status) == ("loan_review", "open")
    if found.amount_minor < 5_000_000:
        assert review(town, case.id, True).answer.result == "done"
        assert kept(town, LoanApplication, found.id).status == "offered"
        assert town.do(signing(town, kept(town, LoanApplication, found.id))).answer.result == "done"


def test_above_half_a_million_a_person_decides_and_two_must_agree(town: Any) -> None:
    borrower(town)
    rich = replace(GOOD, income_minor=10_000_000)
    edge = apply(town, amount_minor=49_999_999, months=60, behaviour=rich)
    assert edge.status == "offered"
    found = apply(town, amount_minor=50_000_000, months=60, behaviour=rich)
    assert (found.status, found.policy_reasons) == ("waiting", "large_amount")
    assert review(town, found.case_number, True).answer.result == "proposed"
    assert code(review(town, found.case_number, True)) == "second_person_needed"
    assert kept(town, LoanApplication, found.id).status == "waiting"
    assert review(town, found.case_number, True, "staff:omar").answer.result == "done"
    assert kept(town, LoanApplication, found.id).status == "offered"


def test_an_appeal_is_decided_by_a_person_on_the_same_inputs(town: Any) -> None:
    borrower(town)
    found = apply(town, bureau=BAD)
    asked = AskLoanReview(application=found.id, text="the marks are not mine", **town.stamp("customer:dora"))
    reply = town.do(asked)
    assert code(town.do(replace(asked, key="again"))) == "already_appealed"
    appeal = kept(town, Appeal, reply.answer.made)
    assert (appeal.about, appeal.status) == (found.decision, "open")
    wrong = AnswerAppeal(appeal=appeal.id, overturn=True, words="yes", **town.stamp("staff:rita"))
    assert code(town.do(wrong)) == "case_is_not_this"
    wrong_door = ReviewCase(case=reply.answer.case, release=True, **town.stamp("staff:rita"))
    assert town.do(wrong_door).answer.refusal is not None
    assert review(town, reply.answer.case, True, amount_minor=600_000).answer.result == "done"
    after = kept(town, LoanApplication, found.id)
    assert (after.status, after.amount_minor, after.inputs) == ("offered", 600_000, found.inputs)
    assert kept(town, Appeal, appeal.id).status == "overturned"
    assert town.do(signing(town, after)).answer.result == "done"
    agree(town)


def test_who_refused_an_application_does_not_answer_its_appeal(town: Any) -> None:
    borrower(town)
    found = apply(town, person=True)
    review(town, found.case_number, False)
    asked = town.do(AskLoanReview(application=found.id, text="again", **town.stamp("customer:dora")))
    assert code(review(town, asked.answer.case, True)) == "decided_before"
    assert review(town, asked.answer.case, False, "staff:omar").answer.result == "done"
    appeal = kept(town, Appeal, asked.answer.made)
    assert appeal.status == "stands" and "工作人员" in letter(kept(town, LoanApplication, found.id)).law.zh


def test_who_proposed_to_refuse_an_application_does_not_answer_its_appeal(town: Any) -> None:
    borrower(town)
    found = apply(town, amount_minor=50_000_000, months=60, behaviour=replace(GOOD, income_minor=10_000_000))
    for who in ("staff:rita", "staff:omar"):
        review(town, found.case_number, False, who)
    assert kept(town, LoanApplication, found.id).decided_by == "staff:omar"
    asked = town.do(AskLoanReview(application=found.id, text="again", **town.stamp("customer:dora")))
    for who in ("staff:rita", "staff:omar"):
        assert code(review(town, asked.answer.case, True, who)) == "decided_before"
    assert review(town, asked.answer.case, True, "staff:lin").answer.result == "proposed"


def test_three_loans_in_ninety_days_are_too_many(town: Any) -> None:
    borrower(town)
    for _ in range(3):
        lend(town, amount_minor=100_000)
    assert apply(town, amount_minor=100_000).policy_reasons == "borrowing_too_often"
