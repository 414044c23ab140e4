"""AuthoriseCardPayment: a card is used at a terminal; the money is posted at once or held for a capture."""

from __future__ import annotations

import msgspec

from jingwei.decisions.judge import Judgement, Observed
from jingwei.decisions.policy import Verdict
from jingwei.journeys.payment import Order, carry_out, not_possible
from jingwei.journeys.shape import Books, Journey, Outcome
from jingwei.kernel.command import AmountOrZero, Command, CurrencyCode, Id, OptionalId
from jingwei.kernel.purpose import Purpose
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, AUTHORISATION, Movement, Standing, chart_id
from jingwei.ledger.cards import NOT_FOUND, Card, spent, stopped
from jingwei.ledger.pots import ROUND_UP, rest_to_whole
from jingwei.ledger.products import Product


class AuthoriseCardPayment(Command, frozen=True, kw_only=True, tag="authorise_card_payment"):
    """Pay `amount_minor` at `terminal` from the card account `payer`, which `customer` owns.

    With `capture` the money is posted now (a single-message payment); without, it is held until
    a `CaptureCardPayment`. An amount of zero asks only whether the card is good (an account
    verification): it is judged like any other and moves nothing. With a `card`, its freeze and
    limits hold, and its pot gets what is missing to the next whole unit of money.
    """

    customer: Id
    payer: Id
    terminal: Id
    amount_minor: AmountOrZero
    currency: CurrencyCode
    capture: bool = True
    device: OptionalId = ""
    place: OptionalId = ""
    card: OptionalId = ""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What the bank looked at: the card account, the settlement account, the judgement."""

    seq: int
    payer: Standing | None
    settlement_id: str
    settlement: Standing | None
    product: Product | None
    judged: Judgement
    card: Card | None = None
    pot: Standing | None = None


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
    seen = Seen(
        books.seq, payer, settlement, books.standing(settlement), product, books.judgement()
    )  # fmt: skip
    if not ask.card:
        return seen
    card = books.get(Card, ask.card)
    pot = books.standing(card.round_up) if card and card.round_up else None
    return msgspec.structs.replace(seen, card=card, pot=pot)


def act(ask: AuthoriseCardPayment, seen: Seen) -> Outcome:
    """Post the card payment, hold it, keep it back for an answer, or refuse it."""
    payer, product = seen.payer, seen.product
    if payer is None or product is None or payer.account.owner != ask.customer:
        return not_possible(seen.judged, ACCOUNT_NOT_FOUND, seen.seq)
    if ask.card and (refusal := card_stops(ask, seen.card)):
        return not_possible(seen.judged, refusal, seen.seq)
    kind = "card" if ask.capture else AUTHORISATION
    movement = Movement(ask.payer, seen.settlement_id, ask.amount_minor, ask.currency, kind)
    order = Order(
        ask.customer, (movement,), {ask.payer: payer, seen.settlement_id: seen.settlement},
        product.hold_until(ask.at), ask.capture,
    )  # fmt: skip
    if seen.card is None:
        return carry_out(order, seen.judged, seen.seq, ask.at)
    return with_card(order, seen.card, seen, ask.at)


def card_stops(ask: AuthoriseCardPayment, card: Card | None) -> Refusal | None:
    """Why the card does not pay, or None."""
    if card is None:
        return NOT_FOUND
    return stopped(card, ask.payer, ask.amount_minor, ask.currency, ask.at)


def with_card(order: Order, card: Card, seen: Seen, at: int) -> Outcome:
    """Carry out a card's payment, count it on the card, and round it up when there is money for that."""
    payment = order.movements[0]
    outcome = None
    rest = rest_to_whole(payment.amount_minor, payment.currency)
    if seen.pot is not None and rest and order.capture and seen.judged.verdict is Verdict.ALLOW:
        pot = seen.pot.account.id
        up = Movement(payment.payer, pot, rest, payment.currency, ROUND_UP)
        both = msgspec.structs.replace(
            order, movements=(payment, up), standings={**order.standings, pot: seen.pot}
        )
        outcome = carry_out(both, seen.judged, seen.seq, at)
    if outcome is None or outcome.answer.refusal is not None:
        outcome = carry_out(order, seen.judged, seen.seq, at)
    if outcome.answer.refusal is not None:
        return outcome
    return msgspec.structs.replace(outcome, kept=(*outcome.kept, spent(card, payment.amount_minor, at)))


AUTHORISE_CARD_PAYMENT = Journey(
    AuthoriseCardPayment, look, act, roles=("customer", "staff", "system"), accounts=("payer",),
    observe=observe, policy="card_payment", purpose=Purpose.RISK,
)  # fmt: skip
