"""CaptureCardPayment: the shop takes authorised money, all of it or a part; the rest stays held."""

from __future__ import annotations

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import case_id, challenge_id, decision_id, pending_id, seq_of
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Hold, Movement, Standing
from jingwei.ledger.holds import capture
from jingwei.ledger.planned import PendingPayment
from jingwei.ledger.work import Case, Challenge


class CaptureCardPayment(Command, frozen=True, kw_only=True, tag="capture_card_payment"):
    """Move `amount_minor` of what `hold` keeps back to its payee."""

    hold: Id
    amount_minor: Amount
    currency: CurrencyCode


class HoldCaptured(Event, frozen=True, kw_only=True, tag="hold_captured"):
    """Held money was moved to the payee; `left_minor` is still held."""

    hold: str
    left_minor: int


class SeenHold(msgspec.Struct, frozen=True):
    """A hold, its accounts, and what waits for an answer about it."""

    seq: int
    hold: Hold | None
    payer: Standing | None
    payee: Standing | None
    case: Case | None
    challenge: Challenge | None
    pending: PendingPayment | None = None

    @property
    def waits(self) -> bool:
        """Whether a person, the customer or the undo window must end before the money may go anywhere."""
        case, challenge, pending = self.case, self.challenge, self.pending
        return (
            (case is not None and case.status == "open")
            or (challenge is not None and challenge.status == "open")
            or (pending is not None and pending.status == "waiting")
        )


declare(
    {
        "hold_under_review": Words(
            "The hold waits for an answer; it cannot be changed before.",
            "该笔款项正在等待确认或审核，暂不能处理。",
        ),
    }
)


def see_hold(hold_id: str, books: Books) -> SeenHold:
    """Read a hold, both its accounts, and the case or challenge the same record made."""
    hold = books.get(Hold, hold_id)
    number = seq_of(hold_id)
    if hold is None or number is None:
        return SeenHold(books.seq, None, None, None, None, None)
    return SeenHold(
        books.seq, hold, books.standing(hold.account), books.standing(hold.payee),
        books.get(Case, case_id(number)), books.get(Challenge, challenge_id(number)),
        books.get(PendingPayment, pending_id(number)),
    )  # fmt: skip


def look(ask: CaptureCardPayment, books: Books) -> SeenHold:
    """Read the hold and what belongs to it."""
    return see_hold(ask.hold, books)


def act(ask: CaptureCardPayment, seen: SeenHold) -> Outcome:
    """Post what is captured; a hold that waits for an answer is not captured before it."""
    number, hold = decision_id(seen.seq), seen.hold
    if hold is None or seen.payer is None or seen.payee is None:
        return refused(number, Refusal("hold_not_found"))
    about = decision_id(seq_of(hold.id) or 0)
    if seen.waits:
        return refused(number, Refusal("hold_under_review"), about=about)
    if ask.currency != hold.currency:
        return refused(number, Refusal("currency_differs", {"account_currency": hold.currency}), about=about)
    captured = capture(hold, ask.amount_minor, seen.payer, seen.payee, seen.seq, ask.at)
    if isinstance(captured, Refusal):
        return refused(number, captured, about=about)
    after, posted = captured
    movement = Movement(hold.account, hold.payee, ask.amount_minor, hold.currency, "capture")
    answer = Answer(
        number, "done", movements=(movement,), hold=hold.id, about=about,
        events=(HoldCaptured(hold=hold.id, left_minor=after.amount_minor),),
    )  # fmt: skip
    return Outcome(answer, posted.lines, tuple(posted.standings.values()), (after,))


CAPTURE_CARD_PAYMENT = Journey(CaptureCardPayment, look, act, roles=("staff", "system"))
