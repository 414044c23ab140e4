"""The three ways in which the bank of the simulated year is run, and what stays the same between them."""

from __future__ import annotations

from typing import Final, NamedTuple

DAYS: Final = 360
MONTHS: Final = 12
MONTH_DAYS: Final = DAYS // MONTHS


class Arm(NamedTuple):
    """One way to run the bank: whether it learns, how many days late and how often wrongly it is told."""

    name: str
    learns: bool
    labels_late_days: int = 0
    labels_wrong: float = 0.0


ARMS: Final = (
    Arm("rules", False),
    Arm("loop", True),
    Arm("loop_late_labels", True, 60, 0.10),
)
LEARNING_DAYS: Final = (90, 150, 210, 270, 330)
"""The days on which fraud models are learned again."""
LENDING_DAYS: Final = (0, 120, 180, 240, 300)
"""The days on which score and early warning are learned again, at first from the year before."""

REVIEW_MINUTES: Final = 10
"""What one held payment takes a reviewer: an assumption."""
CALL_MINUTES: Final = 15
"""What one early warning takes a customer manager: an assumption."""


def month_of(day: int) -> int:
    """The month of a day, 0 to 11."""
    return min(day // MONTH_DAYS, MONTHS - 1)
