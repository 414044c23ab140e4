"""AdvanceSchedule: a scheduled payment was asked for; the schedule moves on to its next day."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from jingwei.journeys.pay import Pay
from jingwei.journeys.shape import Answer, Books, Journey, Outcome, Sealed, refused
from jingwei.kernel.clock import bank_day
from jingwei.kernel.command import Command, Id
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal
from jingwei.ledger.planned import Schedule, due_at, occurrence

ACTOR = "system:schedules"


class AdvanceSchedule(Command, frozen=True, kw_only=True, tag="advance_schedule"):
    """The payment of `schedule` that was due on `day` came to the decision `payment`."""

    schedule: Id
    day: int
    payment: Id


class ScheduleAdvanced(Event, frozen=True, kw_only=True, tag="schedule_advanced"):
    """A scheduled payment came to this result; the customer is told."""

    schedule: str
    payment: str
    result: str


class Seen(msgspec.Struct, frozen=True):
    """The schedule and the record of its payment."""

    seq: int
    schedule: Schedule | None
    payment: Sealed | None


def look(ask: AdvanceSchedule, books: Books) -> Seen:
    """Read the schedule and the payment."""
    return Seen(books.seq, books.get(Schedule, ask.schedule), books.record(ask.payment))


def act(ask: AdvanceSchedule, seen: Seen) -> Outcome:
    """Turn to the next day, or end the schedule after its last."""
    number, schedule, payment = decision_id(seen.seq), seen.schedule, seen.payment
    if schedule is None or payment is None or not _is_of(payment, schedule, ask.day):
        return refused(number, Refusal("schedule_not_found"))
    if schedule.status != "active":
        return refused(number, Refusal("schedule_over"))
    if schedule.next_day != ask.day:
        return refused(number, Refusal("schedule_moved_on"))
    result = payment.answer.result
    done = schedule.done + 1
    after = occurrence(schedule.first_day, schedule.every, done)
    over = schedule.every == "once" or (schedule.until_day is not None and after > schedule.until_day)
    moved = replace(
        schedule, done=done, next_day=ask.day if over else after, status="done" if over else "active",
        last_payment=payment.answer.id, last_result=result,
    )  # fmt: skip
    event = ScheduleAdvanced(schedule=schedule.id, payment=payment.answer.id, result=result)
    return Outcome(Answer(number, "done", about=payment.answer.id, events=(event,)), kept=(moved,))


def _is_of(payment: Sealed, schedule: Schedule, day: int) -> bool:
    command = payment.command
    return isinstance(command, Pay) and (command.actor, command.key) == (ACTOR, key_of(schedule.id, day))


def key_of(schedule: str, day: int) -> str:
    """The key of the payment of this day: whoever asks for it again is told what it came to."""
    return f"schedule:{schedule}:{day}"


def payment_of(schedule: Schedule, at: int) -> Pay:
    """The ordinary payment a schedule asks for on its next day."""
    return Pay(
        key=key_of(schedule.id, schedule.next_day), actor=ACTOR, at=at, known_at=at,
        customer=schedule.customer, payer=schedule.payer, payee=schedule.payee,
        amount_minor=schedule.amount_minor, currency=schedule.currency, memo=schedule.memo,
        device=schedule.device, schedule=schedule.id,
    )  # fmt: skip


def moved_on(schedule: Schedule, payment: str, at: int) -> AdvanceSchedule:
    """The command that turns a schedule to its next day after this decision."""
    day = schedule.next_day
    return AdvanceSchedule(
        key=f"advance:{schedule.id}:{day}", actor=ACTOR, at=at, known_at=at, schedule=schedule.id, day=day,
        payment=payment,
    )  # fmt: skip


def due(active: Callable[[str], list[Schedule]], at: int) -> Iterator[Schedule]:
    """Every schedule whose next payment is due at this moment; `active` reads a page of those after an id."""
    after = ""
    while page := active(after):
        yield from (one for one in page if one.next_day <= bank_day(at) and due_at(one.next_day) <= at)
        after = page[-1].id


ADVANCE_SCHEDULE = Journey(AdvanceSchedule, look, act, roles=("system",))
