"""Find families of numbered columns (BILL_1..BILL_6) and amounts in training rows; `models.derived` makes
the features."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from jingwei.models.compiled import Floats
from jingwei.models.derived import MISSING, Plan, with_families

__all__ = ["Plan", "find_families", "matrix", "with_families"]

FEWEST_MEMBERS = 3
LARGE = 1000.0
"""A column that reaches this counts amounts: only amounts are divided by each other."""


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


def matrix(features: dict[str, Floats], names: Sequence[str]) -> Floats:
    """float64[n, f] of these features, row by row in memory."""
    return np.ascontiguousarray(np.column_stack([features[name] for name in names]))
