"""The city's calendar: weekdays, pay, festivals and sales days of China, as factors on what people do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np

from jingwei.simulation.city.draws import Floats, Ints

NEW_YEARS: Final = {
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
}
"""First day of the Spring Festival (Chinese New Year) of each year."""

SALES: Final = ((6, 16, 6, 18), (11, 9, 11, 11))
"""Sales days online, first to last (month, day): 618 and Double 11."""

HOLIDAYS: Final = ((1, 1, 1, 3), (5, 1, 5, 5), (10, 1, 10, 7))
"""Public holidays with a fixed date: New Year, Labour Day, National Day."""


class Almanac:
    """What each day of the city is; arrays of length `days`, day 0 being `first`."""

    def __init__(self, first: date, days: int) -> None:
        self.first = first
        self.days = days
        dates = [first + timedelta(days=n) for n in range(days)]
        self.dates = dates
        self.day_of_month: Ints = np.array([one.day for one in dates], np.int64)
        self.weekend = np.array([one.weekday() >= 5 for one in dates])
        self.spring = np.array([self._from_new_year(one) for one in dates], np.int64)
        """Days from the nearest Spring Festival's first day (negative: before it)."""
        self.sale = np.array([_within(one, SALES) for one in dates])
        self.holiday = np.array([_within(one, HOLIDAYS) for one in dates]) | (
            (self.spring >= -1) & (self.spring <= 6)
        )

    @staticmethod
    def _from_new_year(one: date) -> int:
        gaps = [(one - new_year).days for new_year in NEW_YEARS.values()]
        return min(gaps, key=abs)

    def factor(self, category: str) -> Floats:
        """How much more of a category is bought on each day than on an ordinary one."""
        ones = np.ones(self.days)
        ones *= np.where(self.weekend, WEEKEND.get(category, 1.0), 1.0)
        ones *= np.where(self.sale, SALE.get(category, 1.0), 1.0)
        ones *= np.where(self.holiday, HOLIDAY.get(category, 1.0), 1.0)
        before = (self.spring >= -14) & (self.spring < 0)
        return np.asarray(ones * np.where(before, BEFORE_SPRING.get(category, 1.0), 1.0), np.float64)


WEEKEND: Final = {
    "restaurant": 1.5,
    "entertainment": 1.8,
    "clothing": 1.5,
    "transport": 0.7,
    "education": 0.6,
}
SALE: Final = {"online": 4.0, "electronics": 3.0, "clothing": 2.2}
HOLIDAY: Final = {"travel": 3.0, "restaurant": 1.4, "entertainment": 1.6, "transport": 0.6, "education": 0.2}
BEFORE_SPRING: Final = {"groceries": 1.6, "clothing": 1.5, "gifts": 4.0, "travel": 1.8, "online": 1.3}


def _within(one: date, spans: tuple[tuple[int, int, int, int], ...]) -> bool:
    return any((a, b) <= (one.month, one.day) <= (c, d) for a, b, c, d in spans)
