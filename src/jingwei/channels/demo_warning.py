"""Two made-up borrowers of the demo who may miss a payment: a wage stopped, an instalment is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.demo_loans import agree, ask
from jingwei.channels.lending.applicants import signing, stamp
from jingwei.channels.lending.warning import give
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.deposit import Deposit
from jingwei.journeys.open_account import OpenAccount
from jingwei.journeys.pay import Pay
from jingwei.journeys.review_loan import ReviewLoan
from jingwei.kernel.clock import HOUR, bank_day, day_start

if TYPE_CHECKING:
    from jingwei.home import Home
    from jingwei.kernel.command import Command


class Borrower(NamedTuple):
    """A made-up borrower: the loan over `months`, when wages came (days ago), and what was spent."""

    id: str
    name: str
    amount_minor: int
    months: int
    wage_minor: int
    wages_ago: tuple[int, ...]
    spends_minor: int
    spends: int


BORROWERS = (
    Borrower("henry", "Henry 韩立", 600_000, 6, 800_000, (88, 58), 155_000, 14),
    Borrower("irene", "Irene 叶琳", 1_000_000, 3, 180_000, (80, 50, 20), 150_000, 10),
)
OPENED_AGO, LENT_AGO, SPENT_UNTIL = 90, 24, 4


def troubled(home: Home) -> None:
    """Let both live their past, and let the bank look at its loans."""
    for one in BORROWERS:
        _live(home, one)
    give(home)


def _live(home: Home, one: Borrower) -> None:
    def at(ago: int, hour: int) -> int:
        return day_start(bank_day(home.clock.now()) - ago) + hour * HOUR

    def mark(what: str, when: int, actor: str = "system:core") -> dict[str, object]:
        return stamp(f"demo-warning:{one.id}:{what}", actor, when)

    person = {"customer": one.id, "account": one.id, "name": one.name, "product": "current_cny"}
    _do(home, OpenAccount(**person, **mark("open", at(OPENED_AGO, 9))))  # type: ignore[arg-type]
    for ago in one.wages_ago:
        money = {"account": one.id, "amount_minor": one.wage_minor, "currency": "CNY", "memo": "Wage 工资"}
        _do(home, Deposit(**money, source="clearing", **mark(f"wage:{ago}", at(ago, 9))))  # type: ignore[arg-type]
    agree(home, one.id, at(LENT_AGO, 9))
    loan = {
        "product": "personal_loan",
        "amount_minor": one.amount_minor,
        "months": one.months,
        "person": True,
    }
    asked = ask(home, one.id, at(LENT_AGO, 10), loan)
    review = mark("review", at(LENT_AGO, 11), "staff:customer_manager")
    words = "Known for years. 多年老客户。"
    _do(home, ReviewLoan(**review, case=asked.case, approve=True, words=words))  # type: ignore[arg-type]
    offer = home.store.load(LoanApplication, [asked.made])[0]
    _do(home, signing(offer, at(LENT_AGO, 12), f"demo-warning:{one.id}:sign"))
    span = LENT_AGO - SPENT_UNTIL
    for number in range(one.spends):
        spent = mark(
            f"spend:{number}", at(LENT_AGO - 1 - number * span // one.spends, 15), f"customer:{one.id}"
        )
        fields = {"customer": one.id, "payer": one.id, "payee": "bob", "amount_minor": one.spends_minor}
        _do(home, Pay(**fields, currency="CNY", device=f"{one.id}-phone", **spent))  # type: ignore[arg-type]


def _do(home: Home, command: Command) -> None:
    answer = home.bank.do([command])[0].answer
    assert answer.refusal is None, answer.refusal
