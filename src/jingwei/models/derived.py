"""From named values to a model's features, in serving as in training: texts become places, families of
numbered columns (BILL_1..BILL_6) become means, extremes, steps and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from jingwei.models.compiled import Floats

MISSING = -1e12
"""Stands for nothing; it always gets a range of its own."""
RARE = "\x00rare"
"""The place of all texts too rare to have one of their own."""
FADES = 0.7
"""How much less each older member of a family weighs in its faded sum."""


class Named(Protocol):
    """Rows as columns by name."""

    def column(self, name: str) -> Any:
        """One column, float64[n] (nothing = NaN) or texts (nothing = '')."""
        ...


class Encoder(msgspec.Struct, frozen=True):
    """Turns columns into numbers; all it knows it learned from the training rows.

    A text becomes the place of its value among the values ordered by share of bad outcomes; values seen
    too rarely share one place. Nothing becomes MISSING.
    """

    places: dict[str, dict[str, float]]

    def numbers(self, table: Named, names: Sequence[str]) -> dict[str, Floats]:
        """float64[n] per column."""
        return {name: self._one(name, table.column(name)) for name in names}

    def _one(self, name: str, column: Any) -> Floats:
        if name not in self.places:
            return np.where(np.isfinite(column.astype(np.float64)), column, MISSING).astype(np.float64)
        place = self.places[name]
        return np.array([place.get(text, place[RARE]) for text in column], dtype=np.float64)


class Plan(msgspec.Struct, frozen=True):
    """Which columns make families (in order of their numbers) and which are single amounts.

    Found in the training rows once; the same plan makes the features of every other row.
    """

    columns: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    amounts: tuple[str, ...]
    singles: tuple[str, ...]


class Recipe(msgspec.Struct, frozen=True):
    """The way from a table's columns to a model's features; it rides on the model's card, so that whoever
    serves the model makes the features exactly as training did."""

    names: tuple[str, ...]
    encoder: Encoder
    plan: Plan

    def features(self, table: Named) -> dict[str, Floats]:
        """Features float64[n] by name; the outcome is not needed."""
        return with_families(self.encoder.numbers(table, self.names), self.plan)


def with_families(numbers: dict[str, Floats], plan: Plan) -> dict[str, Floats]:
    """Return the columns and, after them, what the families tell: float64[n] each (MISSING where a part
    is)."""
    known = {name: np.where(numbers[name] == MISSING, np.nan, numbers[name]) for name in plan.columns}
    out: dict[str, Floats] = {}
    members = {s: np.column_stack([known[n] for n in names]) for s, names in plan.families.items()}
    for stem, values in members.items():
        whole = np.isfinite(values).all(axis=1)
        out |= {name: np.where(whole, told, np.nan) for name, told in _of_one(stem, values).items()}
    for above in plan.amounts:
        for below in plan.amounts:
            if above != below:
                out |= _of_two(f"{above} over {below}", members[above], members[below])
    for single in plan.singles:
        whole = np.abs(known[single]) + 1.0
        for stem in plan.amounts:
            out |= _over_single(stem, single, members[stem], whole)
    derived = {name: np.where(np.isfinite(values), values, MISSING) for name, values in out.items()}
    return {name: numbers[name] for name in plan.columns} | derived


def _of_one(stem: str, values: Floats) -> dict[str, Floats]:
    mean, count = values.mean(axis=1), values.shape[1]
    above = values > 0.0
    fading = FADES ** np.arange(count)
    return {
        f"{stem} mean": mean,
        f"{stem} max": values.max(axis=1),
        f"{stem} min": values.min(axis=1),
        f"{stem} first less mean": values[:, 0] - mean,
        f"{stem} deviation": values.std(axis=1),
        f"{stem} above zero": _counted(above),
        f"{stem} mean of first 3": values[:, :3].mean(axis=1),
        f"{stem} mean of last 3": values[:, -3:].mean(axis=1),
        f"{stem} slope": (values * (np.arange(count) - (count - 1) / 2.0)).sum(axis=1),
        f"{stem} faded sum": (values * fading).sum(axis=1),
        f"{stem} steps up": _counted(np.diff(values, axis=1) < 0.0),
        f"{stem} first less second": values[:, 0] - values[:, 1],
        f"{stem} newest above zero": np.where(above.any(axis=1), above.argmax(axis=1), count) * 1.0,
        f"{stem} zeros": _counted(values == 0.0),
        f"{stem} below zero": _counted(values < 0.0),
    }


def _counted(flags: Any) -> Floats:
    told: Floats = flags.sum(axis=1).astype(np.float64)
    return told


def _of_two(name: str, above: Floats, below: Floats) -> dict[str, Floats]:
    """One family over another as wholes, and member by member over the next older one of the other (what
    was paid over what had been billed)."""
    out = {name: above.sum(axis=1) / (np.abs(below).sum(axis=1) + 1.0)}
    if above.shape[1] != below.shape[1]:
        return out
    steps = np.clip(above[:, :-1] / (np.abs(below[:, 1:]) + 1.0), -50.0, 50.0)
    out |= {f"{name} step {i + 1}": steps[:, i] for i in range(steps.shape[1])}
    return out | {
        f"{name} least step": steps.min(axis=1),
        f"{name} largest step": steps.max(axis=1),
        f"{name} mean step": steps.mean(axis=1),
    }


def _over_single(stem: str, single: str, values: Floats, whole: Floats) -> dict[str, Floats]:
    """A family over a single amount (what is owed over the limit): the first, mean, largest, each, and the
    change."""
    out = {
        f"{stem} over {single}": values[:, 0] / whole,
        f"{stem} mean over {single}": values.mean(axis=1) / whole,
        f"{stem} max over {single}": values.max(axis=1) / whole,
        f"{stem} change over {single}": (values[:, 0] - values[:, -1]) / whole,
    }
    return out | {f"{stem} {i + 1} over {single}": values[:, i] / whole for i in range(1, values.shape[1])}
