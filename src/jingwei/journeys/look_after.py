"""LookAfter: a guardian sets the limits of a child's account, and freezes or frees what may go out of it."""

from __future__ import annotations

import msgspec

from jingwei.journeys.set_limits import Limit
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.family import GUARDIAN, Tie
from jingwei.ledger.terms import freeze, set_limits


class LookAfter(Command, frozen=True, kw_only=True, tag="look_after"):
    """Through guardian tie `tie`, give the child's account these limits (minor units; null: none).

    With `frozen` nothing goes out of the account until a guardian frees it again. What the bank froze a
    guardian cannot free.
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
    """The tie, the child's account, and the tie of the guardian who froze it (None: nobody, or the bank)."""

    seq: int
    tie: Tie | None
    standing: Standing | None
    froze: Tie | None = None


def look(ask: LookAfter, books: Books) -> Seen:
    """Read the tie, the account, and whose freeze is on it."""
    tie = books.get(Tie, ask.tie)
    ties = every(books, Tie, "whose", tie.whose) if tie else []
    froze = next((one for one in ties if one.holds(ask.account)), None)
    return Seen(books.seq, tie, books.standing(ask.account), froze)


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
    stopped = account.frozen in ("out", "both")
    if stopped and not ask.frozen and seen.froze is None:
        return refused(number, Refusal("frozen_by_bank"))
    kept: tuple[Tie, ...] = ()
    if stopped != ask.frozen:
        account = freeze(account, "out", ask.frozen)
        kept = ((tie if ask.frozen else seen.froze or tie).holding(account.id, ask.frozen),)
    event = LookedAfter(account=account.id, frozen=ask.frozen)
    changed = (Standing(account, standing.balance),)
    return Outcome(Answer(number, "done", events=(event,)), standings=changed, kept=kept)


LOOK_AFTER = Journey(LookAfter, look, act, roles=("customer",), accounts=("account",))
