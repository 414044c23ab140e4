"""Whose a fraud feature is, what kind of data it is and which purposes it may serve."""

from __future__ import annotations

from typing import Any, Final

from jingwei.features.definition import TIME_SINCE, Aggregate, Feature
from jingwei.features.terms import ratio
from jingwei.kernel.clock import SECOND
from jingwei.kernel.purpose import DataClass, Purpose

RISK: Final = frozenset((Purpose.RISK,))
SERVED: Final = frozenset((Purpose.RISK, Purpose.SERVICE))
"""What a customer may also be shown about their own payments."""


def of_customer(name: str, over: int, value: Aggregate, says: str, says_zh: str) -> Feature:
    """A number about the customer's own payments."""
    empty = over / SECOND if value is TIME_SINCE else 0.0
    return Feature(name, "customer", over, value, says, says_zh, DataClass.TRANSACTIONS, SERVED, empty)


def of_terminal(name: str, over: int, value: Aggregate, says: str, says_zh: str) -> Feature:
    """A number about all payments at the terminal."""
    return Feature(name, "terminal", over, value, says, says_zh, DataClass.BEHAVIOUR, RISK)


def labels(name: str, by: str, over: int, value: Aggregate, says: str, says_zh: str) -> Feature:
    """A number about fraud reports, as known at the moment of the payment."""
    return Feature(name, by, over, value, says, says_zh, DataClass.LABELS, RISK)


def times_usual(amount: Any, mean: Any) -> Any:
    """Amount over the mean; 1 when there is no mean to compare with."""
    return ratio(amount, mean, 1.0)
