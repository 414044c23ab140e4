"""ReviewCase: a person answers a held payment; the money goes or comes back, in one step."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import AUTHORISATION, Hold, Movement, Standing, chart_id, line_id
from jingwei.ledger.holds import capture, release
from jingwei.ledger.posting import Posted, post_one
from jingwei.ledger.products import Product
from jingwei.ledger.work import Case


class ReviewCase(Command, frozen=True, kw_only=True, tag="review_case"):
    """Release (`release` True) or refuse the payment that case `case` waits for, and say why."""

    case: Id
    release: bool
    comment: Text = ""


class CaseReviewed(Event, frozen=True, kw_only=True, tag="case_reviewed"):
    """A person answered; `fraud` is what they took it for, a label for training."""

    about: str
    fraud: bool


class Waiting(msgspec.Struct, frozen=True):
    """Money that waits: its hold and both accounts as they stand."""

    seq: int
    hold: Hold | None
    payer: Standing | None
    payee: Standing | None
    fees: Standing | None
    product: Product | None


class Seen(msgspec.Struct, frozen=True):
    """The case and the money it is about."""

    case: Case | None
    waiting: Waiting


def look_at_hold(hold_id: str, books: Books) -> Waiting:
    """Read a hold with both its accounts."""
    hold = books.get(Hold, hold_id)
    payer = books.standing(hold.account) if hold else None
    payee = books.standing(hold.payee) if hold else None
    fees = books.standing(chart_id("fees", hold.currency)) if hold else None
    product = books.products.find(payer.account.product) if payer else None
    return Waiting(books.seq, hold, payer, payee, fees, product)


def look(ask: ReviewCase, books: Books) -> Seen:
    """Read the case, its hold and both accounts."""
    case = books.get(Case, ask.case)
    return Seen(case, look_at_hold(case.hold if case else "", books))


def answer_hold(waiting: Waiting, release_it: bool, at: int) -> Outcome | Refusal:
    """Return the outcome of letting held money go (posted in full) or giving it back."""
    hold, payer, payee = waiting.hold, waiting.payer, waiting.payee
    if hold is None or payer is None or payee is None:
        return Refusal("hold_not_found")
    number = decision_id(waiting.seq)
    if not release_it:
        freed = release(hold, payer, "released")
        if isinstance(freed, Refusal):
            return freed
        return Outcome(Answer(number, "refused", hold=hold.id), standings=(freed[1],), kept=(freed[0],))
    if hold.kind == AUTHORISATION:
        return authorise(waiting, hold, at)
    captured = capture(hold, hold.amount_minor - hold.fee_minor, payer, payee, waiting.seq, at)
    if isinstance(captured, Refusal):
        return captured
    after, posted = captured
    if hold.fee_minor:
        charged = charge(after, posted, waiting.fees, waiting.seq, at)
        if isinstance(charged, Refusal):
            return charged
        after, posted = charged
    movements = tuple(
        Movement(line.payer, line.payee, line.amount_minor, line.currency, line.kind) for line in posted.lines
    )
    return Outcome(
        Answer(number, "allowed", movements=movements, hold=hold.id),
        posted.lines, tuple(posted.standings.values()), (after,),
    )  # fmt: skip


def authorise(waiting: Waiting, hold: Hold, at: int) -> Outcome | Refusal:
    """Let an authorisation stand: its money stays held until it is captured."""
    if hold.status != "active":
        return Refusal("hold_not_active", {"status": hold.status})
    until = waiting.product.hold_until(at) if waiting.product else hold.expires_at
    longer = replace(hold, expires_at=max(hold.expires_at, until))
    return Outcome(Answer(decision_id(waiting.seq), "allowed", hold=hold.id), kept=(longer,))


def charge(
    hold: Hold, paid: Posted, fees: Standing | None, seq: int, at: int
) -> tuple[Hold, Posted] | Refusal:
    """Capture what is left of a hold as the bank's fee, behind the payment that was just posted."""
    payer = paid.standings[hold.account]
    freed = replace(payer.balance, held_minor=payer.balance.held_minor - hold.amount_minor)
    fee = Movement(hold.account, chart_id("fees", hold.currency), hold.amount_minor, hold.currency, "fee")
    standings = {fee.payer: Standing(payer.account, freed), fee.payee: fees}
    posted = post_one(fee, standings, line_id(seq, len(paid.lines)), at)
    if isinstance(posted, Refusal):
        return posted
    after = Posted(paid.lines + posted.lines, paid.standings | posted.standings)
    return replace(hold, status="captured", amount_minor=0), after


def act(ask: ReviewCase, seen: Seen) -> Outcome:
    """Close the case and let the money go or give it back; never one's own payment."""
    number, case = decision_id(seen.waiting.seq), seen.case
    if case is None:
        return refused(number, Refusal("case_not_found"))
    if case.status != "open":
        return refused(number, Refusal("case_closed", {"status": case.status}), about=case.about)
    if ask.actor.partition(":")[2] == case.customer:
        return refused(number, Refusal("own_work"), about=case.about)
    outcome = answer_hold(seen.waiting, ask.release, ask.at)
    if isinstance(outcome, Refusal):
        return refused(number, outcome, about=case.about)
    status = "released" if ask.release else "refused"
    closed = replace(case, status=status, closed_by=ask.actor, closed_at=ask.at)
    event = CaseReviewed(about=case.about, fraud=not ask.release)
    answer = replace(outcome.answer, about=case.about, case=case.id, events=(event,))
    return replace(outcome, answer=answer, kept=(*outcome.kept, closed))


REVIEW_CASE = Journey(ReviewCase, look, act, roles=("staff",))
