"""The made-up city in a running bank: its past comes in at the first start, its present as time goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from jingwei.bank import Reply
from jingwei.channels.knowing.following import list_shops
from jingwei.channels.lending.asking import looked_into
from jingwei.channels.problems import Problem
from jingwei.channels.rest.app import Alongside, Also
from jingwei.domains.credit.loans import LoanApplication
from jingwei.journeys.give_consent import GiveConsent
from jingwei.kernel.command import Command
from jingwei.kernel.purpose import Purpose
from jingwei.simulation.city.shops import CODES
from jingwei.simulation.city.town import NOTE, Plan, Present, settle_past, wake_up
from jingwei.stores.store import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from jingwei.channels.rest.desk import Desk
    from jingwei.home import Home
    from jingwei.journeys.apply_for_loan import ApplyForLoan

LOG = logging.getLogger("jingwei.city")
SEED = 7
PAST_DAYS, PRESENT_DAYS = 10, 30
SPEED = 10
"""How many times faster than the clock the city lives; the bank sees its payments when they come in."""

TICK_S = 0.5
FOUNDED = 256
"""A bank with at most so many records is new: nobody but the demo's own people are in its books."""

WAIT_S = 5.0
AT_ONCE = 1_000
KEEP_TICKS = 60


def wake(home: Home, people: int, told: Callable[[int, int], None]) -> Present | None:
    """The city of this bank, made when the bank is new; None for an older bank that has none."""
    kept = home.store.note(NOTE)
    now = home.clock.now()
    if kept is not None:
        plan = msgspec.structs.replace(msgspec.json.decode(kept, type=Plan), at=now)
        counter = LoanCounter(home)
        return _told_of(home, Present(wake_up(plan, counter), plan, counter))
    if home.store.size() > FOUNDED:
        return None
    plan = Plan(SEED, people, PAST_DAYS, PRESENT_DAYS, now, SPEED, now, now)
    counter = LoanCounter(home)
    feed = settle_past(home.bank, plan, told, counter)
    now = home.clock.now()
    plan = msgspec.structs.replace(plan, at=now)
    _keep(home, plan)
    agreed = agreements(feed.city.people.size, now)
    for start in range(0, len(agreed), AT_ONCE):
        home.bank.do(agreed[start : start + AT_ONCE])
    return _told_of(home, Present(feed, plan, counter))


class LoanCounter:
    """The bank's side of the loan counter at which the city's people ask."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def measured(self, ask: ApplyForLoan) -> ApplyForLoan:
        """The application with what the customer lets the bank look at."""
        return looked_into(self._home.store, ask, self._home.registry)

    def application(self, some_id: str) -> LoanApplication | None:
        """An application as the bank keeps it."""
        return next(iter(self._home.store.load(LoanApplication, [some_id])), None)


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


def _told_of(home: Home, present: Present) -> Present:
    """Write down which terminal is in which kind of shop, as an acquirer would list it."""
    kinds = present.city.shops.category.tolist()
    list_shops(home.path, {f"shop-{number}": CODES[kind] for number, kind in enumerate(kinds)})
    return present


def _keep(home: Home, plan: Plan) -> None:
    home.store.set_notes({NOTE: msgspec.json.encode(plan).decode()})


def alive(present: Present) -> Also:
    """What feeds the city's present into a running bank."""

    def add(_: FastAPI, desk: Desk) -> Alongside:
        async def live() -> None:
            ticks = 0
            while True:
                await asyncio.sleep(TICK_S)
                ticks += 1
                try:
                    await _tick(desk, present)
                    if ticks % KEEP_TICKS == 0:
                        _keep(desk.home, present.plan(desk.home.clock.now()))
                except StoreError as error:
                    LOG.warning("the city waits: %s", error)
                    await asyncio.sleep(WAIT_S)

        return Alongside(lambda: None, (live,))

    return add


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
