"""Made-up applicants for measuring and for the demo: people with half a year of salary in the account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from jingwei.channels.lending.asking import application
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.give_consent import GiveConsent
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.sign_loan import SignLoan, signed_text
from jingwei.kernel.clock import DAY
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.stores.store import Reader

Kind = Literal["person", "company"]
SALARY_MINOR = 1_500_000
HISTORY_DAYS = 400
LINES = 40


def stamp(key: str, actor: str, at: int) -> dict[str, Any]:
    """Key, actor and both clocks of a command."""
    return {"key": key, "actor": actor, "at": at, "known_at": at}


def settling(
    who: str, at: int, lines: int = LINES, born: str = "1990-05-01", kind: Kind = "person"
) -> Iterator[Command]:
    """A customer since 400 days, with consent for credit; six of the lines are salaries, the rest smaller.

    A company lets the bureau be asked, too.
    """
    began = at - HISTORY_DAYS * DAY
    yield OpenAccount(
        **stamp(f"settle:{who}", "system:core", began), customer=who, product="current_cny", account=who,
        name=who, born=born if kind == "person" else "", kind=kind, opening_minor=200_000,
    )  # fmt: skip
    yield GiveConsent(**stamp(f"agree:{who}", f"customer:{who}", began), customer=who, purpose=Purpose.CREDIT)
    if kind == "company":
        bureau = stamp(f"agree:bureau:{who}", f"customer:{who}", began)
        yield GiveConsent(**bureau, customer=who, purpose=Purpose.CREDIT, data=(DataClass.BUREAU,))
    for n in range(lines):
        salary = n * 6 // lines != (n - 1) * 6 // lines
        paid = stamp(f"pay:{who}:{n}", "system:core", at - (180 - n * 180 // lines) * DAY)
        yield Deposit(**paid, account=who, amount_minor=SALARY_MINOR if salary else 5_000, currency="CNY")


def asking(reader: Reader, who: str, at: int, key: str, **other: Any) -> Command:
    """An application for 6,000 over 12 months, or something else."""
    usual = {"product": "personal_loan", "account": who, "amount_minor": 600_000, "months": 12}
    fields: dict[str, Any] = usual | other
    return application(reader, stamp(key, f"customer:{who}", at), customer=who, **fields)


def signing(found: LoanApplication, at: int, key: str, means: str = "made up") -> SignLoan:
    """The signature under exactly what was offered."""
    text = signed_text(found.id, found.account, found.amount_minor, found.currency)
    return SignLoan(
        **stamp(key, f"customer:{found.customer}", at), customer=found.customer, application=found.id,
        account=found.account, amount_minor=found.amount_minor, currency=found.currency,
        terms_sha256=found.terms_sha256, proof=f"{means} {text}",
    )  # fmt: skip
