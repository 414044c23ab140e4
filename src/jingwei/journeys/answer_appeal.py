"""AnswerAppeal: somebody who did not decide before says whether a decision stands, and why."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.appeal import Said
from jingwei.journeys.ask_again import Question, Waits, ask_again
from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, Sealed, every, refused
from jingwei.kernel.clock import DAY
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Movement, Standing, chart_id
from jingwei.ledger.appeals import APPEAL, Appeal
from jingwei.ledger.casework import CaseWork
from jingwei.ledger.fees import transfer_fee
from jingwei.ledger.products import Product
from jingwei.ledger.work import Case

CONFIRM_TIME = 3 * DAY
"""How long a customer has to confirm a payment that was refused wrongly."""


class AnswerAppeal(Command, frozen=True, kw_only=True, tag="answer_appeal"):
    """Answer appeal `appeal`: the decision was wrong (`overturn`) or stands; `words` is told to the customer.

    A transfer that was refused wrongly waits for the customer's own confirmation afterwards.
    """

    appeal: Id
    overturn: bool
    words: Said


class AppealAnswered(Event, frozen=True, kw_only=True, tag="appeal_answered"):
    """An appeal was answered; `overturned` says that the decision was wrong, a label for training."""

    about: str
    overturned: bool


class Seen(msgspec.Struct, frozen=True):
    """The appeal, the record it is about, the cases made of that with who proposed an answer to one, and
    the money as it stands."""

    seq: int
    appeal: Appeal | None
    record: Sealed | None
    cases: tuple[Case, ...]
    standings: dict[str, Standing | None]
    product: Product | None
    proposers: tuple[str, ...] = ()


def look(ask: AnswerAppeal, books: Books) -> Seen:
    """Read the appeal, the decision, who answered its cases, and both accounts of a transfer."""
    appeal = books.get(Appeal, ask.appeal)
    if appeal is None:
        return Seen(books.seq, None, None, (), {}, None)
    record = books.record(appeal.about)
    cases = tuple(every(books, Case, "about", appeal.about))
    standings: dict[str, Standing | None] = {}
    product = None
    if record is not None and isinstance(record.command, Pay):
        paid = record.command
        fees = chart_id("fees", paid.currency)
        standings = {name: books.standing(name) for name in (paid.payer, paid.payee, fees)}
        payer = standings[paid.payer]
        product = books.products.find(payer.account.product) if payer else None
    work = (books.get(CaseWork, case.id) for case in cases)
    proposers = tuple(one.proposed_by for one in work if one is not None)
    return Seen(books.seq, appeal, record, cases, standings, product, proposers)


def check(ask: AnswerAppeal, seen: Seen) -> Refusal | None:
    """Return why this answer cannot be taken, or None: never one's own work, before or now."""
    appeal = seen.appeal
    if appeal is None:
        return Refusal("appeal_not_found")
    if appeal.status != "open":
        return Refusal("appeal_closed")
    people = {one.account.owner for one in seen.standings.values() if one is not None}
    if ask.actor.partition(":")[2] in people | {appeal.customer}:
        return Refusal("own_work")
    if any(case.id == appeal.case_number and case.code != APPEAL for case in seen.cases):
        return Refusal("case_is_not_this")
    decided = {*seen.proposers, *(case.closed_by for case in seen.cases)}
    if seen.record is not None:
        decided.add(seen.record.command.actor)
    return Refusal("decided_before") if ask.actor in decided else None


def offer(ask: AnswerAppeal, seen: Seen) -> Waits | None:
    """The transfer as it waits for its customer's confirmation; None when the books do not allow it now."""
    record = seen.record
    if not ask.overturn or record is None or not isinstance(record.command, Pay):
        return None
    paid = record.command
    movements: tuple[Movement, ...] = (
        Movement(paid.payer, paid.payee, paid.amount_minor, paid.currency, "payment"),
    )
    if seen.product is not None and (fee := transfer_fee(seen.product, paid.amount_minor)):
        movements += (Movement(paid.payer, chart_id("fees", paid.currency), fee, paid.currency, "fee"),)
    until = ask.at + CONFIRM_TIME
    question = Question(paid.customer, record.answer.id, movements, seen.standings, ask.at, until)
    waits = ask_again(question, seen.seq)
    return None if isinstance(waits, Refusal) else waits


def act(ask: AnswerAppeal, seen: Seen) -> Outcome:
    """Close the appeal and its case; a transfer refused wrongly is put before its customer again."""
    number = decision_id(seen.seq)
    if refusal := check(ask, seen):
        return refused(number, refusal, about=seen.appeal.about if seen.appeal else "")
    appeal = seen.appeal
    assert appeal is not None
    waits = offer(ask, seen)
    challenge = waits.challenge.id if waits else ""
    status = "overturned" if ask.overturn else "stands"
    closed = replace(
        appeal, status=status, answered_by=ask.actor, answered_at=ask.at, words=ask.words, challenge=challenge
    )
    cases = tuple(
        replace(case, status="released" if ask.overturn else "refused", closed_by=ask.actor, closed_at=ask.at)
        for case in seen.cases
        if case.id == appeal.case_number
    )
    answer = Answer(
        number, "done", about=appeal.about, case=appeal.case_number, challenge=challenge,
        hold=waits.hold.id if waits else "",
        events=(AppealAnswered(about=appeal.about, overturned=ask.overturn),),
    )  # fmt: skip
    if waits is None:
        return Outcome(answer, kept=(closed, *cases))
    return Outcome(answer, standings=(waits.payer,), kept=(closed, *cases, waits.hold, waits.challenge))


ANSWER_APPEAL = Journey(AnswerAppeal, look, act, roles=("staff",))
