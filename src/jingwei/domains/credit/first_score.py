"""The first credit score: a hand-made scorecard over what the bank knows and the bureau reports.

A model trained on data may take its place behind the same function: `credit_score(inputs) -> Score`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jingwei.domains.credit.inputs import CreditInputs, Score
from jingwei.kernel.refusal import Words

NAME = "first_score@1"
BASE = 500
EDGES = (("A", 680), ("B", 620), ("C", 560), ("D", 500), ("E", -(10**6)))
"""From how many points on a grade holds, best first."""


class Attribute(msgspec.Struct, frozen=True):
    """One line of the scorecard: its name, how it is measured, points from each edge on, and its sentence.

    `points` are (from value, points), ascending; the last edge that is not above the value counts.
    """

    name: str
    of: Callable[[CreditInputs], int]
    points: tuple[tuple[int, int], ...]
    says: Words


CARD: tuple[Attribute, ...] = (
    Attribute(
        "account_days",
        lambda seen: seen.behaviour.account_days,
        ((-1, -20), (30, 0), (180, 15), (365, 30), (1095, 45)),
        Words("how long you have been with us", "与我行往来时间"),
    ),
    Attribute(
        "balance_days",
        lambda seen: seen.behaviour.balance_days,
        ((-1, -25), (15, 0), (45, 20), (75, 40)),
        Words("on how many days there was money in the account", "账户留有余额的天数"),
    ),
    Attribute(
        "income_months",
        lambda seen: seen.behaviour.income_months,
        ((-1, -40), (2, 0), (4, 30), (6, 55)),
        Words("in how many months income came in", "有收入入账的月数"),
    ),
    Attribute(
        "overdrawn_days",
        lambda seen: -seen.behaviour.overdrawn_days,
        ((-(10**9), -45), (-20, -20), (-5, -5), (0, 10)),
        Words("on how many days the account was overdrawn", "账户透支的天数"),
    ),
    Attribute(
        "refused",
        lambda seen: -seen.behaviour.refused,
        ((-(10**9), -35), (-5, -15), (-1, 0), (0, 10)),
        Words("how many payments failed for want of money", "因余额不足而失败的付款次数"),
    ),
    Attribute(
        "late_marks",
        lambda seen: -seen.bureau.late_marks,
        ((-(10**9), -120), (-2, -70), (-1, -35), (0, 30)),
        Words("late payments that the credit bureau reports", "征信报告中的逾期记录"),
    ),
    Attribute(
        "debts",
        lambda seen: -(seen.bureau.debts + seen.own_loans),
        ((-(10**9), -50), (-5, -20), (-3, 0), (-1, 10), (0, 15)),
        Words("how many loans you are repaying", "正在归还的贷款笔数"),
    ),
    Attribute(
        "inquiries",
        lambda seen: -seen.bureau.inquiries,
        ((-(10**9), -30), (-5, -10), (-2, 0), (0, 10)),
        Words("how often lenders asked about you lately", "近期被查询征信的次数"),
    ),
)


def credit_score(inputs: CreditInputs) -> Score:
    """The score of these inputs: base and contributions add up to the points exactly."""
    contributions = tuple((line.name, _points(line, line.of(inputs))) for line in CARD)
    points = BASE + sum(part for _, part in contributions)
    return Score(points, grade_of(points), contributions, NAME)


def grade_of(points: int) -> str:
    """The grade these points stand for."""
    return next(grade for grade, edge in EDGES if points >= edge)


def _points(line: Attribute, value: int) -> int:
    return [points for edge, points in line.points if value >= edge][-1]


SENTENCES: dict[str, Words] = {line.name: line.says for line in CARD}
"""What each contribution is about, for people."""
MOST: dict[str, int] = {line.name: max(points for _, points in line.points) for line in CARD}
"""The most points each line can give: what is missing from it is what a refusal names."""
