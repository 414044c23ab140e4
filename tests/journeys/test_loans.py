"""Loans end to end over a real bank: asked, decided, signed, repaid, late, changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.journeys.borrowers import (
    BAD,
    CLEAN,
    GOOD,
    agree,
    apply,
    ask,
    borrower,
    close_days,
    code,
    kept,
    lend,
    signing,
)

from jingwei.domains.credit.letter import letter
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.domains.credit.schedule import due_days, unpack
from jingwei.journeys.answer_appeal import AnswerAppeal
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.journeys.review_case import ReviewCase
from jingwei.journeys.review_loan import AskLoanReview, ReviewLoan
from jingwei.journeys.run_loan_day import RunLoanDay
from jingwei.journeys.sign_loan import DeclineLoanOffer
from jingwei.journeys.withdraw_consent import WithdrawConsent
from jingwei.keeping.verifying import Told, trusted_keys, verify_bank
from jingwei.kernel.clock import DAY, bank_day, day_start
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.appeals import Appeal
from jingwei.ledger.work import Case


def repaying(town: Any, loan: Loan, amount: int = 0, how: Any = "due", who: str = "") -> Any:
    actor = who or f"customer:{loan.customer}"
    return town.do(
        RepayLoan(customer=loan.customer, loan=loan.id, amount_minor=amount, how=how, **town.stamp(actor))
    )


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
    assert code(review(town, case, True)) == "loan_cannot_be_lent"


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


def test_three_loans_in_ninety_days_are_too_many(town: Any) -> None:
    borrower(town)
    for _ in range(3):
        lend(town, amount_minor=100_000)
    assert apply(town, amount_minor=100_000).policy_reasons == "borrowing_too_often"


def test_a_loan_is_collected_on_its_days_and_ends_repaid(town: Any) -> None:
    borrower(town, opening_minor=5_000_000)
    loan = lend(town, months=3)
    for day in due_days(bank_day(loan.signed_at), 3):
        close_days(town, day)
        agree(town)
    after = kept(town, Loan, loan.id)
    assert (after.status, after.principal_minor, after.due_minor) == ("repaid", 0, 0)
    assert after.interest_paid_minor == sum(one.interest for one in unpack(loan.plan))


def test_the_loans_day_can_be_run_again_and_goes_page_by_page(town: Any) -> None:
    for who in ("dora", "emil", "fay"):
        borrower(town, who, opening_minor=5_000_000)
        lend(town, who, months=3)
    day = due_days(bank_day(town.clock.at), 1)[0]
    first = close_days(town, day)
    assert [page.loans for page in first] == [2, 1] and sum(page.paid_minor for page in first) > 0
    money = town.money("dora")
    assert [page.loans for page in close_days(town, day)] == [2, 1], "answered from the records"
    assert [page.loans for page in close_days(town, day - 1)] == [0, 0]
    assert town.money("dora") == money
    agree(town)


def test_an_account_without_money_makes_the_loan_late_and_no_overdraft_is_used(town: Any) -> None:
    borrower(town, opening_minor=0)
    loan = lend(town, months=12)
    pot = town.do(OpenPot(account="dora", name="away", **town.stamp("customer:dora"))).answer.made
    put = MovePot(pot=pot, direction="in", amount_minor=1_150_000, **town.stamp("customer:dora"))
    assert town.do(put).answer.result == "done" and town.money("dora")[0] == 50_000
    day = due_days(bank_day(loan.signed_at), 1)[0]
    close_days(town, day)
    assert town.money("dora")[0] == 0
    late = kept(town, Loan, loan.id)
    close_days(town, day + 31)
    later = kept(town, Loan, loan.id)
    assert (late.late_since, later.bucket(day + 31)) == (day, "31-60") and later.penalty_minor > 0
    assert apply(town, amount_minor=100_000).policy_reasons == "own_loan_late"
    agree(town)
    assert repaying(town, later, later.due_minor, who="staff:tess").answer.refusal is not None, "no money"


def test_two_loans_are_collected_from_one_account_only_as_far_as_its_money_goes(town: Any) -> None:
    borrower(town, opening_minor=0)
    for _ in range(2):
        lend(town)
    pot = town.do(OpenPot(account="dora", name="away", **town.stamp("customer:dora"))).answer.made
    left = 150_000
    put = {"pot": pot, "direction": "in", "amount_minor": 2_400_000 - left}
    assert town.do(MovePot(**put, **town.stamp("customer:dora"))).answer.result == "done"
    pages = close_days(town, due_days(bank_day(town.clock.at), 1)[0])
    assert sum(page.paid_minor for page in pages) == left and town.money("dora")[0] == 0
    first, second = town.home.store.find(Loan, "customer", "dora")
    assert first.principal_minor < second.principal_minor < 1_200_000 and second.late_since
    agree(town)


def test_repaying_early_in_part_and_whole_and_giving_back(town: Any) -> None:
    borrower(town, opening_minor=5_000_000)
    loan = lend(town)
    town.later(days=8)
    back = CancelLoan(customer="dora", loan=loan.id, **town.stamp("customer:dora"))
    assert code(town.do(back)) == "loan_cooling_off_over"
    assert repaying(town, loan, 500_000, "shorter").answer.result == "done"
    agree(town)
    town.later(days=30)
    close_days(town, bank_day(town.clock.at) - 1)
    assert repaying(town, loan, 0, "all").answer.result == "done"
    assert kept(town, Loan, loan.id).status == "repaid"
    agree(town)
    assert code(repaying(town, loan, 100)) == "loan_not_running"
    other = lend(town, amount_minor=200_000)
    money = town.money("dora")[0]
    back = CancelLoan(customer="dora", loan=other.id, **town.stamp("customer:dora"))
    assert town.do(back).answer.result == "done"
    assert town.money("dora")[0] == money - 200_000 and kept(town, Loan, other.id).status == "cancelled"
    agree(town)


def test_nobody_pays_on_or_sees_a_foreign_loan(town: Any) -> None:
    borrower(town)
    loan = lend(town)
    assert code(repaying(town, loan, 0, "all", "customer:alice")) == "loan_not_found"
    own = RestructureLoan(loan=loan.id, months=6, why="x", **town.stamp("staff:dora"))
    assert code(town.do(own)) == "own_work"


def test_large_loans_are_changed_by_two_and_small_ones_by_one(town: Any) -> None:
    borrower(town)
    borrower(town, "emil")
    small, large = lend(town, amount_minor=1_000_000), lend(town, "emil", amount_minor=6_000_000, months=36)
    one = RestructureLoan(loan=small.id, months=36, why="lost work", **town.stamp("staff:rita"))
    assert town.do(one).answer.result == "done"
    off = WriteOffLoan(loan=large.id, why="gone", **town.stamp("staff:rita"))
    assert town.do(off).answer.result == "proposed"
    assert code(town.do(replace(off, key="again"))) == "second_person_needed"
    other = RestructureLoan(loan=large.id, months=12, why="x", **town.stamp("staff:omar"))
    assert town.do(other).answer.result == "proposed", "another change begins anew"
    first = WriteOffLoan(loan=large.id, why="gone", **town.stamp("staff:rita"))
    assert town.do(first).answer.result == "proposed"
    second = WriteOffLoan(loan=large.id, why="gone", **town.stamp("staff:omar"))
    assert town.do(second).answer.result == "done"
    lost = kept(town, Loan, large.id)
    assert lost.status == "written_off" and lost.written_off_minor == 6_000_000
    assert town.money("bank:loan_losses:CNY")[0] == -6_000_000
    agree(town)
    assert repaying(town, lost, 50_000).answer.result == "done"
    assert town.money("bank:loan_recoveries:CNY")[0] == 50_000
    agree(town)


LIFE = st.lists(
    st.tuples(
        st.sampled_from(("due", "shorter", "smaller", "all", "day", "restructure", "write_off")),
        st.integers(0, 40), st.integers(1, 700_000),
    ),
    min_size=2, max_size=7,
)  # fmt: skip


@settings(max_examples=12)
@given(LIFE)
def test_ledger_and_loan_agree_after_every_step(make_town: Any, life: list[tuple[str, int, int]]) -> None:
    town = make_town(f"t{abs(hash(str(life)))}")
    borrower(town, opening_minor=3_000_000)
    loan = lend(town)
    for what, days, amount in life:
        town.later(days=days)
        if what == "day":
            close_days(town, bank_day(town.clock.at) - 1)
        elif what == "restructure":
            town.do(RestructureLoan(loan=loan.id, months=days + 1, why="x", **town.stamp("staff:rita")))
        elif what == "write_off":
            town.do(WriteOffLoan(loan=loan.id, why="x", **town.stamp("staff:rita")))
        else:
            repaying(town, loan, amount, what)
        agree(town)


def story(town: Any) -> list[Any]:
    """The commands of some loans' lives, as they were done one by one."""
    done: list[Any] = []

    def do(command: Any) -> Any:
        done.append(command)
        return town.do(command)

    def customer(who: str) -> None:
        dated = town.stamp("system:core")
        opening = {"customer": who, "account": who, "product": "current_cny", "opening_minor": 3_000_000}
        do(OpenAccount(name=who, born="1990-01-01", **opening, **dated))
        do(GiveConsent(customer=who, purpose=Purpose.CREDIT, **town.stamp(f"customer:{who}")))

    for who in ("dora", "emil"):
        customer(who)
        made = do(ask(town, who)).answer.made
        do(signing(town, kept(town, LoanApplication, made)))
    refused = do(ask(town, "dora", bureau=BAD)).answer.made
    do(AskLoanReview(application=refused, text="look", **town.stamp("customer:dora")))
    loan = town.home.store.find(Loan, "customer", "emil")[0]
    day = due_days(bank_day(loan.signed_at), 1)[0]
    town.clock.at = day_start(day + 2)
    do(RunLoanDay(day=day + 1, **town.stamp("system:day-end")))
    fields = {"customer": "emil", "loan": loan.id}
    do(RepayLoan(amount_minor=300_000, how="smaller", **fields, **town.stamp("customer:emil")))
    do(RestructureLoan(loan=loan.id, months=24, why="x", **town.stamp("staff:rita")))
    return done


def test_batch_size_does_not_matter_for_loans(make_town: Any) -> None:
    one = make_town("one")
    commands = story(one)
    for size in (4, 100):
        other = make_town(f"by{size}")
        for start in range(0, len(commands), size):
            other.bank.do(commands[start : start + size])
        assert other.home.store.root() == one.home.store.root()
        for kind in (Loan, LoanApplication):
            assert other.home.store.page(kind) == one.home.store.page(kind)


def test_done_again_from_the_log_loans_are_the_same(town: Any) -> None:
    story(town)
    town.home.bank.wait()
    told = Told(trusted_keys(town.path), None, "jingwei", town.home.products)
    report = verify_bank(str(town.path / "bank.db"), told)
    assert report.books == "compared" and report.sound, report.damage
