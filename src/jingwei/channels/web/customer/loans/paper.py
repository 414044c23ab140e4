"""Papers to keep: the contract and the very terms that are signed, the refusal letter, the payoff letter."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.web.customer.loans.mine import own
from jingwei.channels.web.customer.statement import sent
from jingwei.channels.web.lending.papers import Paper, contract, payoff, printed, refusal
from jingwei.channels.web.lending.told import terms_json
from jingwei.channels.web.saved import PrintFailed, font
from jingwei.channels.web.visit import Visit, signed_in
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication
from jingwei.kernel.clock import bank_day, day_start

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site

LOG = logging.getLogger("jingwei.web")


def add_paper(router: Router, site: Site) -> None:
    """Add the papers of applications and loans."""

    def applied(visit: Visit) -> LoanApplication:
        some_id = visit.request.path_params["application"]
        return own(site, signed_in(visit, inside=False), LoanApplication, some_id, "application_not_found")

    async def contract_pdf(visit: Visit) -> Response:
        one = applied(visit)
        if not one.plan:
            raise Problem("not_found")
        back = f"/app/loans/applications/{one.id}"
        return await file_of(contract(site.desk.reader, one), f"contract-{one.id}.pdf", back)

    async def terms(visit: Visit) -> Response:
        one = applied(visit)
        if not one.plan:
            raise Problem("not_found")
        return sent(terms_json(one), "application/json", f"terms-{one.id}.json")

    async def letter_pdf(visit: Visit) -> Response:
        one = applied(visit)
        if one.status != "refused":
            raise Problem("not_found")
        back = f"/app/loans/applications/{one.id}"
        return await file_of(refusal(site.desk.reader, one, visit.lang), f"letter-{one.id}.pdf", back)

    async def payoff_pdf(visit: Visit) -> Response:
        session = signed_in(visit, inside=False)
        loan = own(site, session, Loan, visit.request.path_params["loan"], "loan_not_found")
        day = bank_day(site.now()) if loan.status == RUNNING else loan.ended_at
        paper = payoff(site.desk.reader, loan, visit.lang, day_start(day))
        return await file_of(paper, f"payoff-{loan.id}.pdf", f"/app/loans/{loan.id}")

    base = "/app/loans/applications/{application}"
    site.add(router, f"{base}/contract.pdf", contract_pdf)
    site.add(router, f"{base}/terms.json", terms)
    site.add(router, f"{base}/letter.pdf", letter_pdf)
    site.add(router, "/app/loans/{loan}/payoff.pdf", payoff_pdf)


async def file_of(paper: Paper, name: str, back: str) -> Response:
    """The paper as PDF; back to the page where none can be set."""
    if font() is None:
        return RedirectResponse(f"{back}?error=not_printed", 303)
    try:
        return sent(await printed(paper), "application/pdf", name)
    except PrintFailed as error:
        LOG.error("a paper of a loan was not printed: %s", error)
        return RedirectResponse(f"{back}?error=not_printed", 303)
