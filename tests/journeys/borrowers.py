"""Borrowers for tests: people with consent, a good or bad record, and the steps from asking to signing."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from jingwei.bank import Reply
from jingwei.domains.credit.inputs import Behaviour, Bureau
from jingwei.domains.credit.loans import Loan, LoanApplication
from jingwei.journeys import run_loan_day
from jingwei.journeys.apply_for_loan import ApplyForLoan
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.repay_loan import RepayLoan
from jingwei.journeys.sign_loan import SignLoan, signed_text
from jingwei.kernel.clock import bank_day, day_start
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import chart_id

GOOD = Behaviour(
    until=0, account_days=800, balance_days=90, income_months=6, income_minor=2_000_000,
    spending_minor=900_000, overdrawn_days=0, refused=0, purchases=8,
)  # fmt: skip
CLEAN = Bureau(source="simulated bureau", reported_at=0, debts=0, monthly_minor=0, late_marks=0, inquiries=0)
BAD = replace(CLEAN, debts=4, monthly_minor=300_000, late_marks=3, inquiries=6)


def borrower(
    town: Any, who: str = "dora", *, born: str = "1990-05-01", consent: bool = True, **more: Any
) -> None:
    """A customer with an account of the same name, who lets the bank look at it for loans."""
    opening = {"opening_minor": 1_000_000, "product": "current_cny", "name": who} | more
    done = town.do(OpenAccount(account=who, customer=who, born=born, **opening, **town.stamp("system:core")))
    assert done.answer.result == "done", done
    if consent:
        given = GiveConsent(customer=who, purpose=Purpose.CREDIT, **town.stamp(f"customer:{who}"))
        assert town.do(given).answer.result == "done"


def ask(
    town: Any, who: str = "dora", amount_minor: int = 1_200_000, months: int = 12, **more: Any
) -> ApplyForLoan:
    """The command of an application."""
    stamp = town.stamp(f"customer:{who}")
    behaviour, bureau = more.pop("behaviour", GOOD), more.pop("bureau", CLEAN)
    fields = {"customer": who, "account": who, "product": "personal_loan"} | more
    return ApplyForLoan(
        amount_minor=amount_minor,
        months=months,
        behaviour=behaviour and replace(behaviour, until=bank_day(stamp["at"]) - 1),
        bureau=bureau and replace(bureau, reported_at=stamp["at"]),
        **stamp,
        **fields,
    )


def apply(town: Any, who: str = "dora", **more: Any) -> LoanApplication:
    """An application as the bank keeps it."""
    reply = town.do(ask(town, who, **more))
    assert reply.answer.refusal is None, reply.answer.refusal
    return kept(town, LoanApplication, reply.answer.made)


def signing(town: Any, found: LoanApplication, **other: Any) -> SignLoan:
    """The command that signs exactly what was offered, or something else."""
    terms = {
        "customer": found.customer, "application": found.id, "account": found.account,
        "amount_minor": found.amount_minor, "currency": found.currency, "terms_sha256": found.terms_sha256,
        "proof": "totp sha256:00 " + signed_text(found.id, found.account, found.amount_minor, found.currency),
    }  # fmt: skip
    return SignLoan(**(terms | other), **town.stamp(f"customer:{found.customer}"))


def lend(town: Any, who: str = "dora", **more: Any) -> Loan:
    """A loan, asked for, signed and paid out."""
    signed = town.do(signing(town, apply(town, who, **more)))
    assert signed.answer.refusal is None, signed.answer.refusal
    return kept(town, Loan, signed.answer.made)


def kept(town: Any, kind: Any, some_id: str) -> Any:
    """One kept thing as it stands."""
    return town.bank._overlay.get(kind, some_id)


def close_days(town: Any, upto: int) -> list[run_loan_day.LoanDayRun]:
    """Time goes on to the morning after bank day `upto`, and that day is closed for every loan."""
    town.clock.at = max(town.clock.at, day_start(upto + 1) + 1)

    def do(command: run_loan_day.RunLoanDay) -> Any:
        return town.do(command).answer

    return list(run_loan_day.run(upto, town.clock.at, do, limit=2))


def agree(town: Any) -> None:
    """What all loans owe is what the ledger holds for them."""
    loans = town.home.store.page(Loan, limit=1_000)
    code = "CNY"
    assert -town.money(chart_id("loans", code))[0] == sum(loan.principal_minor for loan in loans)
    assert -town.money(chart_id("loan_interest_due", code))[0] == sum(loan.due_minor for loan in loans)


def code(reply: Reply) -> str:
    """The code of a refusal, or nothing."""
    return reply.answer.refusal.code if reply.answer.refusal else ""


def repaying(town: Any, loan: Loan, amount: int = 0, how: Any = "due", who: str = "") -> Any:
    """The reply to paying on a loan, by its customer or somebody else."""
    actor = who or f"customer:{loan.customer}"
    return town.do(
        RepayLoan(customer=loan.customer, loan=loan.id, amount_minor=amount, how=how, **town.stamp(actor))
    )
