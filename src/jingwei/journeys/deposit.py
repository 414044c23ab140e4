"""Deposit: money comes into an account from outside the bank's own books, as cash or through clearing."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.journeys.own_work import EITHER, FROM, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Movement, Standing, chart_id
from jingwei.ledger.posting import post


class Deposit(Command, frozen=True, kw_only=True, tag="deposit"):
    """Pay `amount_minor` into `account`: "cash" at the counter, or "clearing" from another bank."""

    account: Id
    amount_minor: Amount
    currency: CurrencyCode
    source: Literal["cash", "clearing"] = "cash"
    memo: Text = ""


class MoneyPaidIn(Event, frozen=True, tag="money_paid_in"):
    """Money came into an account from outside."""


class Seen(msgspec.Struct, frozen=True):
    """The account paid into, and the bank's own account the money comes through."""

    seq: int
    account: Standing | None
    through_id: str
    through: Standing | None
    rules: int = TODAYS


def look(ask: Deposit, books: Books) -> Seen:
    """Read both accounts."""
    through = chart_id(ask.source, ask.currency)
    return Seen(books.seq, books.standing(ask.account), through, books.standing(through), books.rules)


def act(ask: Deposit, seen: Seen) -> Outcome:
    """Post the deposit; nobody takes in their own money."""
    number = decision_id(seen.seq)
    if seen.account is None or seen.account.account.side == "bank":
        return refused(number, ACCOUNT_NOT_FOUND)
    if owns(ask.actor, (seen.account,), seen.rules):
        return refused(number, Refusal("own_work"))
    movement = Movement(seen.through_id, ask.account, ask.amount_minor, ask.currency, "deposit")
    standings = {seen.through_id: seen.through, ask.account: seen.account}
    posted = post((movement,), standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    answer = Answer(number, "done", movements=(movement,), events=(MoneyPaidIn(),))
    return Outcome(answer, posted.lines, tuple(posted.standings.values()))


DEPOSIT = Journey(
    Deposit, look, act, roles=("staff", "system"), accounts=("account",), rules=FROM, unnumbered=EITHER
)
