"""The made-up city in a running bank: its past comes in after the first start, its present as time goes.

The bank is open while the past is written: pages say how far it is, and requests are answered between the
batches. What is stopped on its way is completed by the next start, from the same plan.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from jingwei.bank import Reply
from jingwei.channels.knowing.following import begin_anew, knowing_of, list_shops
from jingwei.channels.lending.counter import LoanCounter
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.channels.rest.desk import Writing
from jingwei.channels.sources.demo import bring_demo
from jingwei.channels.sources.running import beside
from jingwei.journeys.give_consent import GiveConsent
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import Purpose
from jingwei.simulation.city.shops import CODES
from jingwei.simulation.city.town import MOVING, NOTE, Past, Plan, Present, wake_up
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk

LOG = logging.getLogger("jingwei.city")
SEED = 7
PAST_DAYS, PRESENT_DAYS = 10, 30
SPEED = 10
"""How many times faster than the clock the city lives; the bank sees its payments when they come in."""

TICK_S = 0.5
FOUNDED = 512
"""A bank with at most so many records is new: nobody but the demo's own people are in its books."""

WAIT_S = 5.0
AT_ONCE = 128
"""Commands of the past in one batch: a request waits for one batch at most, some 30 ms."""

BREATH_S = 0.002
KEEP_TICKS = 60

Tell = Callable[[str], None]


def moving_in(people: int, tell: Tell = lambda text: None) -> Also:
    """What lets a city of so many people live in a running bank (0: none), and its source systems tell.

    `tell` is called with a sentence once the past is written.
    """

    def add(_: FastAPI, desk: Desk) -> Alongside:
        plan = plan_of(desk, people)
        if plan is not None and desk.reader.note(NOTE) is None:
            desk.writing = Writing()

        async def live() -> None:
            feed = None if plan is None else await _arrived(desk, plan)
            await beside(desk, bring_demo)
            if desk.writing is not None:
                await asyncio.to_thread(begin_anew, desk)
                desk.writing = None
                tell("The made-up city's past is written; its people go on living (simulated).")
            if feed is not None:
                await _alive(desk, feed)

        return Alongside(lambda: None, (live,))

    return add


def plan_of(desk: Desk, people: int) -> Plan | None:
    """The plan of the city of this bank, a fresh one for a new bank; None for one that has no city."""
    now = desk.home.clock.now()
    kept = desk.reader.note(NOTE) or desk.reader.note(MOVING)
    if kept:
        return msgspec.structs.replace(msgspec.json.decode(kept, type=Plan), at=now)
    if not people or desk.reader.size() > FOUNDED:
        return None
    return Plan(SEED, people, PAST_DAYS, PRESENT_DAYS, now, SPEED, now, now)


async def _arrived(desk: Desk, plan: Plan) -> Present:
    """The city, standing where its present goes on; its past is written first where it is not."""
    counter = LoanCounter(desk.reader, desk.home.registry)
    if desk.writing is None:
        return _told_of(desk, Present(await asyncio.to_thread(wake_up, plan, counter), plan, counter))
    await asyncio.to_thread(knowing_of(desk).catch_up_all)
    desk.home.store.set_notes({MOVING: msgspec.json.encode(plan).decode()})
    past = await asyncio.to_thread(Past, plan, counter)
    agreed = agreements(plan.people, plan.now)
    desk.writing.total = past.total + len(agreed)
    for batch in past.batches(AT_ONCE):
        past.told(batch, await _done(desk, batch))
    for start in range(0, len(agreed), AT_ONCE):
        await _done(desk, agreed[start : start + AT_ONCE])
    plan = msgspec.structs.replace(plan, at=desk.home.clock.now())
    _keep(desk, plan)
    return _told_of(desk, Present(past.feed, plan, counter))


async def _done(desk: Desk, commands: Sequence[Command]) -> list[Reply]:
    """Have commands of the past done, whatever it takes: a store that cannot write is asked again."""
    assert desk.writing is not None
    await asyncio.sleep(BREATH_S)
    while True:
        try:
            replies = list(await asyncio.gather(*map(desk.joined.ask, commands)))
        except StoreError as error:
            LOG.warning("the city waits: %s", error)
            await asyncio.sleep(WAIT_S)
        else:
            desk.writing.done += len(commands)
            return replies


def agreements(people: int, at: int) -> list[Command]:
    """The consents to offers that part of the made-up people give: three of four."""
    purpose = Purpose.MARKETING
    named = [f"p{number:06d}" for number in range(people) if number % 4]
    return [
        GiveConsent(
            key="city:offers", actor=f"customer:{who}", at=at, known_at=at, customer=who, purpose=purpose
        )
        for who in named
    ]


def _told_of(desk: Desk, present: Present) -> Present:
    """Write down which terminal is in which kind of shop, as an acquirer would list it."""
    kinds = present.city.shops.category.tolist()
    list_shops(desk.home.path, {f"shop-{number}": CODES[kind] for number, kind in enumerate(kinds)})
    return present


def _keep(desk: Desk, plan: Plan) -> None:
    desk.home.store.set_notes({NOTE: msgspec.json.encode(plan).decode(), MOVING: ""})


async def _alive(desk: Desk, present: Present) -> None:
    """Feed the city's present into the bank for as long as it runs."""
    ticks = 0
    while True:
        await asyncio.sleep(TICK_S)
        ticks += 1
        try:
            await _tick(desk, present)
            if ticks % KEEP_TICKS == 0:
                _keep(desk, present.plan(desk.home.clock.now()))
        except StoreError as error:
            LOG.warning("the city waits: %s", error)
            await asyncio.sleep(WAIT_S)


async def _tick(desk: Desk, present: Present) -> None:
    """Ask the bank for what is due and let people react."""
    now = desk.home.clock.now()
    commands = present.due(now)
    replies = await asyncio.gather(*map(desk.joined.ask, commands), return_exceptions=True)
    good = []
    for command, reply in zip(commands, replies, strict=True):
        if isinstance(reply, Reply):
            good.append((command, reply))
        elif not isinstance(reply, Problem):
            raise reply
    present.told([command for command, _ in good], [reply for _, reply in good], now)
