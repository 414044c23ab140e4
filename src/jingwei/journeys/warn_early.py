"""WarnEarly: a borrower may miss the next instalment; AnswerWarning: what a customer manager did."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.warnings import EARLY_WARNING, PROPOSALS, EarlyWarning
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import day_start
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.work import Case


class WarnEarly(Command, frozen=True, kw_only=True, tag="warn_early"):
    """Warn that the borrower of `loan` may miss what is due on `due_day`, and propose what to offer.

    `chance_ppm` are millionths; `signals` what raised the chance most as name=value, comma-separated; `by` is
    the model. The bank's own programs ask for it.
    """

    loan: Id
    chance_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    signals: Text
    proposal: Literal["extension", "instalments"]
    due_day: Annotated[int, msgspec.Meta(ge=0)]
    instalment_minor: Annotated[int, msgspec.Meta(ge=0)]
    by: Text


class AnswerWarning(Command, frozen=True, kw_only=True, tag="answer_warning"):
    """Say what came of the early warning `warning`: what was offered, or that it was not needed."""

    warning: Id
    outcome: Literal["extension", "instalments", "spoken", "not_needed"]
    words: Text = ""


class EarlyWarningGiven(Event, frozen=True, kw_only=True, tag="early_warning_given"):
    """A borrower may miss the next instalment of this loan."""

    loan: str
    proposal: str


class ReliefOffered(Event, frozen=True, kw_only=True, tag="relief_offered"):
    """A borrower was offered relief before anything was missed."""

    loan: str
    relief: str


class SeenWarning(msgspec.Struct, frozen=True):
    """The loan, and the warning about it that is still open."""

    seq: int
    loan: Loan | None
    open: EarlyWarning | None


def look(ask: WarnEarly, books: Books) -> SeenWarning:
    """Read the loan and what is open about it."""
    loan = books.get(Loan, ask.loan)
    found = [] if loan is None else every(books, EarlyWarning, "loan", loan.id)
    return SeenWarning(books.seq, loan, next((one for one in found if one.status == "open"), None))


def warn(ask: WarnEarly, seen: SeenWarning) -> Outcome:
    """Open a case for a customer manager; a loan with an open warning keeps that one."""
    number, loan = decision_id(seen.seq), seen.loan
    if loan is None:
        return refused(number, Refusal("loan_not_found"))
    if loan.status != RUNNING:
        return refused(number, Refusal("loan_not_running"))
    if seen.open is not None:
        return Outcome(Answer(number, "done", case=seen.open.case_number, made=seen.open.id))
    until = max(ask.at, day_start(ask.due_day))
    case = Case(case_id(seen.seq), number, loan.customer, "", "open", EARLY_WARNING, ask.at, until)
    made = EarlyWarning(
        number, loan.id, loan.customer, case.id, ask.chance_ppm, ask.signals, ask.proposal, ask.due_day,
        ask.instalment_minor, loan.currency, ask.by, ask.at,
    )  # fmt: skip
    event = EarlyWarningGiven(loan=loan.id, proposal=ask.proposal)
    return Outcome(Answer(number, "done", case=case.id, made=made.id, events=(event,)), kept=(case, made))


class SeenAnswer(msgspec.Struct, frozen=True):
    """The warning and its case."""

    seq: int
    warning: EarlyWarning | None
    case: Case | None


def look_at_warning(ask: AnswerWarning, books: Books) -> SeenAnswer:
    """Read the warning and its case."""
    found = books.get(EarlyWarning, ask.warning)
    return SeenAnswer(books.seq, found, books.get(Case, found.case_number) if found else None)


def answer(ask: AnswerWarning, seen: SeenAnswer) -> Outcome:
    """Close the warning and its case; nobody answers a warning about a loan of their own."""
    number, found, case = decision_id(seen.seq), seen.warning, seen.case
    if found is None or case is None:
        return refused(number, Refusal("warning_not_found"))
    if ask.actor.partition(":")[2] == found.customer:
        return refused(number, Refusal("own_work"), about=found.id)
    if found.status != "open":
        return refused(number, Refusal("warning_answered"), about=found.id)
    closed = replace(case, status="released", closed_by=ask.actor, closed_at=ask.at)
    after = replace(
        found, status="answered", outcome=ask.outcome, words=ask.words, answered_by=ask.actor,
        answered_at=ask.at,
    )  # fmt: skip
    offered = ask.outcome in PROPOSALS
    events = (ReliefOffered(loan=found.loan, relief=ask.outcome),) if offered else ()
    return Outcome(Answer(number, "done", about=found.id, case=case.id, events=events), kept=(closed, after))


WARN_EARLY = Journey(WarnEarly, look, warn, roles=("system",))
ANSWER_WARNING = Journey(AnswerWarning, look_at_warning, answer, roles=("staff",))
