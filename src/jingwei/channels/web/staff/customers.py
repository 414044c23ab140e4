"""Customers at the desk: search, and one customer, masked until somebody says what for."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

from starlette.responses import RedirectResponse, Response

from jingwei.channels.problems import Problem
from jingwei.channels.rest.views import standings, walk
from jingwei.channels.web.pages import new_key
from jingwei.channels.web.staff.acts import text
from jingwei.channels.web.staff.masks import masked_date, masked_name, masked_number
from jingwei.channels.web.staff.told import code_words, deed_row, other_side
from jingwei.channels.web.visit import form_of, signed_in
from jingwei.journeys.shape import every
from jingwei.journeys.show_masked import SHOWN_FOR, LookPurpose, ShowMasked
from jingwei.journeys.table import unseal
from jingwei.kernel.command import CommandError, checked
from jingwei.kernel.ids import seq_of
from jingwei.ledger.work import Case, Customer

if TYPE_CHECKING:
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.sessions import Session
    from jingwei.stores.store import Reader, Store

PURPOSES = get_args(LookPurpose)
FOUND, LINES, DEEDS = 30, 10, 20
PAGE = 5_000
SEARCHES = 2
"""So many searches go through all customers at once; others wait for their turn."""


def add_customers(router: Router, floor: Floor) -> None:
    """Add /desk/customers and the page of each customer."""
    site, turn = floor.site, asyncio.Semaphore(SEARCHES)

    async def searched(asked: str) -> list[Customer]:
        async with turn:
            return await asyncio.to_thread(find_apart, site.desk.home.store, asked)

    async def search(visit: Visit) -> Response:
        signed_in(visit, inside=True)
        asked = visit.request.query_params.get("q", "").strip()[:64]
        found = await searched(asked) if asked else []
        shown = [(one, masked_name(one.name), masked_date(one.born)) for one in found[:FOUND]]
        return site.page(
            visit, "desk/customers.html", {"q": asked, "found": shown, "more": len(found) > FOUND}
        )

    async def customer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        person = person_of(floor, visit)
        clear = may_read(floor, session, person.id, visit.request.query_params.get("shown", ""))
        return site.page(visit, "desk/customer.html", customer_view(floor, visit, person, clear))

    async def show(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        person = person_of(floor, visit)
        case = text(form, "case")
        try:
            ask = checked(
                ShowMasked(
                    **site.stamp(session, text(form, "key")),
                    customer=person.id,
                    case=case if seq_of(case) is not None else "",
                    purpose=text(form, "purpose"),  # type: ignore[arg-type]
                    reason=text(form, "reason"),
                )
            )
        except CommandError:
            return RedirectResponse(f"/desk/customers/{person.id}?error=purpose_missing", 303)
        answer = (await site.do(ask)).answer
        if answer.refusal is not None:
            return site.wrong(visit, answer.refusal.words(), 409)
        return RedirectResponse(f"/desk/customers/{person.id}?shown={answer.id}", 303)

    site.add(router, "/desk/customers", search)
    site.add(router, "/desk/customers/{customer}", customer)
    site.add(router, "/desk/customers/{customer}/show", show, "POST")


def find_apart(store: Store, asked: str) -> list[Customer]:
    """`find` over a reader of its own, for another thread."""
    with closing(store.reader()) as reader:
        return find(reader, asked)


def find(reader: Reader, asked: str) -> list[Customer]:
    """Customers whose number begins with what was asked or whose name contains it, at most FOUND + 1."""
    wanted, found, after = asked.casefold(), list[Customer](), ""
    while len(found) <= FOUND:
        page = reader.page(Customer, after=after, limit=PAGE)
        found += [
            one for one in page if one.id.casefold().startswith(wanted) or wanted in one.name.casefold()
        ]
        if len(page) < PAGE:
            break
        after = page[-1].id
    return found[: FOUND + 1]


def person_of(floor: Floor, visit: Visit) -> Customer:
    """The customer the address names. Raises Problem `customer_not_found`."""
    name = visit.request.path_params["customer"]
    found = floor.site.desk.reader.load(Customer, [name]) if len(name) <= 64 and name.isprintable() else []
    if not found:
        raise Problem("customer_not_found")
    return found[0]


def may_read(floor: Floor, session: Session, customer: str, shown: str) -> bool:
    """Whether this record is one by which this very person asked to read this very customer, just now."""
    seq = seq_of(shown)
    leaf = floor.site.desk.reader.record(seq) if seq is not None else None
    if leaf is None:
        return False
    sealed = unseal(leaf)
    ask = sealed.command
    return (
        isinstance(ask, ShowMasked)
        and sealed.answer.result == "done"
        and (ask.actor, ask.customer) == (session.actor, customer)
        and ask.at <= floor.site.now() <= ask.at + SHOWN_FOR
    )


def customer_view(floor: Floor, visit: Visit, person: Customer, clear: bool) -> dict[str, Any]:
    """What the page of a customer shows; names, dates and numbers masked unless `clear`."""
    site, now = floor.site, floor.site.now()
    reader = site.desk.reader
    own = standings(reader, person.id, "", 20)
    number = (lambda name: name) if clear else masked_number
    rows = floor.board.rows()
    cases = [rows[one.id] for one in every(reader, Case, "customer", person.id) if one.id in rows]
    return {
        "person": person,
        "clear": clear,
        "name": person.name if clear else masked_name(person.name),
        "born": person.born if clear else masked_date(person.born),
        "accounts": [
            {
                "standing": one,
                "number": number(one.account.id),
                "lines": [
                    (line, other_side(visit, line.other, clear))
                    for line in walk(reader, one.balance, "", LINES)[0]
                ],
            }
            for one in own
        ],
        "deeds": [deed_row(visit, deed, now) for deed in floor.trail.deeds(person.id)[:DEEDS]],
        "cases": [(row, code_words(site, visit, row.policy, row.case.code)) for row in cases[::-1]],
        "purposes": PURPOSES,
        "case": visit.request.query_params.get("case", ""),
        "key": new_key(),
        "minutes": SHOWN_FOR // 60_000_000,
    }
