"""Exchange: a customer's money in one currency is given for another between two accounts of theirs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.own_work import EITHER, FROM, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Amount, Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.exchange import BASIS, Rate, exchange
from jingwei.ledger.posting import post

Part = Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class Exchange(Command, frozen=True, kw_only=True, tag="exchange"):
    """Give `amount_minor` of the payer account's currency for that of the payee account.

    One whole unit sold buys `rate_numerator` / `rate_denominator` whole units, less `margin_bp`
    basis points for the bank. The bank's own systems ask for it at the rate the customer accepted:
    a customer cannot name a rate.
    """

    customer: Id
    payer: Id
    payee: Id
    amount_minor: Amount
    rate_numerator: Part
    rate_denominator: Part
    margin_bp: Annotated[int, msgspec.Meta(ge=0, lt=BASIS)] = 0


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


def look(ask: Exchange, books: Books) -> Seen:
    """Read both accounts and the bank's positions in their currencies."""
    payer, payee = books.own(ask.payer), books.own(ask.payee)
    codes = [standing.account.currency for standing in (payer, payee) if standing is not None]
    names = [f"bank:exchange:{code}" for code in codes]
    return Seen(books.seq, payer, payee, {name: books.standing(name) for name in names}, books.rules)


def act(ask: Exchange, seen: Seen) -> Outcome:
    """Post both sides of the exchange, or neither; nobody names a rate for themselves."""
    number, payer, payee = decision_id(seen.seq), seen.payer, seen.payee
    if payer is None or payee is None or {payer.account.owner, payee.account.owner} != {ask.customer}:
        return refused(number, ACCOUNT_NOT_FOUND)
    if owns(ask.actor, (payer, payee), seen.rules):
        return refused(number, Refusal("own_work"))
    sold, bought = payer.account.currency, payee.account.currency
    rate = Rate(sold, bought, ask.rate_numerator, ask.rate_denominator, ask.margin_bp)
    movements = exchange(ask.payer, ask.payee, ask.amount_minor, rate)
    if isinstance(movements, Refusal):
        return refused(number, movements)
    standings = {**seen.positions, ask.payer: payer, ask.payee: payee}
    posted = post(movements, standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    event = MoneyExchanged(
        sold=sold, sold_minor=ask.amount_minor, bought=bought, bought_minor=movements[1].amount_minor
    )
    answer = Answer(number, "done", movements=movements, events=(event,))
    return Outcome(answer, posted.lines, tuple(posted.standings.values()))


EXCHANGE = Journey(
    Exchange, look, act, roles=("staff", "system"), accounts=("payer", "payee"), rules=FROM, unnumbered=EITHER
)
