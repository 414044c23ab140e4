"""What a loan is decided on: the bank's own view of the customer and the credit bureau's report. Pure."""

from __future__ import annotations

import msgspec

from jingwei.domains.credit.company_inputs import CompanyInputs

NOT_READ = "not read"
"""The source of a report that nobody was let read: its numbers tell nothing."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How the customer's accounts were kept in the half year before asking, up to `until` (a bank day).

    `account_days` since the oldest account was opened; `balance_days` days of the last 90 that ended with at
    least 100 units; `income_months` of the last 6 with at least 500 units coming in from others;
    `income_minor` the middle month's income of the last 6, or of those since the customer is known (minor
    units), `spending_minor` likewise;
    `overdrawn_days` of the last 90; `refused` payments of the last 180 days for want of money;
    `purchases` by card in the last 90 days; `income_change` and `spending_change` are the latest 30 days in
    thousandths of the mean of the five before, at most 5,000; 1,000 when there was nothing.
    """

    until: int
    account_days: int
    balance_days: int
    income_months: int
    income_minor: int
    spending_minor: int
    overdrawn_days: int
    refused: int
    purchases: int
    income_change: int = 1000
    spending_change: int = 1000


class Bureau(msgspec.Struct, frozen=True, kw_only=True):
    """A credit bureau's report: `source` names who made it ("simulated bureau" for the made-up one).

    `debts` are open loans elsewhere, `monthly_minor` what they cost each month, `late_marks` payments 30 days
    late or more in two years, `inquiries` by lenders in three months, `reported_at` microseconds UTC.
    """

    source: str
    reported_at: int
    debts: int
    monthly_minor: int
    late_marks: int
    inquiries: int


def not_read(at: int) -> Bureau:
    """The report of a company that did not agree to one."""
    return Bureau(source=NOT_READ, reported_at=at, debts=0, monthly_minor=0, late_marks=0, inquiries=0)


class CreditInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one decision was made on; sealed with it, so that anybody can decide again on the same.

    `own_monthly_minor` is what loans at this bank cost each month, `own_late` whether one of them is late,
    `own_loans` how many run, `loans_90d` how many were signed in the last 90 days.
    `company` is what a small company is scored on; of a person it is not there at all.
    Nothing here is a protected attribute: no sex, age, marriage, origin or region.
    """

    behaviour: Behaviour
    bureau: Bureau
    own_monthly_minor: int = 0
    own_loans: int = 0
    own_late: bool = False
    loans_90d: int = 0
    company: CompanyInputs | msgspec.UnsetType = msgspec.UNSET


class Score(msgspec.Struct, frozen=True):
    """A credit score: higher is better; the contributions with the base add up to the points exactly.

    `contributions` are (name, points) in the model's order; `by` names the model and its version.
    """

    points: int
    grade: str
    contributions: tuple[tuple[str, int], ...]
    by: str
