"""One application that waits for a person: what it was decided on, the same inputs again, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from jingwei.channels.lending.companies import cards_read
from jingwei.channels.problems import Problem
from jingwei.channels.roles import COMMANDS, may_ask
from jingwei.channels.web.lending.pictures import instalments, points
from jingwei.channels.web.lending.told import (
    cost,
    name_of,
    parts_of,
    policy_of,
    product_of,
    purpose_text,
    rows_of,
)
from jingwei.channels.web.pages import money, new_key, worded
from jingwei.channels.web.staff.acts import text
from jingwei.channels.web.staff.case import NAPS
from jingwei.channels.web.staff.floor import LENDERS
from jingwei.channels.web.staff.loans.book import due_in
from jingwei.channels.web.staff.loans.company import company_side, seen_now
from jingwei.channels.web.staff.masks import masked_name
from jingwei.channels.web.visit import Visit, form_of, signed_in
from jingwei.domains.credit.applying import age_on, inputs_of
from jingwei.domains.credit.company_inputs import CompanyInputs
from jingwei.domains.credit.deciding import HARD, Asked, decide
from jingwei.domains.credit.inputs import NOT_READ, CreditInputs
from jingwei.domains.credit.loans import LOAN_APPEAL, LOAN_REVIEW, Loan, LoanApplication, application_id
from jingwei.domains.credit.offer import percent
from jingwei.journeys.review_loan import ReviewLoan
from jingwei.journeys.shape import every
from jingwei.kernel.clock import HOUR
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.kernel.money import MoneyError, parse_minor
from jingwei.ledger.appeals import Appeal, appeal_id
from jingwei.ledger.casework import CaseNote, CaseWork, needs_two
from jingwei.ledger.work import Case, Customer

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.stores.sessions import Session

NOTES, LOANS = 100, 20


def add_loan_case(router: Router, floor: Floor) -> None:
    """Add /desk/loans/cases/{case} and its answer."""
    site = floor.site

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        case, found = case_at(site, visit)
        return page(floor, visit, session, case, found)

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        case, found = case_at(site, visit)
        form = await form_of(visit, session)
        typed = {name: text(form, name) for name in ("words", "amount")}
        try:
            command = review_of(site, session, form, case, found)
        except (CommandError, MoneyError):
            return page(
                floor, visit, session, case, found, {"wrong": visit.say("book.wrong"), "typed": typed}
            )
        done = (await site.do(command)).answer
        if done.refusal is not None:
            says = worded(done.refusal.words(), visit.lang)
            return page(floor, visit, session, case, found, {"wrong": says, "typed": typed})
        if done.result == "proposed":
            return RedirectResponse(f"/desk/loans/cases/{case.id}?told=proposed", 303)
        told = "loan_approved" if command.approve else "loan_refused"
        return RedirectResponse(f"/desk/loans?told={told}", 303)

    site.add(router, "/desk/loans/cases/{case}", show)
    site.add(router, "/desk/loans/cases/{case}", answer, "POST", roles=COMMANDS[ReviewLoan])


def case_at(site: Site, visit: Visit) -> tuple[Case, LoanApplication]:
    """The case the address names, with its application. Raises Problem `case_not_found`."""
    reader, name = site.desk.reader, visit.request.path_params["case"]
    case = next(iter(reader.load(Case, [name])), None) if seq_of(name) is not None else None
    number = seq_of(case.about) if case is not None and case.code in (LOAN_REVIEW, LOAN_APPEAL) else None
    found = reader.load(LoanApplication, [application_id(number)]) if number is not None else []
    if case is None or not found:
        raise Problem("case_not_found")
    return case, found[0]


def review_of(site: Site, session: Session, form: FormData, case: Case, found: LoanApplication) -> ReviewLoan:
    """The command of the form; the key is the form's own, so that twice is once. Raises CommandError."""
    approve, lower = text(form, "approve") == "1", text(form, "amount").replace(",", "")
    minor = parse_minor(lower, found.currency) if approve and lower else 0
    words = str(form.get("words", "")).strip()
    if not words or text(form, "approve") not in ("0", "1") or minor < 0:
        raise CommandError("amount", "the answer is not whole")
    stamp = site.stamp(session, f"{text(form, 'key') or new_key()}:{case.id}:{int(approve)}:{minor}")
    return checked(ReviewLoan(**stamp, case=case.id, approve=approve, words=words, amount_minor=minor))


def page(
    floor: Floor,
    visit: Visit,
    session: Session,
    case: Case,
    found: LoanApplication,
    said: dict[str, Any] | None = None,
) -> Response:
    """The whole page; `said` has what was refused and what was typed, when an answer was not taken."""
    site, now = floor.site, floor.site.now()
    kept, found = found, seen_now(site, found, pending=case.status == "open")
    reader = site.desk.reader
    work = next(iter(reader.load(CaseWork, [case.id])), None) or CaseWork(case.id)
    person = next(iter(reader.load(Customer, [found.customer])), None) or Customer(found.customer, "")
    hard = [HARD[code] for code in found.policy_reasons.split(",") if code in HARD]
    values: dict[str, Any] = {
        "case": case,
        "one": found,
        "work": work,
        "names": floor.colleagues(session, LENDERS),
        "naps": [hours for hours in NAPS if now + hours * HOUR <= case.due_at],
        "asleep": work.snoozed_until > now,
        "opened": "",
        "customer": masked_name(person.name),
        "since": person.since,
        "name": name_of(visit, found.product),
        "purpose": purpose_text(visit, found.purpose),
        "due": due_in(visit, case, now),
        "late": case.due_at < now,
        "can": case.status == "open" and may_ask(session.roles, ReviewLoan),
        "two": needs_two(found.amount_minor, found.currency),
        "mine": work.proposed_by == session.actor,
        "proposed": work.proposed.partition(" ")[0],
        "proposed_minor": int(work.proposed.partition(" ")[2] or 0),
        "hard": worded(hard[0], visit.lang) if hard else "",
        "appeal": next(iter(reader.load(Appeal, [appeal_id(found.decision)])), None),
        "notes": every(reader, CaseNote, "about", case.id)[: -NOTES - 1 : -1],
        "loans": every(reader, Loan, "customer", found.customer)[: -LOANS - 1 : -1],
        "name_of": lambda product: name_of(visit, product),
        "wrong": "",
        "typed": {},
        "percent": percent,
        "key": new_key(),
    }
    values |= evidence(visit, found) | again(site, visit, found, person) | terms(site, visit, found)
    values |= company_side(site, visit, kept, found)
    return site.page(visit, "desk/loans/case.html", values | (said or {}), 409 if said else 200)


def evidence(visit: Visit, found: LoanApplication) -> dict[str, Any]:
    """What it was decided on: reasons of the policy, the score line by line, and what both read."""
    parts = parts_of(found)
    rows = [(worded(part.says, visit.lang), part.points) for part in parts]
    seen = inputs_of(found)
    code = found.currency
    read = [
        ("income", money(seen.behaviour.income_minor, code)),
        ("spending", money(seen.behaviour.spending_minor, code)),
        ("account_days", seen.behaviour.account_days),
        ("income_months", seen.behaviour.income_months),
        ("balance_days", seen.behaviour.balance_days),
        ("overdrawn_days", seen.behaviour.overdrawn_days),
        ("refused", seen.behaviour.refused),
        ("own_monthly", money(seen.own_monthly_minor, code)),
        ("own_loans", seen.own_loans),
        ("bureau_debts", seen.bureau.debts),
        ("bureau_monthly", money(seen.bureau.monthly_minor, code)),
        ("bureau_late", seen.bureau.late_marks),
        ("bureau_inquiries", seen.bureau.inquiries),
    ]
    return {
        "policy": policy_of(found),
        "parts": parts,
        "bars": points(rows, visit.say("loans.score")),
        "read": [(visit.say(f"book.read.{name}"), value) for name, value in read if fits(seen, name)],
        "bureau": seen.bureau.source,
        "not_read": NOT_READ,
    }


def fits(seen: CreditInputs, what: str) -> bool:
    """Whether a figure was part of the decision: of a company its own stand elsewhere, and a bureau that was
    not read tells nothing."""
    if not isinstance(seen.company, CompanyInputs):
        return True
    return what.startswith("own_") or (what.startswith("bureau_") and seen.bureau.source != NOT_READ)


def again(site: Site, visit: Visit, found: LoanApplication, person: Customer) -> dict[str, Any]:
    """The decision made again, now, on the inputs sealed with the application."""
    asked = site.desk.record(found.decision).command
    who = person.kind == "company", age_on(person.born, found.asked_at)
    product = product_of(found.product)
    cards = cards_read(site.desk.reader)
    what = Asked(product, asked.amount_minor, asked.months, asked.person, *who, cards)
    made = decide(what, inputs_of(found))
    same = (made.score.points, ",".join(made.policy)) == (found.points, found.policy_reasons)
    return {"again": made, "same": same, "asked_minor": asked.amount_minor, "product": product}


def terms(site: Site, visit: Visit, found: LoanApplication) -> dict[str, Any]:
    """The terms an approval would offer: at the price of its grade, or the dearest when it has none."""
    product = product_of(found.product)
    price = product.price(found.grade) or product.prices[-1]
    made, words = cost(product, found.amount_minor, found.months, price.rate_ppm, site.now())
    rows = rows_of(made.plan)
    return {
        "offer": made,
        "sentence": worded(words, visit.lang),
        "rows": rows,
        "picture": instalments(rows, found.currency, visit.say("loans.chart")),
        "graded": product.price(found.grade) is not None,
    }
