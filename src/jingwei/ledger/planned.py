"""Payments that wait or are planned: undo windows, scheduled payments, known payees. Days are bank days."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from jingwei.kernel.clock import HOUR, day_start
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare

LONGEST_UNDO_S = 86_400
"""The longest a payment can be made to wait, in seconds: one day."""

DUE_AFTER = 8 * HOUR
"""Scheduled payments are made at eight in the morning: then people are awake to confirm what is asked."""

FIRST = date(1970, 1, 1)


class PendingPayment(Kept, frozen=True):
    """An allowed payment whose money waits, held, until `settle_at`; before that it can be undone.

    `status` is "waiting", "settled", "undone", "failed" (the books no longer allowed it) or "expired";
    `about` is the decision that allowed it, `by` the one that ended the waiting.
    """

    about: str
    customer: str
    hold: str
    payer: str
    payee: str
    amount_minor: int
    fee_minor: int
    currency: str
    status: str
    placed_at: int
    settle_at: int
    memo: str = ""
    by: str = ""
    why: str = ""


class Schedule(Kept, frozen=True):
    """A payment to be made by itself: `every` is "once", "weekly" or "monthly", from `first_day` on.

    `next_day` is when it is due next, the `done`-th after the first; `until_day` is the last day it may
    be made on, None without an end. `status` is "active", "done" or "cancelled". `device` is what it was set
    up on, from which its payments count as asked. `last_payment` is the decision it last came to,
    `last_result` that decision's result.
    """

    customer: str
    payer: str
    payee: str
    amount_minor: int
    currency: str
    every: str
    first_day: int
    next_day: int
    until_day: int | None
    status: str
    done: int = 0
    memo: str = ""
    device: str = ""
    last_payment: str = ""
    last_result: str = ""


class Payee(Kept, frozen=True):
    """Somebody a customer pays, under the name the customer wrote. `id` is made by `payee_key`."""

    customer: str
    account: str
    name: str
    since: int


def payee_key(customer: str, account: str) -> str:
    """The id of a customer's payee; "/" stands in no id, so two pairs never share one."""
    return f"{customer}/{account}"


def occurrence(first_day: int, every: str, n: int) -> int:
    """The bank day of the n-th payment, counted from 0, of a schedule that begins on `first_day`.

    A month that is too short takes its last day; the month after returns to the day of the first.
    """
    if every == "weekly":
        return first_day + 7 * n
    if every != "monthly":
        return first_day
    first = FIRST + timedelta(days=first_day)
    year, month = divmod(first.year * 12 + first.month - 1 + n, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(first.day, last)) - FIRST).days


def due_at(day: int) -> int:
    """The moment at which a payment scheduled for this bank day is made."""
    return day_start(day) + DUE_AFTER


def upcoming(schedule: Schedule, before: int) -> list[int]:
    """The days, from the next one on and before day `before`, on which an active schedule will pay."""
    days: list[int] = []
    if schedule.status != "active":
        return days
    n, day = schedule.done, schedule.next_day
    while day < before and (schedule.until_day is None or day <= schedule.until_day):
        days.append(day)
        if schedule.every == "once":
            break
        n += 1
        day = occurrence(schedule.first_day, schedule.every, n)
    return days


declare(
    {
        "pending_not_found": Words("There is no such payment that waits.", "没有这笔待入账的付款。"),
        "too_late_to_undo": Words(
            "The time to undo this payment is over.", "撤回期限已过，这笔付款不能再撤回。"
        ),
        "pending_over": Words(
            "This payment no longer waits: it was sent, undone or given back.",
            "这笔付款已不在等待中：已汇出、已撤回或已退回。",
        ),
        "schedule_not_found": Words("There is no such scheduled payment.", "没有这项预约付款。"),
        "schedule_over": Words(
            "This scheduled payment has ended or was cancelled.", "该预约付款已结束或已取消。"
        ),
        "schedule_moved_on": Words(
            "This day of the scheduled payment is dealt with already.", "该预约付款的这一期已处理。"
        ),
        "day_already_past": Words("Choose a day that is not over.", "请选择今天或以后的日期。"),
        "until_before_first": Words("The last day lies before the first.", "结束日期早于首次付款日期。"),
        "too_many_schedules": Words(
            "You have {most} scheduled payments; cancel one first.", "您已有{most}项预约付款，请先取消一项。"
        ),
        "name_missing": Words("Write a name for this payee.", "请填写收款人姓名。"),
    }
)
