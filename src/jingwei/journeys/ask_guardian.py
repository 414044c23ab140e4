"""A child's payment above the limits: it is not refused but held, and the guardian says yes or no to it."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.decisions.judge import Judgement
from jingwei.decisions.policy import Verdict
from jingwei.journeys.ask_again import Question, ask_again
from jingwei.journeys.payment import HELD, Order, not_possible, told
from jingwei.journeys.shape import Books, Outcome, every
from jingwei.kernel.clock import DAY
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Standing
from jingwei.ledger.family import GUARDIAN, Tie
from jingwei.ledger.posting import check_limits

ANSWER_TIME = DAY
"""How long a guardian has to answer."""


def guardian_of(payer: Standing | None, amount_minor: int, at: int, books: Books) -> Tie | None:
    """The tie of who must be asked, when the payment is above the account's limits; read only then."""
    if payer is None or payer.account.side != "customer" or check_limits(payer, amount_minor, at) is None:
        return None
    ties = every(books, Tie, "whose", payer.account.owner)
    return next((tie for tie in ties if tie.kind == GUARDIAN and tie.status == "active"), None)


def ask_guardian(order: Order, tie: Tie, judged: Judgement, seq: int, at: int) -> Outcome | None:
    """The payment as it waits for the guardian; None when its verdict is that nobody's yes is enough."""
    if judged.verdict not in (Verdict.ALLOW, Verdict.STEP_UP) or not order.capture:
        return None
    question = Question(
        tie.keeper, decision_id(seq), order.movements, order.standings, at, at + ANSWER_TIME, unlimited=True
    )
    waits = ask_again(question, seq)
    if isinstance(waits, Refusal):
        return not_possible(judged, waits, seq)
    answer = replace(
        told(judged, seq, "stepped_up", events=HELD), hold=waits.hold.id, challenge=waits.challenge.id
    )
    return Outcome(answer, standings=(waits.payer,), kept=(waits.hold, waits.challenge))
