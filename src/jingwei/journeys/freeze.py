"""FreezeAccount: nothing may come into an account, go out of it, or both; and the freeze is lifted again."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.journeys.own_work import EITHER, FROM, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.family import Tie
from jingwei.ledger.terms import freeze


class FreezeAccount(Command, frozen=True, kw_only=True, tag="freeze_account"):
    """Freeze `account` in this direction, or with `on` False lift that freeze; "" lifts every freeze."""

    account: Id
    direction: Literal["", "in", "out", "both"]
    on: bool = True
    reason: Text = ""


class FreezeChanged(Event, frozen=True, kw_only=True, tag="freeze_changed"):
    """An account is now frozen this way: "", "in", "out" or "both"."""

    account: str
    frozen: str


class Seen(msgspec.Struct, frozen=True):
    """The account as it stands, and the guardians who froze it before."""

    seq: int
    standing: Standing | None
    froze: tuple[Tie, ...] = ()
    rules: int = TODAYS


def look(ask: FreezeAccount, books: Books) -> Seen:
    """Read the account, and which guardians froze it."""
    standing = books.own(ask.account)
    ties = every(books, Tie, "whose", standing.account.owner) if standing else []
    return Seen(books.seq, standing, tuple(tie for tie in ties if tie.holds(ask.account)), books.rules)


def act(ask: FreezeAccount, seen: Seen) -> Outcome:
    """Freeze the account or set it free, never one's own; freezing twice changes nothing more.

    What goes out is the bank's to free from then on, whoever stopped it before.
    """
    number = decision_id(seen.seq)
    if seen.standing is None:
        return refused(number, ACCOUNT_NOT_FOUND)
    if seen.standing.account.status != "open":
        return refused(number, Refusal("account_closed"))
    if owns(ask.actor, (seen.standing,), seen.rules):
        return refused(number, Refusal("own_work"))
    account = freeze(seen.standing.account, ask.direction or "both", ask.on and ask.direction != "")
    event = FreezeChanged(account=account.id, frozen=account.frozen)
    kept = tuple(tie.holding(account.id, False) for tie in seen.froze if ask.direction != "in")
    standings = (Standing(account, seen.standing.balance),)
    return Outcome(Answer(number, "done", events=(event,)), standings=standings, kept=kept)


FREEZE_ACCOUNT = Journey(
    FreezeAccount, look, act, roles=("staff", "system"), accounts=("account",), rules=FROM, unnumbered=EITHER
)
