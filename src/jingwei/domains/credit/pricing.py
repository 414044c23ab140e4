"""The price of a loan: by product and risk grade alone, never by who the borrower is."""

from __future__ import annotations

from jingwei.domains.credit.inputs import Score
from jingwei.domains.credit.product import LoanProduct, Price

PROTECTED = frozenset(
    {"sex", "gender", "age", "born", "birth", "marriage", "married", "ethnicity", "religion", "origin",
     "region", "place", "nationality", "health", "disability", "name", "politics"}
)  # fmt: skip
"""What a price never reads; a test holds that none of it is among the inputs, and that none moves a price."""


def price_of(product: LoanProduct, score: Score) -> Price | None:
    """The price of this product for this score; None when its grade is not lent to."""
    return product.price(score.grade)
