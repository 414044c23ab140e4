"""A loan product: what may be lent, for how long, at which price, as configuration and not as code."""

from __future__ import annotations

from typing import Literal

import msgspec

from jingwei.kernel.refusal import Words, declare

Kind = Literal["annuity", "equal_principal", "interest_only", "bullet", "revolving"]
Scene = Literal["", "purchase", "medical", "education", "pet", "games", "ev_battery", "charging"]
Borrower = Literal["person", "company"]
GRADES = ("A", "B", "C", "D", "E")
"""Risk grades, best first. A product prices some of them; a grade without a price is not lent to."""

declare(
    {
        "loan_product_not_found": Words("There is no loan product {product}.", "没有贷款产品{product}。"),
    }
)


class Price(msgspec.Struct, frozen=True):
    """The yearly rate of one risk grade, in millionths (7.2 % is 72,000), and the most lent to it."""

    grade: str
    rate_ppm: int
    most_minor: int


class LoanProduct(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a loan product; a version that loans were made under is never changed.

    Amounts are minor units of `currency`. `terms` are the months one can choose. `prices` begin with the
    best grade; a worse grade never pays less. `doubtful` names the grades a person looks at.
    `fee_basis_points` of the amount are charged once, with the first instalment, never kept back from what
    is paid out. `penalty_percent` of the loan's rate is added on principal that is late, once it is later
    than `grace_days`. `cooling_off_days`: until then the loan can be given back free of charge.
    `early_basis_points` of what is repaid early are charged. From `person_from_minor` on a person decides.
    `share_percent` of the income is the most that all debts together may take each month.
    `borrower` says whom it is for. Of companies: at most `turnover_percent` of a year's turnover is lent;
    `margin_percent` of turnover is taken to be left for repaying debts, and that must be `cover_percent` of
    what all debts take each month.
    """

    code: str
    version: int
    name: Words
    says: Words
    kind: Kind
    scene: Scene
    currency: str
    least_minor: int
    most_minor: int
    terms: tuple[int, ...]
    prices: tuple[Price, ...]
    doubtful: tuple[str, ...] = ()
    fee_basis_points: int = 0
    early_basis_points: int = 0
    penalty_percent: int = 50
    grace_days: int = 0
    cooling_off_days: int = 0
    offer_days: int = 7
    person_from_minor: int = 50_000_000
    share_percent: int = 50
    borrower: Borrower = "person"
    turnover_percent: int = 0
    margin_percent: int = 0
    cover_percent: int = 100

    @property
    def id(self) -> str:
        """The product and its version as loans name it: code@version."""
        return f"{self.code}@{self.version}"

    def price(self, grade: str) -> Price | None:
        """The price of this grade, or None when it is not lent to."""
        return next((price for price in self.prices if price.grade == grade), None)

    @property
    def penalty_ppm_of(self) -> int:
        """By how many percent of itself the rate stands on late principal (150: half as much again)."""
        return 100 + self.penalty_percent
