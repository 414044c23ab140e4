"""Features by their literal definition over a history: slow, with whole Python numbers, obviously right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan, nan, sqrt
from typing import NamedTuple

from jingwei.features.definition import (
    DELAYED,
    LATENESS,
    Definition,
    Feature,
    Kind,
    bank_hour,
    bank_weekday,
    entities_of,
)
from jingwei.features.events import PAYMENT, EventColumns


class Event(NamedTuple):
    """One event of the history; seq is its place in arrival order."""

    seq: int
    kind: int
    at: int
    ref_at: int
    amount: int
    entities: dict[str, str]


def history(events: EventColumns) -> list[Event]:
    """The columns as a list of events."""
    return [
        Event(
            seq,
            int(events.kind[seq]),
            int(events.at[seq]),
            int(events.ref_at[seq]),
            int(events.amount_minor[seq]),
            {entity: values[seq] for entity, values in events.entities.items()},
        )
        for seq in range(len(events.kind))
    ]


def replay(definitions: Sequence[Definition], events: EventColumns) -> list[list[float]]:
    """All features (columns) at every event (rows); a fraud report's row is all NaN. Takes quadratic time."""
    past: list[Event] = []
    rows = []
    for event in history(events):
        past.append(event)
        rows.append(_row(definitions, past) if event.kind == PAYMENT else [nan] * len(definitions))
    return rows


def _row(definitions: Sequence[Definition], past: Sequence[Event]) -> list[float]:
    now = past[-1]
    values = {
        "amount_minor": float(now.amount),
        "hour": float(bank_hour(now.at)),
        "weekday": float(bank_weekday(now.at)),
    }
    row = []
    for one in definitions:
        if isinstance(one, Feature):
            value = _windowed(one, past)
        else:
            inputs = [values[name] for name in one.of]
            value = nan if any(isnan(number) for number in inputs) else float(one.value(*inputs))
        values[one.name] = value
        row.append(value)
    return row


def _windowed(feature: Feature, past: Sequence[Event]) -> float:
    now = past[-1]
    whose = entities_of(feature.by)
    key = [now.entities.get(entity, "") for entity in whose]
    if "" in key:
        return nan
    payments = [event for event in past if event.kind == PAYMENT]
    mine = [event for event in past if [event.entities.get(entity, "") for entity in whose] == key]
    my_payments = [event for event in mine if event.kind == PAYMENT]
    newest = max(event.at for event in payments)
    clock = max(newest - LATENESS, *(event.at for event in my_payments))
    if feature.value.kind in DELAYED:
        return _delayed(feature, mine, clock)
    inside = [event for event in my_payments if event.at > clock - feature.over]
    before = [event for event in inside if event.seq < now.seq]
    if feature.value.kind == Kind.LAST:
        return float(max(before, key=lambda event: (event.at, event.seq)).amount) if before else feature.empty
    if feature.value.kind == Kind.TIME_SINCE:
        return seconds(clock - max(event.at for event in before)) if before else feature.empty
    return _AGGREGATES[feature.value.kind](feature, inside, clock)


def _delayed(feature: Feature, mine: Sequence[Event], clock: int) -> float:
    newest = clock - feature.value.delay
    reports = sum(1 for e in mine if e.kind != PAYMENT and newest - feature.over < e.ref_at <= newest)
    if feature.value.kind == Kind.FRAUD_COUNT:
        return float(reports)
    payments = sum(1 for e in mine if e.kind == PAYMENT and newest - feature.over < e.at <= newest)
    return float(reports) / float(payments) if payments else feature.empty


def double(whole: int) -> float:
    """A whole number below 2^128 as a double, by the formula of definition.py."""
    return float(whole >> 64) * 18446744073709551616.0 + float(whole & (2**64 - 1))


def seconds(microseconds: int) -> float:
    """Microseconds as seconds."""
    return float(microseconds) / 1e6


def _sum(feature: Feature, inside: Sequence[Event], clock: int) -> float:
    return double(sum(event.amount for event in inside))


def _mean(feature: Feature, inside: Sequence[Event], clock: int) -> float:
    return double(sum(event.amount for event in inside)) / float(len(inside)) if inside else feature.empty


def _deviation(feature: Feature, inside: Sequence[Event], clock: int) -> float:
    n = len(inside)
    if n < 2:
        return feature.empty
    total = sum(event.amount for event in inside)
    q, r = divmod(total, n)
    v = sum(event.amount**2 for event in inside) - q * (total + r)
    rest = float(r) / float(n)
    return sqrt(max(double(v) / float(n) - rest * rest, 0.0))


def _distinct(feature: Feature, inside: Sequence[Event], clock: int) -> float:
    return float(len({event.entities.get(feature.value.of, "") for event in inside} - {""}))


def _share(feature: Feature, inside: Sequence[Event], clock: int) -> float:
    condition = feature.value.condition
    assert condition is not None, "share has a condition"
    if not inside:
        return feature.empty
    return float(sum(1 for event in inside if condition.holds(event.at, event.amount))) / float(len(inside))


_AGGREGATES: dict[Kind, Callable[[Feature, Sequence[Event], int], float]] = {
    Kind.COUNT: lambda feature, inside, clock: float(len(inside)),
    Kind.SUM: _sum,
    Kind.MEAN: _mean,
    Kind.MAX: lambda feature, inside, clock: (
        float(max(e.amount for e in inside)) if inside else feature.empty
    ),
    Kind.MIN: lambda feature, inside, clock: (
        float(min(e.amount for e in inside)) if inside else feature.empty
    ),
    Kind.DEVIATION: _deviation,
    Kind.DISTINCT: _distinct,
    Kind.SHARE: _share,
    Kind.AGE: lambda feature, inside, clock: (
        seconds(clock - min(e.at for e in inside)) if inside else feature.empty
    ),
}
