"""How much can be lent: by the product, by the grade, and by what the income carries beside other debts."""

from __future__ import annotations

from fractions import Fraction

from jingwei.domains.credit.inputs import CreditInputs
from jingwei.domains.credit.loans import RUNNING, Loan
from jingwei.domains.credit.product import LoanProduct, Price
from jingwei.domains.credit.schedule import PPM, level, unpack
from jingwei.kernel.money import currency


def room_minor(inputs: CreditInputs, share_percent: int) -> int:
    """What a new loan may take each month: a share of the income less what other debts take; at least 0."""
    taken = inputs.bureau.monthly_minor + inputs.own_monthly_minor
    return max(inputs.behaviour.income_minor * share_percent // 100 - taken, 0)


def carried_minor(room: int, rate_ppm: int, months: int) -> int:
    """The largest loan whose equal instalment is within this room.

    Every kind of loan is measured as if it were repaid evenly: putting off the principal carries no more.
    """
    if not rate_ppm:
        return room * months
    grown = (12 * PPM + rate_ppm) ** months
    each = Fraction(rate_ppm * grown, 12 * PPM * (grown - (12 * PPM) ** months))
    most = int(Fraction(room) / each)
    return most if level(most, rate_ppm, months) <= room else most - 1


def limit_minor(inputs: CreditInputs, product: LoanProduct, price: Price, months: int) -> int:
    """The most that can be lent over these months, cut to whole hundreds of the currency."""
    carried = carried_minor(room_minor(inputs, product.share_percent), price.rate_ppm, months)
    hundred: int = 100 * 10 ** currency(product.currency).places
    return min(carried, price.most_minor, product.most_minor) // hundred * hundred


def monthly_minor(loan: Loan, day: int) -> int:
    """What a running loan takes each month from this bank day on, as if the rest were repaid evenly."""
    if loan.status != RUNNING:
        return 0
    last = max((one.day for one in unpack(loan.plan)), default=day)
    months = max(-(-(last - day) // 31), 1)
    return level(loan.principal_minor, loan.rate_ppm, months)
