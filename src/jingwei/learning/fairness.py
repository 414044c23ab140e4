"""Gaps between groups at one cut-off: who is approved, and which good customers are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from jingwei.learning.measures import Counts, interval
from jingwei.learning.protocol import Flags
from jingwei.learning.tabular import Column, is_text
from jingwei.models.compiled import Floats

ALARM = 0.8
"""Below this ratio of the least to the most favoured group there is an alarm (the four-fifths rule)."""
SMALLEST_GROUP = 100
BANDS = 4
MOST_GROUPS = 12
UNKNOWN = "not known"


def groups_of(train: Column, test: Column) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the group number of every test row, and the groups' names.

    Texts and numbers with few values are groups as they are; other numbers are cut at the quartiles of
    training. Rows of which nothing is known are a group of their own.
    """
    if is_text(test) or len(np.unique(train)) <= MOST_GROUPS:
        values, where = np.unique(test.astype(str) if is_text(test) else test, return_inverse=True)
        return where.astype(np.int64), list(map(_named, values.tolist()))
    edges = np.unique(np.nanquantile(train, np.linspace(0, 1, BANDS + 1)[1:-1]))
    names = [f"below {edges[0]:g}"]
    names += [f"{a:g} to below {b:g}" for a, b in zip(edges, edges[1:], strict=False)]
    names.append(f"from {edges[-1]:g}")
    number, unknown = np.searchsorted(edges, test, side="right").astype(np.int64), np.isnan(test)
    return np.where(unknown, len(names), number), [*names, *([UNKNOWN] if unknown.any() else [])]


def _named(value: object) -> str:
    if value == "" or value != value:
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def gaps(
    groups: tuple[npt.NDArray[np.int64], list[str]], bad: Flags, score: Floats, cut_off: float, counts: Counts
) -> dict[str, Any]:
    """Return per group the approval rate and the share of good customers refused, the gaps, and the alarm.

    `counts` int16[rounds, n] are drawn rows for the intervals; the two groups compared are those furthest
    apart on all rows. Groups under SMALLEST_GROUP rows are told, not compared.
    """
    number, names = groups
    sizes = np.bincount(number, minlength=len(names))
    large = [g for g in range(len(names)) if sizes[g] >= SMALLEST_GROUP and (~bad[number == g]).any()]
    approved = score < cut_off
    told: dict[str, Any] = {
        "groups": {
            names[g]: _group(approved[number == g], bad[number == g]) for g in range(len(names)) if sizes[g]
        },
        "too_small_to_compare": [names[g] for g in range(len(names)) if sizes[g] > 0 and g not in large],
    }
    if len(large) < 2:
        return told | {"alarm": False, "alarm_on": [], "says": "fewer than two groups are large enough"}
    masks = [(number == g, names[g]) for g in large]
    told["approval"] = _gap(approved, masks, counts)
    good = [(mask & ~bad, name) for mask, name in masks]
    told["good_refused"] = _gap(~approved, good, counts)
    named = ("approval", "good_refused")
    alarms = [one for one in named if told[one]["ratio"] is not None and told[one]["ratio"] < ALARM]
    return told | {"alarm": bool(alarms), "alarm_on": alarms}


def closing(
    groups: tuple[npt.NDArray[np.int64], list[str]], bad: Flags, score: Floats, cut_off: float, counts: Counts
) -> tuple[float, float, float, float]:
    """What it would cost to refuse good customers of every group as often as all of them are refused now.

    Returns the share of bad loans among the approved before and after, and the 95 % interval of the change.
    Each group gets a cut-off of its own, which reads the protected column: measured, never done.
    """
    number, names = groups
    approved = score < cut_off
    wanted = float(approved[~bad].mean())
    cuts = np.full(len(names), cut_off)
    for g in range(len(names)):
        good = (number == g) & ~bad
        if good.sum() >= SMALLEST_GROUP:
            cuts[g] = float(np.quantile(score[good], wanted))
    after = score < cuts[number]
    everyone = np.ones(len(bad), dtype=np.bool_)
    apart = [_rates(bad, everyone & flags, counts) for flags in (approved, after)]
    low, high = interval(apart[1] - apart[0])
    return float(bad[approved].mean()), float(bad[after].mean()), low, high


def _group(approved: Flags, bad: Flags) -> dict[str, Any]:
    good = ~bad
    refused = float((~approved)[good].mean()) if good.any() else None
    return {
        "rows": len(bad),
        "approval": float(approved.mean()),
        "good_refused": refused,
        "bad": float(bad.mean()),
    }


def _gap(happened: Flags, masks: list[tuple[Flags, str]], counts: Counts) -> dict[str, Any]:
    """The gap between the groups with the lowest and highest rate, its interval, and their ratio."""
    rates = [float(happened[mask].mean()) for mask, _ in masks]
    low, high = int(np.argmin(rates)), int(np.argmax(rates))
    apart = [_rates(happened, masks[at][0], counts) for at in (low, high)]
    return {
        "lowest": masks[low][1],
        "highest": masks[high][1],
        "gap": rates[high] - rates[low],
        "gap_interval": interval(apart[1] - apart[0]),
        "ratio": rates[low] / rates[high] if rates[high] else None,
    }


def _rates(happened: Flags, mask: Flags, counts: Counts) -> Floats:
    rows = counts[:, mask].sum(axis=1, dtype=np.int64)
    hits = counts[:, mask & happened].sum(axis=1, dtype=np.int64)
    return np.where(rows > 0, hits / np.maximum(1, rows), np.nan)
