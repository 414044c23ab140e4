"""SetLimits: an account gets its own limits and overdraft line; its owner can only make them tighter."""

from __future__ import annotations

from typing import Annotated

import msgspec

from jingwei.journeys.own_work import EITHER, owns
from jingwei.journeys.shape import TODAYS, Answer, Books, Journey, Outcome, refused
from jingwei.journeys.two_people import (
    OVERDRAFT_PROPOSED,
    TWO,
    Waiting,
    confirmed,
    look_at_proposal,
    needs_second,
)
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.money import MAX_AMOUNT_MINOR
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Account, Standing
from jingwei.ledger.casework import needs_two
from jingwei.ledger.terms import set_limits, set_overdraft

PROPOSED = OVERDRAFT_PROPOSED
"""The code of the case in which an overdraft line waits for a second person."""

Limit = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT_MINOR)]


class SetLimits(Command, frozen=True, kw_only=True, tag="set_limits"):
    """Give `account` these limits in minor units (null: no limit). The overdraft line null: as it was.

    For a line that is raised to `FOUR_EYES_FROM` or more two members of staff must ask.
    """

    account: Id
    payment_minor: Limit | None
    day_minor: Limit | None
    month_minor: Limit | None
    overdraft_minor: Limit | None = None


class LimitsSet(Event, frozen=True, kw_only=True, tag="limits_set"):
    """An account has other limits or another overdraft line now."""

    account: str


class Seen(msgspec.Struct, frozen=True):
    """The account as it stands."""

    seq: int
    standing: Standing | None
    rules: int = TODAYS
    waiting: Waiting | None = None


def look(ask: SetLimits, books: Books) -> Seen:
    """Read the account."""
    standing, waiting = books.own(ask.account), None
    if standing is not None and books.rules >= TWO and raises(ask, standing.account):
        waiting = look_at_proposal(ask, PROPOSED, standing.account.owner, books)
    return Seen(books.seq, standing, books.rules, waiting)


def raises(ask: SetLimits, account: Account) -> bool:
    """Whether a member of staff asks for an overdraft line that nobody gives alone."""
    line = ask.overdraft_minor or 0
    wider = line > account.overdraft_minor and needs_two(line, account.currency)
    return wider and ask.actor.startswith("staff:")


def tightens(ask: SetLimits, account: Account) -> bool:
    """Whether every limit asked for is at most the one that holds now, and no overdraft grows."""
    pairs = (
        (ask.payment_minor, account.limit_payment_minor),
        (ask.day_minor, account.limit_day_minor),
        (ask.month_minor, account.limit_month_minor),
    )
    wider = any(now is not None and (new is None or new > now) for new, now in pairs)
    return not wider and (ask.overdraft_minor is None or ask.overdraft_minor <= account.overdraft_minor)


def act(ask: SetLimits, seen: Seen) -> Outcome:
    """Change the terms, all or none; staff do not change those of an account of their own."""
    number, standing = decision_id(seen.seq), seen.standing
    if standing is None:
        return refused(number, ACCOUNT_NOT_FOUND)
    if standing.account.status != "open":
        return refused(number, Refusal("account_closed"))
    if owns(ask.actor, (standing,), seen.rules):
        return refused(number, Refusal("own_work"))
    if ask.actor.startswith("customer:") and not tightens(ask, standing.account):
        return refused(number, Refusal("not_allowed"))
    account = set_limits(standing.account, ask.payment_minor, ask.day_minor, ask.month_minor)
    if isinstance(account, Account) and ask.overdraft_minor is not None:
        account = set_overdraft(Standing(account, standing.balance), ask.overdraft_minor)
    if isinstance(account, Refusal):
        return refused(number, account)
    if seen.rules >= TWO and raises(ask, standing.account):
        missing = needs_second(ask, seen.seq, seen.waiting, PROPOSED, account.owner)
        if missing is not None:
            return missing
    answer = Answer(number, "done", events=(LimitsSet(account=account.id),))
    done = Outcome(answer, standings=(Standing(account, standing.balance),))
    return confirmed(ask, done, seen.waiting)


SET_LIMITS = Journey(
    SetLimits, look, act, roles=("customer", "staff", "system"), accounts=("account",),
    rules=TWO, unnumbered=EITHER,
)  # fmt: skip
