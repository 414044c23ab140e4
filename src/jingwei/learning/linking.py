"""Learning what levels of likeness are worth from records alone, and measuring who was linked to whom."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from jingwei.domains.insight.likeness import Record, Weights, counted_u, fitted, pattern_of
from jingwei.domains.insight.resolving import Finding, Known, Resolver
from jingwei.domains.insight.weights import SHIPPED

RANDOM_PAIRS: Final = 20_000
MOST_FITTED: Final = 5_000
"""Records whose pairs weights are fitted to; more teach little."""

Tell = Callable[[int, int], None]


class Rate(msgspec.Struct):
    """A share with its 95 % interval (Wilson 1927) and the counts behind it."""

    share: float
    interval: tuple[float, float]
    good: int
    of: int


class Measured(msgspec.Struct):
    """How one way of linking did: of those linked, how many rightly; of those there were, how many found."""

    precision: Rate
    recall: Rate


class IdentityReport(msgspec.Struct):
    """Measured on made-up people whose truth is known. `weights` are bits by field and level."""

    simulated: bool
    people: int
    records: int
    matches: int
    pairs_compared: int
    by_weight: Measured
    sure_signs_alone: Measured
    same_name_and_birth: Measured
    with_person: Measured
    doubtful: int
    doubtful_right: int
    by_how: dict[str, int]
    calibration: list[dict[str, float]]
    prior: float
    weights: dict[str, dict[str, float]]
    seconds: float


def learned(records: Sequence[Record], known: Sequence[Known], seed: int = 1) -> Weights:
    """Weights fitted to these records without knowing the truth. Raises ValueError when there are too few."""
    if len(records) < 50 or len(known) < 50:
        raise ValueError("fewer than 50 records on a side teach nothing")
    rng = random.Random(seed)
    one_each = list({one.customer: one.record for one in known}.values())
    drawn = (rng.sample(one_each, 2) for _ in range(RANDOM_PAIRS))
    u = counted_u(one_each, (pattern_of(one, other) for one, other in drawn))
    some = rng.sample(list(records), min(len(records), MOST_FITTED))
    return fitted(Resolver(known, SHIPPED).patterns(some), len(some) * len(one_each), u, SHIPPED)


def measured(
    own: Sequence[Record], other: Sequence[Record], truth: Mapping[str, str], tell: Tell
) -> IdentityReport:
    """Link the other records to our own and compare with the truth, which nothing else reads."""
    started = time.perf_counter()
    known = [Known(record.key, record) for record in own]
    weights = learned(other, known)
    resolver, found, pairs = Resolver(known, weights), list[Finding](), 0
    for number, record in enumerate(other):
        if number % 200 == 0:
            tell(number, len(other))
        if (one := resolver.best(record)) is not None:
            found.append(one)
        pairs += sum(1 for _ in resolver.candidates(record))
    matches = sum(1 for whose in truth.values() if whose)
    sure = [one for one in found if one.sure]
    doubtful = [one for one in found if not one.sure]
    right = [one for one in doubtful if truth[one.key] == one.customer]
    hows = sorted({one.how for one in sure})
    return IdentityReport(
        simulated=True,
        people=len(own),
        records=len(other),
        matches=matches,
        pairs_compared=pairs,
        by_weight=_rates(_pairs(sure), truth, matches),
        sure_signs_alone=_rates(_pairs([one for one in found if one.how != "weight"]), truth, matches),
        same_name_and_birth=_rates(_same_name(own, other), truth, matches),
        with_person=_rates(_pairs([*sure, *right]), truth, matches),
        doubtful=len(doubtful),
        doubtful_right=len(right),
        by_how={how: sum(1 for one in sure if one.how == how) for how in hows},
        calibration=_calibration(found, truth),
        prior=round(weights.prior, 8),
        weights={
            field: {level: round(weights.bits(field, level), 2) for level in levels}
            for field, levels in weights.m.items()
        },
        seconds=round(time.perf_counter() - started, 2),
    )


def _pairs(found: Sequence[Finding]) -> dict[str, str]:
    return {one.key: one.customer for one in found}


def _same_name(own: Sequence[Record], other: Sequence[Record]) -> dict[str, str]:
    """The plain way: the same name and date of birth, and only one of ours has them."""
    by: dict[tuple[str, str], list[str]] = {}
    for record in own:
        by.setdefault((record.name, record.born), []).append(record.key)
    return {
        record.key: here[0] for record in other if len(here := by.get((record.name, record.born), [])) == 1
    }


def _rates(linked: Mapping[str, str], truth: Mapping[str, str], matches: int) -> Measured:
    good = sum(1 for key, whose in linked.items() if truth[key] == whose)
    return Measured(_rate(good, len(linked)), _rate(good, matches))


def wilson(good: int, whole: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 22, 1927)."""
    if whole == 0:
        return 0.0, 1.0
    share, square = good / whole, z * z / whole
    middle = share + square / 2
    wide = z * math.sqrt(share * (1 - share) / whole + square / (4 * whole))
    return (middle - wide) / (1 + square), (middle + wide) / (1 + square)


def _rate(good: int, whole: int) -> Rate:
    low, high = wilson(good, whole)
    return Rate(round(good / whole, 5) if whole else 0.0, (round(low, 5), round(high, 5)), good, whole)


def _calibration(found: Sequence[Finding], truth: Mapping[str, str]) -> list[dict[str, float]]:
    """Said and true share by band of probability."""
    bands = []
    for low, high in ((0.1, 0.5), (0.5, 0.9), (0.9, 0.995), (0.995, 1.01)):
        some = [one for one in found if low <= one.probability < high]
        if some:
            said = sum(one.probability for one in some) / len(some)
            true = sum(truth[one.key] == one.customer for one in some) / len(some)
            bands.append({"from": low, "count": len(some), "said": round(said, 4), "true": round(true, 4)})
    return bands
