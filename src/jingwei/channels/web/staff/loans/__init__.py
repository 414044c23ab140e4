"""Lending at the desk: applications that wait for a person, the loans by how late they are, one loan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jingwei.channels.web.staff.loans.book import add_book
from jingwei.channels.web.staff.loans.case import add_loan_case
from jingwei.channels.web.staff.loans.one import add_one
from jingwei.channels.web.staff.loans.work import add_work

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor


def add_loans(router: Router, floor: Floor) -> None:
    """Add every page under /desk/loans."""
    for add in (add_book, add_loan_case, add_work, add_one):
        add(router, floor)
