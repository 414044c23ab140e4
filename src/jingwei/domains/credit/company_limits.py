"""How much a company can be lent: by its turnover, and by what it has left for repaying debts. Pure.

Both rules stand in the product's file. What is left for debts each month is a share of turnover, because the
bank sees only a part of what a company spends; all its debts together may take so much less of it as the file
says (a debt service coverage of 125 % leaves a fifth of it free).
"""

from __future__ import annotations

from jingwei.domains.credit.company_inputs import CompanyInputs
from jingwei.domains.credit.inputs import CreditInputs
from jingwei.domains.credit.limits import carried_minor
from jingwei.domains.credit.product import LoanProduct, Price
from jingwei.kernel.money import currency


def turnover_minor(company: CompanyInputs, code: str) -> int:
    """A year's turnover as far as it may be known, in minor units."""
    unit: int = 10 ** currency(code).places
    return company.turnover() * unit


def of_turnover_minor(company: CompanyInputs, product: LoanProduct) -> int:
    """The most that is lent on this turnover."""
    return turnover_minor(company, product.currency) * product.turnover_percent // 100


def room_minor(company: CompanyInputs, inputs: CreditInputs, product: LoanProduct) -> int:
    """What a new loan may take each month beside all other debts; at least 0."""
    left = turnover_minor(company, product.currency) * product.margin_percent // 100 // 12
    taken = inputs.bureau.monthly_minor + inputs.own_monthly_minor
    return max(left * 100 // product.cover_percent - taken, 0)


def covered_minor(
    company: CompanyInputs, inputs: CreditInputs, product: LoanProduct, price: Price, months: int
) -> int:
    """The largest loan whose instalment, with all other debts, what is left of the turnover covers."""
    return carried_minor(room_minor(company, inputs, product), price.rate_ppm, months)


def company_limit_minor(
    company: CompanyInputs, inputs: CreditInputs, product: LoanProduct, price: Price, months: int
) -> int:
    """The most that can be lent over these months, cut to whole hundreds of the currency."""
    bounds = (
        of_turnover_minor(company, product), covered_minor(company, inputs, product, price, months),
        price.most_minor, product.most_minor,
    )  # fmt: skip
    return whole_hundreds(min(bounds), product.currency)


def whole_hundreds(minor: int, code: str) -> int:
    """An amount cut to whole hundreds of its currency."""
    hundred: int = 100 * 10 ** currency(code).places
    return minor // hundred * hundred
