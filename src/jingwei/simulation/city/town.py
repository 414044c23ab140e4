"""The city's life in one bank: its past brought in at once, then its present, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from jingwei.bank import Reply
from jingwei.journeys.publish_policy import PublishPolicy
from jingwei.kernel.clock import DAY, HOUR, bank_day, day_start
from jingwei.kernel.command import Command
from jingwei.simulation.city.feed import Feed, openings
from jingwei.simulation.city.wishes import Counter, measured
from jingwei.simulation.city.world import City, live_through

if TYPE_CHECKING:
    from jingwei.bank import Bank

BATCH: Final = 1_024
NOTE: Final = "city"
"""The name of the note in the books that says which city lives in them."""

MOVING: Final = "city:moving"
"""The note that says whose past is on its way into the books; "" once all of it is there."""

REVIEWED: Final = 20 * HOUR
"""Cases younger than this are left for whoever looks at the queue."""

Progress = Callable[[int, int], None]


class Plan(msgspec.Struct, frozen=True):
    """Which city lives in a bank: its seed, how many people, the days of its past, and when it was let in.

    `now` (microseconds UTC) is the moment at which its past ends and its present begins; `speed` is how
    many times faster than the clock its present goes. `position` is how far its present has come, `at`
    when that was.
    """

    seed: int
    people: int
    past_days: int
    present_days: int
    now: int
    speed: int
    position: int
    at: int

    @property
    def first(self) -> date:
        """The first day of the past."""
        return date(1970, 1, 1) + timedelta(days=bank_day(self.now) - self.past_days)


def city_of(plan: Plan) -> City:
    """The whole city of a plan, past and present; the same plan gives the same city."""
    return live_through(plan.people, plan.past_days + plan.present_days + 1, plan.seed, plan.first)


class Past:
    """The city's past, batch by batch; whoever has a batch done tells what came of it before the next one.

    The same plan gives the same commands with the same keys: a past that was half brought in is completed.
    """

    def __init__(self, plan: Plan, counter: Counter | None = None) -> None:
        """Live through the city; this takes a moment. With a counter people ask for loans too."""
        self._plan, self._counter = plan, counter
        city = city_of(plan)
        self.feed = Feed(city, review_until=plan.now - REVIEWED, counter=counter)
        systems = ("cards", "payments", "deposits")
        self.total = sum(int((city.systems[name]["at"] < plan.now).sum()) for name in systems)
        self.total += city.people.size
        """About how many commands there are: people answer the bank too, and report."""

    def batches(self, most: int) -> Iterator[list[Command]]:
        """All commands in the order of time, at most so many at once."""
        start = day_start(bank_day(self._plan.now) - self._plan.past_days)
        yield [_rules(start - DAY)]
        yield from _batches(openings(self.feed.city, start - DAY), most)
        for batch in self.feed.until(self._plan.now, most):
            yield measured(self._counter, batch)

    def told(self, batch: Sequence[Command], replies: Sequence[Reply]) -> None:
        """Let people react."""
        self.feed.told(batch, replies)


def settle_past(
    bank: Bank, plan: Plan, told: Progress = lambda done, total: None, counter: Counter | None = None
) -> Feed:
    """Bring the city's past into the bank at once and return the feed, which stands at the plan's `now`."""
    past, done = Past(plan, counter), 0
    for batch in past.batches(BATCH):
        past.told(batch, bank.do(batch))
        done += len(batch)
        told(min(done, past.total), past.total)
    return past.feed


def wake_up(plan: Plan, counter: Counter | None = None) -> Feed:
    """The feed of a city whose past is in the books, standing where its present had come to."""
    feed = Feed(city_of(plan), review_until=plan.now - REVIEWED, counter=counter)
    feed.skip(plan.position)
    return feed


def _rules(at: int) -> PublishPolicy:
    """The card rules of the city: the shipped ones are made for cents of a euro."""
    text = (files("jingwei.simulation.city") / "card_payment.toml").read_text("utf-8")
    return PublishPolicy(key="city:card_payment", actor="system:city", at=at, known_at=at, text=text)


def _batches(commands: Iterable[Command], most: int) -> Iterator[list[Command]]:
    them = iter(commands)
    while batch := list(islice(them, most)):
        yield batch


class Present:
    """The city from now on: what is due at each look of the clock, restamped with the moment it is asked."""

    def __init__(self, feed: Feed, plan: Plan, counter: Counter | None = None) -> None:
        self._feed = feed
        self._plan = plan
        self._counter = counter

    @property
    def city(self) -> City:
        """The city itself."""
        return self._feed.city

    def position(self, now: int) -> int:
        """The moment in the city's own time."""
        return self._plan.position + (now - self._plan.at) * self._plan.speed

    def plan(self, now: int) -> Plan:
        """The plan with which the city goes on from here another time."""
        return msgspec.structs.replace(self._plan, position=self.position(now), at=now)

    def due(self, now: int, most: int = 200) -> list[Command]:
        """The commands due by `now`, at most so many, dated `now` (the bank sees them as they come in)."""
        batch = next(self._feed.until(self.position(now), most), [])
        dated = [msgspec.structs.replace(one, at=now, known_at=now) for one in batch]
        return measured(self._counter, dated)

    def told(self, commands: Sequence[Command], replies: Sequence[Reply], now: int) -> None:
        """Let people react, in the city's own time."""
        virtual = self.position(now)
        back = [msgspec.structs.replace(one, at=virtual, known_at=virtual) for one in commands]
        self._feed.told(back, replies)
