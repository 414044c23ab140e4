"""MovePot: an owner's own money goes into a pot or comes back; closing a pot brings all of it back."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import AmountOrZero, Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import Account, Movement, Standing
from jingwei.ledger.posting import Posted, post
from jingwei.ledger.pots import INTO_POT, Pot
from jingwei.ledger.terms import close


class MovePot(Command, frozen=True, kw_only=True, tag="move_pot"):
    """Move `amount_minor` "in" or "out" of `pot`; "close" brings all of it back and ends the pot.

    It is the owner's own money on both sides: no policy judges it and no payment limit counts it.
    """

    pot: Id
    direction: Literal["in", "out", "close"]
    amount_minor: AmountOrZero = 0


class PotMoved(Event, frozen=True, kw_only=True, tag="pot_moved"):
    """Money went into or out of a pot."""

    pot: str


class Seen(msgspec.Struct, frozen=True):
    """The pot, its own account and the account beside it."""

    seq: int
    pot: Pot | None
    inside: Standing | None
    beside: Standing | None


def look(ask: MovePot, books: Books) -> Seen:
    """Read the pot and both accounts."""
    pot = books.get(Pot, ask.pot)
    beside = books.own(pot.account) if pot else None
    return Seen(books.seq, pot, books.own(ask.pot), beside)


def act(ask: MovePot, seen: Seen) -> Outcome:
    """Move the money; a pot that is closed gives back what it holds first."""
    number, pot = decision_id(seen.seq), seen.pot
    if pot is None or seen.inside is None or seen.beside is None:
        return refused(number, Refusal("pot_not_found"))
    closing = ask.direction == "close"
    amount = seen.inside.balance.booked_minor if closing else ask.amount_minor
    payer, payee = (pot.account, pot.id) if ask.direction == "in" else (pot.id, pot.account)
    movements = (Movement(payer, payee, amount, seen.inside.account.currency, INTO_POT),)
    standings = {pot.id: seen.inside, pot.account: seen.beside}
    posted: Posted | Refusal = Posted((), standings)
    if amount or not closing:
        posted = post(movements, standings, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    after, kept = posted.standings, (pot,)
    if closing:
        ended = close(after[pot.id])
        if not isinstance(ended, Account):
            return refused(number, ended)
        after = after | {pot.id: Standing(ended, after[pot.id].balance)}
        kept = (replace(pot, status="closed"),)
    answer = Answer(
        number, "done", movements=movements if posted.lines else (), events=(PotMoved(pot=pot.id),)
    )
    return Outcome(answer, posted.lines, tuple(after.values()), kept)


MOVE_POT = Journey(MovePot, look, act, roles=("customer", "staff", "system"), accounts=("pot",))
