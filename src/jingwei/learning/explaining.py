"""Why a credit model refuses, and what would turn it: exact parts per reason, and the smallest changes
found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from jingwei.learning.families import matrix, with_families
from jingwei.learning.lending import CreditModels, Reader
from jingwei.learning.protocol import Flags
from jingwei.models.compiled import Floats

Numbers = dict[str, Floats]
POLICY, MODEL = "policy", "model"


class PolicyRule(msgspec.Struct, frozen=True):
    """A rule of policy that refuses whatever the model says: its code, a column and the highest value
    allowed."""

    code: str
    column: str
    most: float


class Refused(msgspec.Struct, frozen=True):
    """Reasons of one refusal and where they come from: the policy or the model, never both."""

    origin: str
    reasons: tuple[str, ...]


class Lender(msgspec.Struct, frozen=True):
    """One model with everything between a row and its reasons. `model` is scorecard or boosting."""

    reader: Reader
    models: CreditModels
    model: str

    @property
    def cut_off(self) -> float:
        """Chance of going bad from which the model refuses."""
        return self.models.cut_offs[self.model]

    def score(self, numbers: Numbers) -> Floats:
        """Chance float64[n] of going bad, from encoded columns."""
        return self.models.scores(with_families(numbers, self.reader.plan))[self.model]

    def groups(self) -> tuple[str, ...]:
        """Names of the reasons: a family of columns is one reason, a single column another."""
        return tuple(dict.fromkeys(group_of(name, self.reader) for name in self.models.features))

    def parts(self, numbers: Numbers) -> Floats:
        """float64[n, groups + 1]: log-odds added by each reason, then the base; rows add up to the
        score's."""
        models, features = self.models, with_families(numbers, self.reader.plan)
        names = models.scorecard.features
        card = models.points().bind(names).contributions(matrix(features, names))
        if self.model == "scorecard":
            return self._grouped(names, card)
        forest = models.forest.bind(models.features).contributions(matrix(features, models.features))
        forest, card = forest * models.stacked.trees, card * models.stacked.card
        told = self._grouped(models.features, forest) + self._grouped(names, card)
        told[:, -1] += models.stacked.offset
        return told

    def _grouped(self, names: Sequence[str], parts: Floats) -> Floats:
        groups = self.groups()
        out = np.zeros((len(parts), len(groups) + 1))
        for at, name in enumerate(names):
            out[:, groups.index(group_of(name, self.reader))] += parts[:, at]
        out[:, -1] = parts[:, -1]
        return out

    def columns_of(self, group: str) -> tuple[str, ...]:
        """The columns behind a reason."""
        return self.reader.plan.families.get(group, (group,))


def group_of(feature: str, reader: Reader) -> str:
    """The reason a feature belongs to: its family, or itself. A ratio belongs to what stands above the
    line."""
    for stem, members in reader.plan.families.items():
        if feature in members or feature.startswith(f"{stem} "):
            return stem
    return feature


def main_reasons(parts: Floats, middle: Floats, most: int = 3) -> list[tuple[int, ...]]:
    """Per row the numbers of the reasons that speak most against it, compared with the mean of the approved.

    `parts` float64[n, groups + 1] of `Lender.parts`, `middle` float64[groups + 1] their mean over
    approved rows.
    """
    over = (parts - middle)[:, :-1]
    order = np.argsort(-over, axis=1, kind="stable")[:, :most]
    return [tuple(int(g) for g in row if over[at, g] > 0.0) for at, row in enumerate(order)]


def refusals(
    lender: Lender, numbers: Numbers, rules: Sequence[PolicyRule], middle: Floats
) -> list[Refused | None]:
    """Per row: None when approved, else its reasons. Where the policy refuses, its codes are the only
    reasons."""
    score, parts, groups = lender.score(numbers), lender.parts(numbers), lender.groups()
    said = main_reasons(parts, middle)
    told: list[Refused | None] = []
    for row, chance in enumerate(score.tolist()):
        broken = tuple(rule.code for rule in rules if numbers[rule.column][row] > rule.most)
        if broken:
            told.append(Refused(POLICY, broken))
        elif chance >= lender.cut_off:
            told.append(Refused(MODEL, tuple(groups[g] for g in said[row])))
        else:
            told.append(None)
    return told


def take(numbers: Numbers, rows: Any) -> Numbers:
    """The same columns, only these rows."""
    return {name: column[rows] for name, column in numbers.items()}


class Advice(msgspec.Struct, frozen=True):
    """For one refused row: the columns to change and the values, rounded as they are said."""

    changes: dict[str, float]


def advise(
    lender: Lender, row: Numbers, approved: Numbers, fixed: Sequence[str], first: Sequence[str], most: int = 5
) -> Advice:
    """Return the few changes found that turn one refused row (columns float64[1]) into an approved one.

    Values are quantiles of approved rows, rounded as they will be said. Columns of the stated reasons
    (`first`) are
    tried before others. Per step the flip that moves furthest the least is taken, or, while none flips, what
    lowers the chance most. What was found may fail: the caller decides again.
    """
    free = [name for name in row if name not in fixed]
    order = [name for name in first if name in free] + [name for name in free if name not in first]
    ranks = {name: np.unique(np.quantile(approved[name], np.linspace(0.05, 0.95, 10))) for name in order}
    now = dict(row)
    changes: dict[str, float] = {}
    for stated in (True, False):
        for _ in range(most):
            tried = [n for n in order if n not in changes and (not stated or n in first)]
            options = [
                (n, said(v, approved[n])) for n in tried for v in ranks[n].tolist() if v != float(now[n][0])
            ]
            if not options or float(lender.score(now)[0]) < lender.cut_off or len(changes) >= most:
                break
            name, value = _best(lender, now, options, approved)
            now = now | {name: np.array([value])}
            changes[name] = value
    return Advice(changes)


def said(value: float, column: Floats) -> float:
    """A value as it is told: whole where the column is whole, else three significant digits."""
    if bool(np.all(np.floor(column) == column)):
        return float(round(value))
    return float(f"{value:.3g}")


def _best(
    lender: Lender, now: Numbers, options: list[tuple[str, float]], approved: Numbers
) -> tuple[str, float]:
    rows = {name: np.repeat(column, len(options)) for name, column in now.items()}
    far = np.empty(len(options))
    for at, (name, value) in enumerate(options):
        rows[name][at] = value
        far[at] = _distance(approved[name], float(now[name][0]), value)
    score = lender.score(rows)
    flips: Flags = score < lender.cut_off
    at = int(np.argmin(np.where(flips, far, np.inf))) if flips.any() else int(np.argmin(score))
    return options[at]


def _distance(column: Floats, here: float, there: float) -> float:
    """Share of approved rows that lie between two values."""
    low, high = min(here, there), max(here, there)
    return float(np.mean((column >= low) & (column <= high)))
