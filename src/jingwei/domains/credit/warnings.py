"""Early warnings as the bank keeps them, the first model of them, made by hand, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jingwei.domains.credit.early_warning import NAMES
from jingwei.kernel.kept import Kept
from jingwei.kernel.refusal import Words, declare
from jingwei.models.card import Card
from jingwei.models.points import Points, PointsModel

EARLY_WARNING = "early_warning"
"""The code of the case a customer manager finds, and the model's slot."""
EXTENSION, INSTALMENTS = "extension", "instalments"
PROPOSALS = (EXTENSION, INSTALMENTS)
OUTCOMES = (*PROPOSALS, "spoken", "not_needed")
"""What a customer manager can say came of it; the first two were offered to the customer."""

LEAST_CHANCE: Final = 0.15
"""From this chance on a warning is given."""

NOT_HERE: Final = ("late_elsewhere_90d", "owed_elsewhere_to_income", "queries_30d", "queries_180d")
"""Signals that need a real credit bureau; none is connected, so nothing is learned from them for service."""
SERVED: Final = tuple(name for name in NAMES if name not in NOT_HERE)
"""What a model that warns here may read."""


class EarlyWarning(Kept, frozen=True):
    """That a borrower may miss the next instalment; `id` is the decision that warned.

    `chance_ppm` is the chance in millionths as the model `by` tells it, `signals` what raised it most as
    name=value, comma-separated; `proposal` is "extension" or "instalments"; `due_day` is a bank day.
    `status` is "open" or "answered", `outcome` one of OUTCOMES or "".
    """

    loan: str
    customer: str
    case_number: str
    chance_ppm: int
    signals: str
    proposal: str
    due_day: int
    instalment_minor: int
    currency: str
    by: str
    at: int
    status: str = "open"
    outcome: str = ""
    words: str = ""
    answered_by: str = ""
    answered_at: int = 0


def proposal(seen: Mapping[str, float]) -> str:
    """What to offer: a pause of two months where income fell of late, smaller instalments where it never did.

    `seen` are the signals by name.
    """
    fell = seen["income_30d_to_usual"] < 0.8 or seen["income_days_ago"] > 35
    return EXTENSION if fell else INSTALMENTS


def months_for(offered: str, left: int) -> int:
    """Over how many months to spread what a loan with `left` instalments still owes."""
    return left + 2 if offered == EXTENSION else left * 2


BY_HAND: Final = (
    Points("balance_lowest_35d", (0.5, 1.0, 3.0), (1.6, 1.1, 0.5, 0.0)),
    Points("balance_to_instalment", (1.0, 3.0), (1.0, 0.4, 0.0)),
    Points("income_days_ago", (35.0, 50.0), (0.0, 0.8, 1.4)),
    Points("income_30d_to_usual", (0.1, 0.8), (0.8, 0.4, 0.0)),
    Points("income_90d_to_instalment", (2.0, 6.0), (1.0, 0.4, 0.0)),
    Points("last_days_late", (1.0, 4.0), (0.0, 0.5, 1.0)),
)
FIRST_MODEL: Final = PointsModel(
    Card(
        "early warning, by hand",
        "1",
        "Points for an empty account, income that stopped and late payments; chosen by hand, not learned.",
        "按账户余额不足、收入中断与还款迟延计分；人工设定，并非由数据训练得出。",
        tuple(line.feature for line in BY_HAND),
        made_by="the makers of the bank",
        made_at=0,
    ),
    -5.0,
    BY_HAND,
)
"""What warns until a model was learned and approved."""

declare(
    {
        "warning_not_found": Words("There is no such early warning.", "没有这项预警。"),
        "warning_answered": Words("This early warning was answered already.", "该预警已处理。"),
    }
)
