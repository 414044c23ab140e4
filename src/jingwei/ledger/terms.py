"""An account's own terms: freezes, limits, overdraft line, closing. Pure: a new account or a refusal."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Account, Standing
from jingwei.ledger.interest import MICRO

Direction = Literal["in", "out", "both"]

declare(
    {
        "limits_out_of_order": Words(
            "A limit for a longer time must not be below one for a shorter time.",
            "较长期间的限额不能低于较短期间的限额。",
        ),
        "overdraft_in_use": Words(
            "The overdraft line is in use up to {used}; it cannot be lower.",
            "透支额度已使用{used}，不能调低至该额度以下。",
        ),
        "account_not_empty": Words(
            "The account still holds {balance}; name an account to move it to.",
            "账户内尚有{balance}，请指定转入账户。",
        ),
        "account_owes": Words(
            "The account owes {balance}; pay it in first.", "账户欠款{balance}，请先偿还。"
        ),
        "account_has_holds": Words("{held} of the account is still held.", "账户内尚有{held}被预授权占用。"),
    }
)

_FROZEN = {
    "": frozenset[str](),
    "in": frozenset({"in"}),
    "out": frozenset({"out"}),
    "both": frozenset({"in", "out"}),
}
_NAMES = {ways: name for name, ways in _FROZEN.items()}


def freeze(account: Account, direction: Direction, on: bool) -> Account:
    """Return the account frozen this way or set free: "in" nothing comes in, "out" nothing goes out.

    Freezes add up: one frozen "in" and then "out" is frozen "both", and setting "in" free leaves "out".
    """
    now, ways = _FROZEN[account.frozen], _FROZEN[direction]
    return replace(account, frozen=_NAMES[now | ways if on else now - ways])


def set_limits(
    account: Account, payment_minor: int | None, day_minor: int | None, month_minor: int | None
) -> Account | Refusal:
    """Return the account with these limits (minor units; None: no limit), or why they make no sense."""
    given = [limit for limit in (payment_minor, day_minor, month_minor) if limit is not None]
    if given != sorted(given):
        return Refusal("limits_out_of_order")
    return replace(
        account, limit_payment_minor=payment_minor, limit_day_minor=day_minor, limit_month_minor=month_minor
    )


def set_overdraft(standing: Standing, line_minor: int) -> Account | Refusal:
    """Return the account with this overdraft line, or a refusal when more of the old one is in use."""
    account, balance = standing.account, standing.balance
    used = balance.held_minor - balance.booked_minor
    if line_minor < used and line_minor < account.overdraft_minor:
        return Refusal("overdraft_in_use", {"used": str(Money(used, account.currency))})
    return replace(account, overdraft_minor=line_minor)


def close(standing: Standing) -> Account | Refusal:
    """Return the account closed, or why it cannot be: money in it, owed on it, or held of it."""
    account, balance = standing.account, standing.balance
    if account.status != "open":
        return Refusal("account_closed")
    if balance.held_minor:
        return Refusal("account_has_holds", {"held": str(Money(balance.held_minor, account.currency))})
    interest_owed = max(-balance.accrued_micro // MICRO, 0)
    if balance.booked_minor < 0 or interest_owed:
        owed = max(-balance.booked_minor, 0) + interest_owed
        return Refusal("account_owes", {"balance": str(Money(owed, account.currency))})
    if balance.booked_minor:
        return Refusal("account_not_empty", {"balance": str(Money(balance.booked_minor, account.currency))})
    return replace(account, status="closed")
