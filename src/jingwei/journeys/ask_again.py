"""Asking a customer about a payment: its money is held and waits for a yes bound to what is shown."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from jingwei.kernel.ids import challenge_id, hold_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Hold, Movement, Standing
from jingwei.ledger.holds import place
from jingwei.ledger.work import Challenge


class Question(msgspec.Struct, frozen=True):
    """Whom to ask about which payment, until when. `movements[0]` is the payment, the rest its fees.

    `about` is the decision it continues. With `unlimited` the account's own limits do not stop it:
    whoever set them is the one who is asked.
    """

    asked: str
    about: str
    movements: tuple[Movement, ...]
    standings: Mapping[str, Standing | None]
    at: int
    until: int
    unlimited: bool = False


class Waits(msgspec.Struct, frozen=True):
    """The hold, the payer with the money held, and what is to be confirmed."""

    hold: Hold
    payer: Standing
    challenge: Challenge


def ask_again(question: Question, seq: int) -> Waits | Refusal:
    """Hold the money and ask, or return why the books do not allow the payment."""
    payment = question.movements[0]
    fee = sum(movement.amount_minor for movement in question.movements[1:])
    hold = Hold(
        hold_id(seq), payment.payer, payment.payee, payment.amount_minor + fee, payment.currency, "active",
        payment.kind, question.at, question.until, fee,
    )  # fmt: skip
    payer = question.standings.get(payment.payer)
    giving = _without_limits(payer) if payer and question.unlimited else payer
    placed = place(hold, giving, question.standings.get(payment.payee), question.at)
    if isinstance(placed, Refusal):
        return placed
    assert payer is not None
    challenge = Challenge(
        challenge_id(seq), question.about, question.asked, hold.id, payment.payee, payment.amount_minor,
        payment.currency, "open", question.at, question.until,
    )  # fmt: skip
    return Waits(hold, Standing(payer.account, placed.balance), challenge)


def _without_limits(payer: Standing) -> Standing:
    free = replace(payer.account, limit_payment_minor=None, limit_day_minor=None, limit_month_minor=None)
    return Standing(free, payer.balance)
