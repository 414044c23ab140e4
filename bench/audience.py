"""The audience builder at 100,000 customers: one condition asked of all as SQL, and customer by customer.

Both answer from the same happenings and name the same customers, which the measurement checks. The consents
are not in it: they are asked of the books (`agreeing`), before either.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from time import perf_counter, process_time

import numpy as np

from bench.ratio import Ratio
from jingwei.domains.tags.condition import ask, read_condition
from jingwei.domains.tags.happenings import Happening
from jingwei.domains.tags.live import LiveTags, Person
from jingwei.kernel.clock import DAY, bank_day, parse_iso
from jingwei.stores.tagged import TagShelf

CUSTOMERS, EACH, SPAN, AT_ONCE, ROUNDS = 100_000, 14, 90, 100_000, 5
NOW = parse_iso("2026-06-01T00:00:00")
CONDITION = read_condition("card_groceries_count_30d >= 2 and card_all_sum_30d >= 40000 and age_years >= 30")
KINDS = ("groceries", "restaurant", "fuel", "baby", "online")


def happened() -> Iterator[list[Happening]]:
    """Card payments of everybody over the last days, in the order of time, so many at once."""
    draw = np.random.Generator(np.random.PCG64(7))
    count = CUSTOMERS * EACH
    at = np.sort(NOW - draw.integers(1, SPAN * DAY, count)).tolist()
    who = draw.integers(0, CUSTOMERS, count).tolist()
    minor = draw.integers(500, 40_000, count).tolist()
    kind = draw.integers(0, len(KINDS), count).tolist()
    for start in range(0, count, AT_ONCE):
        rows = range(start, min(start + AT_ONCE, count))
        yield [Happening(f"p{who[i]:06d}", at[i], "card", KINDS[kind[i]], minor[i], "books") for i in rows]


def one_by_one(tags: LiveTags) -> list[str]:
    """Who fulfils the condition, each customer's tags read from the live ones."""
    row, today = CONDITION.row(), bank_day(NOW)
    return sorted(
        who for who in tags.people if ask(row, [tags.value(who, name, today) for name in CONDITION.reads])
    )


def timed(work: Callable[[], list[str]]) -> tuple[float, float, list[str]]:
    """Median seconds by the clock and of the processor, and what it answered."""
    clock, busy, told = [], [], list[str]()
    for _ in range(ROUNDS):
        began, worked = perf_counter(), process_time()
        told = work()
        clock.append(perf_counter() - began)
        busy.append(process_time() - worked)
    return statistics.median(clock), statistics.median(busy), told


def run() -> Iterator[Ratio]:
    """Fill both, ask both."""
    shelf, tags = TagShelf(), LiveTags()
    people = [(f"p{n:06d}", Person(19_500_101 + n % 50 * 10_000, 0)) for n in range(CUSTOMERS)]
    shelf.know(people)
    for name, person in people:
        tags.know(name, person)
    for some in happened():
        shelf.add(some)
        tags.add_all(some)
    everybody = [name for name, _ in people]
    ours, busy, found = timed(lambda: shelf.matching(CONDITION, bank_day(NOW), everybody))
    theirs, _, same = timed(lambda: one_by_one(tags))
    shelf.close()
    if found != same or not found:
        raise AssertionError(f"{len(found)} and {len(same)} customers found: not the same")
    note = f"{len(found):,} found of {CUSTOMERS:,}: {ours:.2f} s by the clock, {busy:.2f} s of processors"
    name = f"audience, {CUSTOMERS:,} customers"
    yield Ratio(name, CUSTOMERS / ours, "live tags one by one", CUSTOMERS / theirs, "customers/s", None, note)
