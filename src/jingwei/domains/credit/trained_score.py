"""Scores by a trained scorecard: its table of points as the log seals it, in the shape of the first score.

The table rides in the books, so that a decision can be done again from the log alone. A contribution is what
a line gives less the most it could give: never above zero, and exactly what a refusal names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from jingwei.domains.credit.company_inputs import COMPANY, OWN, SOURCES
from jingwei.domains.credit.first_score import MOST, NAME, credit_score
from jingwei.domains.credit.first_score import SENTENCES as FIRST_SENTENCES
from jingwei.domains.credit.inputs import CreditInputs, Score
from jingwei.domains.credit.warnings import EARLY_WARNING, SERVED
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words
from jingwei.models.contract import Model, ModelError
from jingwei.models.points import Points, PointsModel

CREDIT, THIN_FILE = "credit", "thin_file"
SLOTS = (CREDIT, THIN_FILE, COMPANY)
"""What a trained scorecard can score here: applicants, those of whom no bureau knows anything, companies."""

ONLY_SCORECARDS = "only a scorecard decides; boosted trees may challenge it"
BASE_POINTS, DOUBLE_ODDS, BASE_ODDS = 600.0, 20.0, 30.0
"""600 points are thirty good to one bad; every 20 points more double that."""
EDGES = (("A", 640), ("B", 610), ("C", 590), ("D", 570), ("E", -(10**6)))
"""From how many points on a grade holds: a chance of going bad under .8 %, 2.3 %, 4.5 %, 8.6 %, and above."""

SENTENCES: dict[str, Words] = FIRST_SENTENCES | {
    "income_minor": Words("your usual monthly income", "您通常的月收入"),
    "spending_minor": Words("what you usually spend in a month", "您通常的月支出"),
    "purchases": Words("how often you pay by card", "刷卡消费的次数"),
    "income_change": Words("whether your income has fallen lately", "近期收入是否下降"),
    "spending_change": Words("whether your spending has changed lately", "近期支出是否变化"),
    "monthly_minor": Words("what your loans elsewhere cost each month", "其他贷款每月还款额"),
    "own_monthly_minor": Words("what your loans with us cost each month", "我行贷款每月还款额"),
    "own_loans": Words("how many loans you have with us", "您在我行的贷款笔数"),
    "loans_90d": Words("how many loans you signed lately", "近期签署的贷款笔数"),
}
"""What each input is about, for people. Whether a loan here is late is policy, not score."""


def most_of(score_by: str, name: str) -> int:
    """The most points a line can give; none by a trained card, whose lines tell what they take away."""
    return MOST.get(name, 0) if score_by == NAME else 0


class ScorecardInUse(Kept, frozen=True):
    """The scorecard that scores from a record on; `id` is its slot, `digest` the model's, `lines` a Table."""

    digest: str
    name: str
    lines: str


class Table(msgspec.Struct, frozen=True):
    """A scorecard's table in log-odds of going bad, and how its scores name it."""

    name: str
    base: float
    lines: tuple[Points, ...]


class Line(msgspec.Struct, frozen=True):
    """A line in whole points: below edges[0] points[0] count, from edges[i - 1] on points[i]."""

    feature: str
    edges: tuple[float, ...]
    points: tuple[int, ...]
    neutral: int

    def of(self, value: float | None) -> int:
        """The points of a value; of one that may not be read those of the average (evidence zero)."""
        if value is None:
            return self.neutral
        return self.points[sum(value >= edge for edge in self.edges)]


class TrainedCard(msgspec.Struct, frozen=True):
    """A table in whole points: the best anybody can have, and what each line takes away from it."""

    slot: str
    name: str
    best: int
    lines: tuple[Line, ...]

    def score(self, inputs: CreditInputs) -> Score:
        """The score of these inputs; the best and the contributions add up to the points exactly."""
        return self.of(numbers_of(inputs))

    def of(self, values: Mapping[str, float]) -> Score:
        """The score of values by name; a line whose value is not there counts as for the average."""
        parts = tuple((line.feature, line.of(values.get(line.feature))) for line in self.lines)
        points = self.best + sum(part for _, part in parts)
        return Score(points, grade_of(points), parts, self.name)


def score_with(cards: Sequence[TrainedCard], inputs: CreditInputs) -> Score:
    """The score of these inputs: by the thin-file card when no bureau knows anything and there is one, by the
    trained card when there is one, else by the first score."""
    found = {card.slot: card for card in cards}
    card = (found.get(THIN_FILE) if is_thin(inputs) else None) or found.get(CREDIT)
    return card.score(inputs) if card else credit_score(inputs)


def is_thin(inputs: CreditInputs) -> bool:
    """Whether nothing is known but how the accounts here were kept."""
    return thin(numbers_of(inputs))


def thin(values: Mapping[str, float]) -> bool:
    """The same of inputs by name, as `numbers_of` tells them."""
    return not any(values[name] for name in ("debts", "late_marks", "inquiries", "own_loans"))


def numbers_of(inputs: CreditInputs) -> dict[str, float]:
    """The inputs a trained card may read, by name. Amounts are minor units."""
    seen, bureau = inputs.behaviour, inputs.bureau
    whole = {
        "account_days": seen.account_days,
        "balance_days": seen.balance_days,
        "income_months": seen.income_months,
        "income_minor": seen.income_minor,
        "spending_minor": seen.spending_minor,
        "overdrawn_days": seen.overdrawn_days,
        "refused": seen.refused,
        "purchases": seen.purchases,
        "income_change": seen.income_change,
        "spending_change": seen.spending_change,
        "debts": bureau.debts,
        "monthly_minor": bureau.monthly_minor,
        "late_marks": bureau.late_marks,
        "inquiries": bureau.inquiries,
        "own_monthly_minor": inputs.own_monthly_minor,
        "own_loans": inputs.own_loans,
        "loans_90d": inputs.loans_90d,
    }
    return {name: float(value) for name, value in whole.items()}


BEHAVIOUR = (
    "account_days", "balance_days", "income_months", "income_minor", "spending_minor", "overdrawn_days",
    "refused", "purchases", "income_change", "spending_change",
)  # fmt: skip
"""What the bank itself knows of how accounts were kept: all a thin-file card reads."""
COMPANY_READS = (*OWN, *(name for columns in SOURCES.values() for name in columns))
READS = {
    CREDIT: tuple(SENTENCES), THIN_FILE: BEHAVIOUR, COMPANY: COMPANY_READS, EARLY_WARNING: SERVED,
}  # fmt: skip
"""What the model of each slot may read; nothing protected is among it, so nothing protected can be read."""


def table_of(model: Model, digest: str) -> str:
    """A scorecard's table as the books keep it. Raises ValueError for another kind of model."""
    if not isinstance(model, PointsModel):
        raise ValueError(ONLY_SCORECARDS)
    name = f"{model.card.name}@{digest[:12]}"
    return msgspec.json.encode(Table(name, model.base, model.table)).decode()


def may_serve(slot: str, model: Model) -> None:
    """Raise ModelError when the bank could not score with this model in this slot."""
    if slot not in READS:
        return
    strange = unreadable(slot, model.features)
    if strange:
        raise ModelError(f"loans are not scored on {', '.join(strange)}; the bank does not have them")
    if slot in SLOTS and not isinstance(model, PointsModel):
        raise ModelError(ONLY_SCORECARDS)


def unreadable(slot: str, features: Sequence[str]) -> tuple[str, ...]:
    """What a card of this slot may not read among these features."""
    return tuple(name for name in features if name not in READS.get(slot, ()))


@lru_cache(maxsize=16)
def card_of(slot: str, table: str) -> TrainedCard:
    """The card in whole points of a table kept in the books. Raises ValueError when it cannot score.

    Points = 600 + 20 / ln 2 x (log-odds of good - ln 30), each line rounded by itself.
    """
    try:
        read = msgspec.json.decode(table, type=Table)
    except msgspec.DecodeError as error:
        raise ValueError(f"the table cannot be read: {error}") from error
    lines = [_line(line) for line in read.lines]
    factor = DOUBLE_ODDS / math.log(2.0)
    base = round(BASE_POINTS - factor * (math.log(BASE_ODDS) + read.base))
    best = [max(line.points) for line in lines]
    taken = tuple(
        Line(line.feature, line.edges, tuple(part - most for part in line.points), -most)
        for line, most in zip(lines, best, strict=True)
    )
    return TrainedCard(slot, read.name, base + sum(best), taken)


def _line(line: Points) -> Line:
    factor = DOUBLE_ODDS / math.log(2.0)
    rises = all(a < b for a, b in zip(line.edges, line.edges[1:], strict=False))
    if len(line.points) != len(line.edges) + 1 or not rises or not all(map(math.isfinite, line.points)):
        raise ValueError(f"the line of {line.feature} is not a table of points")
    return Line(line.feature, line.edges, tuple(round(-factor * part) for part in line.points), 0)


def chance_of(points: int) -> float:
    """The chance of going bad that so many points of a trained card stand for."""
    odds = BASE_ODDS * math.pow(2.0, (points - BASE_POINTS) / DOUBLE_ODDS)
    return 1.0 / (1.0 + odds)


def grade_of(points: int) -> str:
    """The grade these points stand for."""
    return next(grade for grade, edge in EDGES if points >= edge)
