"""ReviewCase: a person answers a held payment; the money goes or comes back, in one step."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from jingwei.journeys.case_work import SeenCase, look_at_case, not_workable, note
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.journeys.two_people import PROPOSALS
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import AUTHORISATION, Hold, Movement, Standing, chart_id, line_id
from jingwei.ledger.casework import CONFIRMED_RISK, FALSE_ALARM, CaseNote, CaseWork, needs_two
from jingwei.ledger.holds import capture, release
from jingwei.ledger.posting import Posted, post_one
from jingwei.ledger.products import Product
from jingwei.ledger.work import Case

Found = Literal["", "confirmed_risk", "valuable", "false_alarm"]
"""What an alert was worth: a risk, worth a look though none, or nothing; "" when nobody says."""

Because = Literal[
    "",
    "customer_confirmed",
    "pattern_explained",
    "payee_known",
    "customer_denies",
    "taken_over",
    "persuaded",
    "mule",
    "other",
]
"""The reason an answer is given for."""


DECLINED = 1
"""From this version of the rules on a second person can say no to a proposed change."""


class ReviewCase(Command, frozen=True, kw_only=True, tag="answer_case"):
    """Release (`release` True) or refuse the payment that case `case` waits for, and say why.

    From FOUR_EYES_FROM on the first answer is a proposal; somebody else who answers the same carries it out.
    Of a change that waits for a second person `release` False is that person's no; the yes is to ask for the
    same change.
    """

    case: Id
    release: bool
    comment: Text = ""
    outcome: Found = ""
    reason: Because = ""


class CaseReviewed(Event, frozen=True, kw_only=True, tag="case_reviewed"):
    """A person answered: labels for training. `fraud` is what they took the payment for, `outcome` what the
    alert was worth ("" when nobody said), `reason` why."""

    about: str
    fraud: bool
    outcome: str = ""
    reason: str = ""


class ReviewProposed(Event, frozen=True, kw_only=True, tag="review_proposed"):
    """A first person answered; the money waits until a second one agrees."""

    about: str
    release: bool


class Waiting(msgspec.Struct, frozen=True):
    """Money that waits: its hold and both accounts as they stand."""

    seq: int
    hold: Hold | None
    payer: Standing | None
    payee: Standing | None
    fees: Standing | None
    product: Product | None


class Seen(msgspec.Struct, frozen=True):
    """The case with the work on it, and the money it is about."""

    case: SeenCase
    waiting: Waiting
    rules: int = TODAYS


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
    seen = look_at_case(ask.case, books)
    return Seen(seen, look_at_hold(seen.case.hold if seen.case else "", books), books.rules)


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


def check(ask: ReviewCase, seen: SeenCase) -> Refusal | None:
    """Return why this answer cannot be taken, or None."""
    if refusal := not_workable(ask.actor, seen):
        return refusal
    impossible = CONFIRMED_RISK if ask.release else FALSE_ALARM
    return Refusal("outcome_contradicts") if ask.outcome == impossible else None


def answered(ask: ReviewCase) -> str:
    """The answer as a proposal keeps it."""
    return "release" if ask.release else "refuse"


def propose(ask: ReviewCase, seen: SeenCase, about: str) -> Outcome:
    """The outcome of a first answer where two are needed: the case waits for another person."""
    number, work = decision_id(seen.seq), seen.work
    if (work.proposed_by, work.proposed) == (ask.actor, answered(ask)):
        return refused(number, Refusal("second_person_needed"), about=about)
    work = replace(
        work, proposed_by=ask.actor, proposed=answered(ask), outcome=ask.outcome, reason=ask.reason,
        assignee="" if work.assignee == ask.actor else work.assignee, snoozed_until=0,
    )  # fmt: skip
    event = ReviewProposed(about=about, release=ask.release)
    answer = Answer(number, "proposed", case=ask.case, about=about, events=(event,))
    return Outcome(answer, kept=(work, *remark(ask, seen, f"proposed_{answered(ask)}")))


def remark(ask: ReviewCase, seen: SeenCase, kind: str) -> tuple[CaseNote, ...]:
    """What was said with an answer, when anything was."""
    return (note(seen, ask.actor, ask.at, kind, ask.comment),) if ask.comment or ask.outcome else ()


def agreed(ask: ReviewCase, work: CaseWork) -> bool:
    """Whether somebody else proposed the same answer before."""
    return work.proposed == answered(ask) and work.proposed_by != ask.actor


def decline(ask: ReviewCase, seen: SeenCase, case: Case) -> Outcome:
    """The outcome of a second person's no: the case is closed, and nothing was ever done."""
    closed = replace(case, status="refused", closed_by=ask.actor, closed_at=ask.at)
    answer = Answer(decision_id(seen.seq), "done", case=case.id, about=case.about)
    return Outcome(answer, kept=(closed, *remark(ask, seen, "refused")))


def act(ask: ReviewCase, seen: Seen) -> Outcome:
    """Close the case and let the money go or give it back, alone or with a second person."""
    number, case, work = decision_id(seen.waiting.seq), seen.case.case, seen.case.work
    if refusal := check(ask, seen.case):
        return refused(number, refusal, about=case.about if case else "")
    hold = seen.waiting.hold
    assert case is not None
    if case.code in PROPOSALS and not ask.release and seen.rules >= DECLINED:
        return decline(ask, seen.case, case)
    outcome = answer_hold(seen.waiting, ask.release, ask.at)
    if isinstance(outcome, Refusal):
        return refused(number, outcome, about=case.about)
    assert hold is not None, "what was answered has a hold"
    if needs_two(hold.amount_minor - hold.fee_minor, hold.currency) and not agreed(ask, work):
        return propose(ask, seen.case, case.about)
    found, why = ask.outcome or work.outcome, ask.reason or work.reason
    status = "released" if ask.release else "refused"
    closed = replace(case, status=status, closed_by=ask.actor, closed_at=ask.at)
    done = replace(work, outcome=found, reason=why, snoozed_until=0)
    event = CaseReviewed(
        about=case.about, fraud=found == CONFIRMED_RISK or (not found and not ask.release), outcome=found,
        reason=why,
    )  # fmt: skip
    answer = replace(outcome.answer, about=case.about, case=case.id, events=(event,))
    return replace(
        outcome, answer=answer, kept=(*outcome.kept, closed, done, *remark(ask, seen.case, status))
    )


REVIEW_CASE = Journey(ReviewCase, look, act, roles=("staff",), rules=DECLINED)
