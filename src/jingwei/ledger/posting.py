"""Posting: whether money may move, and the books as they stand afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from jingwei.kernel.clock import BANK_OFFSET, DAY, bank_month
from jingwei.kernel.money import MAX_AMOUNT_MINOR, Money
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import (
    ACCOUNT_NOT_FOUND,
    AUTHORISATION,
    Account,
    Balance,
    Line,
    Movement,
    Standing,
)

SPENDING = frozenset({"payment", "card", AUTHORISATION, "exchange"})
"""Kinds of movement that count against a customer's payment limits."""

PASSES_FREEZE = frozenset({"interest"})
"""Kinds of movement a freeze does not stop: the bank's own duty towards the account."""

MAX_BALANCE_MINOR = 2**62
"""No account holds or owes more than this, so that every balance fits into 64 bits."""

MAX_MOVEMENTS = 1 << 16
"""Most movements one entry may have: a line's number has 16 bits for its place in the entry."""

_month_of = lru_cache(maxsize=4096)(bank_month)


class Posted(msgspec.Struct, frozen=True, gc=False):
    """The lines an entry wrote and the standings it changed."""

    lines: tuple[Line, ...]
    standings: dict[str, Standing]


def check(movement: Movement, payer: Standing | None, payee: Standing | None, at: int) -> Refusal | None:
    """Return why the movement may not be made, or None. The checks run in the order written."""
    if not 0 < movement.amount_minor <= MAX_AMOUNT_MINOR:
        return Refusal("amount_not_possible")
    if payer is None or payee is None:
        return ACCOUNT_NOT_FOUND
    if movement.payer == movement.payee:
        return Refusal("same_account")
    giving, taking = payer.account, payee.account
    if giving.status != "open" or taking.status != "open":
        return Refusal("account_closed")
    if giving.currency != movement.currency or taking.currency != movement.currency:
        return _currency_differs(movement, giving, taking)
    if (giving.frozen or taking.frozen) and stopped_by_freeze(movement.kind, giving, taking):
        return Refusal("account_frozen")
    if giving.side == "bank":
        return None
    if movement.kind in SPENDING and (refusal := check_limits(payer, movement.amount_minor, at)):
        return refusal
    money = payer.balance
    if money.booked_minor - money.held_minor + giving.overdraft_minor >= movement.amount_minor:
        return None
    return check_available(payer, movement.amount_minor)


def _currency_differs(movement: Movement, giving: Account, taking: Account) -> Refusal:
    other = giving if giving.currency != movement.currency else taking
    return Refusal("currency_differs", {"account_currency": other.currency})


def stopped_by_freeze(kind: str, giving: Account, taking: Account) -> bool:
    """Whether a freeze of either account stops a movement of this kind."""
    if kind in PASSES_FREEZE:
        return False
    return giving.frozen in ("out", "both") or taking.frozen in ("in", "both")


def check_available(payer: Standing, amount_minor: int) -> Refusal | None:
    """Return a refusal when less than this amount is available."""
    left = payer.available_minor
    if left < amount_minor:
        return Refusal("balance_too_low", {"available": str(Money(left, payer.account.currency))})
    return None


def check_limits(payer: Standing, amount_minor: int, at: int) -> Refusal | None:
    """Return a refusal when the amount is above the account's limit per payment, bank day or month."""
    account, balance = payer.account, payer.balance
    if (limit := account.limit_payment_minor) is not None and amount_minor > limit:
        return Refusal("above_payment_limit", {"limit": str(Money(limit, account.currency))})
    if account.limit_day_minor is None and account.limit_month_minor is None:
        return None
    _, spent_day, _, spent_month = spend(account, balance, amount_minor, at)
    if (limit := account.limit_day_minor) is not None and spent_day > limit:
        left = max(limit - (spent_day - amount_minor), 0)
        return Refusal("above_day_limit", {"left": str(Money(left, account.currency))})
    if (limit := account.limit_month_minor) is not None and spent_month > limit:
        left = max(limit - (spent_month - amount_minor), 0)
        return Refusal("above_month_limit", {"left": str(Money(left, account.currency))})
    return None


def spend(account: Account, balance: Balance, amount_minor: int, at: int) -> tuple[int, int, int, int]:
    """Return (day, spent that day, month, spent that month) after spending this amount at this moment.

    Spending is counted whether or not the account has limits now, so that a limit set during the
    day or month counts what was spent before. A payment that comes late counts on the newest day
    counted so far: out of order payments cannot start the count afresh. A count ends at MAX_BALANCE_MINOR,
    far above every limit: it must fit into 64 bits too.
    """
    day = (at + BANK_OFFSET) // DAY
    if day <= balance.day:
        return (
            balance.day, min(balance.spent_day_minor + amount_minor, MAX_BALANCE_MINOR),
            balance.month, min(balance.spent_month_minor + amount_minor, MAX_BALANCE_MINOR),
        )  # fmt: skip
    month = _month_of(day)
    if month == balance.month:
        return day, amount_minor, month, min(balance.spent_month_minor + amount_minor, MAX_BALANCE_MINOR)
    return day, amount_minor, month, amount_minor


def unspend(balance: Balance, amount_minor: int, at: int) -> tuple[int, int]:
    """Return (spent that day, that month) once an amount counted at this moment was not spent after all."""
    day = (at + BANK_OFFSET) // DAY
    spent_day, spent_month = balance.spent_day_minor, balance.spent_month_minor
    if day == balance.day:
        spent_day = max(spent_day - amount_minor, 0)
    if _month_of(day) == balance.month:
        spent_month = max(spent_month - amount_minor, 0)
    return spent_day, spent_month


def post(
    movements: tuple[Movement, ...], standings: Mapping[str, Standing | None], seq: int, at: int
) -> Posted | Refusal:
    """Return the books after all movements of one entry, or why none of them is made.

    `standings` holds every account the movements name; nothing passed in is changed. Movements
    are checked one after the other, each on the books the previous one left.
    """
    if len(movements) == 1:
        return post_one(movements[0], standings, seq << 16, at)
    assert len(movements) <= MAX_MOVEMENTS, "an entry has more movements than line numbers"
    after: dict[str, Standing] = {}
    lines: list[Line] = []
    for n, movement in enumerate(movements):
        payer = after.get(movement.payer) or standings.get(movement.payer)
        payee = after.get(movement.payee) or standings.get(movement.payee)
        if refusal := check(movement, payer, payee, at):
            return refusal
        assert payer is not None and payee is not None
        line = book(movement, payer.balance, payee.balance, seq << 16 | n, at)
        if line.payer_after_minor < -MAX_BALANCE_MINOR or line.payee_after_minor > MAX_BALANCE_MINOR:
            return Refusal("balance_too_large")
        after[movement.payer] = Standing(payer.account, paid(payer, line, at))
        after[movement.payee] = Standing(payee.account, received(payee.balance, line))
        lines.append(line)
    return Posted(tuple(lines), after)


def post_one(
    movement: Movement, standings: Mapping[str, Standing | None], number: int, at: int
) -> Posted | Refusal:
    """`post` for the entry of one movement; `number` is its line's."""
    done = move(movement, standings.get(movement.payer), standings.get(movement.payee), number, at)
    if isinstance(done, Refusal):
        return done
    line, payer, payee = done
    return Posted((line,), {movement.payer: payer, movement.payee: payee})


def move(
    movement: Movement, payer: Standing | None, payee: Standing | None, number: int, at: int
) -> tuple[Line, Standing, Standing] | Refusal:
    """Return the line of one movement with payer and payee after it, or why it is not made."""
    if refusal := check(movement, payer, payee, at):
        return refusal
    assert payer is not None and payee is not None
    line = book(movement, payer.balance, payee.balance, number, at)
    if line.payer_after_minor < -MAX_BALANCE_MINOR or line.payee_after_minor > MAX_BALANCE_MINOR:
        return Refusal("balance_too_large")
    after = Standing(payer.account, paid(payer, line, at))
    return line, after, Standing(payee.account, received(payee.balance, line))


def book(movement: Movement, payer: Balance, payee: Balance, number: int, at: int) -> Line:
    """Return the ledger line of a movement that passed its checks."""
    return Line(
        number, at, movement.payer, movement.payee, movement.amount_minor, movement.currency, movement.kind,
        payer.last_line, payee.last_line,
        payer.booked_minor - movement.amount_minor, payee.booked_minor + movement.amount_minor,
    )  # fmt: skip


def paid(payer: Standing, line: Line, at: int) -> Balance:
    """Return the payer's balance after this line."""
    account, old = payer.account, payer.balance
    if account.side == "customer" and line.kind in SPENDING:
        day, spent_day, month, spent_month = spend(account, old, line.amount_minor, at)
    else:
        day, spent_day, month, spent_month = old.day, old.spent_day_minor, old.month, old.spent_month_minor
    return Balance(
        old.id, line.payer_after_minor, old.held_minor, line.id, day, spent_day, month, spent_month,
        old.accrued_micro, old.accrued_day,
    )  # fmt: skip


def received(old: Balance, line: Line) -> Balance:
    """Return the payee's balance after this line."""
    return Balance(
        old.id, line.payee_after_minor, old.held_minor, line.id, old.day, old.spent_day_minor, old.month,
        old.spent_month_minor, old.accrued_micro, old.accrued_day,
    )  # fmt: skip
