"""Histories of events to test features on: drawn by Hypothesis, written as a table, or from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
from hypothesis import strategies as st

from jingwei.features.definition import (
    AGE,
    COUNT,
    DEVIATION,
    LAST,
    MAX,
    MEAN,
    MIN,
    SUM,
    TIME_SINCE,
    Definition,
    Derived,
    Feature,
    amount_over,
    bank_hours,
    distinct,
    fraud_count,
    fraud_share,
    share,
    window,
)
from jingwei.features.events import EventColumns
from jingwei.features.replay import Event
from jingwei.features.sql import compute, features_sql
from jingwei.features.terms import choose, larger, ratio, smaller
from jingwei.kernel.clock import DAY, HOUR, MINUTE
from jingwei.kernel.purpose import DataClass, Purpose

START = 1_522_512_000_000_000
"""2018-04-01 00:00 in China."""
RISK = frozenset((Purpose.RISK,))
ENTITIES = ("customer", "payee", "terminal")


def feature(name: str, value, over: int, by="customer", empty: float = 0.0) -> Feature:
    """A feature whose sentences are its name."""
    return Feature(
        name, by, over, value, f"About {name}.", f"关于{name}", DataClass.TRANSACTIONS, RISK, empty
    )


def derived(name: str, of: tuple[str, ...], value) -> Derived:
    """A derived feature whose sentences are its name."""
    return Derived(name, of, value, f"About {name}.", f"关于{name}", DataClass.TRANSACTIONS, RISK)


def every_aggregate() -> tuple[Definition, ...]:
    """Each aggregate over a short and a long window, a pair, and a derived feature for each operation."""
    made: list[Definition] = []
    for label, over in (("5m", window(minutes=5)), ("90d", window(days=90)), ("7d", window(days=7))):
        for value in (COUNT, SUM, MEAN, MAX, MIN, DEVIATION, LAST, TIME_SINCE, AGE, distinct("payee")):
            empty = 0.0 if value.kind.value in ("count", "sum", "distinct") else -1.5
            made.append(feature(f"{value.kind.value}_{label}", value, over, empty=empty))
        made.append(feature(f"large_{label}", share(amount_over(100)), over, empty=0.25))
        made.append(feature(f"night_{label}", share(bank_hours(22, 6)), over))
        made.append(feature(f"morning_{label}", share(bank_hours(6, 12)), over, "terminal"))
        made.append(feature(f"pair_{label}", COUNT, over, ("customer", "payee")))
        made.append(feature(f"pair_mean_{label}", MEAN, over, ("customer", "terminal")))
        for delay in (0, 7):
            made.append(feature(f"frauds_{label}_{delay}", fraud_count(delay * DAY), over, "terminal"))
            made.append(feature(f"fraud_share_{label}_{delay}", fraud_share(delay * DAY), over, empty=-2.0))
    made += [
        derived("hour", ("hour",), lambda hour: hour),
        derived("weekend", ("weekday",), lambda day: choose(day >= 5, 1.0, 0.0)),
        derived("times", ("amount_minor", "mean_90d"), lambda amount, mean: ratio(amount, mean, 1.0)),
        derived("z", ("amount_minor", "mean_90d", "deviation_90d"), lambda x, m, d: ratio(x - m, d, 0.0)),
        derived(
            "mixed", ("times", "z", "pair_7d"), lambda a, b, c: larger(a * 3.0 + b, smaller(c, 2.5)) - 0.1
        ),
        derived(
            "steps",
            ("count_7d", "sum_7d"),
            lambda a, b: choose(a < 3, choose(b > 500, 1.0, 2.0), b * 0.1 + a),
        ),
        derived("limits", ("count_7d",), lambda a: choose(a <= 2, 0.0 - a, 1.0 / 3.0 + a)),
    ]
    return tuple(made)


def columns(events: Iterable[Event]) -> EventColumns:
    """Events as columns."""
    rows = list(events)
    names = {entity for row in rows for entity in row.entities}
    return EventColumns(
        np.array([row.kind for row in rows], np.uint8),
        np.array([row.at for row in rows], np.int64),
        np.array([row.ref_at for row in rows], np.int64),
        np.array([row.amount for row in rows], np.int64),
        {entity: [row.entities.get(entity, "") for row in rows] for entity in names},
    )


STEPS = (
    0,
    0,
    1,
    MINUTE,
    5 * MINUTE - 1,
    5 * MINUTE,
    5 * MINUTE + 1,
    6 * HOUR,
    DAY,
    7 * DAY - 1,
    7 * DAY,
    7 * DAY + 1,
    14 * DAY,
    30 * DAY,
    90 * DAY,
)
LATE = (0, 0, 0, 1, 5 * MINUTE, HOUR, 7 * DAY, 29 * DAY, 30 * DAY, 31 * DAY, 100 * DAY)
AMOUNTS = (0, 1, 99, 100, 101, 12_345, 999_999_999_999_999, 10**15)
NAMES = {
    "customer": ("", "ann", "bo"),
    "payee": ("", "ann", "shop", "电"),
    "terminal": ("t1", "t1", "t2", ""),
}


@st.composite
def histories(draw: st.DrawFn, largest: int = 40, late: bool = True) -> EventColumns:
    """Histories with ties, gaps at the windows' edges, late and out-of-order payments, reports, missing
    entities.
    """
    events = []
    newest = START
    for seq in range(draw(st.integers(1, largest))):
        newest += draw(st.sampled_from(STEPS))
        at = newest - (draw(st.sampled_from(LATE)) if late else 0)
        kind = draw(st.sampled_from((0, 0, 0, 1)))
        ref_at = at - draw(st.sampled_from(STEPS)) if kind else at
        entities = {entity: draw(st.sampled_from(names)) for entity, names in NAMES.items()}
        events.append(Event(seq, kind, at, ref_at, draw(st.sampled_from(AMOUNTS)), entities))
    return columns(events)


def seeded(n: int, seed: int, keys: int, late: bool = True) -> EventColumns:
    """A longer history from a seed, with that many different customers, payees and terminals."""
    draw = random.Random(seed)
    events = []
    newest = START
    for seq in range(n):
        newest += draw.choice((0, 1, MINUTE, 5 * MINUTE, HOUR, HOUR, DAY))
        at = newest - (draw.choice(LATE) if late else 0)
        kind = int(draw.random() < 0.1)
        ref_at = at - draw.choice(STEPS) if kind else at
        entities = {entity: f"{entity}{draw.randrange(keys)}" for entity in ENTITIES}
        events.append(Event(seq, kind, at, ref_at, draw.choice(AMOUNTS), entities))
    return columns(events)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two matrices hold the same doubles to the last bit (all NaN count as one)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and bool(
        np.all((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b)))
    )


def differing(definitions: Sequence[Definition], a: np.ndarray, b: np.ndarray) -> list[str]:
    """Names of the features in which two matrices differ."""
    return [one.name for place, one in enumerate(definitions) if not same_bits(a[:, [place]], b[:, [place]])]


def by_sql(
    definitions: Sequence[Definition], events: EventColumns, in_order: bool | None = None
) -> np.ndarray:
    """The payments' features by SQL; in_order None lets it find out."""
    connection = duckdb.connect(config={"threads": 1})
    names = list(events.entities)
    present = ["seq", "kind", "at", "ref_at", "amount_minor", *names]
    types = [f'"{name}" {"VARCHAR" if name in names else "BIGINT"}' for name in present]
    connection.execute(f"CREATE TABLE events ({', '.join(types)})")
    whole = [np.arange(len(events.kind)) * 3 - 7, events.kind, events.at, events.ref_at, events.amount_minor]
    values = [column.tolist() for column in whole] + [events.entities[name] for name in names]
    connection.execute(f"INSERT INTO events SELECT {', '.join(['unnest(?)'] * len(values))}", values)
    if in_order is None:
        relation = compute(connection, definitions, "events")
    else:
        relation = connection.sql(features_sql(definitions, "events", present, in_order))
    rows = relation.fetchall()
    return np.array([row[1:] for row in rows], np.float64).reshape(len(rows), len(definitions))
