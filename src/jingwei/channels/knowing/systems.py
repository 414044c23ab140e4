"""What the source systems beside the books tell, as happenings that tags count.

Cards, transfers and money paid in are left out: those the bank has in its own books.
"""

from __future__ import annotations

from jingwei.domains.insight.happenings import Told
from jingwei.domains.tags.happenings import Happening

NAMED = {
    "page_viewed": "page",
    "item_viewed": "shop",
    "item_bought": "bought",
    "call": "call",
    "contact": "contact",
    "signed_in": "sign_in",
}
"""Kinds whose category stands as the source names it."""

FIXED = {
    "fund_bought": ("fund", "buy"),
    "fund_sold": ("fund", "sell"),
    "premium": ("insurance", "premium"),
    "claim": ("insurance", "claim"),
    "complaint": ("call", "complaint"),
    "tax": ("register", "tax"),
    "power_used": ("register", "power"),
}


def happening(told: Told) -> Happening | None:
    """One thing a source told, or None when tags do not count it or nobody knows whose it is."""
    if not told.customer:
        return None
    if told.kind == "loan_instalment":
        kind, category = "loan", "late" if told.value > 0 else "paid"
    elif told.kind in NAMED:
        kind, category = NAMED[told.kind], told.category
    elif told.kind in FIXED:
        kind, category = FIXED[told.kind]
    else:
        return None
    minor = told.value if told.kind == "power_used" else abs(told.amount_minor)
    return Happening(told.customer, told.at, kind, category, minor, told.source)
