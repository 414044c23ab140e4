"""The reading routes of lending: products, one's applications and loans, pay-later lines."""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from jingwei.channels.identity import Caller
from jingwei.channels.lending.companies import as_told
from jingwei.channels.problems import Problem
from jingwei.channels.rest.desk import Desk
from jingwei.channels.rest.paper import tells
from jingwei.channels.rest.told_company import LoanSourceTold, loan_sources
from jingwei.channels.rest.told_lending import (
    LoanApplicationTold,
    LoanProductTold,
    LoanTold,
    PayLaterTold,
    application_told,
    line_told,
    loan_told,
    product_told,
)
from jingwei.channels.rest.views import answer
from jingwei.domains.credit.loans import Loan, LoanApplication, PayLaterLine
from jingwei.domains.credit.products import shipped
from jingwei.journeys.shape import every
from jingwei.stores.store import Reader

MOST = 200
K = TypeVar("K", LoanApplication, Loan, PayLaterLine)


def add_loans(router: APIRouter, desk: Desk) -> None:
    """Add the routes that show lending."""
    add_sources(router, desk)

    @router.get("/loan-products", **tells(list[LoanProductTold], "Loan products", "loans"))
    async def products(request: Request) -> Response:
        """Every loan product: amounts, terms and what each risk grade pays."""
        desk.caller(request)
        return answer([product_told(one) for one in shipped().all()])

    @router.get("/loan-applications", **tells(list[LoanApplicationTold], "Loan applications", "loans"))
    async def applications(request: Request, owner: str = "") -> Response:
        """One's own applications, newest first; staff see one customer's with `?owner=`."""
        caller, now = desk.caller(request), desk.home.clock.now()
        found = theirs(desk.reader, LoanApplication, whose(caller, owner))
        told = [as_told(desk.reader, one, now, staff=caller.inside) for one in found]
        return answer([application_told(one) for one in told])

    @router.get(
        "/loan-applications/{application}", **tells(LoanApplicationTold, "One loan application", "loans")
    )
    async def application(application: str, request: Request) -> Response:
        """An application: the decision, its reasons, the offer or the letter."""
        caller = desk.caller(request)
        found = mine(desk.reader, LoanApplication, application, caller)
        if found is None:
            raise Problem("application_not_found")
        now = desk.home.clock.now()
        return answer(application_told(as_told(desk.reader, found, now, staff=caller.inside)))

    @router.get("/loans", **tells(list[LoanTold], "Loans", "loans"))
    async def loans(request: Request, owner: str = "") -> Response:
        """One's own loans, newest first; staff see one customer's with `?owner=`."""
        found = theirs(desk.reader, Loan, whose(desk.caller(request), owner))
        return answer([loan_told(one, desk.home.clock.now()) for one in found])

    @router.get("/loans/{loan}", **tells(LoanTold, "One loan", "loans"))
    async def loan(loan: str, request: Request) -> Response:
        """A loan with its schedule, what is due now, and what would repay all of it."""
        found = mine(desk.reader, Loan, loan, desk.caller(request))
        if found is None:
            raise Problem("loan_not_found")
        return answer(loan_told(found, desk.home.clock.now()))

    @router.get("/pay-later", **tells(list[PayLaterTold], "Pay-later lines", "loans"))
    async def lines(request: Request, owner: str = "") -> Response:
        """One's own pay-later lines; staff see one customer's with `?owner=`."""
        who = whose(desk.caller(request), owner)
        drawn = theirs(desk.reader, Loan, who)
        return answer([line_told(one, drawn) for one in theirs(desk.reader, PayLaterLine, who)])


def add_sources(router: APIRouter, desk: Desk) -> None:
    """Add the route that shows what a company is asked to let be read."""

    @router.get("/loan-sources", **tells(list[LoanSourceTold], "Sources of a company loan", "loans"))
    async def sources(request: Request, owner: str = "") -> Response:
        """What a company is asked to let be read, each by itself; agreed to with `POST /v1/consents`."""
        who = whose(desk.caller(request), owner)
        return answer(loan_sources(desk.reader, who, desk.home.clock.now()))


def whose(caller: Caller, owner: str) -> str:
    """Whose things are asked for: the caller's own, or for the bank's own people the named customer's."""
    return owner if caller.inside else caller.id


def theirs(reader: Reader, kind: type[K], who: str) -> list[K]:
    """A customer's things of one kind, newest first."""
    return every(reader, kind, "customer", who)[: -MOST - 1 : -1] if who else []


def mine(reader: Reader, kind: type[K], some_id: str, caller: Caller) -> K | None:
    """One thing, if it is the caller's to see; foreign and missing look alike."""
    found = reader.load(kind, [some_id])
    return found[0] if found and (caller.inside or found[0].customer == caller.id) else None
