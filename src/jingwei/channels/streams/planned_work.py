"""What falls due by itself: payments whose undo window is over are sent, scheduled payments are made."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from jingwei.bank import Reply
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.journeys import advance_schedule, settle_payment
from jingwei.ledger.planned import PendingPayment, Schedule
from jingwei.stores.store import Reader, StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.planned")
TICK_S = 1.0
WAIT_S = 5.0
PAGE = 500


def planned() -> Also:
    """What settles and pays on time in a running bank."""

    def add(_: FastAPI, desk: Desk) -> Alongside:
        async def work() -> None:
            while True:
                await asyncio.sleep(TICK_S)
                try:
                    await turn(desk)
                except StoreError as error:
                    LOG.warning("payments that are due wait: %s", error)
                    await asyncio.sleep(WAIT_S)

        return Alongside(lambda: None, (work,))

    return add


async def turn(desk: Desk) -> int:
    """Do everything that is due now and return how much it was; doing it twice pays once.

    Raises StoreError when it could not be written; the next turn asks again.
    """
    return await settle(desk) + await pay(desk)


async def settle(desk: Desk) -> int:
    """Send the payments that wait no longer."""
    now = desk.home.clock.now()
    commands = list(settle_payment.due(partial(waiting, desk.reader), now))
    replies = await asyncio.gather(*map(desk.joined.ask, commands), return_exceptions=True)
    for reply in replies:
        if not isinstance(reply, Reply | Problem):
            raise reply
    return sum(isinstance(reply, Reply) for reply in replies)


async def pay(desk: Desk) -> int:
    """Make the scheduled payments of today and turn their schedules to the next day."""
    now, made = desk.home.clock.now(), 0
    for schedule in list(advance_schedule.due(partial(active, desk.reader), now)):
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


def active(reader: Reader, after: str) -> list[Schedule]:
    """A page of the active schedules."""
    return reader.find(Schedule, "status", "active", after=after, limit=PAGE)
