"""Segments found in the data: k-means on standardised tags, how stable they are, names by what stands out.

k-means: Lloyd (1982) with the start of Arthur, Vassilvitskii (2007). Stability: the groups are found again on
bootstrap samples and compared on everybody by the adjusted Rand index (Hubert, Arabie 1985; the procedure of
Hennig 2007). 1 is the same groups each time, 0 is chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jingwei.domains.tags.declared import TAGS
from jingwei.kernel.refusal import Words
from jingwei.models.compiled import Floats

Ints = npt.NDArray[np.int64]
READS: tuple[str, ...] = (
    "age_years", "income_all_sum_90d", "card_all_count_90d", "card_all_sum_90d", "card_groceries_count_90d",
    "card_restaurant_count_90d", "card_entertainment_count_90d", "card_online_count_90d",
    "card_fuel_count_90d", "card_farm_supply_count_90d", "card_education_count_90d",
    "out_family_count_90d", "out_rent_count_90d", "income_takings_count_90d", "income_pension_count_90d",
)  # fmt: skip
"""What segments are found by; nothing of illness, faith or politics, and no page anybody looked at."""

ROUNDS = 20
"""Bootstrap samples for each number of segments."""

LEAST = 50
"""Fewer people are not divided."""


class Segments(NamedTuple):
    """Group of each row, z-scores float64[k, tags] of the centres, stability of each k tried, names."""

    labels: Ints
    centres: Floats
    stability: dict[int, tuple[float, float, float]]
    names: list[Words]


def standardised(rows: Sequence[Sequence[int | None]]) -> Floats:
    """Logs of one plus each value (signs kept; what has no value is the median), mean 0, deviation 1."""
    raw = np.array([[np.nan if cell is None else cell for cell in row] for row in rows], np.float64)
    logs = np.sign(raw) * np.log1p(np.abs(raw))
    middle = np.nan_to_num(np.nanmedian(logs, axis=0))
    filled = np.where(np.isfinite(logs), logs, middle)
    deviation = filled.std(axis=0)
    answer: Floats = (filled - filled.mean(axis=0)) / np.where(deviation > 1e-9, deviation, 1.0)
    return answer


def find_segments(
    rows: Sequence[Sequence[int | None]],
    names: Sequence[str] = READS,
    sizes: Sequence[int] = (3, 4, 5, 6, 7),
    rounds: int = ROUNDS,
) -> Segments:
    """The most stable division into some number of segments; ties go to more. Raises ValueError: too few."""
    if len(rows) < LEAST:
        raise ValueError(f"{len(rows)} people are too few to be divided; at least {LEAST}")
    cases = standardised(rows)
    stability = {k: stable(cases, k, rounds) for k in sizes}
    best = max(sizes, key=lambda k: (round(stability[k][0], 2), k))
    model = _fit(cases, best, 0)
    order = np.argsort(-np.bincount(model.labels_, minlength=best))
    place = np.argsort(order)
    centres: Floats = model.cluster_centers_[order]
    return Segments(place[model.labels_].astype(np.int64), centres, stability, named(centres, names))


def stable(cases: Floats, k: int, rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Mean adjusted Rand index over bootstrap samples, and where its middle 95 % lie."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.Generator(np.random.PCG64(k))
    whole = _fit(cases, k, 0).labels_
    told = []
    for number in range(rounds):
        some = rng.integers(0, len(cases), len(cases))
        told.append(float(adjusted_rand_score(whole, _fit(cases[some], k, number + 1, 1).predict(cases))))
    low, high = np.quantile(told, (0.025, 0.975))
    return float(np.mean(told)), float(low), float(high)


def _fit(cases: Floats, k: int, seed: int, starts: int = 5) -> Any:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # its threads wait for each other longer than they work
        return KMeans(k, n_init=starts, random_state=seed).fit(cases)


def named(centres: Floats, names: Sequence[str], most: int = 2) -> list[Words]:
    """For each segment the tags in which it lies furthest from everybody, in words of both languages."""
    told = []
    for centre in centres:
        first = np.argsort(-np.abs(centre))[:most]
        parts = [(TAGS[names[i]].words, bool(centre[i] > 0)) for i in first.tolist()]
        en = "; ".join(f"{'high' if high else 'low'}: {words.en}" for words, high in parts)
        zh = "；".join(f"{words.zh}{'偏高' if high else '偏低'}" for words, high in parts)
        told.append(Words(en, zh))
    return told
