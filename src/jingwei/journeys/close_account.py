"""CloseAccount: interest is settled, what is left is paid out, the account is closed: all in one entry."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec.structs import replace

from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.journeys.run_day_end import Mark
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import bank_day
from jingwei.kernel.command import Command, Id, OptionalId, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Account, Movement, Standing
from jingwei.ledger.day_end import close_days, first_open_day, settle_interest
from jingwei.ledger.posting import post
from jingwei.ledger.pots import Pot
from jingwei.ledger.products import Product
from jingwei.ledger.statement import EVER, BrokenChain, Since, closings, prefetch
from jingwei.ledger.terms import close

BY_RECORD = 1
"""From this version of the rules on days are cut by record number and not by six hours."""


class CloseAccount(Command, frozen=True, kw_only=True, tag="close_account"):
    """Close `account`; what is left in it goes to `payee`, another account of the same owner.

    `since` bounds the walk for what its open days ended with, as in RunDayEnd; without it an account is
    walked to its first line.
    """

    MEASURED: ClassVar[tuple[str, ...]] = ("since",)

    account: Id
    payee: OptionalId = ""
    reason: Text = ""
    since: Annotated[tuple[Mark, ...], msgspec.Meta(max_length=64)] = ()


class AccountClosed(Event, frozen=True, kw_only=True, tag="account_closed"):
    """An account was closed; `paid_out_minor` was left in it."""

    account: str
    paid_out_minor: int


class Seen(msgspec.Struct, frozen=True):
    """The account, its product, what its open days ended with (None: damaged), where the rest goes; the pot
    it is the account of, and why it cannot be closed whatever is in it."""

    seq: int
    standing: Standing | None
    product: Product | None
    closings: list[int] | None
    payee: Standing | None
    bank: dict[str, Standing | None]
    pot: Pot | None = None
    hangs: Refusal | None = None


declare(
    {
        "account_has_pots": Words(
            "The account still has pots; close them first, their money comes back to it.",
            "该账户下仍有存钱罐，请先关闭存钱罐，款项将退回该账户。",
        ),
        "account_has_loans": Words(
            "A loan is repaid from this account; repay it first.", "有贷款由该账户还款，请先还清贷款。"
        ),
        "books_under_repair": Words(
            "The entries of this account are being checked; it cannot be closed now.",
            "该账户的账务正在核查，暂不能销户。",
        ),
    }
)


def look(ask: CloseAccount, books: Books) -> Seen:
    """Read the account and the balances of its days up to yesterday, which still earn interest."""
    standing, payee = books.own(ask.account), books.own(ask.payee) if ask.payee else None
    if standing is None:
        return Seen(books.seq, None, None, [], None, {})
    account, yesterday = standing.account, bank_day(ask.at) - 1
    product = books.products.find(account.product)
    first = first_open_day(standing)
    ends: list[int] | None = []
    if account.status == "open" and product is not None and product.bears and first <= yesterday:
        since = (ask.since or EVER) if books.rules >= BY_RECORD else ()
        ends = ended(standing, range(first, yesterday + 1), books, since)
    names = [f"bank:{own}:{account.currency}" for own in ("interest_paid", "interest_earned", "fees")]
    bank = {name: books.standing(name) for name in names}
    return Seen(
        books.seq, standing, product, ends, payee, bank, books.get(Pot, account.id), hanging(account, books)
    )


def hanging(account: Account, books: Books) -> Refusal | None:
    """What would be left without its account, as a refusal, or None: open pots, loans repaid from it."""
    if any(pot.status == "open" for pot in every(books, Pot, "account", account.id)):
        return Refusal("account_has_pots")
    loans = every(books, Loan, "customer", account.owner)
    if any(loan.status == RUNNING and loan.account == account.id for loan in loans):
        return Refusal("account_has_loans")
    return None


def ended(standing: Standing, days: range, books: Books, since: Since) -> list[int] | None:
    """Return the balances these bank days ended with, or None when the account's lines do not chain."""
    known = prefetch([(standing.balance, days.start)], books.lines, since)
    try:
        return closings(standing.balance, days, books.lines, known, since)
    except BrokenChain:
        return None


def settled(seen: Seen, day: int) -> tuple[tuple[Movement, ...], Standing]:
    """Return the interest still to be posted up to this bank day, and the account before it is posted."""
    standing, product = seen.standing, seen.product
    assert standing is not None
    if product is None:
        return (), standing
    days = close_days(standing, product, seen.closings or [], day)
    moved = sum(-m.amount_minor if m.payer == standing.account.id else m.amount_minor for m in days.movements)
    booked = days.standing.balance.booked_minor
    ahead = Standing(standing.account, replace(days.standing.balance, booked_minor=booked + moved))
    rest = settle_interest(ahead, product)
    return (*days.movements, *rest.movements), Standing(
        standing.account, replace(rest.standing.balance, booked_minor=booked)
    )


def act(ask: CloseAccount, seen: Seen) -> Outcome:
    """Settle the interest, pay out the rest, close the account: all of it or nothing."""
    number, standing = decision_id(seen.seq), seen.standing
    if standing is None:
        return refused(number, ACCOUNT_NOT_FOUND)
    account, payee = standing.account, seen.payee
    if account.status != "open":
        return refused(number, Refusal("account_closed"))
    if ask.payee and (payee is None or payee.account.owner != account.owner):
        return refused(number, ACCOUNT_NOT_FOUND)
    if seen.hangs is not None or seen.closings is None:
        return refused(number, seen.hangs or Refusal("books_under_repair"))
    movements, before = settled(seen, bank_day(ask.at) - 1)
    left = before.balance.booked_minor
    left += sum(-m.amount_minor if m.payer == account.id else m.amount_minor for m in movements)
    if ask.payee and left > 0 and not before.balance.held_minor:
        movements += (Movement(account.id, ask.payee, left, account.currency, "closing"),)
    posted = post(movements, {**seen.bank, account.id: before, ask.payee: payee}, seen.seq, ask.at)
    if isinstance(posted, Refusal):
        return refused(number, posted)
    final = posted.standings.get(account.id, before)
    closed = close(final)
    if isinstance(closed, Refusal):
        return refused(number, closed)
    standings = posted.standings | {account.id: Standing(closed, final.balance)}
    event = AccountClosed(account=account.id, paid_out_minor=max(left, 0))
    answer = Answer(number, "done", movements=movements, events=(event,))
    kept = (replace(seen.pot, status="closed"),) if seen.pot is not None else ()
    return Outcome(answer, posted.lines, tuple(standings.values()), kept)


CLOSE_ACCOUNT = Journey(
    CloseAccount,
    look,
    act,
    roles=("customer", "staff", "system"),
    accounts=("account", "payee"),
    barrier=True,
    rules=BY_RECORD,
)
