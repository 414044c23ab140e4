"""Exchange: a customer's money in one currency is given for another between two accounts of theirs."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from jingwei.journeys.own_work import EITHER, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.journeys.two_people import (
    EXCHANGE_PROPOSED,
    TWO,
    Waiting,
    confirmed,
    look_at_proposal,
    needs_second,
)
from jingwei.kernel.command import Amount, Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.exchange import BASIS, Rate, Reference, exchange, within
from jingwei.ledger.posting import post

PROPOSED = EXCHANGE_PROPOSED
"""The code of the case in which an exchange waits for a second person."""

Part = Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class Exchange(Command, frozen=True, kw_only=True, tag="exchange"):
    """Give `amount_minor` of the payer account's currency for that of the payee account.

    One whole unit sold buys `rate_numerator` / `rate_denominator` whole units, less `margin_bp`
    basis points for the bank. The bank's own systems ask for it at the rate the customer accepted:
    a customer cannot name a rate. One member of staff names a rate within the band of the bank's `reference`
    (the channel fills it in); for any other, or where the bank has none, a second one must ask for the same.
    """

    MEASURED: ClassVar[tuple[str, ...]] = ("reference",)

    customer: Id
    payer: Id
    payee: Id
    amount_minor: Amount
    rate_numerator: Part
    rate_denominator: Part
    margin_bp: Annotated[int, msgspec.Meta(ge=0, lt=BASIS)] = 0
    reference: Reference | None = None


class MoneyExchanged(Event, frozen=True, kw_only=True, tag="money_exchanged"):
    """One currency was given for another, in minor units of each."""

    sold: str
    sold_minor: int
    bought: str
    bought_minor: int


class Seen(msgspec.Struct, frozen=True):
    """Both accounts of the customer, and every standing of the bank's positions by id."""

    seq: int
    payer: Standing | None
    payee: Standing | None
    positions: dict[str, Standing | None]
    rules: int = TODAYS
    waiting: Waiting | None = None


def look(ask: Exchange, books: Books) -> Seen:
    """Read both accounts and the bank's positions in their currencies."""
    payer, payee = books.own(ask.payer), books.own(ask.payee)
    codes = [standing.account.currency for standing in (payer, payee) if standing is not None]
    names = [f"bank:exchange:{code}" for code in codes]
    positions = {name: books.standing(name) for name in names}
    waiting = None
    if payer is not None and payee is not None and books.rules >= TWO and alone(ask, payer, payee):
        waiting = look_at_proposal(ask, PROPOSED, ask.customer, books)
    return Seen(books.seq, payer, payee, positions, books.rules, waiting)


def rate_of(ask: Exchange, payer: Standing, payee: Standing) -> Rate:
    """The rate that is asked for."""
    sold, bought = payer.account.currency, payee.account.currency
    return Rate(sold, bought, ask.rate_numerator, ask.rate_denominator, ask.margin_bp)


def alone(ask: Exchange, payer: Standing, payee: Standing) -> bool:
    """Whether a member of staff asks for a rate that nobody names alone."""
    return ask.actor.startswith("staff:") and not within(rate_of(ask, payer, payee), ask.reference)


def act(ask: Exchange, seen: Seen) -> Outcome:
    """Post both sides of the exchange, or neither; nobody names a rate for themselves."""
    number, payer, payee = decision_id(seen.seq), seen.payer, seen.payee
    if payer is None or payee is None or {payer.account.owner, payee.account.owner} != {ask.customer}:
        return refused(number, ACCOUNT_NOT_FOUND)
    if owns(ask.actor, (payer, payee), seen.rules):
        return refused(number, Refusal("own_work"))
    rate = rate_of(ask, payer, payee)
    movements = exchange(ask.payer, ask.payee, ask.amount_minor, rate)
    if isinstance(movements, Refusal):
        return refused(number, movements)
    standings = {**seen.positions, ask.payer: payer, ask.payee: payee}
    posted = post(movements, standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    if seen.rules >= TWO and alone(ask, payer, payee):
        missing = needs_second(ask, seen.seq, seen.waiting, PROPOSED, ask.customer)
        if missing is not None:
            return missing
    event = MoneyExchanged(
        sold=rate.sold, sold_minor=ask.amount_minor, bought=rate.bought,
        bought_minor=movements[1].amount_minor,
    )  # fmt: skip
    answer = Answer(number, "done", movements=movements, events=(event,))
    return confirmed(ask, Outcome(answer, posted.lines, tuple(posted.standings.values())), seen.waiting)


EXCHANGE = Journey(
    Exchange, look, act, roles=("staff", "system"), accounts=("payer", "payee"), rules=TWO, unnumbered=EITHER
)
