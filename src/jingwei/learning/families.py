"""Features from families of numbered columns (BILL_1..BILL_6): mean, extremes, change, and ratios
between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import numpy as np

from jingwei.learning.tabular import MISSING
from jingwei.models.compiled import Floats

FEWEST_MEMBERS = 3
LARGE = 1000.0
"""A column that reaches this counts amounts: only amounts are divided by each other."""


class Plan(msgspec.Struct, frozen=True):
    """Which columns make families (in order of their numbers) and which are single amounts.

    Found in the training rows once; the same plan makes the features of every other row.
    """

    columns: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    amounts: tuple[str, ...]
    singles: tuple[str, ...]


def find_families(numbers: dict[str, Floats]) -> Plan:
    """Return the plan for columns float64[n] by name. Members share a name and end in a number."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in numbers:
        if told := re.fullmatch(r"(.*?)_?(\d+)", name):
            found.setdefault(told[1], []).append((int(told[2]), name))
    families = {
        stem: tuple(name for _, name in sorted(members))
        for stem, members in found.items()
        if len(members) >= FEWEST_MEMBERS and stem and not any(_coded(numbers[n]) for _, n in members)
    }
    inside = {name for members in families.values() for name in members}
    amounts = tuple(s for s, members in families.items() if max(numbers[n].max() for n in members) > LARGE)
    singles = tuple(n for n, column in numbers.items() if n not in inside and column.max() > LARGE)
    return Plan(tuple(numbers), families, amounts, singles)


def _coded(column: Floats) -> bool:
    return bool((column == MISSING).any())


def with_families(numbers: dict[str, Floats], plan: Plan) -> dict[str, Floats]:
    """Return the columns and, after them, what the families tell: float64[n] each (MISSING where a part
    is)."""
    known = {name: np.where(numbers[name] == MISSING, np.nan, numbers[name]) for name in plan.columns}
    out: dict[str, Floats] = {}
    members = {s: np.column_stack([known[n] for n in names]) for s, names in plan.families.items()}
    for stem, values in members.items():
        out |= _of_one(stem, values)
    for above in plan.amounts:
        for below in plan.amounts:
            if above != below:
                whole = np.abs(members[below]).sum(axis=1) + 1.0
                out[f"{above} over {below}"] = members[above].sum(axis=1) / whole
    for single in plan.singles:
        for stem in plan.amounts:
            whole = np.abs(known[single]) + 1.0
            out[f"{stem} over {single}"] = members[stem][:, 0] / whole
            out[f"{stem} mean over {single}"] = members[stem].mean(axis=1) / whole
            out[f"{stem} max over {single}"] = members[stem].max(axis=1) / whole
    derived = {name: np.where(np.isfinite(values), values, MISSING) for name, values in out.items()}
    return {name: numbers[name] for name in plan.columns} | derived


def _of_one(stem: str, values: Floats) -> dict[str, Floats]:
    mean = values.mean(axis=1)
    return {
        f"{stem} mean": mean,
        f"{stem} max": values.max(axis=1),
        f"{stem} min": values.min(axis=1),
        f"{stem} first less mean": values[:, 0] - mean,
        f"{stem} deviation": values.std(axis=1),
        f"{stem} above zero": (values > 0.0).sum(axis=1).astype(np.float64),
        f"{stem} mean of first 3": values[:, :3].mean(axis=1),
    }


def matrix(features: dict[str, Floats], names: Sequence[str]) -> Floats:
    """float64[n, f] of these features, row by row in memory."""
    return np.ascontiguousarray(np.column_stack([features[name] for name in names]))
