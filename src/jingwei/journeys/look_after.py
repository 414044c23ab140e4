"""LookAfter: a guardian sets the limits of a child's account, and freezes or frees what may go out of it."""

from __future__ import annotations

import msgspec

from jingwei.journeys.set_limits import Limit
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.family import GUARDIAN, Tie
from jingwei.ledger.terms import freeze, set_limits


class LookAfter(Command, frozen=True, kw_only=True, tag="look_after"):
    """Through guardian tie `tie`, give the child's account these limits (minor units; null: none).

    With `frozen` nothing goes out of the account until the guardian frees it again.
    """

    tie: Id
    account: Id
    payment_minor: Limit | None
    day_minor: Limit | None
    month_minor: Limit | None
    frozen: bool = False


class LookedAfter(Event, frozen=True, kw_only=True, tag="looked_after"):
    """A guardian changed what a child's account may do."""

    account: str
    frozen: bool


class Seen(msgspec.Struct, frozen=True):
    """The tie and the child's account."""

    seq: int
    tie: Tie | None
    standing: Standing | None


def look(ask: LookAfter, books: Books) -> Seen:
    """Read the tie and the account."""
    return Seen(books.seq, books.get(Tie, ask.tie), books.standing(ask.account))


def act(ask: LookAfter, seen: Seen) -> Outcome:
    """Change the account's limits and its outgoing freeze, both or neither."""
    number, tie, standing = decision_id(seen.seq), seen.tie, seen.standing
    if tie is None or ask.actor != f"customer:{tie.keeper}":
        return refused(number, Refusal("tie_not_found"))
    if tie.status != "active":
        return refused(number, Refusal("tie_ended"))
    if tie.kind != GUARDIAN:
        return refused(number, Refusal("not_the_guardian"))
    if standing is None or standing.account.owner != tie.whose:
        return refused(number, ACCOUNT_NOT_FOUND)
    if standing.account.status != "open":
        return refused(number, Refusal("account_closed"))
    account = set_limits(standing.account, ask.payment_minor, ask.day_minor, ask.month_minor)
    if isinstance(account, Refusal):
        return refused(number, account)
    account = freeze(account, "out", ask.frozen)
    event = LookedAfter(account=account.id, frozen=ask.frozen)
    return Outcome(Answer(number, "done", events=(event,)), standings=(Standing(account, standing.balance),))


LOOK_AFTER = Journey(LookAfter, look, act, roles=("customer",), accounts=("account",))
