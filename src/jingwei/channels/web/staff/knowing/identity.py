"""/desk/identity: pairs of records a person must decide, one after the other, by keyboard if one likes."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from jingwei.channels.problems import Problem
from jingwei.channels.rest.purposed import reading
from jingwei.channels.sources.who import record_of
from jingwei.channels.web.pages import new_key
from jingwei.channels.web.staff.acts import text
from jingwei.channels.web.staff.knowing.named import source_name
from jingwei.channels.web.visit import form_of, signed_in
from jingwei.domains.insight.likeness import LEVELS, Record
from jingwei.journeys.link_identity import KeepApart, Link, LinkIdentity, UnlinkIdentity
from jingwei.journeys.shape import all_of
from jingwei.kernel.purpose import DataClass, Purpose
from jingwei.ledger.links import IdentityLink
from jingwei.ledger.work import Customer

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.routing import Router

    from jingwei.channels.web.pages import Site
    from jingwei.channels.web.staff.floor import Floor
    from jingwei.channels.web.visit import Visit
    from jingwei.stores.insight_people import Doubt

RECENT = 20
HIDDEN = ("certificate",)


def add_identity(router: Router, floor: Floor) -> None:
    """Add the page and its three answers."""
    site = floor.site

    async def page(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        skip = int(visit.request.query_params.get("skip", "0")[:4] or 0) if _digits(visit) else 0
        people = site.desk.home.insight.people
        waiting = people.doubts(skip + 1)
        doubt = waiting[skip] if len(waiting) > skip else None
        if doubt is not None:
            kinds = (DataClass.IDENTITY,)
            why = "who is who"
            await reading(site.desk, session.actor, Purpose.SERVICE, [doubt.customer], data=kinds, why=why)
        values: dict[str, Any] = {
            "doubt": doubt, "waiting": people.waiting(), "skip": skip, "key": new_key(),
            "source_of": source_name(visit.lang), "rows": compared(floor, doubt) if doubt else [],
            "recent": recent(floor),
        }  # fmt: skip
        return site.page(visit, "desk/identity.html", values)

    site.add(router, "/desk/identity", page)
    _add_answers(router, site)


def _add_answers(router: Router, site: Site) -> None:
    """Add what a person says of a pair, and the way back."""

    async def answer(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        source, subject, customer = (text(form, name) for name in ("source", "subject", "customer"))
        stamp, reason = site.stamp(session, text(form, "key")), text(form, "reason")[:500]
        people = site.desk.home.insight.people
        doubt = people.doubt(source, subject)
        if text(form, "answer") == "same":
            weight, levels = (doubt.weight_milli, doubt.levels) if doubt else (0, ())
            link = Link(source, subject, customer, "person", weight, levels)
            reply = await site.do(LinkIdentity(**stamp, links=(link,), reason=reason))
        else:
            reply = await site.do(
                KeepApart(**stamp, source=source, subject=subject, customer=customer, reason=reason)
            )
        if reply.answer.refusal is not None:
            return site.wrong(visit, reply.answer.refusal.words(), 409)
        people.answered(source, subject)
        people.follow(site.desk.reader)
        return RedirectResponse("/desk/identity?told=identity_answered", 303)

    async def part(visit: Visit) -> Response:
        session = signed_in(visit, inside=True)
        form = await form_of(visit, session)
        ask = UnlinkIdentity(
            **site.stamp(session, text(form, "key")),
            source=text(form, "source"),
            subject=text(form, "subject"),
            reason=text(form, "reason")[:500],
        )
        reply = await site.do(ask)
        if reply.answer.refusal is not None:
            return site.wrong(visit, reply.answer.refusal.words(), 409)
        site.desk.home.insight.people.follow(site.desk.reader)
        return RedirectResponse("/desk/identity?told=identity_parted", 303)

    site.add(router, "/desk/identity/answer", answer, "POST")
    site.add(router, "/desk/identity/part", part, "POST")


def _digits(visit: Visit) -> bool:
    given = visit.request.query_params.get("skip", "0")
    return given.isascii() and given.isdigit()


def compared(floor: Floor, doubt: Doubt) -> list[tuple[str, str, str, str]]:
    """(field, what the source says, what we have, the level) of a pair, fields both lack left out.

    Raises Problem when the record or the customer is gone.
    """
    people, reader = floor.site.desk.home.insight.people, floor.site.desk.reader
    stands = people.profile(doubt.source, doubt.subject)
    found = reader.load(Customer, [doubt.customer])
    if stands is None or not found:
        raise Problem("customer_not_found")
    theirs = record_of(stands)
    ours = Record(found[0].id, found[0].name, found[0].born)
    for one in people.profiles_of(doubt.customer):
        more = record_of(one)
        ours = ours._replace(**{f: getattr(more, f) for f in Record._fields[1:] if not getattr(ours, f)})
    rows = []
    for field, level in zip(LEVELS, doubt.levels, strict=True):
        left, right = getattr(theirs, field), getattr(ours, field)
        if left or right:
            shown = (left[:6], right[:6]) if field in HIDDEN else (left, right)
            rows.append((field, *shown, level))
    return rows


def recent(floor: Floor) -> list[IdentityLink]:
    """The links made or taken back last."""
    held = (one for one in all_of(floor.site.desk.reader, IdentityLink) if one.state != "apart")
    return nsmallest(RECENT, held, key=lambda one: (-one.at, one.id))
