"""Schedules in whole minor units: when which part of a loan and which interest is due; packed as text.

Interest of a period is what is still lent x yearly rate / 12, rounded half up; a month is a month, however
many days it has (the "30/360" way of consumer loans in China). A period that begins in its middle, after an
early repayment, counts by its days. The last instalment takes what rounding left: principal adds up to the
loan exactly.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction

import msgspec
from msgspec.structs import astuple, replace

PPM = 1_000_000
FIRST = date(1970, 1, 1)


class Instalment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One due day of a loan: what is due and what of it is paid, all in minor units.

    `day` is the bank day; `principal`, `interest` and `fee` are what is due; `paid_*` what came in.
    `closed` is whether its interest and fee were booked as due: the day has come. `early` marks a row that
    stands for an early repayment, made on `day` in the middle of a period. `paid_day` is the bank day on
    which nothing of it was left to pay: 0 while something is, and for what was paid before this was kept.
    """

    day: int
    principal: int
    interest: int
    fee: int = 0
    paid_principal: int = 0
    paid_interest: int = 0
    paid_fee: int = 0
    closed: bool = False
    early: bool = False
    paid_day: int = 0

    @property
    def amount(self) -> int:
        """What is due on that day."""
        return self.principal + self.interest + self.fee

    @property
    def left(self) -> int:
        """What of it is not paid yet."""
        return self.amount - self.paid_principal - self.paid_interest - self.paid_fee


class Terms(msgspec.Struct, frozen=True, gc=False):
    """What a schedule is made of: how it is repaid, its rate, and its due days.

    `kind` as of a product ("revolving" repays as "annuity"). `start_day` is when the current period began
    with `days`[0] as its end; `lent_day` from when on this principal is lent (later than `start_day` after an
    early repayment). `fee_minor` comes with the first instalment.
    """

    kind: str
    principal_minor: int
    rate_ppm: int
    days: tuple[int, ...]
    start_day: int
    lent_day: int
    fee_minor: int = 0

    @property
    def first_share(self) -> Fraction:
        """Which part of the first period the principal is lent for."""
        return Fraction(self.days[0] - self.lent_day, self.days[0] - self.start_day)


def months_later(day: int, months: int) -> int:
    """The bank day so many months later: the same day of the month, or the last one of a shorter month."""
    when = FIRST + timedelta(days=day)
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(when.day, last)) - FIRST).days


def due_days(day: int, months: int) -> tuple[int, ...]:
    """The due days of a loan paid out on this bank day: one each month."""
    return tuple(months_later(day, n) for n in range(1, months + 1))


def half_up(value: Fraction) -> int:
    """The nearest whole number, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def interest_of(balance_minor: int, rate_ppm: int, share: Fraction = Fraction(1)) -> int:
    """Interest of one month, or a share of it, on what is lent (minor units)."""
    return half_up(Fraction(balance_minor * rate_ppm, 12 * PPM) * share)


def level(principal_minor: int, rate_ppm: int, months: int) -> int:
    """The equal instalment of an annuity: P r / (1 - (1 + r)^-n) with r = rate / 12, rounded half up.

    Source: the annuity formula, e.g. Fabozzi, Fixed Income Mathematics, 4th ed., chapter 4.
    """
    if not rate_ppm:
        return half_up(Fraction(principal_minor, months))
    grown = (12 * PPM + rate_ppm) ** months
    return half_up(Fraction(principal_minor * rate_ppm * grown, 12 * PPM * (grown - (12 * PPM) ** months)))


def schedule(terms: Terms) -> tuple[Instalment, ...]:
    """Every instalment of a loan; their principal adds up to the loan exactly."""
    months, left, held = len(terms.days), terms.principal_minor, 0
    equal = level(left, terms.rate_ppm, months) if terms.kind in ("annuity", "revolving") else 0
    plan: list[Instalment] = []
    for n, day in enumerate(terms.days):
        share = terms.first_share if n == 0 else Fraction(1)
        interest, last = interest_of(left, terms.rate_ppm, share), n == months - 1
        if terms.kind == "bullet":
            held += interest
            interest = held if last else 0
        part = left if last else _part(terms, equal, interest, left)
        left -= part
        if terms.kind != "bullet" or last:
            plan.append(Instalment(day, part, interest, terms.fee_minor if not plan else 0))
    return tuple(plan)


def _part(terms: Terms, equal: int, interest: int, left: int) -> int:
    """The principal of an instalment that is not the last."""
    if terms.kind in ("interest_only", "bullet"):
        return 0
    if terms.kind == "equal_principal":
        return min(terms.principal_minor // len(terms.days), left)
    return max(min(equal - interest, left), 0)


def fewest_months(terms: Terms, at_most_minor: int) -> int:
    """In how few of these due days the loan can be repaid with a first instalment of at most this much."""
    for months in range(1, len(terms.days)):
        shorter = replace(terms, days=terms.days[:months], fee_minor=0)
        if schedule(shorter)[0].amount <= at_most_minor:
            return months
    return len(terms.days)


_CODER = msgspec.json.Encoder()
_READER = msgspec.json.Decoder(tuple[Instalment, ...])


def pack(plan: tuple[Instalment, ...]) -> str:
    """The schedule as text, one list for each instalment, as a loan keeps it.

    The day an instalment was paid stands in its list only once it is: plans of before this was kept stay as
    they are, to the byte.
    """
    rows = [one if one.paid_day else astuple(one)[:-1] for one in plan]
    return _CODER.encode(rows).decode()


def unpack(text: str) -> tuple[Instalment, ...]:
    """The schedule out of its text."""
    return _READER.decode(text)
