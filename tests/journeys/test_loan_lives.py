"""The lives of loans over a real bank: collected, late, repaid early, changed, done again from the log."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.journeys.borrowers import (
    BAD,
    agree,
    apply,
    ask,
    borrower,
    close_days,
    code,
    kept,
    lend,
    repaying,
    signing,
)

from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.domains.credit.schedule import due_days, unpack
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.move_pot import MovePot
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.open_pot import OpenPot
from jingwei.journeys.repay_loan import CancelLoan, RepayLoan
from jingwei.journeys.review_loan import AskLoanReview
from jingwei.journeys.run_loan_day import RunLoanDay
from jingwei.keeping.verifying import Told, trusted_keys, verify_bank
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.purpose import Purpose


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
