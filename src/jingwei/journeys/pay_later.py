"""Pay later: the bank offers a line after purchases, the customer opens it and splits purchases with it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec.structs import replace

from jingwei.consent.grounds import REGISTER
from jingwei.consent.uses import DataUse, today, used
from jingwei.domains.credit.applying import age_on, text_of
from jingwei.domains.credit.deciding import Asked, decide
from jingwei.domains.credit.inputs import Behaviour, Bureau
from jingwei.domains.credit.loan_life import lent_out
from jingwei.domains.credit.loans import RUNNING, Loan, PayLaterLine, line_number, loan_id
from jingwei.domains.credit.offer import contract_of, offer_of, terms_sha256
from jingwei.domains.credit.product import LoanProduct
from jingwei.domains.credit.products import shipped
from jingwei.domains.credit.schedule import pack
from jingwei.domains.credit.trained_score import TrainedCard
from jingwei.journeys.apply_for_loan import consented, inputs, not_measured, wrong_account
from jingwei.journeys.authorise_card_payment import AuthoriseCardPayment
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, Sealed, every, refused
from jingwei.journeys.use_scorecard import cards_in_use
from jingwei.kernel.clock import DAY, bank_day
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import Money, format_minor
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Standing, chart_id
from jingwei.ledger.posting import post
from jingwei.ledger.work import Customer, Reversal

PRODUCT = "pay_later"
PURCHASES = 5
"""From so many card purchases in 90 days on a line is offered."""

SPLIT_TIME = 30 * DAY
"""Purchases older than this cannot be split any more."""

LONGEST_TERM = 12

declare(
    {
        "line_not_found": Words("There is no such pay-later line.", "没有这个先享后付额度。"),
        "line_exists": Words("There is a pay-later line already.", "您已有先享后付额度。"),
        "line_not_offered": Words(
            "A pay-later line cannot be offered now.", "目前不符合开通先享后付额度的条件。"
        ),
        "line_not_open": Words("The pay-later line is not open.", "先享后付额度未开通。"),
        "line_too_low": Words("{left} of the line is left.", "剩余可用额度为{left}。"),
        "line_late": Words("An instalment is late; pay it first.", "有逾期分期款项，请先还清。"),
        "purchase_not_found": Words(
            "There is no such purchase of yours in the last 30 days.", "没有这笔30天内的本人消费。"
        ),
        "purchase_split_before": Words(
            "This purchase was split into instalments already.", "该笔消费已办理分期。"
        ),
    }
)


class OfferPayLater(Command, frozen=True, kw_only=True, tag="offer_pay_later"):
    """Offer `customer` a pay-later line on `account`: asked by the bank itself after purchases."""

    customer: Id
    account: Id
    behaviour: Behaviour
    bureau: Bureau


class AnswerPayLater(Command, frozen=True, kw_only=True, tag="answer_pay_later"):
    """Open the line that is offered (`accept`), turn it down, or close an open one (not `accept`).

    Opening needs a `proof` that names this line and its limit (`line_text`).
    """

    line: Id
    accept: bool
    proof: Text = ""


class DrawPayLater(Command, frozen=True, kw_only=True, tag="draw_pay_later"):
    """Split `purchase`, the decision of one of the actor's own card payments, into `months` instalments."""

    line: Id
    purchase: Id
    months: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_TERM)]


class PayLaterOffered(Event, frozen=True, kw_only=True, tag="pay_later_offered"):
    """A pay-later line was offered."""

    line: str


class PayLaterAnswered(Event, frozen=True, kw_only=True, tag="pay_later_answered"):
    """A customer opened, turned down or closed a line; `status` is the line's now."""

    line: str
    status: str


class PayLaterDrawn(Event, frozen=True, kw_only=True, tag="pay_later_drawn"):
    """A purchase was split into instalments."""

    line: str
    loan: str


class Offering(msgspec.Struct, frozen=True):
    """The customer, the account, loans and lines so far."""

    seq: int
    agreed: bool
    customer: Customer | None = None
    standing: Standing | None = None
    loans: tuple[Loan, ...] = ()
    lines: tuple[PayLaterLine, ...] = ()
    count: DataUse | None = None
    cards: tuple[TrainedCard, ...] = ()


class SeenLine(msgspec.Struct, frozen=True):
    """The line."""

    seq: int
    line: PayLaterLine | None


class Drawing(msgspec.Struct, frozen=True):
    """The line with what is drawn on it, the purchase, and the accounts."""

    seq: int
    line: PayLaterLine | None
    loans: tuple[Loan, ...] = ()
    purchase: Sealed | None = None
    reversed: bool = False
    standing: Standing | None = None
    bank: Standing | None = None


def line_text(line: PayLaterLine) -> str:
    """What a proof says is signed: this line and its limit."""
    amount = format_minor(line.limit_minor, line.currency)
    return f"pay_later {line.id}: {amount} {line.currency} to {line.account}"


def look_at_customer(ask: OfferPayLater, books: Books) -> Offering:
    """Read nothing without consent; else all that a line is decided on."""
    if not consented(ask.customer, ask.at, books):
        return Offering(books.seq, False)
    return Offering(
        books.seq, True, books.get(Customer, ask.customer), books.standing(ask.account),
        tuple(every(books, Loan, "customer", ask.customer)),
        tuple(every(books, PayLaterLine, "customer", ask.customer)),
        books.get(DataUse, today(ask.customer, Purpose.CREDIT, ask.actor, ask.at)),
        cards_in_use(books),
    )  # fmt: skip


def no_line(ask: OfferPayLater, seen: Offering, product: LoanProduct) -> Refusal | None:
    """Why no line is looked into, or None. One who turned a line down is not asked again."""
    if not seen.agreed:
        return Refusal("loan_consent_missing")
    if seen.customer is None:
        return Refusal("customer_not_found")
    if any(line.status != "closed" for line in seen.lines):
        return Refusal("line_exists")
    if ask.behaviour.purchases < PURCHASES:
        return Refusal("line_not_offered")
    refusal = wrong_account(seen.standing, ask.customer, product.currency)
    return refusal or not_measured(ask.behaviour, ask.bureau, ask.at)


def offer(ask: OfferPayLater, seen: Offering) -> Outcome:
    """Offer the largest line that income and grade carry; what a person would have to decide is none."""
    number, product = decision_id(seen.seq), _product()
    if refusal := no_line(ask, seen, product):
        return refused(number, refusal)
    known = seen.customer
    assert known is not None
    facts = inputs(ask.behaviour, ask.bureau, seen.loans, ask.at)
    person = known.kind == "company", age_on(known.born, ask.at)
    found = decide(Asked(product, product.least_minor, max(product.terms), False, *person, seen.cards), facts)
    if found.result != "offer" or found.price is None:
        return refused(number, Refusal("line_not_offered"))
    line = PayLaterLine(
        line_number(seen.seq), ask.customer, product.id, ask.account, product.currency, found.limit_minor,
        found.price.rate_ppm, found.score.grade, "offered", ask.at, text_of(facts),
        text_of(found.score.contributions), ask.behaviour.purchases,
    )  # fmt: skip
    some_id = today(ask.customer, Purpose.CREDIT, ask.actor, ask.at)
    counted = used(seen.count, some_id, REGISTER[Purpose.CREDIT].data, ask.at, "pay later")
    answer = Answer(number, "done", made=line.id, events=(PayLaterOffered(line=line.id),))
    return Outcome(answer, kept=(line, counted))


def _product() -> LoanProduct:
    found = shipped().find(PRODUCT)
    assert found is not None, "the bank comes with a pay-later product"
    return found


def look_at_line(ask: AnswerPayLater, books: Books) -> SeenLine:
    """Read the line."""
    return SeenLine(books.seq, books.get(PayLaterLine, ask.line))


def answer_line(ask: AnswerPayLater, seen: SeenLine) -> Outcome:
    """Open, turn down or close the line; what is drawn is repaid as agreed."""
    number, line = decision_id(seen.seq), seen.line
    if line is None or ask.actor != f"customer:{line.customer}":
        return refused(number, Refusal("line_not_found"))
    if line.status not in ("offered", "open") or (ask.accept and line.status != "offered"):
        return refused(number, Refusal("line_not_open"))
    if ask.accept and not ask.proof.endswith(line_text(line)):
        return refused(number, Refusal("loan_proof_missing"))
    closed = "closed" if line.status == "open" else "declined"
    after = replace(line, status="open" if ask.accept else closed, answered_at=ask.at)
    event = PayLaterAnswered(line=line.id, status=after.status)
    return Outcome(Answer(number, "done", about=f"D{line.id[1:]}", events=(event,)), kept=(after,))


def look_at_purchase(ask: DrawPayLater, books: Books) -> Drawing:
    """Read the line, what is drawn on it, and the purchase."""
    line = books.get(PayLaterLine, ask.line)
    if line is None:
        return Drawing(books.seq, None)
    return Drawing(
        books.seq, line, tuple(every(books, Loan, "customer", line.customer)),
        books.record(ask.purchase), books.get(Reversal, ask.purchase) is not None,
        books.standing(line.account), books.standing(chart_id("loans", line.currency)),
    )  # fmt: skip


def bought(seen: Drawing, at: int) -> int:
    """What was paid at the purchase (minor units of the line's currency); 0 when there is none to split."""
    record, line = seen.purchase, seen.line
    if record is None or line is None or not isinstance(record.command, AuthoriseCardPayment):
        return 0
    paid, moved = record.command, record.answer.movements
    theirs = (paid.customer, paid.payer, paid.currency) == (line.customer, line.account, line.currency)
    if not theirs or seen.reversed or not moved or record.answer.result != "allowed":
        return 0
    return moved[0].amount_minor if at - SPLIT_TIME <= paid.at <= at else 0


def no_drawing(ask: DrawPayLater, seen: Drawing, product: LoanProduct) -> Refusal | None:
    """Why the purchase is not split, or None."""
    line = seen.line
    if line is None or ask.actor != f"customer:{line.customer}":
        return Refusal("line_not_found")
    if line.status != "open":
        return Refusal("line_not_open")
    amount = bought(seen, ask.at)
    if not amount:
        return Refusal("purchase_not_found")
    if any(loan.purchase == ask.purchase for loan in seen.loans):
        return Refusal("purchase_split_before")
    if any(loan.status == RUNNING and loan.bucket(bank_day(ask.at)) for loan in seen.loans):
        return Refusal("line_late")
    if ask.months not in product.terms:
        return Refusal("loan_term_not_possible", {"terms": ", ".join(map(str, product.terms))})
    left = line.limit_minor - sum(loan.principal_minor for loan in seen.loans if loan.line == line.id)
    if amount > left:
        return Refusal("line_too_low", {"left": str(Money(left, line.currency))})
    return wrong_account(seen.standing, line.customer, line.currency)


def draw(ask: DrawPayLater, seen: Drawing) -> Outcome:
    """Lend the price of the purchase back to the account it was paid from, to be repaid in instalments."""
    number = decision_id(seen.seq)
    product = shipped().find(seen.line.product if seen.line else PRODUCT) or _product()
    if refusal := no_drawing(ask, seen, product):
        return refused(number, refusal)
    line = seen.line
    assert line is not None
    loan = drawn(ask, line, product, bought(seen, ask.at), seen.seq)
    movement = lent_out(loan)
    posted = post((movement,), {movement.payer: seen.bank, movement.payee: seen.standing}, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    answer = Answer(
        number, "done", movements=(movement,), about=ask.purchase, made=loan.id,
        events=(PayLaterDrawn(line=line.id, loan=loan.id),),
    )  # fmt: skip
    return Outcome(answer, posted.lines, tuple(posted.standings.values()), (loan,))


def drawn(ask: DrawPayLater, line: PayLaterLine, product: LoanProduct, amount: int, seq: int) -> Loan:
    """The loan of one purchase."""
    made = offer_of(product, amount, ask.months, line.rate_ppm, ask.at)
    contract = contract_of(product, made, ask.months, (line.id, line.customer, line.account))
    return Loan(
        loan_id(seq), line.customer, "", product.id, product.kind, line.account, line.currency, amount,
        line.rate_ppm, RUNNING, ask.at, terms_sha256(contract), "", amount, pack(made.plan), bank_day(ask.at),
        line=line.id, purchase=ask.purchase,
    )  # fmt: skip


OFFER_PAY_LATER = Journey(
    OfferPayLater, look_at_customer, offer, roles=("system",), accounts=("account",), purpose=Purpose.CREDIT
)
ANSWER_PAY_LATER = Journey(AnswerPayLater, look_at_line, answer_line, roles=("customer",))
DRAW_PAY_LATER = Journey(DrawPayLater, look_at_purchase, draw, roles=("customer",))
