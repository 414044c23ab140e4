"""Loans of the demo people: bob has one running, carol waits for a person, grace was refused. All made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.channels.lending.applicants import signing, stamp
from jingwei.channels.lending.asking import application
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys import run_loan_day
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.review_loan import ReviewLoan
from jingwei.kernel.clock import DAY, HOUR, bank_day, day_start
from jingwei.kernel.purpose import Purpose

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.journeys.shape import Answer
    from jingwei.kernel.command import Command

LENT_AGO = 57
"""So many days ago bob's battery was paid for: its first instalment is paid, the second comes within days."""


def lend_to_bob(home: Home) -> None:
    """Bob splits a car battery into instalments; a customer manager who knows him approves it."""
    at = day_start(bank_day(home.clock.now()) - LENT_AGO) + 8 * HOUR
    agree(home, "bob", at)
    fields = {"product": "ev_battery", "amount_minor": 800_000, "months": 12, "purpose": "Car battery 车电池"}
    asked = ask(home, "bob", at, fields | {"person": True})
    review = stamp("demo-loan:review", "staff:customer_manager", at + HOUR)
    words = "The income is steady. 收入稳定。"
    _do(home, ReviewLoan(**review, case=asked.case, approve=True, words=words))
    offer = home.store.load(LoanApplication, [asked.made])[0]
    _do(home, signing(offer, at + 2 * HOUR, "demo-loan:sign"))


def ask_for_loans(home: Home) -> None:
    """Bob's loan comes to yesterday; carol wants a person to decide; grace asks for too much."""
    now = home.clock.now()
    list(run_loan_day.run(bank_day(now) - 1, now, lambda command: _do(home, command)))
    agree(home, "carol", now)
    agree(home, "grace", now)
    school = {"product": "education_loan", "amount_minor": 3_000_000, "months": 24, "person": True}
    ask(home, "carol", now - DAY // 4, school | {"purpose": "Erin's school 小艾的学费"})
    ask(home, "grace", now - DAY // 8, {"product": "personal_loan", "amount_minor": 6_000_000, "months": 12})


def agree(home: Home, who: str, at: int) -> None:
    """This customer lets the bank look at the account for loans."""
    given = stamp(f"demo-loan:agree:{who}", f"customer:{who}", at)
    _do(home, GiveConsent(**given, customer=who, purpose=Purpose.CREDIT))


def ask(home: Home, who: str, at: int, fields: dict[str, Any]) -> Answer:
    """An application for a loan, paid out to the account that has the customer's name."""
    asked = stamp(f"demo-loan:ask:{who}", f"customer:{who}", at)
    return _do(home, application(home.store, asked, home.registry, customer=who, account=who, **fields))


def _do(home: Home, command: Command) -> Answer:
    answer = home.bank.do([command])[0].answer
    assert answer.refusal is None, answer.refusal
    return answer
