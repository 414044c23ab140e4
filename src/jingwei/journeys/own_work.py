"""Whose payment a case is about: nobody may work on a payment of their own or of an account they own."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jingwei.journeys.shape import Books
from jingwei.ledger.accounts import Hold, Standing
from jingwei.ledger.work import Case


class Parties(msgspec.Struct, frozen=True):
    """Who asked for the payment (an actor), whose it is, and who owns the accounts on both sides."""

    asker: str
    people: tuple[str, ...]

    def include(self, actor: str) -> bool:
        """Whether this actor asked for the payment, or is one of its people."""
        return actor == self.asker or actor.partition(":")[2] in self.people


FROM = 1
"""From this version of the rules of a journey that asks `owns` nobody works on an account of their own.

Records from before the versions may have been made under either.
"""

EITHER = (FROM, 0)


def owns(actor: str, standings: Iterable[Standing | None], rules: int) -> bool:
    """Whether a member of staff is about to work on an account of their own, where the rules forbid it."""
    role, _, who = actor.partition(":")
    mine = role == "staff" and any(one is not None and one.account.owner == who for one in standings)
    return mine and rules >= FROM


def parties(case: Case | None, books: Books) -> Parties:
    """The parties of the payment that a case is about; nobody for no case."""
    if case is None:
        return Parties("", ())
    record, hold = books.record(case.about), books.get(Hold, case.hold)
    people = [case.customer]
    for account in (hold.account, hold.payee) if hold else ():
        standing = books.standing(account)
        if standing is not None and standing.account.side != "bank":
            people.append(standing.account.owner)
    return Parties(record.command.actor if record else "", tuple(people))
