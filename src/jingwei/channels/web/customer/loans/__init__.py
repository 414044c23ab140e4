"""Borrowing in the app: one's loans, applying, the answer, a loan's life, pay later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.customer.loans.answer import add_answer
from jingwei.channels.web.customer.loans.applying import add_applying
from jingwei.channels.web.customer.loans.line import add_line
from jingwei.channels.web.customer.loans.loan import add_loan
from jingwei.channels.web.customer.loans.mine import add_mine
from jingwei.channels.web.customer.loans.paper import add_paper

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site


def add_loans(router: Router, site: Site) -> None:
    """Add every page under /app/loans."""
    for add in (add_mine, add_applying, add_answer, add_paper, add_line, add_loan):
        add(router, site)
