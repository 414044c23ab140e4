"""The page of a case: the payment, why it waits, whose it is, what is like it, and the answers to give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.evidence import parts_told, reasons_told
from jingwei.channels.rest.views import walk
from jingwei.channels.roles import RISK
from jingwei.channels.web.pages import new_key
from jingwei.channels.web.staff.floor import READERS, may_review, reviewer
from jingwei.channels.web.staff.links import links
from jingwei.channels.web.staff.masks import masked_date, masked_name, masked_number
from jingwei.channels.web.staff.pictures import bars
from jingwei.channels.web.staff.told import (
    code_words,
    deed_row,
    due,
    other_side,
    quantity,
    reason_rows,
    sentence,
)
from jingwei.channels.web.visit import signed_in
from jingwei.journeys.shape import every
from jingwei.kernel.clock import HOUR
from jingwei.ledger.accounts import Account, Balance
from jingwei.ledger.casework import CaseNote, needs_two
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.board import Row
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.sessions import Session

LINES, DEEDS, NOTES = 8, 12, 200
NAPS = (1, 2, 4, 8, 12)
RELEASE_REASONS = ("customer_confirmed", "pattern_explained", "payee_known", "other")
REFUSE_REASONS = ("customer_denies", "taken_over", "persuaded", "mule", "other")


def add_case(router: Router, floor: Floor) -> None:
    """Add /desk/cases/{case} and the proof of what it is about."""
    site = floor.site

    async def case(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        if not READERS & set(session.roles):
            raise Problem("not_allowed")
        found = floor.board.find(visit.request.path_params["case"])
        if found is not None and found.lending:
            return RedirectResponse(found.address, 303)
        return case_page(floor, visit, session, row_of(floor, visit))

    async def proof(visit: Visit) -> Response:
        reviewer(visit)
        found = site.desk.home.proof(row_of(floor, visit).case.about)
        if found is None:
            raise Problem("decision_not_found")
        return Response(found, media_type="application/json", headers={"cache-control": "no-store"})

    site.add(router, "/desk/cases/{case}", case)
    site.add(router, "/desk/cases/{case}/proof", proof, roles=RISK)


def row_of(floor: Floor, visit: Visit) -> Row:
    """The case about a payment that the address names. Raises Problem `case_not_found`."""
    row = floor.board.find(visit.request.path_params["case"])
    if row is None or row.lending:
        raise Problem("case_not_found")
    return row


def case_page(
    floor: Floor, visit: Visit, session: Session, row: Row, said: dict[str, Any] | None = None
) -> Response:
    """The whole page; `said` has what was refused and what was typed, when an answer was not taken."""
    site, now = floor.site, floor.site.now()
    names = floor.colleagues(session)
    values: dict[str, Any] = {
        "row": row,
        "why": code_words(site, visit, row.policy, row.case.code),
        "due": due(visit, row, now),
        "late": row.late(now),
        "asleep": row.asleep(now),
        "names": names,
        "colleagues": names,
        "can": may_review(session) and row.open,
        "two": needs_two(row.amount_minor, row.currency),
        "mine": row.work.proposed_by == session.actor,
        "naps": [hours for hours in NAPS if now + hours * HOUR <= row.case.due_at],
        "release_reasons": RELEASE_REASONS,
        "refuse_reasons": REFUSE_REASONS,
        "key": new_key(),
        "wrong": "",
        "typed": {},
    }
    values |= evidence(floor, visit, row) | people(floor, visit, row) | history(floor, visit, row)
    status = 409 if said else 200
    return site.page(visit, "desk/case.html", values | (said or {}), status)


def evidence(floor: Floor, visit: Visit, row: Row) -> dict[str, Any]:
    """Why the payment waits: rules with what they read, the model's reasons, the record."""
    sealed = floor.site.desk.record(row.case.about)
    rules = [
        {
            "says": one.zh if visit.lang == "zh" else one.en,
            "verdict": one.verdict,
            "law": one.law,
            "exact": one.because,
            "read": reason_rows(visit, one, row.currency),
        }
        for one in reasons_told(floor.site.desk, sealed.answer, True)
    ]
    parts = [
        (part.zh if visit.lang == "zh" else part.en, part.log_odds, f"+{part.log_odds:.2f}")
        for part in parts_told(sealed.answer)
    ]
    read = [
        (sentence(visit, part.feature), quantity(visit, part.feature, part.value, row.currency))
        for part in parts_told(sealed.answer)
    ]
    return {
        "rules": rules,
        "score": sealed.answer.score,
        "bars": bars(parts, visit.say("case.model")) if parts else "",
        "parts": read,
        "payment": sealed.command,
        "record": sealed.seq,
        "log_size": floor.site.desk.reader.size(),
    }


def people(floor: Floor, visit: Visit, row: Row) -> dict[str, Any]:
    """The customer, masked, and the last lines of the accounts on both sides."""
    reader = floor.site.desk.reader
    found = next(iter(reader.load(Customer, [row.case.customer])), None)
    person = found or Customer(row.case.customer, "")
    masked = msgspec.structs.replace(person, name=masked_name(person.name), born=masked_date(person.born))
    accounts = {one.id: one for one in reader.load(Account, [row.payer, row.payee])}
    balances = {one.id: one for one in reader.load(Balance, list(accounts))}
    sides = [
        {
            "role": role,
            "account": accounts[name],
            "number": masked_number(name),
            "balance": balances[name],
            "lines": [
                (line, other_side(visit, line.other)) for line in walk(reader, balances[name], "", LINES)[0]
            ],
        }
        for role, name in (("payer", row.payer), ("payee", row.payee))
        if name in balances
    ]
    return {"customer": masked, "sides": sides}


def history(floor: Floor, visit: Visit, row: Row) -> dict[str, Any]:
    """What the customer did last, who is linked to the payment, similar cases, and what was written."""
    site, trail = floor.site, floor.trail
    now = site.now()
    notes = every(site.desk.reader, CaseNote, "about", row.case.id)[-NOTES:]
    return {
        "deeds": [deed_row(visit, deed, now) for deed in trail.deeds(row.case.customer)[:DEEDS]],
        "links": links(trail, visit, row, now),
        "alike": [
            (one, round(100 * like), code_words(site, visit, one.policy, one.case.code))
            for one, like in floor.board.alike(row)
        ],
        "notes": notes[::-1],
    }
