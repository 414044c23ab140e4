"""Pay: a customer sends money from one account to another."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.decisions.judge import Judgement, Observed
from jingwei.journeys.ask_guardian import ask_guardian, guardian_of
from jingwei.journeys.payment import Order, carry_out, not_possible
from jingwei.journeys.shape import Books, Journey, Outcome
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, OptionalId, Text
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Movement, Standing, chart_id
from jingwei.ledger.family import Preference, Tie
from jingwei.ledger.fees import transfer_fee
from jingwei.ledger.planned import LONGEST_UNDO_S, Schedule
from jingwei.ledger.products import Product

UndoSeconds = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_UNDO_S)]


class Pay(Command, frozen=True, kw_only=True, tag="pay"):
    """Send `amount_minor` from `payer` to `payee`. `customer` owns the payer account.

    With `undo_s` an allowed payment waits so many seconds, held, and can be undone until then; null is as
    long as the customer said once that payments wait, or not at all when nothing was ever said.
    `schedule` names the schedule it is made for, which must still be active.
    """

    customer: Id
    payer: Id
    payee: Id
    amount_minor: Amount
    currency: CurrencyCode
    device: OptionalId = ""
    place: OptionalId = ""
    memo: Text = ""
    undo_s: UndoSeconds | None = 0
    schedule: OptionalId = ""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What the bank looked at: both accounts, the payer's product, the judgement."""

    seq: int
    payer: Standing | None
    payee: Standing | None
    fees: Standing | None
    product: Product | None
    judged: Judgement
    over: bool = False
    """Whether the schedule it is made for has ended."""
    guardian: Tie | None = None
    """Who must be asked, when a child's payment is above the account's limits."""
    undo_s: int = 0


declare(
    {
        "payment_refused": Words(
            "We did not make this payment, to protect you.", "为保护您的资金安全，我们没有执行这笔付款。"
        )
    }
)


def observe(ask: Pay) -> Observed:
    """A payment by this customer to this payee, from this device and place."""
    return Observed(
        0, ask.at, ask.at, ask.amount_minor, ask.customer, ask.payee, ask.device, place=ask.place
    )  # fmt: skip


def look(ask: Pay, books: Books) -> Seen:
    """Read payer, payee and what policy and model say."""
    payer = books.own(ask.payer)
    product = books.products.find(payer.account.product) if payer else None
    fees = books.standing(chart_id("fees", ask.currency))
    over = False
    if ask.schedule:
        schedule = books.get(Schedule, ask.schedule)
        over = schedule is None or schedule.status != "active" or schedule.customer != ask.customer
    guardian = guardian_of(payer, ask.amount_minor, ask.at, books)
    return Seen(
        books.seq, payer, books.standing(ask.payee), fees, product, books.judgement(), over, guardian,
        wished_undo(ask, books),
    )  # fmt: skip


def wished_undo(ask: Pay, books: Books) -> int:
    """How many seconds a payment is to wait: as it says itself, else as its customer said once."""
    if ask.undo_s is not None:
        return ask.undo_s
    said = books.get(Preference, ask.customer)
    return said.undo_s if said is not None else 0


def act(ask: Pay, seen: Seen) -> Outcome:
    """Post the payment with its fee, keep it back, or refuse it."""
    payer = seen.payer
    if payer is None or payer.account.owner != ask.customer or ask.payee.startswith("bank:"):
        return not_possible(seen.judged, ACCOUNT_NOT_FOUND, seen.seq)
    if seen.over:
        return not_possible(seen.judged, Refusal("schedule_over"), seen.seq)
    movements: tuple[Movement, ...] = (
        Movement(ask.payer, ask.payee, ask.amount_minor, ask.currency, "payment"),
    )
    standings = {ask.payer: payer, ask.payee: seen.payee}
    if seen.product is not None and (fee := transfer_fee(seen.product, ask.amount_minor)):
        to = chart_id("fees", ask.currency)
        movements += (Movement(ask.payer, to, fee, ask.currency, "fee"),)
        standings[to] = seen.fees
    order = Order(ask.customer, movements, standings, ask.at, undo_s=seen.undo_s)
    if seen.guardian is not None:
        asked = ask_guardian(order, seen.guardian, seen.judged, seen.seq, ask.at)
        if asked is not None:
            return asked
    return carry_out(order, seen.judged, seen.seq, ask.at)


PAY = Journey(
    Pay, look, act, roles=("customer", "staff", "system"), accounts=("payer", "payee"), observe=observe,
    policy="outgoing_transfer", purpose=Purpose.RISK,
)  # fmt: skip
