"""What falls due by itself: payments whose undo window is over are sent, scheduled payments are made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

from jingwei.bank import Reply
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.journeys import advance_schedule, settle_payment
from jingwei.ledger.planned import PendingPayment, Schedule, due_at
from jingwei.stores.store import Reader, StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.planned")
TICK_S = 1.0
WAIT_S = 5.0
PAGE = 500
ANEW = 600
"""After so many turns everything that waits is read anew, whatever has become of the store meanwhile."""

K = TypeVar("K", PendingPayment, Schedule)


class Awaited(Generic[K]):
    """When each of a kind falls due, in memory: a turn reads what is new and what is due, not all that waits.

    Ids are made from record numbers, so that whatever is new stands behind what was read before.
    """

    def __init__(self, kind: type[K], status: str, when: Callable[[K], int]) -> None:
        """`status` is that of one which still waits, `when` the moment it is due (microseconds UTC)."""
        self._kind: type[K] = kind
        self._status = status
        self._when: Callable[[K], int] = when
        self._times: list[tuple[int, str]] = []
        self._after = ""
        self._turns = 0

    def due(self, reader: Reader, now: int) -> list[K]:
        """Everything that waits and is due now, by id; told again with each turn until it waits no longer."""
        self._turns += 1
        if self._turns % ANEW == 0:
            self._times, self._after = [], ""
        while page := reader.find(self._kind, "status", self._status, after=self._after, limit=PAGE):
            for one in page:
                heappush(self._times, (self._when(one), one.id))
            self._after = page[-1].id
        found = self._read(reader, now)
        for one in found:
            heappush(self._times, (self._when(one), one.id))
        return sorted((one for one in found if self._when(one) <= now), key=lambda one: one.id)

    def _read(self, reader: Reader, now: int) -> list[K]:
        """Those whose time has come, as they stand now; one that is over drops out here."""
        if not self._times or self._times[0][0] > now:
            return []
        ids = []
        times = self._times.copy()
        while times and times[0][0] <= now:
            ids.append(heappop(times)[1])
        found: list[K] = []
        for start in range(0, len(ids), PAGE):
            found += reader.load(self._kind, ids[start : start + PAGE])
        self._times = times  # only now: what could not be read is looked at again
        return [one for one in found if one.status == self._status]


class Agenda:
    """What falls due by itself in one bank, kept from turn to turn."""

    def __init__(self) -> None:
        self.payments = Awaited(PendingPayment, "waiting", lambda one: one.settle_at)
        self.schedules = Awaited(Schedule, "active", lambda one: due_at(one.next_day))


def planned() -> Also:
    """What settles and pays on time in a running bank."""

    def add(_: FastAPI, desk: Desk) -> Alongside:
        async def work() -> None:
            agenda = Agenda()
            while True:
                await asyncio.sleep(TICK_S)
                try:
                    await turn(desk, agenda)
                except StoreError as error:
                    LOG.warning("payments that are due wait: %s", error)
                    await asyncio.sleep(WAIT_S)

        return Alongside(lambda: None, (work,))

    return add


async def turn(desk: Desk, agenda: Agenda | None = None) -> int:
    """Do everything that is due now and return how much it was; doing it twice pays once.

    Without the `agenda` of the turn before, all that waits is read. Raises StoreError when it could not be
    written; the next turn asks again.
    """
    agenda = agenda or Agenda()
    return await settle(desk, agenda) + await pay(desk, agenda)


async def settle(desk: Desk, agenda: Agenda) -> int:
    """Send the payments that wait no longer."""
    now = desk.home.clock.now()
    ready = agenda.payments.due(desk.reader, now)
    commands = list(settle_payment.due(lambda after: [] if after else ready, now))
    replies = await asyncio.gather(*map(desk.joined.ask, commands), return_exceptions=True)
    for reply in replies:
        if not isinstance(reply, Reply | Problem):
            raise reply
    return sum(isinstance(reply, Reply) for reply in replies)


async def pay(desk: Desk, agenda: Agenda) -> int:
    """Make the scheduled payments of today and turn their schedules to the next day."""
    now, made = desk.home.clock.now(), 0
    ready = agenda.schedules.due(desk.reader, now)
    for schedule in list(advance_schedule.due(lambda after: [] if after else ready, now)):
        try:
            paid = await desk.joined.ask(advance_schedule.payment_of(schedule, now))
            if paid.seq >= 0:
                await desk.joined.ask(advance_schedule.moved_on(schedule, paid.answer.id, now))
                made += 1
        except Problem:
            LOG.error("scheduled payment %s met a bug; it is tried again", schedule.id)
    return made


def waiting(reader: Reader, after: str) -> list[PendingPayment]:
    """A page of the payments that wait for their undo window to end."""
    return reader.find(PendingPayment, "status", "waiting", after=after, limit=PAGE)
