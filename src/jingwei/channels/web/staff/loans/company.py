"""A company's side of an application at the desk: its figures, and each source as it may be read now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.channels.lending.companies import agreed_now, as_agreed
from jingwei.channels.lending.figures import own_figures, sources_of
from jingwei.channels.web.lending.told import product_of
from jingwei.channels.web.pages import worded
from jingwei.domains.credit.company import SOURCE_NAMES
from jingwei.domains.credit.company_again import company_in, taken_back
from jingwei.domains.credit.company_limits import turnover_minor

if TYPE_CHECKING:
    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.visit import Visit
    from jingwei.domains.credit.loans import LoanApplication


def seen_now(site: Site, found: LoanApplication, *, pending: bool) -> LoanApplication:
    """The application as it may be looked at: nothing of a source that the company took back."""
    return as_agreed(site.desk.reader, found, site.now(), pending=pending)


def company_side(site: Site, visit: Visit, found: LoanApplication, shown: LoanApplication) -> dict[str, Any]:
    """What the page shows of a company; nothing of a person. `shown` is the application as it may be seen."""
    company = company_in(shown)
    if company is None:
        return {"company": None}
    gone = taken_back(found, agreed_now(site.desk.reader, found.customer, site.now()))
    return {
        "company": company,
        "own": own_figures(company),
        "sources": sources_of(shown),
        "gone": ("、" if visit.lang == "zh" else ", ").join(
            worded(SOURCE_NAMES[one], visit.lang) for one in gone
        ),
        "turnover_minor": turnover_minor(company, product_of(found.product).currency),
    }
