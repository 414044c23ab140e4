"""What a loan costs as one number: the effective yearly rate, from the very payments the borrower makes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

MOST_MONTHLY = Decimal("0.2")
_STEPS = 40
_EXACT = Context(prec=28)


def effective_ppm(paid_out_minor: int, payments: Sequence[int]) -> int:
    """The effective yearly rate in millionths: (1 + i)^12 - 1, i being the monthly internal rate of return.

    That is the rate at which the payments (minor units, one each month, 0 for none) are worth what was paid
    out. Found by bisection in decimal arithmetic, so that every machine gets the same number. Source:
    People's Bank of China, announcement [2021] No. 3 (yearly rates of loans, compound method); the
    same equation as in Directive 2008/48/EC, annex I. Returns 0 when no more is paid than was paid out.
    """
    if sum(payments) <= paid_out_minor:
        return 0
    low, high = Decimal(0), MOST_MONTHLY
    for _ in range(_STEPS):
        middle = _EXACT.divide(low + high, Decimal(2))
        if worth(payments, middle) > paid_out_minor:
            low = middle
        else:
            high = middle
    yearly = _EXACT.power(1 + high, 12) - 1
    return int((yearly * 1_000_000).to_integral_value())


def worth(payments: Sequence[int], monthly: Decimal) -> Decimal:
    """What payments, one at the end of each month, are worth at the start (Horner's rule)."""
    factor = _EXACT.divide(Decimal(1), 1 + monthly)
    value = Decimal(0)
    for payment in reversed(payments):
        value = _EXACT.multiply(_EXACT.add(value, Decimal(payment)), factor)
    return value
