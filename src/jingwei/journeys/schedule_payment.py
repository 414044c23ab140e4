"""SchedulePayment, CancelSchedule: a customer has a payment made by itself, once or every week or month."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, every, refused
from jingwei.kernel.clock import bank_day
from jingwei.kernel.command import Amount, Command, CurrencyCode, Id, OptionalId, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id, schedule_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.accounts import ACCOUNT_NOT_FOUND, Standing
from jingwei.ledger.planned import Schedule, due_at

MOST = 100
"""Active scheduled payments of one customer."""

Day = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class SchedulePayment(Command, frozen=True, kw_only=True, tag="schedule_payment"):
    """Pay `amount_minor` from `payer` to `payee` on bank day `first_day` and, by `every`, after it.

    `until_day` is the last day it may be made on, None without an end.
    """

    customer: Id
    payer: Id
    payee: Id
    amount_minor: Amount
    currency: CurrencyCode
    every: Literal["once", "weekly", "monthly"]
    first_day: Day
    until_day: Day | None = None
    memo: Text = ""
    device: OptionalId = ""


class CancelSchedule(Command, frozen=True, kw_only=True, tag="cancel_schedule"):
    """Make no more payments of `schedule`; its own customer alone can ask for it."""

    schedule: Id


class PaymentScheduled(Event, frozen=True, kw_only=True, tag="payment_scheduled"):
    """Payments will be made by themselves."""

    schedule: str


class ScheduleCancelled(Event, frozen=True, kw_only=True, tag="schedule_cancelled"):
    """No more payments of a schedule will be made."""

    schedule: str


class SeenAccounts(msgspec.Struct, frozen=True):
    """Both accounts, and how many schedules the customer has."""

    seq: int
    payer: Standing | None
    payee: Standing | None
    active: int


class SeenSchedule(msgspec.Struct, frozen=True):
    """The schedule."""

    seq: int
    schedule: Schedule | None


def look(ask: SchedulePayment, books: Books) -> SeenAccounts:
    """Read both accounts and the customer's schedules."""
    mine = every(books, Schedule, "customer", ask.customer)
    active = sum(one.status == "active" for one in mine)
    return SeenAccounts(books.seq, books.own(ask.payer), books.standing(ask.payee), active)


def check(ask: SchedulePayment, seen: SeenAccounts) -> Refusal | None:
    """Return why this cannot be scheduled, or None."""
    payer, payee = seen.payer, seen.payee
    if payer is None or payer.account.owner != ask.customer:
        return ACCOUNT_NOT_FOUND
    if payee is None or payee.account.side == "bank":
        return ACCOUNT_NOT_FOUND
    if ask.payer == ask.payee:
        return Refusal("same_account")
    for account in (payer.account, payee.account):
        if account.currency != ask.currency:
            return Refusal("currency_differs", {"account_currency": account.currency})
    if due_at(ask.first_day) <= ask.at and ask.first_day != bank_day(ask.at):
        return Refusal("day_already_past")
    if ask.until_day is not None and ask.until_day < ask.first_day:
        return Refusal("until_before_first")
    if seen.active >= MOST:
        return Refusal("too_many_schedules", {"most": str(MOST)})
    return None


def act(ask: SchedulePayment, seen: SeenAccounts) -> Outcome:
    """Keep the schedule; the first payment is judged when it is made."""
    number = decision_id(seen.seq)
    if refusal := check(ask, seen):
        return refused(number, refusal)
    schedule = Schedule(
        schedule_id(seen.seq), ask.customer, ask.payer, ask.payee, ask.amount_minor, ask.currency, ask.every,
        ask.first_day, ask.first_day, ask.until_day, "active", 0, ask.memo, ask.device,
    )  # fmt: skip
    answer = Answer(number, "done", made=schedule.id, events=(PaymentScheduled(schedule=schedule.id),))
    return Outcome(answer, kept=(schedule,))


def look_at_one(ask: CancelSchedule, books: Books) -> SeenSchedule:
    """Read the schedule."""
    return SeenSchedule(books.seq, books.get(Schedule, ask.schedule))


def cancel(ask: CancelSchedule, seen: SeenSchedule) -> Outcome:
    """End an active schedule."""
    number, schedule = decision_id(seen.seq), seen.schedule
    if schedule is None or ask.actor != f"customer:{schedule.customer}":
        return refused(number, Refusal("schedule_not_found"))
    if schedule.status != "active":
        return refused(number, Refusal("schedule_over"))
    answer = Answer(number, "done", events=(ScheduleCancelled(schedule=schedule.id),))
    return Outcome(answer, kept=(replace(schedule, status="cancelled"),))


SCHEDULE_PAYMENT = Journey(SchedulePayment, look, act, roles=("customer",), accounts=("payer", "payee"))
CANCEL_SCHEDULE = Journey(CancelSchedule, look_at_one, cancel, roles=("customer",))
