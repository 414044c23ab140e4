"""KeepPayee: a customer keeps somebody they pay under a name, to pay them again with fewer taps."""

from __future__ import annotations

import msgspec

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.planned import Payee, payee_key


class KeepPayee(Command, frozen=True, kw_only=True, tag="keep_payee"):
    """Keep `account` under the name `name`."""

    customer: Id
    account: Id
    name: Text


class PayeeKept(Event, frozen=True, kw_only=True, tag="payee_kept"):
    """A customer knows this payee from now on."""

    account: str


class Seen(msgspec.Struct, frozen=True):
    """The payee's account, and how it was kept before."""

    seq: int
    account: Standing | None
    before: Payee | None


def look(ask: KeepPayee, books: Books) -> Seen:
    """Read the account and what was kept of it."""
    before = books.get(Payee, payee_key(ask.customer, ask.account))
    return Seen(books.seq, books.standing(ask.account), before)


def act(ask: KeepPayee, seen: Seen) -> Outcome:
    """Keep the payee; keeping one again changes the name and not since when it is known."""
    number = decision_id(seen.seq)
    if ask.actor != f"customer:{ask.customer}" or seen.account is None or seen.account.account.side == "bank":
        return refused(number, ACCOUNT_NOT_FOUND)
    if not ask.name.strip():
        return refused(number, Refusal("name_missing"))
    since = seen.before.since if seen.before else ask.at
    payee = Payee(payee_key(ask.customer, ask.account), ask.customer, ask.account, ask.name.strip(), since)
    return Outcome(Answer(number, "done", events=(PayeeKept(account=ask.account),)), kept=(payee,))


KEEP_PAYEE = Journey(KeepPayee, look, act, roles=("customer",), accounts=("account",))
