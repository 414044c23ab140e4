"""Live features against well-written deques and river: the same ten features, the same events, in one run."""

from __future__ import annotations

import datetime
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from math import sqrt
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jingwei.features.definition import (
    COUNT,
    DEVIATION,
    MAX,
    MEAN,
    SUM,
    TIME_SINCE,
    Aggregate,
    Feature,
    distinct,
    window,
)
from jingwei.features.events import EventColumns, part
from jingwei.features.live import LiveFeatures
from jingwei.kernel.clock import DAY, HOUR, SECOND
from jingwei.kernel.purpose import DataClass, Purpose

EVENTS = 200_000
BASELINE_EVENTS = 60_000
RIVER_EVENTS = 8_000


def feature(name: str, by: str, over: int, value: Aggregate, empty: float = 0.0) -> Feature:
    """A feature of the benchmark."""
    purposes = frozenset((Purpose.RISK,))
    return Feature(name, by, over, value, f"{name}.", f"{name}。", DataClass.TRANSACTIONS, purposes, empty)


TEN = (
    feature("payments_1h", "customer", window(hours=1), COUNT),
    feature("payments_24h", "customer", window(hours=24), COUNT),
    feature("paid_24h_minor", "customer", window(hours=24), SUM),
    feature("paid_mean_30d_minor", "customer", window(days=30), MEAN),
    feature("paid_max_7d_minor", "customer", window(days=7), MAX),
    feature("paid_deviation_30d_minor", "customer", window(days=30), DEVIATION),
    feature("since_last_payment_s", "customer", window(days=30), TIME_SINCE, 30.0 * DAY / SECOND),
    feature("terminals_24h", "customer", window(hours=24), distinct("terminal")),
    feature("terminal_payments_24h", "terminal", window(hours=24), COUNT),
    feature("terminal_mean_7d_minor", "terminal", window(days=7), MEAN),
)


def stream(n: int, seed: int = 1) -> EventColumns:
    """Payments of 5,000 customers at 10,000 terminals, 9,600 a day, some terminals busier than others."""
    draw = random.Random(seed)
    at, moments, customers, terminals, amounts = 1_522_512_000 * SECOND, [], [], [], []
    for _ in range(n):
        at += draw.randrange(18 * SECOND)
        moments.append(at)
        customers.append(f"c{draw.randrange(5_000)}")
        terminals.append(f"t{int(10_000 * draw.random() ** 1.5)}")
        amounts.append(int(draw.lognormvariate(8.0, 1.0)))
    when = np.array(moments, np.int64)
    names = {"customer": customers, "terminal": terminals}
    return EventColumns(np.zeros(n, np.uint8), when, when, np.array(amounts, np.int64), names)


class Window:
    """A sliding window of one key on a deque, with only the sums its features need."""

    __slots__ = ("counts", "events", "largest", "over", "squares", "total")

    def __init__(self, over: int, *, largest: bool = False, counted: bool = False) -> None:
        self.over = over
        self.events: deque[tuple[int, int, str]] = deque()
        self.total = 0
        self.squares = 0
        self.largest: deque[tuple[int, int]] | None = deque() if largest else None
        self.counts: Counter[str] | None = Counter() if counted else None

    def push(self, at: int, amount: int, value: str) -> None:
        """Take in a payment and let those leave that are too old."""
        events, limit = self.events, at - self.over
        while events and events[0][0] <= limit:
            _, gone, left = events.popleft()
            self.total -= gone
            self.squares -= gone * gone
            if self.counts is not None:
                self.counts[left] -= 1
                if not self.counts[left]:
                    del self.counts[left]
        events.append((at, amount, value))
        self.total += amount
        self.squares += amount * amount
        if self.counts is not None:
            self.counts[value] += 1
        if self.largest is not None:
            while self.largest and self.largest[-1][1] <= amount:
                self.largest.pop()
            self.largest.append((at, amount))
            while self.largest[0][0] <= limit:
                self.largest.popleft()


class CustomerWindows:
    """The windows of one customer."""

    __slots__ = ("day", "hour", "last", "month", "week")

    def __init__(self) -> None:
        self.hour = Window(HOUR)
        self.day = Window(DAY, counted=True)
        self.week = Window(7 * DAY, largest=True)
        self.month = Window(30 * DAY)
        self.last: int | None = None


def deviation(total: int, squares: int, n: int) -> float:
    """Standard deviation of the population by the formula of jingwei.features.definition."""
    q, r = divmod(total, n)
    rest = r / n
    return sqrt(max(float(squares - q * (total + r)) / n - rest * rest, 0.0))


def with_deques(events: EventColumns) -> tuple[float, NDArray[np.float64]]:
    """Seconds and the matrix, one event after the other in plain Python."""
    customers: defaultdict[str, CustomerWindows] = defaultdict(CustomerWindows)
    terminals: defaultdict[str, tuple[Window, Window]] = defaultdict(lambda: (Window(DAY), Window(7 * DAY)))
    moments, amounts = events.at.tolist(), events.amount_minor.tolist()
    out: list[tuple[float, ...]] = []
    start = perf_counter()
    for at, amount, customer, terminal in zip(
        moments, amounts, events.entities["customer"], events.entities["terminal"], strict=True
    ):
        mine, (day, week) = customers[customer], terminals[terminal]
        for one in (mine.hour, mine.day, mine.week, mine.month):
            one.push(at, amount, terminal)
        day.push(at, amount, customer)
        week.push(at, amount, customer)
        month, n, since = mine.month, len(mine.month.events), 30.0 * DAY / SECOND
        if mine.last is not None and mine.last > at - 30 * DAY:
            since = (at - mine.last) / 1e6
        mine.last = at
        assert mine.week.largest is not None and mine.day.counts is not None
        out.append(
            (
                len(mine.hour.events),
                len(mine.day.events),
                mine.day.total,
                month.total / n,
                mine.week.largest[0][1],
                deviation(month.total, month.squares, n) if n > 1 else 0.0,
                since,
                len(mine.day.counts),
                len(day.events),
                week.total / len(week.events),
            )
        )
    return perf_counter() - start, np.array(out, np.float64)


def with_river(events: EventColumns) -> float:
    """Seconds for the same events with river's rolling statistics (time since is computed by hand, it has
    none).
    """
    from river import stats, utils

    def rolling(made: type, over: int, **settings: int) -> Callable[[], Any]:
        return lambda: utils.TimeRolling(made, period=datetime.timedelta(microseconds=over), **settings)

    customer_made = [rolling(stats.Sum, HOUR), rolling(stats.Sum, DAY), rolling(stats.Sum, DAY)]
    customer_made += [rolling(stats.Mean, 30 * DAY), rolling(stats.Var, 30 * DAY, ddof=0)]
    terminal_made = [rolling(stats.Sum, DAY), rolling(stats.Mean, 7 * DAY)]
    counts = (True, True, False, False, False, True, False)
    customers: defaultdict[str, list[Any]] = defaultdict(lambda: [make() for make in customer_made])
    terminals: defaultdict[str, list[Any]] = defaultdict(lambda: [make() for make in terminal_made])
    begin = datetime.datetime(1970, 1, 1)
    moments = [begin + datetime.timedelta(microseconds=at) for at in events.at.tolist()]
    amounts = [float(amount) for amount in events.amount_minor.tolist()]
    last: dict[str, datetime.datetime] = {}
    start = perf_counter()
    for at, amount, customer, terminal in zip(
        moments, amounts, events.entities["customer"], events.entities["terminal"], strict=True
    ):
        row = []
        for one, counted in zip((*customers[customer], *terminals[terminal]), counts, strict=True):
            one.update(1.0 if counted else amount, t=at)
            row.append(one.get())
        before = last.get(customer)
        row.append((at - before).total_seconds() if before is not None else 2_592_000.0)
        last[customer] = at
    return perf_counter() - start


def ours(events: EventColumns, batch: int) -> tuple[float, NDArray[np.float64]]:
    """Seconds and the matrix with LiveFeatures, names included."""
    warm = LiveFeatures(TEN)
    warm.advance(part(events, 0, 2))
    live = LiveFeatures(TEN)
    batches = [part(events, first, first + batch) for first in range(0, len(events.kind), batch)]
    start = perf_counter()
    rows = [live.advance(one) for one in batches]
    return perf_counter() - start, np.vstack(rows)


def run() -> list[dict[str, Any]]:
    """Events per second of the same ten features; the deques' results must equal ours to the last bit."""
    events = stream(EVENTS)
    start = part(events, 0, BASELINE_EVENTS)
    best_ours, best_one, best_deques = 0.0, 0.0, 0.0
    for _ in range(3):
        seconds, matrix = ours(events, 5_000)
        best_ours = max(best_ours, EVENTS / seconds)
        seconds, wanted = with_deques(start)
        best_deques = max(best_deques, BASELINE_EVENTS / seconds)
        if not np.array_equal(wanted.view(np.int64), matrix[:BASELINE_EVENTS].view(np.int64)):
            raise AssertionError("the deques found other features than the live state")
        seconds, single = ours(part(events, 0, BASELINE_EVENTS // 4), 1)
        best_one = max(best_one, len(single) / seconds)
    river = RIVER_EVENTS / with_river(part(events, 0, RIVER_EVENTS))
    deques = "plain Python deques, same ten features, equal to the last bit"
    return [
        _line("live features, batches of 5,000", best_ours, best_deques, deques),
        _line("live features, one event per call", best_one, best_deques, deques),
        _line("live features, batches of 5,000", best_ours, river, "river, the eight of the ten it has"),
    ]


def _line(name: str, mine: float, baseline: float, baseline_name: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": mine,
        "baseline": baseline,
        "baseline_name": baseline_name,
        "ratio": mine / baseline,
        "unit": "events/s",
    }


if __name__ == "__main__":
    for line in run():
        print(f"{line['name']}: {line['ours']:,.0f}/s, {line['ratio']:.1f} x {line['baseline_name']}")
