"""The loan book: what waits for a person, every loan by how late it is, and the whole as figures and bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from jingwei.channels.lending.companies import as_agreed
from jingwei.channels.web.lending.told import day_text, name_of
from jingwei.channels.web.pages import money
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.staff.pictures import bars
from jingwei.channels.web.staff.told import span
from jingwei.channels.web.visit import signed_in
from jingwei.domains.credit.loans import (
    BUCKETS,
    LOAN_APPEAL,
    LOAN_REVIEW,
    REPAID,
    RUNNING,
    WRITTEN_OFF,
    Loan,
    LoanApplication,
    application_id,
)
from jingwei.journeys.shape import every
from jingwei.kernel.clock import bank_day
from jingwei.kernel.ids import seq_of
from jingwei.ledger.casework import CaseWork, needs_two
from jingwei.ledger.work import Case, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.store import Reader

PAGE, AT_ONCE = 50, 5_000
ON_TIME = "on_time"
SHOWS = ("all", ON_TIME, *(name for _, name in BUCKETS if name), REPAID, WRITTEN_OFF)
"""What the list can be narrowed to: buckets of lateness, and loans that are over."""


class Pile(NamedTuple):
    """Running loans that are equally late: how many, and what they owe by currency (minor units)."""

    name: str
    loans: int
    owed: dict[str, int]


class Book:
    """All loans, read again when the records have grown. For one thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._size, self._loans = -1, list[Loan]()

    def loans(self) -> list[Loan]:
        """Every loan, newest first."""
        size = self._reader.size()
        if size != self._size:
            found, after = list[Loan](), ""
            while page := self._reader.page(Loan, after=after, limit=AT_ONCE):
                found += page
                after = page[-1].id
            self._loans, self._size = found[::-1], size
        return self._loans


def add_book(router: Router, floor: Floor) -> None:
    """Add /desk/loans."""
    site, book = floor.site, Book(floor.site.desk.reader)

    async def loans(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        return page(site, visit, book)

    site.add(router, "/desk/loans", loans)


def page(site: Site, visit: Visit, book: Book) -> Response:
    """The page as the address asks for it."""
    today = bank_day(site.now())
    query = visit.request.query_params
    show = query.get("show", "all") if query.get("show") in SHOWS else "all"
    number = query.get("page", "0")
    first = (int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0) * PAGE
    everything = book.loans()
    found = [one for one in everything if fits(one, show, today)]
    piles = piled(everything, today)
    values: dict[str, Any] = {
        "waiting": waiting(site, visit),
        "shows": SHOWS,
        "show": show,
        "found": len(found),
        "loans": told(site, visit, found[first : first + PAGE], today),
        "older": f"/desk/loans?{urlencode({'show': show, 'page': first // PAGE + 1})}"
        if len(found) > first + PAGE
        else "",
        "newer": f"/desk/loans?{urlencode({'show': show, 'page': first // PAGE - 1})}" if first else "",
        "piles": piles,
        "picture": picture(visit, piles),
        "figures": figures(everything, piles),
    }
    return site.page(visit, "desk/loans/book.html", values)


def bucket_of(loan: Loan, today: int) -> str:
    """Which pile a loan is on: its lateness while it runs, else how it ended."""
    return (loan.bucket(today) or ON_TIME) if loan.status == RUNNING else loan.status


def fits(loan: Loan, show: str, today: int) -> bool:
    """Whether a loan belongs to this view."""
    return show in ("all", bucket_of(loan, today))


def piled(loans: Sequence[Loan], today: int) -> list[Pile]:
    """Running loans by how late they are, those on time first."""
    piles = {name or ON_TIME: Pile(name or ON_TIME, 0, {}) for _, name in BUCKETS}
    for one in loans:
        if one.status != RUNNING:
            continue
        pile = piles[bucket_of(one, today)]
        pile.owed[one.currency] = pile.owed.get(one.currency, 0) + one.principal_minor + one.due_minor
        piles[pile.name] = pile._replace(loans=pile.loans + 1)
    return list(piles.values())


def picture(visit: Visit, piles: Sequence[Pile]) -> Any:
    """Bars of what each pile owes, in the currency most is lent in."""
    code = main_currency(piles)
    rows = [
        (
            visit.say(f"book.pile.{pile.name}"),
            float(pile.owed.get(code, 0)),
            visit.say("book.pile", n=pile.loans, amount=money(pile.owed.get(code, 0), code).striptags()),
        )
        for pile in piles
    ]
    return bars(rows, visit.say("book.chart"))


def main_currency(piles: Sequence[Pile]) -> str:
    """The currency in which most is owed."""
    sums: dict[str, int] = {}
    for pile in piles:
        for code, minor in pile.owed.items():
            sums[code] = sums.get(code, 0) + minor
    return max(sums, key=lambda code: sums[code], default="CNY")


def figures(loans: Sequence[Loan], piles: Sequence[Pile]) -> dict[str, Any]:
    """The book in figures, in the currency most is lent in; `late` in tenths of a percent of what is owed."""
    code = main_currency(piles)
    owed = sum(pile.owed.get(code, 0) for pile in piles)
    late = sum(pile.owed.get(code, 0) for pile in piles if pile.name != ON_TIME)
    mine = [one for one in loans if one.currency == code]
    return {
        "currency": code,
        "running": sum(pile.loans for pile in piles),
        "owed": owed,
        "late": 1_000 * late // owed if owed else 0,
        "earned": sum(one.interest_paid_minor for one in mine),
        "lost": sum(one.written_off_minor - one.recovered_minor for one in mine),
    }


def told(site: Site, visit: Visit, loans: Sequence[Loan], today: int) -> list[dict[str, Any]]:
    """Loans as the table shows them; names are masked."""
    names = {one.id: one.name for one in site.desk.reader.load(Customer, [loan.customer for loan in loans])}
    return [
        {
            "loan": one,
            "name": name_of(visit, one.product),
            "customer": masked_name(names.get(one.customer, "")),
            "bucket": bucket_of(one, today),
            "late": one.late_days(today) if one.status == RUNNING else 0,
            "since": day_text(one.late_since),
        }
        for one in loans
    ]


def open_cases(site: Site) -> list[Case]:
    """The cases about loans that wait, the one due first on top."""
    found = every(site.desk.reader, Case, "status", "open")
    return sorted(
        (case for case in found if case.code in (LOAN_REVIEW, LOAN_APPEAL)), key=lambda case: case.due_at
    )


def waiting(site: Site, visit: Visit) -> list[dict[str, Any]]:
    """The applications that wait for a person, each as it may be looked at now."""
    reader, now = site.desk.reader, site.now()
    cases = open_cases(site)
    asked = {
        one.decision: as_agreed(reader, one, now, pending=True)
        for one in reader.load(LoanApplication, [application_id(seq_of(case.about) or 0) for case in cases])
    }
    works = {one.id: one for one in reader.load(CaseWork, [case.id for case in cases])}
    names = {one.id: one.name for one in reader.load(Customer, [case.customer for case in cases])}
    return [
        {
            "case": case,
            "one": asked[case.about],
            "name": name_of(visit, asked[case.about].product),
            "customer": masked_name(names.get(case.customer, "")),
            "due": due_in(visit, case, now),
            "late": case.due_at < now,
            "second": bool(works.get(case.id) and works[case.id].proposed_by),
            "two": needs_two(asked[case.about].amount_minor, asked[case.about].currency),
        }
        for case in cases
        if case.about in asked
    ]


def due_in(visit: Visit, case: Case, now: int) -> str:
    """How long is left to answer, or how late the answer is."""
    left = case.due_at - now
    return visit.say("due.left" if left >= 0 else "due.late", time=span(visit, abs(left)))
