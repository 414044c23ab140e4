"""ReportFraud: the bank learns that an earlier payment was fraud; it counts as known from now on."""

from __future__ import annotations

from jingwei.decisions.judge import Observed
from jingwei.journeys.shape import Answer, Books, Journey, Outcome
from jingwei.kernel.command import Amount, Command, Id, Moment, OptionalId
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal, Words, declare


class ReportFraud(Command, frozen=True, kw_only=True, tag="report_fraud"):
    """Say that `payment` (a decision id or the scheme's reference), made at `paid_at`, was fraud."""

    payment: Id
    customer: Id
    amount_minor: Amount
    paid_at: Moment
    terminal: OptionalId = ""
    payee: OptionalId = ""


class FraudReported(Event, frozen=True, kw_only=True, tag="fraud_reported"):
    """A payment turned out to be fraud."""

    payment: str


def observe(ask: ReportFraud) -> Observed:
    """A report on a payment that happened at `paid_at`."""
    return Observed(
        1, ask.at, ask.paid_at, ask.amount_minor, ask.customer, ask.payee, terminal=ask.terminal
    )  # fmt: skip


def look(ask: ReportFraud, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: ReportFraud, seen: int) -> Outcome:
    """Seal the report."""
    return Outcome(Answer(decision_id(seen), "done", events=(FraudReported(payment=ask.payment),)))


def payment_of(ask: ReportFraud) -> str:
    """The payment: it counts as fraud once, however many report it."""
    return ask.payment


declare(
    {
        "already_reported": Words(
            "This payment was already reported as fraud.", "该笔付款已被报告为欺诈，无需重复报告。"
        ),
    }
)

REPORT_FRAUD = Journey(
    ReportFraud, look, act, roles=("staff", "system"), observe=observe, purpose=Purpose.RISK,
    once=payment_of, done_before=Refusal("already_reported"),
)  # fmt: skip
