"""One loan at the desk: its schedule, what was booked, and changing it when it is not repaid as agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.roles import COMMANDS, may_ask
from jingwei.channels.web.lending.entries import entries
from jingwei.channels.web.lending.pictures import instalments
from jingwei.channels.web.lending.told import day_text, name_of, standing
from jingwei.channels.web.pages import new_key, worded
from jingwei.channels.web.staff.acts import text
from jingwei.channels.web.staff.loans.book import bucket_of
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.loans import RUNNING, Loan, LoanApplication
from jingwei.domains.credit.offer import percent
from jingwei.journeys.change_loan import RestructureLoan, WriteOffLoan
from jingwei.kernel.clock import bank_day
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.ledger.casework import needs_two
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.stores.sessions import Session

SPREADS = (3, 6, 12, 18, 24, 36, 48, 60)
"""Over how many months what a loan owes can be spread from the page."""

ACTS = {"restructure": RestructureLoan, "write-off": WriteOffLoan}


def add_one(router: Router, floor: Floor) -> None:
    """Add /desk/loans/{loan} and what can be done to it."""
    site = floor.site

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        return page(floor, visit, session, loan_at(site, visit))

    async def act(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        loan, what = loan_at(site, visit), visit.request.path_params["act"]
        form = await form_of(visit, session)
        if what not in ACTS:
            raise Problem("not_found")
        try:
            command = command_of(site, session, form, what, loan)
        except CommandError:
            return page(floor, visit, session, loan, visit.say("book.why_missing"))
        done = (await site.do(command)).answer
        if done.refusal is not None:
            return page(floor, visit, session, loan, worded(done.refusal.words(), visit.lang))
        told = "proposed" if done.result == "proposed" else f"loan_{what.replace('-', '_')}"
        return RedirectResponse(f"/desk/loans/{loan.id}?told={told}", 303)

    site.add(router, "/desk/loans/{loan}", show)
    site.add(router, "/desk/loans/{loan}/{act}", act, "POST", roles=COMMANDS[RestructureLoan])


def loan_at(site: Site, visit: Visit) -> Loan:
    """The loan the address names. Raises Problem `loan_not_found`."""
    name = visit.request.path_params["loan"]
    found = site.desk.reader.load(Loan, [name]) if seq_of(f"D{name[1:]}") is not None else []
    if not found:
        raise Problem("loan_not_found")
    return found[0]


def command_of(
    site: Site, session: Session, form: FormData, what: str, loan: Loan
) -> RestructureLoan | WriteOffLoan:
    """The command of a form; its key is the form's own. Raises CommandError."""
    stamp = site.stamp(session, f"{text(form, 'key') or new_key()}:{what}:{loan.id}")
    why, months = text(form, "why"), text(form, "months")
    if not why:
        raise CommandError("why", "a reason is missing")
    if what == "write-off":
        return checked(WriteOffLoan(**stamp, loan=loan.id, why=why))
    over = int(months) if months in map(str, SPREADS) else 0
    return checked(RestructureLoan(**stamp, loan=loan.id, months=over, why=why))


def page(floor: Floor, visit: Visit, session: Session, loan: Loan, wrong: str = "") -> Response:
    """The loan as it stands now."""
    site, now = floor.site, floor.site.now()
    shown = standing(loan, now)
    reader = site.desk.reader
    person = next(iter(reader.load(Customer, [loan.customer])), None)
    asked = reader.load(LoanApplication, [loan.application]) if loan.application else []
    values: dict[str, Any] = {
        "kept": loan,
        "loan": shown.loan,
        "shown": shown,
        "name": name_of(visit, loan.product),
        "customer": masked_name(person.name if person else ""),
        "bucket": bucket_of(shown.loan, bank_day(now)),
        "late_since": day_text(shown.loan.late_since),
        "percent": percent,
        "picture": instalments(shown.rows, loan.currency, visit.say("loans.chart")),
        "entries": entries(site, loan),
        "asked": asked[0] if asked else None,
        "running": loan.status == RUNNING,
        "can_spread": loan.status == RUNNING and may_ask(session.roles, RestructureLoan),
        "can_write_off": loan.status == RUNNING and may_ask(session.roles, WriteOffLoan),
        "two": needs_two(loan.principal_minor + loan.due_minor, loan.currency),
        "mine": loan.proposed_by == session.actor,
        "names": floor.colleagues(session),
        "spreads": SPREADS,
        "wrong": wrong,
        "key": new_key(),
    }
    return site.page(visit, "desk/loans/one.html", values, 409 if wrong else 200)
