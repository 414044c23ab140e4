"""Interest: what one bank day earns or costs, and how much of it is posted. Pure, in whole numbers.

A day's interest is balance x yearly rate / days of the year. With the balance in minor units and the
rate in millionths, balance x rate is already in millionths of a minor unit ("micro"), so a day is
one whole division. Each tier's day is cut towards zero, at a millionth of a minor unit: neither
the bank nor the owner is ever charged more than is due.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta

from jingwei.ledger.product import DayCount, Interest, Posting, Rounding

MICRO = 1_000_000
"""Millionths in one minor unit."""

_FIRST = date(1970, 1, 1)
_MONTHS_BETWEEN: dict[Posting, int] = {"month_end": 1, "quarter_end": 3, "year_end": 12}


def days_in_year(day: int, count: DayCount) -> int:
    """Return by how many days a yearly rate is divided on this bank day.

    actual/365 and actual/360 divide by their number always, so a leap year earns one day more;
    actual/actual divides by 366 in leap years. Source: ISDA definitions, section 4.16 (2006).
    """
    if count == "actual/360":
        return 360
    if count == "actual/actual" and isleap((_FIRST + timedelta(days=day)).year):
        return 366
    return 365


def daily_micro(balance_minor: int, interest: Interest, day: int) -> int:
    """Return what one bank day adds to the interest accrued, in millionths of a minor unit.

    Below zero: the owner owes it, for an overdraft or under a negative rate.
    """
    year = days_in_year(day, interest.day_count)
    if balance_minor < 0:
        return -(-balance_minor * interest.overdraft_ppm // year)
    if interest.tiering == "whole":
        reached = [tier.rate_ppm for tier in interest.tiers if balance_minor >= tier.from_minor]
        return _cut(balance_minor * reached[-1], year) if reached else 0
    micro, upper = 0, balance_minor
    for tier in reversed(interest.tiers):
        if upper > tier.from_minor:
            micro += _cut((upper - tier.from_minor) * tier.rate_ppm, year)
            upper = tier.from_minor
    return micro


def whole_minor(accrued_micro: int, rounding: Rounding) -> int:
    """Return the whole minor units to post of what has accrued, by the product's rounding policy.

    "down" cuts towards zero, "half_up" rounds halves away from zero, "half_even" to the even
    neighbour. What the posting leaves, or takes too much, stays accrued: nothing is ever lost.
    """
    size, sign = abs(accrued_micro), 1 if accrued_micro >= 0 else -1
    whole, rest = divmod(size, MICRO)
    half = MICRO // 2
    up = (rounding == "half_up" and rest >= half) or (
        rounding == "half_even" and (rest > half or (rest == half and whole % 2 == 1))
    )
    return sign * (whole + up)


def is_month_end(day: int) -> bool:
    """Whether this bank day is the last of its month."""
    return (_FIRST + timedelta(days=day + 1)).day == 1


def is_posting_day(day: int, posting: Posting) -> bool:
    """Whether interest accrued up to this bank day, included, is posted at its end."""
    return is_month_end(day) and (_FIRST + timedelta(days=day)).month % _MONTHS_BETWEEN[posting] == 0


def _cut(product: int, year: int) -> int:
    """Divide, cutting towards zero."""
    return product // year if product >= 0 else -(-product // year)
