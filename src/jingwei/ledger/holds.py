"""Holds: money kept back now, captured in full or in part, released or expired later. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from jingwei.kernel.money import Money
from jingwei.kernel.refusal import Refusal, Words, declare
from jingwei.ledger.accounts import Balance, Hold, Movement, Standing
from jingwei.ledger.posting import SPENDING, Posted, check, check_available, post, spend, unspend

declare(
    {
        "hold_not_found": Words("There is no such hold.", "没有这笔预授权。"),
        "hold_not_active": Words(
            "The hold was already captured, released, or has expired.",
            "这笔预授权已扣款、已解除或已过期，不能再办理。",
        ),
        "above_held_amount": Words("The amount is above what is held, {held}.", "金额超过预授权金额{held}。"),
    }
)


def place(hold: Hold, payer: Standing | None, payee: Standing | None, at: int) -> Standing | Refusal:
    """Return the payer's standing with the amount held, or why it may not be.

    The same checks as a payment; the amount counts against the spending limits now, the bank's fee in
    it does not, as when the payment is made at once.
    """
    spending = hold.amount_minor - hold.fee_minor
    movement = Movement(hold.account, hold.payee, spending, hold.currency, hold.kind)
    if refusal := check(movement, payer, payee, at):
        return refusal
    assert payer is not None
    if hold.fee_minor and (refusal := check_available(payer, hold.amount_minor)):
        return refusal
    old = payer.balance
    day, spent_day, month, spent_month = old.day, old.spent_day_minor, old.month, old.spent_month_minor
    if hold.kind in SPENDING and payer.account.side == "customer":
        day, spent_day, month, spent_month = spend(payer.account, old, spending, at)
    held = old.held_minor + hold.amount_minor
    balance = Balance(
        old.id, old.booked_minor, held, old.last_line, day, spent_day, month, spent_month,
        old.accrued_micro, old.accrued_day,
    )  # fmt: skip
    return Standing(payer.account, balance)


def release(hold: Hold, payer: Standing, status: str) -> tuple[Hold, Standing] | Refusal:
    """Return the hold as "released" or "expired" and the payer with the money available again.

    What is given back no longer counts against the limits of the day and month it was held in.
    A freeze does not stop a release: the money stays in the account.
    """
    if hold.status != "active":
        return Refusal("hold_not_active", {"status": hold.status})
    old = payer.balance
    spent_day, spent_month = old.spent_day_minor, old.spent_month_minor
    if hold.kind in SPENDING and payer.account.side == "customer":
        spending = max(hold.amount_minor - hold.fee_minor, 0)
        spent_day, spent_month = unspend(old, spending, hold.placed_at)
    balance = replace(
        old,
        held_minor=old.held_minor - hold.amount_minor,
        spent_day_minor=spent_day,
        spent_month_minor=spent_month,
    )
    return replace(hold, status=status, amount_minor=0), Standing(payer.account, balance)


def is_over(hold: Hold, at: int) -> bool:
    """Whether an active hold's time has run out at this moment."""
    return hold.status == "active" and at > hold.expires_at


def capture(
    hold: Hold, amount_minor: int, payer: Standing, payee: Standing, seq: int, at: int
) -> tuple[Hold, Posted] | Refusal:
    """Return the hold after capturing this amount and the entry posted for it; the rest stays held.

    The amount was checked against limits when the hold was placed, so it is moved as kind
    "capture", which no limit counts again. An account frozen or closed since then stops the
    capture: the money stays held until the freeze ends or the hold is released. A hold whose
    time has run out cannot be captured, even before it is marked as expired.
    """
    if hold.status != "active" or is_over(hold, at):
        return Refusal("hold_not_active", {"status": "expired" if hold.status == "active" else hold.status})
    if amount_minor > hold.amount_minor:
        return Refusal("above_held_amount", {"held": str(Money(hold.amount_minor, hold.currency))})
    freed = replace(payer.balance, held_minor=payer.balance.held_minor - amount_minor)
    movement = Movement(hold.account, hold.payee, amount_minor, hold.currency, "capture")
    posted = post((movement,), {hold.account: Standing(payer.account, freed), hold.payee: payee}, seq, at)
    if isinstance(posted, Refusal):
        return posted
    left = hold.amount_minor - amount_minor
    status = "active" if left else "captured"
    return replace(hold, status=status, amount_minor=left), posted
