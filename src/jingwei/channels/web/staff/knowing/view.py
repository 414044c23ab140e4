"""/desk/customers/{customer}/view: one customer over all systems, for the purpose that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jingwei.channels.masks import masked_date, masked_name, masked_number
from jingwei.channels.problems import Problem
from jingwei.channels.rest.view_of import Whole, purposes_for, viewed
from jingwei.channels.web.staff.customers import may_read, person_of
from jingwei.channels.web.staff.knowing.named import category_name, kind_name, source_name
from jingwei.channels.web.staff.knowing.pictures import cash_picture
from jingwei.channels.web.visit import signed_in
from jingwei.consent.grounds import DATA_NAMES, REGISTER
from jingwei.domains.insight.view import SECTIONS
from jingwei.kernel.purpose import DataClass, Purpose

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Router

    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit

MINUTE_WORDS = 200


def add_view(router: Router, floor: Floor) -> None:
    """Add the page."""
    site = floor.site

    async def view(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        person = person_of(floor, visit)
        may = purposes_for(session.roles)
        if not may:
            raise Problem("not_allowed")
        query = visit.request.query_params
        asked = query.get("purpose", may[0].value)
        if asked not in {one.value for one in may}:
            raise Problem("not_allowed")
        purpose, why = Purpose(asked), query.get("why", "").strip()[:MINUTE_WORDS]
        values: dict[str, Any] = {
            "person": person, "purposes": [(one.value, REGISTER[one].name) for one in may],
            "purpose": purpose.value, "why": why, "seen": None, "refused": "",
        }  # fmt: skip
        try:
            seen = await viewed(site.desk, session.actor, person.id, purpose, why)
        except Problem as problem:
            if problem.code != "consent_missing":
                raise
            values["refused"] = problem.kind.words
        else:
            clear = may_read(floor, session, person.id, query.get("shown", ""))
            values |= shown(visit, seen, clear) | {"seen": seen}
        return site.page(visit, "desk/view.html", values)

    site.add(router, "/desk/customers/{customer}/view", view)


def shown(visit: Visit, seen: Whole, clear: bool) -> dict[str, Any]:
    """What the template needs beside the view itself."""
    person = seen.customer
    phones = dict.fromkeys(one.profile.phone for one in seen.profiles if one.profile.phone)
    told = (one.profile.born for one in seen.profiles if one.profile.born)
    born = "" if person is None else person.born or next(told, "")
    currencies = sorted({one.currency for one in seen.told.cashflow})
    return {
        "name": (person.name if clear else masked_name(person.name)) if person else "",
        "born": born if clear else masked_date(born),
        "number": (lambda text: text) if clear else masked_number,
        "phones": [one if clear else masked_number(one) for one in phones],
        "source_of": source_name(visit.lang),
        "kind_of": kind_name(visit.lang),
        "category_of": category_name(visit.lang),
        "cash": [
            (code, cash_picture([one for one in seen.told.cashflow if one.currency == code], code))
            for code in currencies
        ],
        "left": [(one.part, DATA_NAMES[DataClass(one.data)], one.why) for one in seen.left_out],
        "parts": set(SECTIONS) - {one.part for one in seen.left_out},
        "register": REGISTER,
        "purpose_of": lambda name: REGISTER[Purpose(name)].name,
        "data_of": lambda name: DATA_NAMES[DataClass(name)],
    }
