"""The life of a loan: after any steps the ledger holds for it exactly what it says it owes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jingwei.domains.credit.loan_changes import (
    all_owed,
    give_back,
    recover,
    repay,
    restructure,
    up_to,
    write_off,
)
from jingwei.domains.credit.loan_life import Moved, close_days, due_principal, earned, lent_out, owed_now
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import Terms, due_days, interest_of, pack, schedule, unpack
from jingwei.kernel.clock import HOUR, day_start, parse_iso
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Movement

AT = parse_iso("2026-01-15T04:00:00")
DAY = 20_468


def product_of(kind: str = "annuity", **more: Any) -> LoanProduct:
    plain = shipped().find("personal_loan")
    assert plain is not None
    return replace(plain, kind=kind, **more)


def loan_of(product: LoanProduct, amount: int = 1_200_000, rate: int = 120_000, months: int = 12) -> Loan:
    plan = schedule(Terms(product.kind, amount, rate, due_days(DAY, months), DAY, DAY))
    return Loan(
        "L00000000001", "alice", "Q00000000001", product.id, product.kind, "alice", "CNY", amount, rate,
        RUNNING, AT, "", "", amount, pack(plan), DAY,
    )  # fmt: skip


def at(day: int) -> int:
    return day_start(day) + 9 * HOUR


class Books:
    """What the bank's two loan accounts and the borrower's hold after some movements."""

    def __init__(self, loan: Loan) -> None:
        self.balances: dict[str, int] = {}
        self.take((lent_out(loan),))

    def take(self, movements: tuple[Movement, ...]) -> None:
        for one in movements:
            assert one.amount_minor > 0
            self.balances[one.payer] = self.balances.get(one.payer, 0) - one.amount_minor
            self.balances[one.payee] = self.balances.get(one.payee, 0) + one.amount_minor

    def of(self, name: str) -> int:
        return self.balances.get(f"bank:{name}:CNY", 0)

    def agree(self, loan: Loan) -> None:
        """Loan and ledger say the same, and the plan adds up to the loan."""
        assert -self.of("loans") == loan.principal_minor >= 0
        assert -self.of("loan_interest_due") == loan.due_minor >= loan.penalty_minor >= 0
        if loan.status != RUNNING:
            return
        plan = unpack(loan.plan)
        assert sum(one.principal - one.paid_principal for one in plan) == loan.principal_minor
        closed = [one for one in plan if one.closed]
        charged = sum(one.interest - one.paid_interest + one.fee - one.paid_fee for one in closed)
        assert charged + loan.penalty_minor == loan.due_minor


def stepped(loan: Loan, product: LoanProduct, step: tuple[str, int], day: int) -> Moved | Refusal:
    what, size = step
    if what == "days":
        return close_days(loan, product, day - 1, size * 1_000)
    if what in ("due", "shorter", "smaller", "all"):
        return repay(loan, product, size * 1_000, what, at(day))  # type: ignore[arg-type]
    if what == "restructure":
        return restructure(loan, product, size % 36 + 1, at(day))
    return write_off(loan, product, at(day)) if what == "write_off" else recover(loan, size * 1_000)


STEPS = st.tuples(
    st.sampled_from(
        ["days"] * 4 + ["due"] * 3 + ["shorter", "smaller", "all", "restructure", "write_off", "recover"]
    ),
    st.integers(1, 900),
)
WHEN = st.integers(0, 45)


@settings(max_examples=150)
@given(
    st.sampled_from(("annuity", "equal_principal", "interest_only", "bullet")), st.integers(0, 240_000),
    st.integers(0, 300), st.lists(st.tuples(WHEN, STEPS), min_size=1, max_size=12),
)  # fmt: skip
def test_what_a_loan_owes_is_what_the_ledger_holds(
    kind: str, rate: int, fee: int, story: list[tuple[int, tuple[str, int]]]
) -> None:
    product = product_of(kind, early_basis_points=fee)
    loan, day = loan_of(product, rate=rate), DAY
    books = Books(loan)
    for gone, step in story:
        day += gone
        if loan.status != RUNNING and step[0] != "recover":
            continue
        if isinstance(moved := stepped(loan, product, step, day), Refusal):
            continue
        loan = moved.loan
        books.take(moved.movements)
        books.agree(loan)
    if loan.status == RUNNING:
        moved = repay(loan, product, 0, "all", at(day))
        assert isinstance(moved, Moved) and moved.loan.status == "repaid"
        books.take(moved.movements)
        books.agree(moved.loan)
        assert books.of("loans") == books.of("loan_interest_due") == 0


@settings(max_examples=40)
@given(st.integers(1, 200), st.lists(st.integers(1, 60), max_size=5), st.integers(0, 400_000))
def test_closing_days_one_by_one_or_at_once_is_the_same(last: int, cuts: list[int], room: int) -> None:
    """A day-end that was not run for some days, or was run twice, changes nothing."""
    product = product_of()
    whole = close_days(loan_of(product), product, DAY + last, 0)
    loan, movements = loan_of(product), ()
    for cut in sorted(cuts):
        done = close_days(loan, product, DAY + min(cut, last))
        again = close_days(done.loan, product, DAY + min(cut, last))
        assert again == Moved(done.loan)
        loan, movements = done.loan, movements + done.movements
    done = close_days(loan, product, DAY + last)
    assert (done.loan, movements + done.movements) == (whole.loan, whole.movements)


def test_a_loan_paid_on_its_days_is_over_with_the_last_and_costs_its_schedule() -> None:
    product = product_of()
    loan = loan_of(product)
    books, due = Books(loan), sum(one.amount for one in unpack(loan.plan))
    done = close_days(loan, product, DAY + 365, 10**9)
    books.take(done.movements)
    books.agree(done.loan)
    assert done.loan.status == "repaid" and done.paid_minor == due
    assert books.of("interest_earned") == due - 1_200_000


def test_late_principal_costs_half_as_much_again_once_grace_is_over() -> None:
    product = product_of(grace_days=3)
    first = due_days(DAY, 1)[0]
    in_grace = close_days(loan_of(product), product, first + 3).loan
    assert in_grace.penalty_minor == 0
    assert (in_grace.late_days(first + 3), in_grace.bucket(first + 3)) == (3, "1-30")
    after = close_days(in_grace, product, first + 4).loan
    late = due_principal(after)
    a_day = late * 180_000 // 365  # 12 % and half as much again, in millionths of a minor unit
    assert after.penalty_minor * 1_000_000 + after.penalty_micro == a_day
    assert after.bucket(first + 30) == "1-30" and after.bucket(first + 31) == "31-60"
    assert after.bucket(first + 61) == "61-90" and after.bucket(first + 91) == "90+"


def test_charges_and_interest_are_paid_before_principal() -> None:
    """Civil Code, article 561."""
    product = product_of()
    due = up_to(loan_of(product), product, at(due_days(DAY, 1)[0])).loan
    assert due.due_minor == 12_000
    paid = repay(due, product, 15_000, "due", at(due_days(DAY, 1)[0]))
    assert isinstance(paid, Moved)
    row = unpack(paid.loan.plan)[0]
    assert (row.paid_interest, row.paid_principal, paid.loan.due_minor) == (12_000, 3_000, 0)


def test_who_repays_early_pays_interest_for_the_days_they_had_the_money() -> None:
    product = product_of()
    loan = loan_of(product)
    ten_days = interest_of(1_200_000, 120_000, Fraction(10, 31))
    assert all_owed(loan, product, at(DAY + 10)) == 1_200_000 + ten_days
    done = repay(loan, product, 0, "all", at(DAY + 10))
    assert isinstance(done, Moved) and done.paid_minor == 1_200_000 + ten_days


@pytest.mark.parametrize(("kind", "months"), [("annuity", 12), ("bullet", 6)])
def test_interest_earned_by_the_due_day_is_the_interest_due(kind: str, months: int) -> None:
    product = product_of(kind)
    loan = loan_of(product, months=months)
    first = unpack(loan.plan)[0]
    assert earned(loan, first.day) == first.interest
    assert 0 < earned(loan, first.day - 1) < first.interest


@pytest.mark.parametrize("how", ["shorter", "smaller"])
def test_a_part_repaid_early_makes_the_term_or_the_instalments_less(how: Any) -> None:
    product = product_of()
    before = unpack(loan_of(product).plan)
    done = repay(loan_of(product), product, 600_000, how, at(DAY + 10))
    assert isinstance(done, Moved)
    after = [one for one in unpack(done.loan.plan) if not one.closed]
    assert after[0].day == before[0].day
    if how == "shorter":
        assert len(after) in (6, 7) and after[0].amount <= before[0].amount
    else:
        assert len(after) == 12 and abs(after[5].amount - before[5].amount // 2) < 400


def test_nothing_due_is_told_and_too_much_needs_a_choice() -> None:
    product, loan = product_of(), loan_of(product_of())
    assert repay(loan, product, 100, "due", at(DAY)) == Refusal("loan_nothing_due")
    day = due_days(DAY, 1)[0]
    told = repay(loan, product, 200_000, "due", at(day))
    assert told == Refusal("loan_above_due", {"due": "1066.19 CNY"})
    small = repay(loan, product, 100, "smaller", at(DAY + 20))
    assert isinstance(small, Refusal) and small.code == "loan_part_too_small"


def test_more_than_the_last_instalment_is_told_as_such() -> None:
    product, loan = product_of(), loan_of(product_of())
    last = due_days(DAY, 12)[-1]
    for day in due_days(DAY, 12)[:-1]:
        begun = up_to(loan, product, at(day)).loan
        paid = repay(loan, product, owed_now(begun), "due", at(day))
        assert isinstance(paid, Moved)
        loan = paid.loan
    owed = owed_now(up_to(loan, product, at(last)).loan)
    told = repay(loan, product, owed + 5_000, "smaller", at(last))
    assert told == Refusal("loan_above_rest", {"due": f"{owed / 100:.2f} CNY"})
    done = repay(loan, product, 0, "all", at(last))
    assert isinstance(done, Moved) and (done.paid_minor, done.loan.status) == (owed, "repaid")


def test_a_loan_can_be_given_back_free_of_charge_in_its_cooling_off_time() -> None:
    product = product_of(cooling_off_days=7)
    done = give_back(loan_of(product), product, at(DAY + 7))
    assert isinstance(done, Moved) and done.paid_minor == 1_200_000 and done.loan.status == "cancelled"
    late = give_back(loan_of(product), product, at(DAY + 8))
    assert late == Refusal("loan_cooling_off_over", {"days": "7"})
    assert give_back(loan_of(product), product_of(cooling_off_days=0), at(DAY)) == Refusal(
        "loan_cooling_off_over", {"days": "0"}
    )


def test_restructuring_spreads_what_is_late_and_nothing_is_late_afterwards() -> None:
    product = product_of()
    late = close_days(loan_of(product), product, DAY + 95).loan
    assert late.bucket(DAY + 95) == "61-90"
    owed = late.principal_minor + late.due_minor + earned(late, DAY + 96)
    done = restructure(late, product, 24, at(DAY + 96))
    assert isinstance(done, Moved)
    assert done.loan.due_minor == 0 and done.loan.bucket(DAY + 96) == ""
    assert abs(done.loan.principal_minor - owed) <= 700  # a day of penalty more
    assert sum(not one.closed for one in unpack(done.loan.plan)) == 24


def test_a_loan_written_off_can_still_be_recovered_but_not_beyond_it() -> None:
    product = product_of()
    lost = write_off(loan_of(product), product, at(DAY + 40))
    assert isinstance(lost, Moved) and lost.loan.written_off_minor == 1_200_000 + owed_now(
        up_to(loan_of(product), product, at(DAY + 40)).loan
    ) - due_principal(up_to(loan_of(product), product, at(DAY + 40)).loan)
    back = recover(lost.loan, 10**9)
    assert isinstance(back, Moved) and back.paid_minor == lost.loan.written_off_minor
    assert recover(back.loan, 1) == Refusal("loan_nothing_due")
