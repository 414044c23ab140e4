"""AuthoriseCardPayment: a card is used at a terminal; the money is posted at once or held for a capture."""

from __future__ import annotations

import msgspec

from jingwei.decisions.judge import Judgement, Observed
from jingwei.journeys.payment import Order, carry_out, not_possible
from jingwei.journeys.shape import Books, Journey, Outcome
from jingwei.kernel.command import AmountOrZero, Command, CurrencyCode, Id, OptionalId
from jingwei.kernel.purpose import Purpose
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, AUTHORISATION, Movement, Standing, chart_id
from jingwei.ledger.products import Product


class AuthoriseCardPayment(Command, frozen=True, kw_only=True, tag="authorise_card_payment"):
    """Pay `amount_minor` at `terminal` from the card account `payer`, which `customer` owns.

    With `capture` the money is posted now (a single-message payment); without, it is held until
    a `CaptureCardPayment`. An amount of zero asks only whether the card is good (an account
    verification): it is judged like any other and moves nothing.
    """

    customer: Id
    payer: Id
    terminal: Id
    amount_minor: AmountOrZero
    currency: CurrencyCode
    capture: bool = True
    device: OptionalId = ""
    place: OptionalId = ""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What the bank looked at: the card account, the settlement account, the judgement."""

    seq: int
    payer: Standing | None
    settlement_id: str
    settlement: Standing | None
    product: Product | None
    judged: Judgement


def observe(ask: AuthoriseCardPayment) -> Observed:
    """A payment by this customer at this terminal."""
    return Observed(
        0, ask.at, ask.at, ask.amount_minor, ask.customer, "", ask.device, ask.terminal, ask.place
    )  # fmt: skip


def look(ask: AuthoriseCardPayment, books: Books) -> Seen:
    """Read the card account, the settlement account and what policy and model say."""
    settlement = chart_id("card_settlement", ask.currency)
    payer = books.own(ask.payer)
    product = books.products.find(payer.account.product) if payer else None
    return Seen(books.seq, payer, settlement, books.standing(settlement), product, books.judgement())


def act(ask: AuthoriseCardPayment, seen: Seen) -> Outcome:
    """Post the card payment, hold it, keep it back for an answer, or refuse it."""
    payer, product = seen.payer, seen.product
    if payer is None or product is None or payer.account.owner != ask.customer:
        return not_possible(seen.judged, ACCOUNT_NOT_FOUND, seen.seq)
    kind = "card" if ask.capture else AUTHORISATION
    movement = Movement(ask.payer, seen.settlement_id, ask.amount_minor, ask.currency, kind)
    order = Order(
        ask.customer, (movement,), {ask.payer: payer, seen.settlement_id: seen.settlement},
        product.hold_until(ask.at), ask.capture,
    )  # fmt: skip
    return carry_out(order, seen.judged, seen.seq, ask.at)


AUTHORISE_CARD_PAYMENT = Journey(
    AuthoriseCardPayment, look, act, roles=("customer", "staff", "system"), accounts=("payer",),
    observe=observe, policy="card_payment", purpose=Purpose.RISK,
)  # fmt: skip
