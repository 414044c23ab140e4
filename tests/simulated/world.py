"""The simulated world: time, the order of events, the faults that happen, and the trace of it all."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from tests.simulated.chance import Chance
from tests.simulated.plan import Plan

from jingwei.kernel.clock import SECOND

MOST_EVENTS = 60_000
"""A run with more events than this goes in a circle."""


TOLD = {
    "write_refused": "the disk refuses the write",
    "write_unknown": "the disk writes, but its answer is lost",
    "write_slow": "the disk takes long to write",
    "read_error": "the disk cannot be read",
    "snapshot_refused": "no snapshot of the features can be kept",
    "anchor_refused": "the place of the anchors does not answer",
}
"""Faults that stand in the story where they happen; the others are told by whom they befall."""


class Broken(BaseException):
    """Something that must hold does not. No `except Exception` of the bank may swallow it."""

    def __init__(self, kind: str, says: str) -> None:
        super().__init__(f"{kind}: {says}")
        self.kind, self.says = kind, says


class Died(BaseException):
    """The process that runs the bank is gone, as after kill -9 or a power cut."""


class Told(NamedTuple):
    """One line of what happened, for the story: when, who (a client's order, or the bank), and what."""

    at: int
    who: str
    says: str


class World:
    """One run: events in the order of their time, each drawn fault, and a hash over all that happened."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chance = Chance(plan.seed)
        self.now = plan.start
        self.quiet = False
        """No faults any more: the end of a run."""
        self.fired: list[str] = []
        self.told: list[Told] = []
        self.counts: Counter[str] = Counter()
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._numbered = 0
        self._done = 0
        self._hash = hashlib.sha256()

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Have something happen at this time, after all that was asked for the same time before."""
        self._numbered += 1
        heapq.heappush(self._events, (max(when, self.now), self._numbered, what))

    def after(self, delay: int, what: Callable[[], None]) -> None:
        """Have something happen so many microseconds from now."""
        self.at(self.now + delay, what)

    def run(self, until: int, enough: Callable[[], bool] = lambda: False) -> None:
        """Let events happen up to this time, or until it is enough."""
        while self._events and self._events[0][0] <= until and not enough():
            self.now, number, what = heapq.heappop(self._events)
            self._done += 1
            if self._done > MOST_EVENTS:
                raise Broken("endless", f"more than {MOST_EVENTS} events")
            self._hash.update(b"%d.%d|" % (self.now, number))
            what()
        self.now = max(self.now, until) if not enough() else self.now

    def fault(self, kind: str, where: str) -> bool:
        """Whether this fault happens here."""
        if self.quiet:
            return False
        name = f"{kind} {where}"
        if self.plan.only is not None:
            hit = name in self.plan.only
        else:
            odds = self.plan.odds.get(kind, 0.0)
            hit = odds > 0.0 and self.chance.share(name) < odds
        if hit:
            self.fired.append(name)
            self.counts[f"fault {kind}"] += 1
            self.note(name.encode())
            if kind in TOLD:
                self.tell("fault", f"# {TOLD[kind]}")
        return hit

    def note(self, content: bytes) -> None:
        """Take something that happened into the hash of the run."""
        self._hash.update(content + b"|")

    def tell(self, who: str, says: str) -> None:
        """Add a line to the story, and to the hash."""
        self.told.append(Told(self.now, who, says))
        self.note(f"{who}: {says}".encode())

    def trace(self) -> str:
        """The hash over everything so far."""
        return self._hash.hexdigest()

    def seconds(self, name: str, least_ms: int, most_ms: int) -> int:
        """A drawn length of time in microseconds."""
        return self.chance.whole(name, least_ms, most_ms) * (SECOND // 1000)
